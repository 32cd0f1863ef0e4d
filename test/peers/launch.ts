/** Whole programs under test, each with a configuration file of its own in a folder that goes with it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'

export interface Running {
  readonly name: string
  readonly pid: number
  /** What it has written so far. */
  log(): string
  /** Asks it to end, and insists after a while. */
  stop(): Promise<void>
}

export function freePort (): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

export const tapioMain = fileURLToPath(new URL('../../core/cli/main.js', import.meta.url))

/** The built command line. */
export function launchTapio (name: string, config: unknown, port: number, env: NodeJS.ProcessEnv = {}, nodeOptions: readonly string[] = []): Promise<Running> {
  // As a user does: the program's first line brings its own options for Node.
  if (nodeOptions.length === 0) return launch(name, tapioMain, [], config, port, env)
  return launch(name, process.execPath, [...nodeOptions, tapioMain], config, port, env)
}

const startTimeoutMs = 30_000
const stopTimeoutMs = 15_000

/** Starts `program --config FILE` and waits until it listens on `port`. Throws with the end of its log when it does not. */
export async function launch (name: string, program: string, args: readonly string[], config: unknown, port: number, env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-bench-'))
  const file = join(folder, 'config.yaml')
  const logFile = join(folder, 'log')
  writeFileSync(file, stringify(config))
  const out = openSync(logFile, 'w')
  const child = spawn(program, [...args, '--config', file], { stdio: ['ignore', out, out], env: { ...process.env, ...env } })
  const log = (): string => readFileSync(logFile, 'utf8')
  const stop = async (): Promise<void> => {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await reachable(child, port)
  } catch (error) {
    const said = log().slice(-2000)
    await stop()
    throw new Error(`${name} did not start: ${(error as Error).message}\n${said}`)
  }
  return { name, pid: child.pid as number, stop, log }
}

async function reachable (child: ChildProcess, port: number): Promise<void> {
  const endMs = performance.now() + startTimeoutMs
  while (performance.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`)
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true) }).on('error', () => resolve(false))
    })
    if (open) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`nobody listens on port ${port} after ${startTimeoutMs / 1000} s`)
}

async function end (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
  await ended
  clearTimeout(timer)
}
