/**
 * One process a directory: a listening socket in it. It ends with the process whatever ends that, and it is seen from other
 * containers that share the directory, where a process id would say nothing.
 */
import { constants } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'

export interface DirectoryLock { release(): Promise<void> }

/** Who writes. */
const writerSocket = 'writer.sock'
const answerTimeoutMs = 2000
const maxAnswer = 1024

/**
 * undefined: another process has it (`lockHolder` says which). Rejects with the system's error when the directory cannot be used.
 * Another `socketName` is another lock.
 */
export async function lockDirectory (directory: string, socketName = writerSocket): Promise<DirectoryLock | undefined> {
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

/**
 * The process that has a directory, in words: `process 4711`, with its host's name when it is another (a container). undefined: none has
 * it, or it cannot be asked.
 */
export async function lockHolder (directory: string, socketName = writerSocket): Promise<string | undefined> {
  try {
    const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      return await ask(`/proc/self/fd/${handle.fd}/${socketName}`)
    } finally {
      await handle.close()
    }
  } catch {
    return undefined
  }
}

function ask (path: string): Promise<string | undefined> {
  return new Promise(resolve => {
    let answer = ''
    const socket = connect(path).setEncoding('utf8').setTimeout(answerTimeoutMs, () => { socket.destroy() })
    socket.on('data', (text: string) => { answer = (answer + text).slice(0, maxAnswer) })
    socket.once('connect', () => { answer = '' }).once('error', () => resolve(undefined)).once('close', () => resolve(answer === '' ? 'another process' : holder(answer)))
  })
}

function holder (answer: string): string {
  const [pid = '', host = ''] = answer.split(' ')
  if (!/^\d+$/.test(pid)) return 'another process'
  return host === hostname() ? `process ${pid}` : `process ${pid} on ${host.replace(/[^\w.-]/g, '?').slice(0, 64)}`
}

function listen (path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => { socket.on('error', () => undefined).end(`${process.pid} ${hostname()}`, () => socket.destroy()) }).once('error', reject)
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
