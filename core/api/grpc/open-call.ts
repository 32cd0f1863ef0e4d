/** A call that runs: when it must stop, and why. */
import type { Clock } from '../../component/clock.js'
import { ApiError } from '../call.js'
import type { AnyCall } from './credentials.js'

export class OpenCall {
  readonly #abort = new AbortController()
  readonly #cancelTimer: () => void
  #over = false

  /** `longestMs`: the time it has when its client set no earlier deadline; Infinity = no end. */
  constructor (call: AnyCall, longestMs: number, readonly streams: boolean, clock: Clock) {
    const clientsMs = Number(call.getDeadline())
    // Also said of calls that were answered.
    call.on('cancelled', () => { if (!this.#over) this.end(clock.unixMs() < clientsMs ? new ApiError('CANCELLED', 'the client gave the call up') : late('the client\'s deadline')) })
    const leftMs = Math.min(clientsMs - clock.unixMs(), longestMs)
    const limit = leftMs < longestMs ? 'the client\'s deadline' : `${longestMs / 1000} s, the longest that a call may take`
    this.#cancelTimer = leftMs === Infinity ? () => undefined : clock.after(Math.max(0, leftMs), () => { this.end(late(limit)) })
  }

  /** Its reason is an ApiError. */
  get signal (): AbortSignal { return this.#abort.signal }

  end (reason: ApiError): void { if (!this.signal.aborted) this.#abort.abort(reason) }

  close (): void {
    this.#over = true
    this.#cancelTimer()
  }
}

const late = (limit: string): ApiError => new ApiError('DEADLINE_EXCEEDED', `there was no answer within ${limit}`)
