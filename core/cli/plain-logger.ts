/** What components log, for a command that people run: sentences on stderr, each said once. */
import { printable } from '../story/printable.js'
import type { LogFields, Logger } from '../telemetry/logger.js'
import type { CommandIo } from './io.js'

/** Different lines: beyond, they are many forms of one trouble. */
const maxLines = 50
const maxText = 2000

export interface PlainLoggerOptions {
  /** What a line begins with: `tapio diagnose`. */
  readonly doing: string
  /** Warnings are said, too; else only errors. */
  readonly warns: boolean
  /** And what is only mentioned. */
  readonly isVerbose: boolean
}

export function plainLogger (io: CommandIo, { doing, warns, isVerbose }: PlainLoggerOptions): Logger {
  const said = new Set<string>()
  const line = (message: string, fields: LogFields = {}): void => {
    const text = Object.entries(fields).filter(([key]) => key !== 'component').map(([key, value]) => `${key}=${value instanceof Error ? value.message : typeof value === 'string' ? value : JSON.stringify(value)}`).join(' ')
    const whole = printable(`${message}${text === '' ? '' : `: ${text}`}`, maxText)
    // What a part says of every batch is said once.
    if (said.size < maxLines && !said.has(whole)) io.err(`${doing}: ${whole}\n`)
    said.add(whole)
  }
  const only = (wanted: boolean) => (message: string, fields?: LogFields): void => { if (wanted) line(message, fields) }
  const logger: Logger = { debug: () => undefined, info: only(isVerbose), warn: only(warns || isVerbose), error: line, child: () => logger }
  return logger
}
