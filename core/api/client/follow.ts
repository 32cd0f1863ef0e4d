/** A stream that outlives its connection: it is asked for again from where it stopped. */
import type { Clock } from '../../component/clock.js'
import { ApiError } from '../call.js'
import { pause } from './pause.js'

export interface FollowOptions {
  readonly clock: Clock
  /** Aborted: the stream ends, without an error. */
  readonly signal: AbortSignal
  /** The connection is gone; another attempt follows after `waitMs`. */
  onLost(error: ApiError, waitMs: number): void
  /** The first message of a new connection came. */
  onBack(): void
  /** 0 to 1, so that many clients do not come back at once. */
  readonly random?: () => number
}

const firstWaitMs = 500
const longestWaitMs = 15_000

/**
 * `open` is given the token of the last message, '' at first. What fails before the first message, and what would fail again (a
 * wrong question, no right to ask), rejects; a stream that the server ends in order ends.
 */
export async function * follow<T> (open: (resumeToken: string) => AsyncIterable<T>, tokenOf: (message: T) => string, { clock, signal, onLost, onBack, random = Math.random }: FollowOptions): AsyncGenerator<T, void> {
  let [token, isLost, hasBegun, failures] = ['', false, false, 0]
  while (!signal.aborted) {
    try {
      for await (const message of open(token)) {
        if (isLost) onBack()
        ;[isLost, hasBegun, failures] = [false, true, 0]
        token = tokenOf(message) || token
        yield message
      }
      return
    } catch (error) {
      if (signal.aborted) return
      if (!hasBegun || !(error instanceof ApiError) || !isPassing(error)) throw error
      isLost = true
      const waitMs = Math.max(error.more.retryAfterMs ?? 0, Math.min(longestWaitMs, firstWaitMs * 2 ** failures++) * (0.5 + random() / 2))
      onLost(error, waitMs)
      await pause(clock, waitMs, signal)
    }
  }
}

function isPassing ({ code }: ApiError): boolean { return code === 'UNAVAILABLE' || code === 'RESOURCE_EXHAUSTED' || code === 'DEADLINE_EXCEEDED' }
