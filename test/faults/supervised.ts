/** A program that is started again whenever the test has killed it, by its pid. Any other end is the test's failure. */
import { spawn, type ChildProcess } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = join(dirname(fileURLToPath(import.meta.url)), 'tapio.js')
const keptLog = 20_000

export interface SupervisedOptions {
  /** Put before the program and its arguments: `['unshare', '--mount', …]`. Must end by `exec`, so that signals reach the program. */
  readonly within?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Instead of Tapio with the test's components. */
  readonly command?: readonly string[]
  /** What it says when it runs. */
  readonly runs?: string
}

export class Supervised {
  kills = 0
  /** What it has said lately. */
  log = ''
  #child: ChildProcess
  #said = ''
  /** Resolves when the current process has said that it runs. */
  #running: Promise<void> = Promise.resolve()
  #ended: Promise<void>
  #end: () => void = () => undefined
  #fail: (error: Error) => void = () => undefined
  #killed = false
  #args: readonly string[]

  constructor (readonly name: string, args: readonly string[], readonly options: SupervisedOptions = {}) {
    this.#args = args
    this.#ended = new Promise((resolve, reject) => { this.#end = resolve; this.#fail = reject })
    this.#ended.catch(() => undefined)
    this.#child = this.#spawn()
  }

  /** Resolves when it ended with code 0 by itself or after `terminate`; rejects at any other end that was no kill. */
  get ended (): Promise<void> { return this.#ended }

  /** Resolves when the current process runs; rejects when it ends before. */
  get running (): Promise<void> { return Promise.race([this.#running, this.#ended.then(() => { throw new Error(`${this.name} ended before it ran:\n${this.log}`) })]) }

  /** Where the current process serves `/metrics`, by what it said when it ran. */
  get telemetry (): string {
    const found = /"metrics":"(http:[^"]+)\/metrics"/.exec(this.#said)?.[1]
    if (found === undefined) throw new Error(`${this.name} has not said where its metrics are:\n${this.log}`)
    return found
  }

  get pid (): number { return this.#child.pid as number }

  /** SIGKILL, in whatever state it is; it is started again when it is gone, with other arguments if given. */
  async kill (args = this.#args): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null) return
    this.#args = args
    this.#killed = true
    this.kills++
    const gone = new Promise(resolve => child.once('close', resolve))
    child.kill('SIGKILL')
    await gone
  }

  /** The end it brings about itself is a kill, too: its next life has other arguments. */
  expectDeath (args: readonly string[]): void {
    this.#args = args
    this.#killed = true
    this.kills++
  }

  /** SIGTERM, once the current process is up: Node itself cannot yet answer one in its first moments. */
  async terminate (): Promise<void> { await this.signal('SIGTERM') }

  async signal (name: NodeJS.Signals): Promise<void> {
    await Promise.race([this.#running, this.#ended])
    this.#child.kill(name)
  }

  /** For the end of a test, whatever happened. */
  destroy (): void {
    this.#child.removeAllListeners('close').kill('SIGKILL')
  }

  #spawn (): ChildProcess {
    const { within = [], env = {}, command = [process.execPath, program], runs = 'tapio is running' } = this.options
    const [file = '', ...args] = [...within, ...command, ...this.#args]
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
    let said = ''
    this.#running = new Promise(resolve => child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-keptLog)
      this.log = (this.log + chunk.toString()).slice(-keptLog)
      if (!said.includes(runs)) return
      if (this.#said === '') this.#said = said
      resolve()
    }))
    this.#said = ''
    child.once('error', error => { this.#fail(error) })
    child.once('close', (code, signal) => {
      if (this.#killed && signal === 'SIGKILL') {
        this.#killed = false
        this.#child = this.#spawn()
      } else if (code === 0) this.#end()
      else this.#fail(new Error(`${this.name} ended with ${code ?? signal}:\n${this.log}`))
    })
    return child
  }
}
