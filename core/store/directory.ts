/** The store's directory: made private, and written by one process at a time. */
import { constants } from 'node:fs'
import { access, mkdir, open, stat, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { storeError } from './lmdb-file.js'
import { StoreError } from './store.js'

/** Makes the directory (mode 0700) when it is missing. */
export async function makeDirectory (directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw storeError(directory, error)
  }
}

export async function expectDirectory (directory: string): Promise<void> {
  const found = await stat(directory).catch((error: unknown) => { throw storeError(directory, error) })
  if (!found.isDirectory()) throw new StoreError('absent', `there is no store at ${directory}: it is a file`)
  await access(directory, constants.R_OK | constants.X_OK).catch((error: unknown) => { throw storeError(directory, error) })
}

export interface WriterLock { release(): Promise<void> }

/**
 * A listening socket in the directory: it ends with the process whatever ends that, and it is seen from other containers that share
 * the directory, where a process id would say nothing.
 */
export async function lockDirectory (directory: string): Promise<WriterLock> {
  // Through the descriptor: a socket's path may have 107 bytes only.
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  const path = `/proc/self/fd/${handle.fd}/writer.sock`
  try {
    const server = await listen(path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error
      if (await isAnswered(path)) throw new StoreError('locked', `${directory} is being written by another process`)
      await unlink(join(directory, 'writer.sock'))
      return await listen(path)
    })
    return { release: () => closed(server).then(() => handle.close()) }
  } catch (error) {
    await handle.close()
    throw storeError(directory, error)
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
