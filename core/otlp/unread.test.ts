/**
 * Rows that nobody has read: they pass joining, the codec and framing as bytes, and say the same as rows that were read at
 * once, whenever and wherever the first question comes.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventBatch } from '../data/batch.js'
import { encodeBatch } from '../data/codec.js'
import { concat } from '../data/concat.js'
import { decodeBatch } from '../data/decode.js'
import { EventIds } from '../data/ids.js'
import { Packr } from 'msgpackr'
import { plainRows } from '../data/testing/plain-rows.js'
import { checkMessage } from './check.js'
import { countRecords } from './locate.js'
import { quickCheck } from './quick-check.js'
import { checkRequest, readExportRequest } from './reader.js'
import { signalFacts, type OtlpSignal } from './signals.js'
import { mutate, randomMessage, usual } from './testing/messages.js'
import { oracleType, requestType } from './testing/oracle.js'
import { Random } from './testing/random.js'
import { recordsOf } from './testing/records-of.js'
import { WireError, WireReader } from './wire.js'
import { frameExportRequests } from './writer.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'
const recordSignals = ['traces', 'metrics', 'logs'] as const
type RecordSignal = (typeof recordSignals)[number]
const seeds = Array.from({ length: long ? 2000 : 80 }, (_, i) => i + 1)

const random = (signal: OtlpSignal, seed: number): Buffer => Buffer.from(randomMessage(new Random(seed), requestType(signal), { ...usual, density: 0.7, depth: 9 }))

/** Ids as if this were the first request of a process. */
function open (signal: RecordSignal, bytes: Uint8Array, first = 1): EventBatch {
  const result = readExportRequest(signal, bytes, { ids: new EventIds(new Uint8Array(8), first), observedTimeUnixNano: 7n })
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

function reread (batch: EventBatch, ours: boolean): EventBatch {
  const result = decodeBatch(encodeBatch(batch, true), ours)
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

const sent = (batch: EventBatch): Buffer => Buffer.concat(frameExportRequests(batch).flatMap(r => r.chunks))

for (const signal of recordSignals) {
  test(`${signal}: what only passes through is never read`, () => {
    for (const seed of seeds) {
      const requests = [random(signal, seed), random(signal, seed + 10_000), random(signal, seed + 20_000)]
      const arrived = requests.map(bytes => reread(open(signal, bytes), seed % 2 === 0)).filter(b => b.count > 0)
      const batch = reread(concat(arrived), seed % 2 === 1)
      assert.equal(recordsOf(sent(batch)), requests.flatMap(recordsOf), `seed ${seed}`)
      if (batch.count === 0) continue
      assert.is(batch.oneSignal, arrived[0]?.oneSignal)
      assert.ok(batch.byteLength > batch.raw.buffers.reduce((n, b) => n + b.length, 0))
      assert.is(batch.unread?.items, frameExportRequests(batch)[0]?.items)
      assert.is.not(batch.unread, undefined, `seed ${seed}: somebody read`)
    }
  })

  test(`${signal}: severities alone are those of the column, and read nothing else`, () => {
    for (const seed of seeds) {
      const [a, b] = [random(signal, seed), random(signal, seed + 10_000)]
      const batch = concat([open(signal, a), open(signal, b, 1_000_000)])
      const { unread } = batch
      if (unread === undefined) continue
      const alone = unread.severities(batch.raw.buffers)
      assert.is(batch.unread, unread, `seed ${seed}: nothing was read`)
      assert.equal(alone, batch.columns.severity, `seed ${seed}`)
    }
  })

  test(`${signal}: rows say the same whenever they are read`, () => {
    for (const seed of seeds) {
      const [a, b] = [random(signal, seed), random(signal, seed + 10_000)]
      const first = open(signal, a)
      const second = (): EventBatch => open(signal, b, 1 + first.count)
      const expected = [...plainRows(open(signal, a)), ...plainRows(second())]
      assert.equal(plainRows(reread(concat([reread(open(signal, a), true), second()]), false)), expected, `seed ${seed}: read last`)
      const read = open(signal, a)
      assert.ok(read.columns.signal.length === read.count)
      assert.is(read.unread, undefined)
      assert.equal(plainRows(concat([read, reread(second(), false)])), expected, `seed ${seed}: one read first`)
    }
  })

  test(`${signal}: changed resources and records travel unread, and say the same as changed after reading`, () => {
    const change = (batch: EventBatch): EventBatch => batch
      .withResources(batch.resources.map((r, i) => i % 2 === 0 ? r.with({ 'k8s.pod.name': `cart-${i}` }) : r))
      .withConstant('tapio.tested', true)
    for (const seed of seeds) {
      const [a, b] = [open(signal, random(signal, seed)), open(signal, random(signal, seed + 10_000))]
      if (a.count === 0 || b.count === 0) continue
      const lazy = reread(concat([reread(change(a), true), b]), seed % 2 === 0)
      const eager = concat([change(readNow(open(signal, random(signal, seed)))), readNow(open(signal, random(signal, seed + 10_000)))])
      assert.is.not(lazy.unread, undefined, `seed ${seed}: somebody read`)
      assert.equal(recordsOf(sent(lazy)), recordsOf(sent(eager)), `seed ${seed}`)
      assert.is.not(lazy.unread, undefined, `seed ${seed}: framing read`)
      // Through a document as well: there is one zero in it, where attributes that were edited may have had a negative one.
      assert.equal(plainRows(lazy), plainRows(reread(eager, true)), `seed ${seed}`)
    }
  })

  test(`${signal}: the quick check says what the careful one says, or nothing`, () => {
    const runs = long ? 400_000 : 6000
    let quick = 0
    for (let seed = 0; seed < runs; seed++) {
      const rnd = new Random(seed ^ 0x9e37)
      const whole = randomMessage(rnd, requestType(signal), { density: 0.5, depth: 8, unknown: rnd.chance(0.3) })
      const bytes = rnd.chance(0.5) ? mutate(rnd, whole) : whole
      const answer = quickCheck(signal, bytes, 1000)
      if (answer === undefined) continue
      quick++
      assert.is(carefulError(signal, bytes), '', `seed ${seed}`)
      assert.is(answer.records, countRecords(bytes, 1000))
      if (signal === 'metrics') assert.is(answer.items, open(signal, bytes).columns.dataPointCount?.reduce((n, p) => n + p, 0) ?? 0, `seed ${seed}`)
    }
    assert.ok(quick > runs / 4, `${quick} of ${runs} were answered`)
    if (long) console.log(`\nREPORT otlp quick check, ${signal}: ${runs} messages, ${quick} answered, all as the careful check`)
  })
}

function readNow (batch: EventBatch): EventBatch {
  assert.ok(batch.columns.signal.length === batch.count)
  return batch
}

function carefulError (signal: RecordSignal, bytes: Uint8Array): string {
  try {
    checkMessage(new WireReader(bytes), bytes.length, signalFacts[signal].request, 0)
    return ''
  } catch (error) {
    if (error instanceof WireError) return error.message
    throw error
  }
}

test('what encoders write is answered by the quick check: packed buckets, two-byte tags, large lengths', () => {
  const messages: readonly [RecordSignal, object][] = [
    ['traces', { resourceSpans: [{ resource: { attributes: [{ key: 'a', value: { stringValue: 'x'.repeat(70_000) } }] }, scopeSpans: [{ spans: [{ traceId: Buffer.alloc(16, 1), flags: 0x101, links: [{ flags: 3 }] }] }] }] }],
    ['logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { kvlistValue: { values: [{ key: 'a', value: { arrayValue: { values: [{ intValue: '-1' }] } } }] } } }] }] }] }],
    ['metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: [
      { histogram: { dataPoints: [{ bucketCounts: [1, 2, 3], explicitBounds: [0.5, 1] }] } },
      { exponentialHistogram: { dataPoints: [{ positive: { offset: -3, bucketCounts: [1, 300, 70_000] } }, {}] } },
      { summary: { dataPoints: [{ quantileValues: [{ quantile: 0.5, value: 1 }] }] } }
    ] }] }] }]
  ]
  for (const [signal, message] of messages) {
    const type = oracleType(requestType(signal))
    const answer = quickCheck(signal, type.encode(type.fromObject(message)).finish(), 10)
    assert.equal(answer, signal === 'metrics' ? { records: 3, items: 4 } : { records: 1, items: 1 }, signal)
  }
})

