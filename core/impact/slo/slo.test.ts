import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Engine } from '../../correlation/engine.js'
import { BatchBuilder } from '../../data/builder.js'
import type { EventBatch } from '../../data/batch.js'
import { seeded } from '../../data/testing/random.js'
import { SloBook } from './book.js'
import { burnOf, burnRate, burnRules, minBad } from './burn.js'
import { RequestRing } from './request-ring.js'
import { serviceOf, type SloTarget } from './target.js'
import { SloWatch } from './watch.js'

const t0 = Date.UTC(2026, 0, 1)
const minute = 60_000
const checkout: SloTarget = { service: 'shop/checkout', availability: 0.999, latency: { thresholdMs: 500, target: 0.99 }, windowMs: 3_600_000 }

interface Request { readonly atMs: number, readonly failed?: boolean, readonly durationMs?: number, readonly service?: string, readonly kind?: number }

function spans (requests: readonly Request[]): EventBatch {
  const builder = new BatchBuilder()
  for (const { atMs, failed = false, durationMs = 0, service = 'checkout', kind = 2 } of requests) {
    builder.append({
      signal: 'traces', type: 'span', timeUnixNano: BigInt(atMs - durationMs) * 1_000_000n, durationNano: BigInt(durationMs) * 1_000_000n, spanKind: kind, statusCode: failed ? 2 : 0,
      resource: { 'service.name': service, 'k8s.namespace.name': 'shop' }
    })
  }
  return builder.finish()
}

function counted (book: SloBook, requests: readonly Request[]): SloBook {
  const batch = spans(requests)
  book.count(batch, 0, batch.count)
  return book
}

test('a burn rate is the share of bad ones over the share that was allowed', () => {
  assert.ok(Math.abs(burnRate(1, 1000, 0.999) - 1) < 1e-9, 'exactly what was promised')
  assert.ok(Math.abs(burnRate(20, 1000, 0.999) - 20) < 1e-9)
  assert.ok(Math.abs(burnRate(5, 10, 0.99) - 50) < 1e-9)
  assert.is(burnRate(0, 0, 0.999), 0)
})

test('an alert needs both windows: against a plain reading of the rule', () => {
  const random = seeded(7)
  for (let round = 0; round < 2000; round++) {
    const target = [0.9, 0.99, 0.999][random.below(3)] as number
    const perMinute = Array.from({ length: 360 }, () => ({ all: random.below(20), bad: 0 })).map(m => ({ ...m, bad: Math.min(m.all, random.below(round % 2 === 0 ? 4 : 20)) }))
    const within = (windowMs: number): { bad: number, all: number } => perMinute.slice(-windowMs / minute).reduce((a, b) => ({ bad: a.bad + b.bad, all: a.all + b.all }), { bad: 0, all: 0 })
    const isAbove = (windowMs: number, rate: number): boolean => { const { bad, all } = within(windowMs); return all > 0 && bad / all / (1 - target) >= rate }
    const fast = isAbove(60 * minute, 14.4) && isAbove(5 * minute, 14.4) && within(60 * minute).bad >= minBad
    const slow = isAbove(360 * minute, 6) && isAbove(30 * minute, 6) && within(360 * minute).bad >= minBad
    assert.is(burnOf(target, 30 * 86_400_000, within)?.pace, fast ? 'fast' : slow ? 'slow' : undefined)
  }
  assert.equal(burnRules.map(r => [r.rate, r.longMs / minute, r.shortMs / minute]), [[14.4, 60, 5], [6, 360, 30]])
})

test('few bad ones are chance', () => {
  assert.is(burnOf(0.999, 3_600_000, () => ({ bad: minBad - 1, all: 10 })), undefined)
  assert.is(burnOf(0.999, 3_600_000, () => ({ bad: minBad, all: 10 }))?.pace, 'fast')
})

test('a ring counts what a list of all requests says, whatever their order', () => {
  const random = seeded(11)
  for (let round = 0; round < 50; round++) {
    const ring = new RequestRing(10_000, 60)
    const all: { atMs: number, failed: boolean, slow: boolean }[] = []
    let newest = 0
    for (let i = 0; i < 500; i++) {
      const atMs = t0 + i * 2000 - random.below(120_000)
      newest = Math.max(newest, Math.floor(atMs / 10_000))
      const request = { atMs, failed: random.below(3) === 0, slow: random.below(4) === 0 }
      all.push(request)
      ring.add(atMs, request.failed, request.slow)
    }
    const nowMs = t0 + 500 * 2000
    for (const windowMs of [10_000, 60_000, 300_000, 590_000]) {
      const first = Math.max(Math.floor((nowMs - windowMs) / 10_000) + 1, newest - 59)
      const own = all.filter(r => Math.floor(r.atMs / 10_000) >= first)
      assert.equal(ring.sum(nowMs, windowMs), { all: own.length, failed: own.filter(r => r.failed).length, slow: own.filter(r => r.slow).length })
    }
  }
})

test('one absurd time does not wipe a ring; a real gap goes on; the late are counted', () => {
  const ring = new RequestRing(10_000, 6)
  for (let i = 0; i < 5; i++) ring.add(t0, true, false)
  ring.add(t0 + 400 * 86_400_000, true, false)
  ring.add(NaN, true, false)
  ring.add(-5, true, false)
  ring.add(t0 - 70_000, true, false)
  ring.add(t0, true, false)
  assert.is(ring.sum(t0, 10_000).failed, 6)
  assert.is(ring.late, 4)
  for (let i = 0; i < 12; i++) ring.add(t0 + 30 * 86_400_000, false, false)
  assert.is(ring.sum(t0 + 30 * 86_400_000, 60_000).all, 3)
})

