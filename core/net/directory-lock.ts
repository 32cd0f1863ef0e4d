/**
 * One process a directory: a listening socket in it. It ends with the process whatever ends that, and it is seen from other
 * containers that share the directory, where a process id would say nothing.
 */
import { constants } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

export interface DirectoryLock { release(): Promise<void> }

const socketName = 'writer.sock'

/** undefined: another process has it. Rejects with the system's error when the directory cannot be used. */
export async function lockDirectory (directory: string): Promise<DirectoryLock | undefined> {
  // Through the descriptor: a socket's path may have 107 bytes only.
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  const path = `/proc/self/fd/${handle.fd}/${socketName}`
  try {
    const server = await listen(path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error
      if (await isAnswered(path)) return undefined
      await unlink(join(directory, socketName))
      return await listen(path)
    })
    if (server !== undefined) return { release: () => closed(server).then(() => handle.close()) }
    await handle.close()
    return undefined
  } catch (error) {
    await handle.close()
    throw error
  }
}

function listen (path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy()).once('error', reject)
    server.listen(path, () => resolve(server.unref()))
  })
}

function closed (server: Server): Promise<void> { return new Promise(resolve => server.close(() => resolve())) }

function isAnswered (path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => resolve(false))
  })
}
