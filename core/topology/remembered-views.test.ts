/**
 * Scenario: the same question again and again, and others, where an answer takes time.
 * Guarantees: an answer is given again for twenty times what it took, five seconds at most; few are kept.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TopologyQuestion } from '../component/questions.js'
import { FakeClock } from '../testing/fake-clock.js'
import { RememberedViews } from './remembered-views.js'

const question = (limit: number): TopologyQuestion => ({ depth: 1, kinds: [], limit })

function setup (tookMs: number): { readonly clock: FakeClock, readonly asked: number[], readonly views: RememberedViews } {
  const [clock, asked] = [new FakeClock(), [] as number[]]
  let nowMs = 0
  const slow = { ...bound(clock), monotonicMs: () => clock.monotonicMs() + nowMs }
  return { clock, asked, views: new RememberedViews(slow, q => { nowMs += tookMs; asked.push(q.limit); return { nodes: [], edges: [], omitted: asked.length, notes: [] } }) }
}

const bound = (clock: FakeClock): Pick<FakeClock, 'unixMs' | 'unixNano' | 'after'> => ({ unixMs: () => clock.unixMs(), unixNano: () => clock.unixNano(), after: (ms, run) => clock.after(ms, run) })

test('the same question gets the same answer for twenty times what it took', async () => {
  const { clock, views } = setup(10)
  assert.is(views.answer(question(1)).omitted, 1)
  await clock.advance(199)
  assert.is(views.answer(question(1)).omitted, 1)
  await clock.advance(2)
  assert.is(views.answer(question(1)).omitted, 2)
})

test('never longer than five seconds, and not at all when it takes no time', async () => {
  const slow = setup(10_000)
  slow.views.answer(question(1))
  await slow.clock.advance(4999)
  assert.is(slow.views.answer(question(1)).omitted, 1)
  await slow.clock.advance(2)
  assert.is(slow.views.answer(question(1)).omitted, 2)
  const quick = setup(0)
  assert.equal([quick.views.answer(question(1)).omitted, quick.views.answer(question(1)).omitted], [1, 2])
})

test('other questions get their own answers, of which the last sixteen are kept', () => {
  const { asked, views } = setup(10)
  for (let i = 0; i < 17; i++) views.answer(question(i))
  for (let i = 16; i > 0; i--) views.answer(question(i))
  assert.is(asked.length, 17)
  views.answer(question(0))
  assert.is(asked.length, 18)
})

test.run()
