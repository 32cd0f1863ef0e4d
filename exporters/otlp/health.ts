/** Turns what became of requests into the exporter's status, and into one log line a change or a minute. */
import type { Clock } from '../../core/component/clock.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Sent } from './sender.js'

const logEveryMs = 60_000

export class Health {
  #failing: boolean | undefined
  #loggedAtMs = -Infinity

  constructor (readonly status: StatusReporter, readonly logger: Logger, readonly clock: Clock) {}

  /** A request refused for its content was delivered as well as it can be: the way is open. */
  saw (sent: Sent): void {
    if (sent.status === 'success' || (sent.status === 'rejected' && sent.data)) this.#delivers()
    else this.#fails(sent.message)
    if (sent.status === 'rejected') this.#warn('the other side rejected a request', sent.message)
    else if (sent.status === 'success' && sent.rejectedItems > 0) this.#warn(`the other side rejected ${sent.rejectedItems} items`, sent.message)
  }

  #delivers (): void {
    if (this.#failing === false) return
    if (this.#failing === true) this.logger.info('delivery works again')
    this.#failing = false
    this.status.ok()
  }

  #fails (reason: string): void {
    if (this.#failing === true) return
    this.#failing = true
    this.status.recoverableError(reason)
    this.logger.warn('delivery fails', { reason })
  }

  #warn (message: string, reason: string): void {
    const nowMs = this.clock.monotonicMs()
    if (nowMs - this.#loggedAtMs < logEveryMs) return
    this.#loggedAtMs = nowMs
    this.logger.warn(message, { reason })
  }
}