test('a second kind of data replaces the first, and its points', () => {
  const type = oracleType(requestType('metrics'))
  const [gauge, sum] = [{ gauge: { dataPoints: [{}, {}] } }, { sum: { dataPoints: [{}] } }].map(metric => type.encode(type.fromObject({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] })).finish())
  // The frame of each is three tags with one-byte lengths, so the second's metric can be put behind the first's.
  const inner = Buffer.concat([(gauge as Uint8Array).subarray(6), (sum as Uint8Array).subarray(6)])
  const bytes = Buffer.concat([[10, inner.length + 4, 18, inner.length + 2, 18, inner.length], inner].map(b => Buffer.from(b as Uint8Array)))
  assert.equal(quickCheck('metrics', bytes, 10), { records: 1, items: 1 })
  assert.equal(open('metrics', bytes).columns.dataPointCount, Uint32Array.of(1))
})

test('more records than allowed are refused', () => {
  const bytes = Buffer.from([10, 10, 18, 8, 18, 0, 18, 0, 18, 0, 18, 0])
  assert.equal(checkRequest('traces', bytes, 4), { records: 4, items: 4 })
  assert.throws(() => checkRequest('traces', bytes, 3), /more than 3 records/)
})

test('another\'s document of unread requests is believed in nothing', () => {
  const source = open('traces', Buffer.from([10, 8, 18, 6, 18, 0, 18, 0, 18, 0]))
  assert.is(source.count, 3)
  const document = encodeBatch(source)
  const tampered = (change: (header: { n: number, q: unknown[][] }) => void): string => {
    const codec = new Packr({ useRecords: false })
    const headerAt = 24
    const length = document.readUInt32BE(headerAt - 4)
    const header = codec.unpack(document.subarray(headerAt, headerAt + length)) as { n: number, q: unknown[][] }
    change(header)
    const packed = codec.pack(header)
    assert.is(packed.length, length, 'the change keeps the length')
    const copy = Buffer.from(document)
    copy.set(packed, headerAt)
    const result = decodeBatch(copy)
    return result.ok ? 'ok' : result.error
  }
  assert.is(tampered(() => undefined), 'ok')
  assert.match(tampered(h => { h.n = 4 }), /do not agree/)
  assert.match(tampered(h => { h.n = 4; (h.q[1] as unknown[])[0] = 4 }), /request 0 holds 3 records, the document says 4/)
  assert.match(tampered(h => { h.n = 2; (h.q[1] as unknown[])[0] = 2 }), /request 0: more than 2 records/)
  assert.match(tampered(h => { (h.q[1] as unknown[])[1] = 9 }), /request 0 holds/)
  assert.match(tampered(h => { (h.q as unknown[])[0] = 4 }), /requests of signal 4/)
})

