/** Where commands write; a test gives its own. Commands answer an exit name and never end the process. */
import { registryUrl } from './registry.js'

export interface CommandIo {
  out(text: string): void
  err(text: string): void
  /** Terminal colours on `out` and `err`. */
  readonly color: boolean
  /** Of the terminal that `out` is; undefined when it is none (a pipe, a file). */
  readonly columns?: number
  /** `err` is a terminal: a line may be drawn again in place. */
  readonly isErrTerminal?: boolean
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
    env: process.env,
    modules: [registryUrl]
  }
}
