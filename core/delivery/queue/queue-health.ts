/**
 * What a queue says of itself, and a line in the log at every change: it cannot be written (readiness turns false), it is filling, or the
 * other side rejects rows for good (degraded).
 */
import type { Clock } from '../../component/clock.js'
import type { StatusReporter } from '../../component/status.js'
import type { Logger } from '../../telemetry/logger.js'

/** Shares of the queue's bound. Apart, so that a queue at the limit does not flutter. */
const fillingShare = 0.8
const emptyingShare = 0.6
/** A rejection is news for so long. */
const rejectionMs = 60_000

export class QueueHealth {
  #broken = ''
  #filling = false
  #rejecting = ''
  #quiet: (() => void) | undefined
  #told = ''

  constructor (readonly status: StatusReporter, readonly logger: Logger, readonly clock: Clock) {}

  /** The disk does not take more. */
  failed (reason: string): void {
    if (this.#broken === '') this.logger.error('the sending queue cannot take more', { reason })
    this.#broken = reason
    this.#tell()
  }

  works (): void {
    if (this.#broken === '') return
    this.#broken = ''
    this.logger.info('the sending queue takes batches again')
    this.#tell()
  }

  /** After every change of its size. `full`: a batch has just found no room. */
  size (bytes: number, capacity: number, full = false): void {
    const share = bytes / capacity
    const filling = full || share >= (this.#filling ? emptyingShare : fillingShare)
    if (filling === this.#filling) return
    this.#filling = filling
    if (filling) this.logger.warn('the sending queue is filling', { bytes, capacity })
    else this.logger.info('the sending queue has room again', { bytes, capacity })
    this.#tell()
  }

  /** `kept`: as dead letters. */
  rejected (kept: boolean): void {
    this.#rejecting = `the other side rejects rows for good; they are ${kept ? 'kept as dead letters' : 'dropped'}`
    this.#quiet?.()
    this.#quiet = this.clock.after(rejectionMs, () => {
      this.#rejecting = ''
      this.#tell()
    })
    this.#tell()
  }

  /** Ends its timer. */
  stop (): void { this.#quiet?.() }

  #tell (): void {
    const reasons = [...(this.#filling ? ['the sending queue is nearly full'] : []), ...(this.#rejecting === '' ? [] : [this.#rejecting])]
    const said = this.#broken === '' ? reasons.join('; ') : `the sending queue cannot take more: ${this.#broken}`
    if (said === this.#told) return
    this.#told = said
    if (this.#broken !== '') this.status.recoverableError(said)
    else if (said !== '') this.status.degraded(said)
    else this.status.ok()
  }
}
