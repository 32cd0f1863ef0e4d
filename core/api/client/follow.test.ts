/** Scenario: a stream whose connection breaks, comes back, or is refused. Guarantees: it goes on behind the last token; what would fail again is not tried. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../../testing/fake-clock.js'
import { ApiError, type ApiCode } from '../call.js'
import { follow } from './follow.js'

const test = suite('follow')

/** What each attempt gives: tokens, then how it ends. */
type Attempt = readonly [tokens: readonly string[], end: ApiCode | 'end' | 'hang']

async function run (attempts: readonly Attempt[], stopAfter = Infinity): Promise<{ got: string[], asked: string[], said: string[], waits: number[], error: unknown }> {
  const clock = new FakeClock()
  const stop = new AbortController()
  const seen = { got: [] as string[], asked: [] as string[], said: [] as string[], waits: [] as number[], error: undefined as unknown }
  async function * open (token: string): AsyncGenerator<string> {
    const [tokens, end] = attempts[seen.asked.push(token) - 1] as Attempt
    yield * tokens
    if (end === 'hang') await new Promise<void>(resolve => stop.signal.addEventListener('abort', () => resolve()))
    else if (end !== 'end') throw new ApiError(end, end)
  }
  const reading = (async () => {
    const options = { clock, signal: stop.signal, onLost: (error: ApiError, waitMs: number) => { seen.said.push(error.code); seen.waits.push(waitMs) }, onBack: () => { seen.said.push('back') }, random: () => 1 }
    for await (const token of follow(open, t => t, options)) if (seen.got.push(token) >= stopAfter) stop.abort()
  })().catch((error: unknown) => { seen.error = error instanceof ApiError ? error.code : error })
  for (let i = 0; i < 30; i++) await clock.advance(15_000)
  stop.abort()
  await reading
  return seen
}

test('it goes on behind the last message, waits longer each time, and forgets that when it is back', async () => {
  const { got, asked, said, waits } = await run([[['1', '2'], 'UNAVAILABLE'], [[], 'UNAVAILABLE'], [[], 'DEADLINE_EXCEEDED'], [['3'], 'UNAVAILABLE'], [['4'], 'end']])
  assert.equal(got, ['1', '2', '3', '4'])
  assert.equal(asked, ['', '2', '2', '2', '3'])
  assert.equal(said, ['UNAVAILABLE', 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'back', 'UNAVAILABLE', 'back'])
  assert.equal(waits, [500, 1000, 2000, 500])
})

test('a message without a token leaves the last one', async () => {
  assert.equal((await run([[['1', ''], 'UNAVAILABLE'], [[], 'end']])).asked, ['', '1'])
})

const ends: readonly (readonly [what: string, attempts: readonly Attempt[], error: string | undefined, asked: number])[] = [
  ['what fails at first', [[[], 'UNAVAILABLE']], 'UNAVAILABLE', 1],
  ['what would fail again', [[['1'], 'UNAVAILABLE'], [[], 'UNAUTHENTICATED']], 'UNAUTHENTICATED', 2],
  ['a stream that ends in order', [[['1'], 'end']], undefined, 1],
  ['one that is given up', [[['1'], 'hang']], undefined, 1]
]
for (const [what, attempts, error, asked] of ends) {
  test(`${what} ends it`, async () => {
    const seen = await run(attempts)
    assert.equal([seen.error, seen.asked.length], [error, asked])
  })
}

test('given up between two attempts it makes no further one', async () => {
  const { asked, error } = await run([[['1'], 'UNAVAILABLE'], [['2'], 'end']], 1)
  assert.equal([asked.length, error], [1, undefined])
})

test.run()