test('damaged documents of unread requests are refused or say something harmless', () => {
  for (let seed = 0; seed < (long ? 100_000 : 3000); seed++) {
    const rnd = new Random(seed)
    const signal = rnd.pick(recordSignals)
    let batch = open(signal, randomMessage(rnd, requestType(signal), { density: 0.4, depth: 7, unknown: true }))
    if (rnd.chance(0.5)) batch = batch.withResources(batch.resources.map(r => r.with({ a: 1 })))
    const document = Buffer.from(encodeBatch(batch))
    for (let n = 1 + rnd.below(4); n > 0; n--) document[rnd.below(document.length)] = rnd.below(256)
    const result = decodeBatch(document)
    if (!result.ok) continue
    plainRows(result.batch)
    frameExportRequests(result.batch)
  }
})

test('ids go on where a request left off, over the 32-bit word too', () => {
  const ids = new EventIds(new Uint8Array(8), 0xfffffffe)
  const column = new Uint8Array(16 * 4)
  new EventIds(new Uint8Array(8), 0xfffffffe).fill(column, 0, 4)
  assert.equal(ids.take(3), column.subarray(0, 16))
  assert.equal(ids.take(1), column.subarray(48, 64))
})

test('the connection a batch came over is kept until batches of two are joined', () => {
  const origin = { address: '127.0.0.1', metadata: { 'x-tenant': ['a'] } }
  const bytes = Buffer.from([10, 4, 18, 2, 18, 0])
  const one = reread(open('traces', bytes).withOrigin(origin), false)
  assert.equal(one.origin?.address, '127.0.0.1')
  assert.equal(one.origin?.metadata?.['x-tenant'], ['a'])
  assert.equal(concat([one, open('traces', bytes).withOrigin(one.origin)]).origin, one.origin)
  assert.is(concat([one, open('traces', bytes)]).origin, undefined)
  assert.equal(one.filter(Uint8Array.of(0)).origin, one.origin)
})

test.run()
