/** The way to the server: connects with the first batch, again with growing pauses whenever it is lost, and sends what waits. */
import type { Clock } from '../../core/component/clock.js'
import type { StatusReporter } from '../../core/component/status.js'
import { Backoff, type RetryPolicy } from '../../core/delivery/backoff.js'
import type { Credentials } from '../../core/net/credentials.js'
import { batchHeadLength, type Welcome } from '../../core/wire/messages.js'
import type { Config } from './config.js'
import { Connection } from './connection.js'
import type { Reports } from './reports.js'
import { Window, type Answer, type Waiting } from './window.js'

/** What a batch may be, as the server says. */
export interface Limits { readonly maxBytes: number, readonly maxRows: number }

export interface LinkOptions {
  readonly config: Config
  readonly collector: string
  readonly credentials: Credentials
  readonly clock: Clock
  readonly status: StatusReporter
  readonly reports: Reports
}

export class Link {
  readonly #window = new Window()
  readonly #policy: RetryPolicy
  #backoff: Backoff
  #connection: Connection | undefined
  #limits: Limits | undefined
  /** Those who have a batch and no limits to cut it to. */
  #asking: ((limits: Limits | undefined) => void)[] = []
  #cancelWait: (() => void) | undefined
  #awaySinceMs: number | undefined
  #closed = false

  constructor (readonly options: LinkOptions) {
    const { initial_interval: initialMs, max_interval: maxMs, multiplier, randomization_factor: jitter } = options.config.reconnect
    this.#policy = { initialMs, maxMs: Math.max(initialMs, maxMs), multiplier, jitter, maxElapsedMs: 0 }
    this.#backoff = new Backoff(this.#policy)
  }

  /** Known once a server has answered; undefined when none does in the time there is. */
  limits (): Promise<Limits | undefined> {
    if (this.#closed) return Promise.resolve(undefined)
    if (this.#limits !== undefined) return Promise.resolve(this.#limits)
    this.#connect()
    return new Promise(resolve => this.#asking.push(resolve))
  }

  /** Sends until its outcome is known. `message` belongs to the link from here on. */
  send (message: Buffer, rows: number): Promise<Answer> {
    if (this.#closed) return Promise.resolve({ kind: 'gave_up', reason: 'shutting down' })
    return new Promise(resolve => {
      const waiting = this.#window.add(message, rows, resolve)
      this.options.reports.waiting(this.#window.rows)
      if (this.#connection?.welcomed === true) this.#put(this.#connection, waiting)
      else this.#connect()
    })
  }

  /** What waits goes back to its senders. */
  close (): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelWait?.()
    this.#connection?.end('shutting down')
    this.#giveUp('shutting down')
  }

  #connect (): void {
    if (this.#closed || this.#connection !== undefined || this.#cancelWait !== undefined) return
    const { config, credentials, clock, collector } = this.options
    this.#awaySinceMs ??= clock.monotonicMs()
    try {
      this.#connection = new Connection(config, credentials, clock, { collector, epoch: this.#window.epoch, acked: this.#window.acked }, {
        welcome: welcome => this.#onWelcome(welcome),
        ack: ack => {
          const known = this.#window.acknowledge(ack)
          this.options.reports.waiting(this.#window.rows)
          return known ? undefined : `an acknowledgement of batch ${ack.sequence}, which was not sent`
        },
        end: reason => this.#onEnd(reason)
      })
    } catch (error) {
      this.#onEnd((error as Error).message)
    }
  }

  #onWelcome (welcome: Welcome): string | undefined {
    const { config, reports, status, collector } = this.options
    if (!this.#window.resume(welcome)) return `it has batch ${welcome.taken}, which was not sent`
    const limits = limitsOf(config, welcome)
    reports.welcomed(collector, welcome.taken)
    status.ok()
    this.#backoff = new Backoff(this.#policy)
    this.#awaySinceMs = undefined
    this.#limits = limits
    for (const resolve of this.#asking.splice(0)) resolve(limits)
    // A server that now takes less than it did: everything is cut anew.
    if (this.#window.waiting.some(w => w.rows > limits.maxRows || w.message.length > limits.maxBytes + batchHeadLength)) this.#startAnew()
    else for (const waiting of this.#window.waiting) this.#put(this.#connection as Connection, waiting)
    reports.waiting(this.#window.rows)
    return undefined
  }

  /** The epoch ends with the connection: its Hello has named the old one. */
  #startAnew (): void {
    const connection = this.#connection
    this.#window.clear({ kind: 'again' })
    connection?.end('the server takes smaller batches than before')
  }

  #put (connection: Connection, waiting: Waiting): void {
    this.options.reports.sent(waiting.message.length, waiting.sent > 0)
    waiting.sent++
    connection.send(waiting.message)
  }

  #onEnd (reason: string): void {
    const { clock, config, reports, status } = this.options
    const wasWelcomed = this.#awaySinceMs === undefined
    this.#connection = undefined
    if (this.#closed) return
    this.#awaySinceMs ??= clock.monotonicMs()
    reports.lost(reason, wasWelcomed)
    status.recoverableError(reason)
    const waitMs = this.#backoff.next()
    if (config.max_elapsed_time > 0 && clock.monotonicMs() - this.#awaySinceMs + waitMs > config.max_elapsed_time) this.#giveUp(reason)
    this.#cancelWait = clock.after(waitMs, () => {
      this.#cancelWait = undefined
      // With nothing to send the next batch connects.
      if (this.#window.waiting.length > 0 || this.#asking.length > 0) this.#connect()
    })
  }

  #giveUp (reason: string): void {
    for (const resolve of this.#asking.splice(0)) resolve(undefined)
    this.#window.clear({ kind: 'gave_up', reason })
    this.options.reports.waiting(0)
    this.#awaySinceMs = undefined
  }
}

/** All that is on its way fits twice into what the server remembers: what it has and is sent again after a crash is known. */
function limitsOf (config: Config, { maxBytes, remembered }: Welcome): Limits {
  return {
    maxBytes: Math.min(config.max_batch_size, maxBytes),
    maxRows: Math.max(1, Math.floor(remembered / (2 * config.max_unacknowledged)))
  }
}
