/**
 * The `Logger` of the whole process, over pino. One line per call, written before the call returns (see line-writer.ts).
 * A JSON line is at most 4096 bytes: long messages and fields are cut, and the cut is marked.
 */
import { isatty } from 'node:tty'
import { isMainThread } from 'node:worker_threads'
import { pino, stdTimeFunctions, type Logger as Pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { LineBudget } from './line-budget.js'
import { LineWriter } from './line-writer.js'
import { safeFields, safeText, type Plain } from './log-fields.js'
import type { LogFields, Logger, LogLevel } from './logger.js'

export type LogFormat = 'json' | 'pretty'

export interface LoggerOptions {
  /** The lowest level that is printed. */
  readonly level?: LogLevel
  readonly format?: LogFormat
  /** On every line: the thread, say. Cut at 1 KiB. */
  readonly base?: LogFields
  /** Where lines go, each ending with "\n". Default: descriptor 2 of the process, also from worker threads. */
  readonly destination?: { write(line: string): void }
  /** Default: whether descriptor 2 is a terminal and NO_COLOR (no-color.org) is empty. Only for `pretty`. */
  readonly color?: boolean
}

/** PIPE_BUF less what pino writes around message and fields (level, time, names, braces: 85 bytes) and the marks of cuts. */
const lineBytes = 4096 - 320
const boundBytes = 1024
const messageBytes = 2048
/** `hasOwnProperty`: pino calls that method on the bindings it is given. */
const ownKeys = ['level', 'time', 'msg', 'hasOwnProperty']

export function createLogger (options: LoggerOptions = {}): Logger {
  const { level = 'info', format = 'json', base = {} } = options
  const onLost = (lines: number): void => root.warn({ lines }, 'log lines were lost because nobody read them')
  const destination = options.destination ?? standardError(onLost)
  const settings = { level: 'debug', base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label: string) => ({ level: label }) } }
  const root: Pino = pino(settings, format === 'json' ? destination : prettyDestination(destination, options.color ?? terminalHasColor()))
  // JSON escapes control characters by itself; a terminal would obey them (and a newline would forge a line).
  return new PinoLogger({ root, lowest: order.indexOf(level) }, root, {}, format === 'json' ? keep : escapeControls).child(base)
}

/** Reading `process.stderr` once makes Node put a pipe into non-blocking mode: a blocking one would stop us with its reader. */
function standardError (onLost: (lines: number) => void): LineWriter {
  if (isMainThread) void process.stderr.fd
  return new LineWriter(2, { onLost })
}

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** What a logger and all its children have in common. `lowest`: the place in `order` of the least important level that is written. */
interface Trunk { readonly root: Pino, lowest: number }

class PinoLogger implements Logger {
  readonly #trunk: Trunk
  readonly #pino: Pino
  readonly #bound: Plain
  readonly #clean: (text: string) => string
  readonly #reserved: ReadonlySet<string>

  constructor (trunk: Trunk, own: Pino, bound: Plain, clean: (text: string) => string) {
    this.#trunk = trunk
    this.#pino = own
    this.#bound = bound
    this.#clean = clean
    this.#reserved = new Set([...ownKeys, ...Object.keys(bound)])
  }

  debug (message: string, fields?: LogFields): void {
    this.#log('debug', message, fields)
  }

  info (message: string, fields?: LogFields): void {
    this.#log('info', message, fields)
  }

  warn (message: string, fields?: LogFields): void {
    this.#log('warn', message, fields)
  }

  error (message: string, fields?: LogFields): void {
    this.#log('error', message, fields)
  }

  /** Children hang on the root with all fields merged: pino's own nesting would print an overridden key twice. */
  child (fields: LogFields): Logger {
    const merged = { ...this.#bound, ...fields }
    const bound = safeFields(merged, { budget: new LineBudget(boundBytes), reserved: new Set(ownKeys), clean: this.#clean })
    return new PinoLogger(this.#trunk, this.#trunk.root.child({ ...bound }), bound, this.#clean)
  }

  setLevel (level: LogLevel): void { this.#trunk.lowest = order.indexOf(level) }

  #log (level: LogLevel, message: string, fields?: LogFields): void {
    if (order.indexOf(level) < this.#trunk.lowest) return
    const budget = new LineBudget(lineBytes - boundBytes)
    const text = safeText(String(message), { budget, clean: this.#clean }, messageBytes)
    const safe = fields === undefined ? {} : safeFields(fields, { budget, reserved: this.#reserved, clean: this.#clean })
    this.#pino[level](safe, text)
  }
}

const keep = (text: string): string => text

const controls = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g

/** Control characters as visible escapes (`\x1b`), tabs kept. */
function escapeControls (text: string): string {
  return text.replace(controls, c => c === '\n' ? '\\n' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function terminalHasColor (): boolean {
  return isatty(2) && (process.env['NO_COLOR'] ?? '') === ''
}

/** pino-pretty as a plain function: its stream form hands lines on a tick later, so a crash would swallow the last one. */
function prettyDestination (destination: { write(line: string): void }, color: boolean): { write(line: string): void } {
  const pretty = prettyFactory({ colorize: color, colorizeObjects: color, singleLine: true, translateTime: 'SYS:HH:MM:ss.l' })
  return { write: line => destination.write(pretty(line)) }
}
