/**
 * The life of a receiver that fetches by itself instead of being sent to: one loop, and two signals because its end has two
 * steps. First it stops fetching and hands on what it has; what a full pipeline has not taken by the deadline is given up.
 */
import type { Deadline } from '../component/component.js'
import { InFlight } from './in-flight.js'

export class ReadLoop {
  readonly #stopping = new AbortController()
  readonly #inFlight = new InFlight()

  /** Ends fetching and pausing. */
  get stopping (): AbortSignal { return this.#stopping.signal }
  /** Ends waiting for a pipeline that is full. */
  get over (): AbortSignal { return this.#inFlight.signal }

  /** `broken` gets what the loop throws, which is a bug. */
  start (work: () => Promise<void>, broken: (error: unknown) => void): void {
    void this.#inFlight.track(work().catch(broken))
  }

  /** Safe twice and before start. When it resolves, deliveries that were waiting have counted what they gave up. */
  stop (deadline: Deadline): Promise<void> {
    this.#stopping.abort()
    return this.#inFlight.close(deadline)
  }
}
