/**
 * Following a store: pages of what is new, asked for when the client has room for them. Between two looks it waits until the store says
 * that something came, but looks at most some times a second, so that many followers of a busy store cost little; and it says something
 * now and then, so that a dead connection is noticed.
 */
import type { Clock } from '../../component/clock.js'
import { pause } from './streams.js'

export const keepAliveMs = 15_000
const betweenLooksMs = 100

export interface Look<T> {
  readonly answer: T
  /** Worth telling: something is in it. */
  readonly hasNews: boolean
  /** There is more already. */
  readonly more: boolean
}

export interface FollowOptions<T> {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Goes on where the last look ended. */
  look(): Promise<Look<T>>
  /** Resolves when there may be news since the last look, when `timeoutMs` passed or `signal` aborts. */
  changed(timeoutMs: number): Promise<void>
}

/** The first look is always told: the client then knows that it follows, and from where. Ends by rejecting when `signal` aborts. */
export async function * follow<T> ({ clock, signal, look, changed }: FollowOptions<T>): AsyncGenerator<T> {
  let toldMs = -Infinity
  for (;;) {
    signal.throwIfAborted()
    const lookedMs = clock.monotonicMs()
    const { answer, hasNews, more } = await look()
    if (hasNews || clock.monotonicMs() - toldMs >= keepAliveMs) {
      yield answer
      toldMs = clock.monotonicMs()
    }
    if (more) continue
    await changed(Math.max(1, toldMs + keepAliveMs - clock.monotonicMs()))
    signal.throwIfAborted()
    await pause(clock, lookedMs + betweenLooksMs - clock.monotonicMs(), signal)
  }
}
