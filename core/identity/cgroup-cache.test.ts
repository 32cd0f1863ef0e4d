import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { FakeClock } from '../testing/fake-clock.js'
import { CgroupCache } from './cgroup-cache.js'

const id = 'a'.repeat(64)

function cacheOf (maxEntries = 100, keepRemovedMs = 60_000): { cache: CgroupCache, clock: FakeClock } {
  const clock = new FakeClock()
  return { cache: new CgroupCache({ clock, maxEntries, keepRemovedMs }), clock }
}

test('a removed cgroup is known for as long as asked, then no more', async () => {
  const { cache, clock } = cacheOf()
  cache.created(0, 7n, `/docker/${id}`)
  cache.removed(0, 7n)
  await clock.advance(60_000)
  assert.equal(cache.lookup(0, 7n)?.identity, { kind: 'container', runtime: 'docker', containerId: id })
  assert.is(cache.lookup(0, 7n)?.removedAtMs, 0)
  await clock.advance(1)
  assert.is(cache.lookup(0, 7n), undefined)
  cache.removed(0, 99n)
  assert.is(cache.size, 0, 'the next removal clears it away')
  assert.equal(cache.counts, { created: 1, removed: 1, hits: 2, misses: 1, afterRemoval: 2, expired: 1, evictedLive: 0, evictedRemoved: 0 })
})

test('the same id in two hierarchies is two cgroups', () => {
  const { cache } = cacheOf()
  cache.created(0, 7n, '/system.slice/a.service')
  cache.created(4, 7n, '/system.slice/b.service')
  cache.removed(4, 7n)
  assert.is(cache.lookup(0, 7n)?.path, '/system.slice/a.service')
  assert.is(cache.lookup(0, 7n)?.removedAtMs, undefined)
  assert.is(cache.lookup(4, 7n)?.path, '/system.slice/b.service')
})

test('an id that is used again belongs to the new cgroup', () => {
  const { cache } = cacheOf()
  cache.created(0, 7n, '/system.slice/a.service')
  cache.removed(0, 7n)
  cache.created(0, 7n, '/system.slice/b.service')
  assert.is(cache.lookup(0, 7n)?.path, '/system.slice/b.service')
  assert.is(cache.lookup(0, 7n)?.removedAtMs, undefined)
  assert.is(cache.size, 1)
})

test('a walk does not bring back what was removed while it ran, but keeps what it read of it', async () => {
  const { cache, clock } = cacheOf()
  await clock.advance(10)
  cache.created(0, 7n, '/a')
  cache.removed(0, 7n)
  cache.removed(0, 8n)
  cache.seen(0, 7n, '/a', 10)
  cache.seen(0, 8n, '/b', 10)
  assert.is(cache.lookup(0, 7n)?.removedAtMs, 10)
  assert.is(cache.lookup(0, 8n)?.path, '/b')
  assert.is(cache.lookup(0, 8n)?.removedAtMs, 10)
  await clock.advance(1)
  cache.seen(0, 8n, '/c', 11)
  assert.is(cache.lookup(0, 8n)?.removedAtMs, undefined, 'a later walk saw the id again')
})

test('a later walk finds what no event told: the gone are removed, what came since stays', async () => {
  const { cache, clock } = cacheOf()
  cache.seen(0, 1n, '/a', 0)
  cache.seen(0, 2n, '/b', 0)
  cache.seen(4, 2n, '/other-hierarchy', 0)
  await clock.advance(5)
  const sinceMs = clock.monotonicMs()
  cache.created(0, 3n, '/c')
  cache.reconcile(0, new Set([1n]), sinceMs)
  assert.is(cache.lookup(0, 1n)?.removedAtMs, undefined)
  assert.is(cache.lookup(0, 2n)?.removedAtMs, 5)
  assert.is(cache.lookup(0, 3n)?.removedAtMs, undefined)
  assert.is(cache.lookup(4, 2n)?.removedAtMs, undefined)
})

test('when it is full the removed go first, then the live nobody asks for', () => {
  const { cache } = cacheOf(4)
  for (const n of [1n, 2n, 3n, 4n]) cache.created(0, n, `/${n}`)
  cache.removed(0, 3n)
  cache.lookup(0, 1n)
  cache.created(0, 5n, '/5')
  assert.is(cache.lookup(0, 3n), undefined)
  cache.created(0, 6n, '/6')
  assert.is(cache.lookup(0, 2n), undefined, 'the oldest was asked for, the second was not')
  assert.is(cache.lookup(0, 1n)?.path, '/1')
  assert.is(cache.counts.evictedRemoved, 1)
  assert.is(cache.counts.evictedLive, 1)
})

test('never more entries than allowed, and always right about what it holds', () => {
  const { cache } = cacheOf(50)
  const random = seeded(3)
  const truth = new Map<bigint, string>()
  for (let i = 0; i < 20_000; i++) {
    const n = BigInt(random.below(200))
    if (random.chance(0.4)) { cache.created(0, n, `/${i}`); truth.set(n, `/${i}`) } else if (random.chance(0.3)) cache.removed(0, n)
    else {
      const found = cache.lookup(0, n)
      if (found !== undefined) assert.is(found.path, truth.get(n))
    }
    assert.ok(cache.size <= 50)
  }
  assert.ok(cache.counts.hits > 100 && cache.counts.evictedLive + cache.counts.evictedRemoved > 100)
})

test.run()
