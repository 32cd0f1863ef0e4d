/** Where commands write; a test gives its own. Commands answer an exit name and never end the process. */
import { registryUrl } from './registry.js'
import { ProcessTerminal, type Terminal } from './terminal.js'

/** Ctrl-C, for commands that follow something: the first one ends them in order, a second one the process. */
export interface Interrupts {
  readonly signal: AbortSignal
  /** Gives the signals back. */
  release(): void
}

export interface CommandIo {
  out(text: string): void
  err(text: string): void
  /** Terminal colours on `out` and `err`. */
  readonly color: boolean
  /** Of the terminal that `out` is; undefined when it is none (a pipe, a file). */
  readonly columns?: number
  /** `err` is a terminal: a line may be drawn again in place. */
  readonly isErrTerminal?: boolean
  /** From now on; left out: nothing interrupts. */
  interrupts?(): Interrupts
  /** Resolves when `out` takes more: a slow reader of a pipe holds up who writes, and costs no memory. Left out: always. */
  drained?(): Promise<void>
  /** The terminal that `out` is, to draw on; undefined when it is none. */
  terminal?(): Terminal | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** Modules to take components from. */
  readonly modules: readonly string[]
}

/** NO_COLOR (https://no-color.org) wins over FORCE_COLOR wins over the terminal. */
export function wantsColor (env: CommandIo['env'], isTerminal: boolean): boolean {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return false
  const forced = env['FORCE_COLOR'] ?? ''
  return forced === '' ? isTerminal : forced !== '0' && forced !== 'false'
}

export function processIo (): CommandIo {
  return {
    out: text => { process.stdout.write(text) },
    err: text => { process.stderr.write(text) },
    color: wantsColor(process.env, process.stdout.isTTY === true),
    ...(process.stdout.isTTY && { columns: process.stdout.columns }),
    isErrTerminal: process.stderr.isTTY === true,
    interrupts,
    drained: () => process.stdout.writableNeedDrain ? new Promise(resolve => process.stdout.once('drain', resolve)) : Promise.resolve(),
    terminal: () => process.stdout.isTTY === true ? new ProcessTerminal() : undefined,
    // A copy: secrets are taken out of the process's own (forget-variables.ts), and a configuration may be read again.
    env: { ...process.env },
    modules: [registryUrl]
  }
}

function interrupts (): Interrupts {
  const stop = new AbortController()
  const names = ['SIGINT', 'SIGTERM'] as const
  const release = (): void => { for (const name of names) process.off(name, onSignal) }
  const onSignal = (): void => { release(); stop.abort() }
  for (const name of names) process.on(name, onSignal)
  return { signal: stop.signal, release }
}
