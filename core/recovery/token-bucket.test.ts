/**
 * Scenario: a token bucket asked at any rate, with fractions of tokens, over hours, on a clock that may go back.
 * Guarantees: exactly what an exact model (whole numbers, no rounding) gives; never more than burst plus rate times time; waits are as short
 * as they can be and long enough.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { TokenBucket } from './token-bucket.js'

/** In millionths of a token, on a clock of microseconds: nothing is rounded. */
class ExactBucket {
  tokens: bigint
  constructor (readonly perSecond: number, readonly burst: number, public atUs: bigint) { this.tokens = BigInt(burst) * 1_000_000n }
  tryTake (nowUs: bigint, count: number): boolean {
    const passed = nowUs > this.atUs ? nowUs - this.atUs : 0n
    this.atUs = nowUs
    const full = BigInt(this.burst) * 1_000_000n
    this.tokens += passed * BigInt(this.perSecond)
    if (this.tokens > full) this.tokens = full
    if (this.tokens < BigInt(count) * 1_000_000n) return false
    this.tokens -= BigInt(count) * 1_000_000n
    return true
  }
}

test('says what an exact bucket says, whatever rate, burst, gaps and jumps back', () => {
  const random = seeded(80)
  for (let round = 0; round < 100; round++) {
    const [perSecond, burst] = [1 + random.below(1_000_000), 1 + random.below(5000)]
    let nowUs = BigInt(random.below(2 ** 31)) * 1000n
    const [exact, bucket] = [new ExactBucket(perSecond, burst, nowUs), new TokenBucket({ perSecond, burst }, Number(nowUs) / 1000)]
    for (let call = 0; call < 2000; call++) {
      nowUs += random.chance(0.01) ? -BigInt(random.below(1000)) : BigInt(random.below(Math.ceil(3e6 / perSecond)))
      const count = random.chance(0.1) ? random.below(burst) : 1
      // Floats of milliseconds are good to some nanoseconds: a token that comes due in this very instant may come at the next call.
      const before = exact.tokens
      const [wanted, said] = [exact.tryTake(nowUs, count), bucket.tryTake(Number(nowUs) / 1000, count)]
      if (wanted === said) continue
      const missing = Math.abs(Number(exact.tokens - (wanted ? 0n : BigInt(count) * 1_000_000n)) / 1e6)
      assert.ok(missing < perSecond * 1e-8, `${wanted} and ${said} with ${before} and ${exact.tokens} millionths, ${count} asked, ${perSecond}/s`)
      if (said) bucket.giveBack(count)
      else if (wanted) exact.tokens += BigInt(count) * 1_000_000n
    }
  }
})

test('asked a million times a second it gives its rate, not less', () => {
  for (const perSecond of [0.5, 3, 999, 10_000, 333_333]) {
    const bucket = new TokenBucket({ perSecond, burst: 2 }, 0)
    let given = 0
    const seconds = 4
    for (let us = 0; us <= seconds * 1_000_000; us++) if (bucket.tryTake(us / 1000)) given++
    assert.is(given, Math.floor(perSecond * seconds + 1e-9) + 2, `${perSecond}/s`)
  }
})

test('waits are exact: not there a millisecond before, there then', () => {
  const random = seeded(81)
  for (let round = 0; round < 1000; round++) {
    const [perSecond, burst, taken] = [1 + random.below(5000) / 7, 1 + random.below(100), random.below(300)]
    const [early, intime] = [new TokenBucket({ perSecond, burst }, 0), new TokenBucket({ perSecond, burst }, 0)]
    early.take(taken)
    intime.take(taken)
    const count = 1 + random.below(burst)
    const waitMs = intime.waitMs(count)
    assert.ok(intime.available(waitMs) >= count, `${count} of ${perSecond}/s after ${waitMs} ms`)
    if (waitMs > 1) assert.ok(early.available(waitMs - 1) < count, `${count} of ${perSecond}/s within ${waitMs - 1} ms`)
  }
})

test('an overdrawn bucket pays first; what is given back is there; a clock that goes back gives and takes nothing', () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 1000)
  bucket.take(25)
  assert.is(bucket.available(1000), -20)
  assert.is(bucket.waitMs(), 2100)
  assert.is(bucket.available(3099), 0)
  assert.is(bucket.available(3100), 1)
  bucket.giveBack(100)
  assert.is(bucket.available(3100), 5)
  bucket.take(5)
  assert.is(bucket.available(0), 0)
  assert.is(bucket.available(100), 1)
})

test.run()