test('whose span it is', () => {
  const table: [SloTarget['service'], Record<string, string>, string | undefined][] = [
    ['shop/checkout', { 'service.name': 'checkout', 'k8s.namespace.name': 'shop' }, 'shop'], ['shop/checkout', { 'service.name': 'checkout', 'service.namespace': 'shop' }, 'shop'],
    ['shop/checkout', { 'service.name': 'checkout', 'k8s.namespace.name': 'other' }, undefined], ['shop/checkout', { 'service.name': 'checkout' }, undefined],
    ['checkout', { 'service.name': 'checkout', 'k8s.namespace.name': 'other' }, 'other'], ['checkout', { 'service.name': 'checkout' }, ''],
    ['checkout', { 'service.name': 'cart', 'k8s.deployment.name': 'checkout', 'k8s.namespace.name': 'a' }, 'a'], ['checkout', {}, undefined]
  ]
  for (const [service, attributes, namespace] of table) {
    const entity = serviceOf({ ...checkout, service }, attributes)
    assert.is(entity === undefined ? undefined : entity.namespace ?? '', namespace, `${service} ${JSON.stringify(attributes)}`)
  }
})

test('server spans of the service count, others do not', () => {
  const book = counted(new SloBook([checkout]), [
    ...Array.from({ length: 90 }, (_, i) => ({ atMs: t0 + i * 1000 })), ...Array.from({ length: 10 }, (_, i) => ({ atMs: t0 + i * 1000, failed: true, durationMs: 700 })),
    ...Array.from({ length: 50 }, () => ({ atMs: t0, failed: true, service: 'cart' })), ...Array.from({ length: 50 }, () => ({ atMs: t0, failed: true, kind: 3 }))
  ])
  const [availability, latency] = book.judge(t0 + 100_000)
  assert.equal(availability?.violation, { service: 'shop/checkout', objective: 'availability', target: 0.999, observed: 0.9, burnRate: 100, windowMs: 3_600_000 })
  assert.equal(latency?.violation, { service: 'shop/checkout', objective: 'latency', target: 0.99, observed: 0.9, burnRate: 10, windowMs: 3_600_000 })
  assert.is(availability?.burn?.pace, 'fast')
  assert.is(latency?.burn?.pace, 'slow', '10 is below 14.4 and above 6')
})

test('a healthy service breaks nothing', () => {
  const book = counted(new SloBook([checkout]), Array.from({ length: 20_000 }, (_, i) => ({ atMs: t0 + i * 100, failed: i % 2000 === 7, durationMs: 20 })))
  assert.equal(book.judge(t0 + 2_000_000).map(s => [s.burn, s.violation]), [[undefined, undefined], [undefined, undefined]])
})

test('a burn becomes one symptom of the Service that grows, and ends', () => {
  const engine = new Engine()
  const book = new SloBook([checkout])
  const watch = new SloWatch(engine, book)
  counted(book, Array.from({ length: 100 }, (_, i) => ({ atMs: t0 + i * 500, failed: i % 2 === 0 })))
  const [first] = watch.tick(t0 + 60_000, false)
  assert.equal([first?.sign, first?.entity, first?.severity, first?.count], ['app.slo_burn', { kind: 'Service', namespace: 'shop', name: 'checkout' }, 17, 50])
  assert.match(first?.evidence[0]?.message ?? '', /^50\.000% of requests served in 1h, 99\.900% promised: the error budget burns 500\.0 times too fast$/)
  assert.equal(watch.tick(t0 + 61_000, false), [], 'not before the next step')
  counted(book, Array.from({ length: 10 }, (_, i) => ({ atMs: t0 + 65_000 + i, failed: true })))
  const [again] = watch.tick(t0 + 70_000, false)
  assert.is(again, first)
  assert.is(again?.count, 60)
  assert.is(again?.evidence.length, 1)
  counted(book, Array.from({ length: 100 }, (_, i) => ({ atMs: t0 + 45 * minute + i })))
  assert.equal(watch.tick(t0 + 46 * minute, false), [], 'the short windows are good again')
  assert.is(book.standings[0]?.violation?.windowMs, 3_600_000, 'the promise of this hour is broken all the same')
})

test('fuzz: whatever is counted, shares stay shares', () => {
  const random = seeded(3)
  const book = new SloBook([checkout, { service: 'cart', availability: 0.5, windowMs: 90 * 86_400_000 }])
  let nowMs = t0
  for (let round = 0; round < 200; round++) {
    const jump = [0, 1000, 86_400_000, -86_400_000, 4e12][random.below(5)] as number
    const batch = spans(Array.from({ length: 1 + random.below(30) }, () => ({ atMs: Math.max(1e6, nowMs + jump + random.below(60_000)), failed: random.below(2) === 0, durationMs: random.below(2000), service: ['checkout', 'cart', 'x'][random.below(3)] as string })))
    book.count(batch, 0, batch.count)
    nowMs += random.below(20_000)
    for (const { violation } of book.judge(nowMs)) {
      if (violation === undefined) continue
      assert.ok(violation.observed >= 0 && violation.observed <= 1 && violation.burnRate >= 0 && Number.isFinite(violation.burnRate), JSON.stringify(violation))
    }
  }
})

test.run()
