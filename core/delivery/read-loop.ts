/**
 * The life of a receiver that fetches by itself instead of being sent to: one loop, and two signals because its end has two
 * steps. First it stops fetching and hands on what it has; what a full pipeline has not taken by the deadline is given up.
 */
import type { Clock } from '../component/clock.js'
import type { Consumer, Deadline } from '../component/component.js'
import { retry, type Accepted, type Rejected } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import type { Pressure } from '../pressure/pressure.js'
import { localRetryPolicy } from './backoff.js'
import { InFlight } from './in-flight.js'
import { insist, wait } from './insist.js'

/** What a receiver has anyway. */
export interface Delivers {
  readonly next: Consumer
  readonly clock: Clock
  readonly pressure: Pressure
}

/** Nothing of the batch was taken, and there is no more time: a source that can read it again must not move past it. */
export interface NotTaken { readonly status: 'not_taken' }

export type Delivered = Accepted | Rejected | NotTaken

const notTaken: NotTaken = { status: 'not_taken' }
/** There is always somebody who waits: the source. */
const policy = { ...localRetryPolicy, maxElapsedMs: 0 }

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

  /**
   * Hands a batch on for as long as the pipeline asks to wait, or refuses it: whoever refuses while we run is about to be replaced.
   * While the process has no memory to take anything in, it waits before that, and its source with it.
   */
  async deliver ({ next, clock, pressure }: Delivers, batch: EventBatch): Promise<Delivered> {
    while (pressure.atLeast('refuse') && await wait(pressure.retryAfterMs, clock, this.stopping));
    if (this.over.aborted) return notTaken
    const outcome = await insist<Accepted | Rejected>(async () => {
      const answer = await next.consume(batch)
      return answer.status === 'refused' ? retry(answer.reason) : answer
    }, { policy, clock, signal: this.over })
    return outcome.status === 'gave_up' ? notTaken : outcome
  }

  /** Safe twice and before start. When it resolves, deliveries that were waiting have counted what they gave up. */
  stop (deadline: Deadline): Promise<void> {
    this.#stopping.abort()
    return this.#inFlight.close(deadline)
  }
}
