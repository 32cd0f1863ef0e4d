/**
 * For hot paths: of identical lines (level and message) it prints the first, counts the rest, and says so once per interval:
 * `queue full: 4711 more in 10 s`. Memory is bounded by `maxKeys` lines under watch; beyond it all others share one watch.
 */
import type { Clock } from '../component/clock.js'
import type { LogFields, Logger, LogLevel } from './logger.js'

export interface ThrottleOptions {
  readonly clock: Clock
  /** Shortest time between two lines of the same kind. */
  readonly intervalMs?: number
  readonly maxKeys?: number
}

export interface ThrottledLogger extends Logger {
  /** Prints what was counted and not yet told, and forgets everything: call it when the owner stops. */
  flush(): void
}

type Print = (message: string, fields?: LogFields) => void
interface Watch { more: number, readonly tell: (more: number) => void, cancel: () => void }

export function createThrottledLogger (logger: Logger, options: ThrottleOptions): ThrottledLogger {
  return new Throttled(logger, new Watches(options), '0')
}

/** The shared watch of all lines that found the table full; no real key is empty. */
const overflowKey = ''

class Watches {
  readonly #byKey = new Map<string, Watch>()
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #maxKeys: number
  #children = 0

  constructor ({ clock, intervalMs = 10_000, maxKeys = 256 }: ThrottleOptions) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#maxKeys = maxKeys
  }

  nextChild (): string {
    return String(++this.#children)
  }

  /** True when the line is the first of its kind and should be printed now; else it was counted, and `print` will tell. */
  admit (key: string, message: string, print: Print): boolean {
    const full = this.#byKey.size >= this.#maxKeys
    const known = this.#byKey.get(key) ?? (full ? this.#byKey.get(overflowKey) : undefined)
    if (known !== undefined) {
      known.more++
      return false
    }
    const subject = full ? 'other lines' : message
    const tell = (more: number): void => print(`${subject}: ${more} more in ${this.#intervalMs / 1000} s`, { suppressed: more })
    const watch: Watch = { more: 0, tell, cancel: () => {} }
    this.#byKey.set(full ? overflowKey : key, watch)
    this.#arm(full ? overflowKey : key, watch)
    return true
  }

  flush (): void {
    const watches = [...this.#byKey.values()]
    this.#byKey.clear()
    for (const watch of watches) {
      watch.cancel()
      if (watch.more > 0) watch.tell(watch.more)
    }
  }

  #arm (key: string, watch: Watch): void {
    watch.cancel = this.#clock.after(this.#intervalMs, () => {
      if (watch.more === 0) {
        this.#byKey.delete(key)
        return
      }
      const { more } = watch
      watch.more = 0
      this.#arm(key, watch)
      watch.tell(more)
    })
  }
}

class Throttled implements ThrottledLogger {
  readonly #logger: Logger
  readonly #watches: Watches
  readonly #prefix: string

  constructor (logger: Logger, watches: Watches, prefix: string) {
    this.#logger = logger
    this.#watches = watches
    this.#prefix = prefix
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

  child (fields: LogFields): Logger {
    return new Throttled(this.#logger.child(fields), this.#watches, this.#watches.nextChild())
  }

  flush (): void {
    this.#watches.flush()
  }

  #log (level: LogLevel, message: string, fields?: LogFields): void {
    const print: Print = (text, extra) => this.#logger[level](text, extra)
    if (this.#watches.admit(`${this.#prefix} ${level} ${message}`, message, print)) print(message, fields)
  }
}
