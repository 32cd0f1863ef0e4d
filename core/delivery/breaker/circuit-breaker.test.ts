/**
 * Scenario: calls that fail now and then, always, in a row, slowly; before, during and after a breaker is open.
 * Guarantees: it opens for a rate only from a least number of calls on and within its window, lets few calls through when half-open,
 * and calls of an earlier state count for nothing.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../data/testing/random.js'
import { FakeClock } from '../../testing/fake-clock.js'
import { CircuitBreaker, type BreakerRules, type Permit } from './circuit-breaker.js'

const breakers = suite('circuit breaker')
const rules: BreakerRules = { windowMs: 10_000, minCalls: 10, failureRate: 0.5, consecutiveFailures: 0, slowCallMs: 0, slowCallRate: 0.5, openMs: 30_000, probes: 2 }

function make (more: Partial<BreakerRules> = {}): { readonly breaker: CircuitBreaker, readonly clock: FakeClock, readonly changes: string[], call (succeeded: boolean): void } {
  const clock = new FakeClock()
  const changes: string[] = []
  const breaker = new CircuitBreaker({ ...rules, ...more }, clock, (to, why) => { changes.push(`${to}: ${why}`) })
  return { breaker, clock, changes, call: succeeded => { (breaker.enter() as Permit).end(succeeded) } }
}

breakers('a failure alone opens nothing, half of enough calls does', () => {
  const { breaker, changes, call } = make()
  for (let i = 0; i < 9; i++) call(i % 2 === 0)
  assert.is(breaker.state, 'closed')
  call(false)
  assert.equal(changes, ['open: 5 of 10 calls within 10000 ms failed'])
  assert.is(breaker.enter(), 30_000)
})

breakers('failures beyond the window are forgotten', async () => {
  const { breaker, clock, call } = make()
  for (let i = 0; i < 9; i++) call(false)
  await clock.advance(10_000)
  for (let i = 0; i < 9; i++) call(true)
  call(false)
  assert.is(breaker.state, 'closed')
})

breakers('failures in a row open with few calls, a success between does not', () => {
  const { breaker, call, changes } = make({ consecutiveFailures: 3 })
  for (const ok of [false, false, true, false, false]) call(ok)
  assert.is(breaker.state, 'closed')
  call(false)
  assert.equal(changes, ['open: 3 calls in a row failed'])
})

breakers('slow calls open though they succeed', async () => {
  const { breaker, clock, changes } = make({ slowCallMs: 100, windowMs: 100_000 })
  for (let i = 0; i < 10; i++) {
    const permit = breaker.enter() as Permit
    await clock.advance(i % 2 === 0 ? 101 : 100)
    permit.end(true)
  }
  assert.equal(changes, ['open: 5 of 10 calls within 100000 ms took longer than 100 ms'])
})

breakers('half-open lets so many through, closes when all succeed and opens when one fails', async () => {
  const { breaker, clock, changes, call } = make({ consecutiveFailures: 1 })
  const early = breaker.enter() as Permit
  call(false)
  await clock.advance(29_999)
  assert.is(breaker.enter(), 1)
  await clock.advance(1)
  const [a, b] = [breaker.enter(), breaker.enter()] as [Permit, Permit]
  assert.is(typeof breaker.enter(), 'number', 'a third must wait')
  early.end(false)
  assert.is(breaker.state, 'half_open', 'a call of before says nothing')
  a.end(true)
  b.end(false)
  assert.is(breaker.state, 'open')
  await clock.advance(30_000)
  const [c, d] = [breaker.enter(), breaker.enter()] as [Permit, Permit]
  c.end(true)
  c.end(true)
  assert.is(breaker.state, 'half_open', 'one end a call')
  d.end(true)
  assert.equal(changes.map(t => t.split(':')[0]), ['open', 'half_open', 'open', 'half_open', 'closed'])
})

breakers('whatever comes: never more than the probes while half-open, never a call while open', async () => {
  const random = seeded(8)
  for (let round = 0; round < 200; round++) {
    const { breaker, clock } = make({ consecutiveFailures: 1 + random.below(4), probes: 1 + random.below(3), minCalls: 1 + random.below(5), openMs: 1000, windowMs: 1000 })
    const open: Permit[] = []
    let sinceHalfOpen = 0
    for (let step = 0; step < 200; step++) {
      if (random.chance(0.3)) await clock.advance(random.below(400))
      const before = breaker.state
      const answer = breaker.enter()
      if (breaker.state === 'half_open') {
        if (before !== 'half_open') sinceHalfOpen = 0
        if (typeof answer !== 'number') sinceHalfOpen++
        assert.ok(sinceHalfOpen <= breaker.rules.probes)
      }
      if (breaker.state === 'open') assert.is(typeof answer, 'number')
      if (typeof answer !== 'number') open.push(answer)
      if (open.length > 0 && random.chance(0.7)) (open.splice(random.below(open.length), 1)[0] as Permit).end(random.chance(0.5))
    }
  }
})

breakers.run()
