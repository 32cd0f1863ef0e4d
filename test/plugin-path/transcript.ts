/** Commands as a person types them, with what they print and how long they take. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface Step { readonly says: string, readonly seconds: number }

/** Lines of a command that a transcript keeps. */
const maxLines = 40
const commandTimeoutMs = 300_000

export class Transcript {
  readonly steps: Step[] = []
  readonly #print: (text: string) => void
  readonly #env: NodeJS.ProcessEnv

  /** `path` comes before the PATH of this process. */
  constructor (print: (text: string) => void, path: string) {
    this.#print = print
    this.#env = { ...process.env, NODE_OPTIONS: undefined, NODE_TEST_CONTEXT: undefined, PATH: `${path}:${process.env['PATH'] ?? ''}`, NO_COLOR: '1', npm_config_audit: 'false', npm_config_fund: 'false', npm_config_prefer_offline: 'true', npm_config_update_notifier: 'false' }
  }

  say (text: string): void { this.#print(`\n# ${text}\n`) }

  /** Something that is no command. */
  async step<T> (says: string, act: () => Promise<T> | T): Promise<T> {
    const startMs = performance.now()
    const result = await act()
    this.#done(says, startMs)
    return result
  }

  /** Its output; rejects with it when the command does not end with `code`. */
  async run (command: string, cwd: string, code = 0): Promise<string> {
    this.#print(`\n$ ${command}\n`)
    const startMs = performance.now()
    const child = spawn('/bin/sh', ['-c', command], { cwd, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text })
    const timer = setTimeout(() => child.kill('SIGKILL'), commandTimeoutMs)
    const ended = await new Promise<number | null>(resolve => child.once('close', resolve))
    clearTimeout(timer)
    this.#print(shortened(output))
    this.#done(command, startMs)
    if (ended !== code) throw new Error(`${command} ended with ${ended}, not ${code}:\n${output}`)
    return output
  }

  /** One that goes on; `end` it. */
  start (command: string, cwd: string): RunningCommand {
    this.#print(`\n$ ${command} &\n`)
    // A group of its own, as a shell makes one: Ctrl-C is for all of it.
    return new RunningCommand(spawn('/bin/sh', ['-c', `exec ${command}`], { cwd, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'], detached: true }))
  }

  get minutes (): number { return this.steps.reduce((sum, s) => sum + s.seconds, 0) / 60 }

  #done (says: string, startMs: number): void {
    const seconds = (performance.now() - startMs) / 1000
    this.steps.push({ says, seconds })
    this.#print(`  (${says}: ${seconds.toFixed(1)} s)\n`)
  }
}

export class RunningCommand {
  readonly lines: string[] = []
  readonly #child: ChildProcess
  readonly #ended: Promise<number>
  #waiting: (() => void)[] = []

  constructor (child: ChildProcess) {
    this.#child = child
    const wake = (): void => { for (const next of this.#waiting.splice(0)) next() }
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream as NodeJS.ReadableStream }).on('line', line => { this.lines.push(line); wake() })
    this.#ended = new Promise(resolve => child.once('close', code => { resolve(code ?? -1); wake() }))
  }

  /** The first line from `from` on that fits. Rejects with all lines when it ends, or `timeoutMs` has passed, before. */
  async line (fits: RegExp, from = 0, timeoutMs = 60_000): Promise<string> {
    let isOver = false
    void this.#ended.then(() => { isOver = true })
    const timer = setTimeout(() => { isOver = true; for (const next of this.#waiting.splice(0)) next() }, timeoutMs)
    try {
      for (;;) {
        const found = this.lines.slice(from).find(l => fits.test(l))
        if (found !== undefined) return found
        if (isOver) throw new Error(`no line ${String(fits)} in\n${this.lines.join('\n')}`)
        await new Promise<void>(resolve => { this.#waiting.push(resolve) })
      }
    } finally {
      clearTimeout(timer)
    }
  }

  /** As Ctrl-C does; its exit code. */
  async end (): Promise<number> {
    this.#signal('SIGINT')
    return await this.#ended
  }

  kill (): void { this.#signal('SIGKILL') }

  #signal (name: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.#child
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, name)
  }
}

function shortened (output: string): string {
  const lines = output.trimEnd().split('\n').map(line => line.slice(0, 200))
  if (output.trim() === '') return ''
  const shown = lines.length <= maxLines ? lines : [...lines.slice(0, maxLines - 15), `… ${lines.length - maxLines} lines …`, ...lines.slice(-15)]
  return `${shown.join('\n')}\n`
}
