import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { AttributeColumnBuilder, type AttributeColumn, type AttributeValue } from '../data/attributes.js'
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import { encodeBatch } from '../data/codec.js'
import { concat } from '../data/concat.js'
import { decodeBatch } from '../data/decode.js'
import { EventIds } from '../data/ids.js'
import { readExportRequest } from './reader.js'
import { otlpSignals, type OtlpSignal } from './signals.js'
import { randomMessage, usual } from './testing/messages.js'
import { oracleType, requestType, type Decoded } from './testing/oracle.js'
import { Random } from './testing/random.js'
import { recordsOf, type RecordBytes } from './testing/records-of.js'
import { frameExportRequests, type FramedRequest } from './writer.js'

const recordSignals = ['traces', 'metrics', 'logs'] as const
const ids = new EventIds(new Uint8Array(8))

function read (signal: OtlpSignal, bytes: Uint8Array): EventBatch {
  const result = readExportRequest(signal, bytes, { ids, observedTimeUnixNano: 1n })
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

const random = (signal: OtlpSignal, seed: number): Buffer => Buffer.from(randomMessage(new Random(seed), requestType(signal), { ...usual, density: 0.7, depth: 9 }))
const bytesOf = (request: FramedRequest | undefined): Buffer => Buffer.concat(request?.chunks ?? [])

/** The only request of a batch of one signal. */
function frame (batch: EventBatch): Buffer {
  const requests = frameExportRequests(batch)
  assert.ok(requests.length <= 1, `${requests.length} requests`)
  return bytesOf(requests[0])
}

/** As a document in a file or ring: whatever does not survive the codec would be lost there. */
function throughCodec (batch: EventBatch): EventBatch {
  const result = decodeBatch(encodeBatch(batch, true))
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

const seeds = Array.from({ length: process.env['TAPIO_TEST_LONG'] === '1' ? 3000 : 120 }, (_, i) => i + 1)

for (const signal of recordSignals) {
  test(`${signal}: a batch nobody touched goes out as the very bytes that came in`, () => {
    for (const seed of seeds) {
      const bytes = random(signal, seed)
      const batch = read(signal, bytes)
      if (batch.count > 0) assert.equal(frame(batch), bytes, `seed ${seed}`)
    }
  })

  test(`${signal}: records and their envelopes survive filtering, reordering, slicing, joining and the codec bit for bit`, () => {
    let rows = 0
    for (const seed of seeds) {
      const [a, b] = [random(signal, seed), random(signal, seed + 100_000)]
      const before = [...recordsOf(a), ...recordsOf(b)]
      const joined = concat([read(signal, a), throughCodec(read(signal, b))])
      rows += joined.count
      const same = (batch: EventBatch, expected: RecordBytes[], what: string): void => {
        assert.equal(recordsOf(frame(batch)), expected, `seed ${seed} ${what}`)
        assert.equal(recordsOf(frame(throughCodec(batch))), expected, `seed ${seed} ${what}, through the codec`)
      }
      same(joined, before, 'joined')
      const every2nd = Uint8Array.from({ length: joined.count }, (_, i) => i % 2)
      same(joined.filter(every2nd), before.filter((_, i) => i % 2 === 1), 'filtered')
      const reversed = Uint32Array.from({ length: joined.count }, (_, i) => joined.count - 1 - i)
      same(joined.select(reversed), before.slice().reverse(), 'reversed')
      same(joined.slice(1, 5), before.slice(1, 5), 'sliced')
    }
    assert.ok(rows > seeds.length, `${rows} rows`)
  })
}

test('profiles go out as the requests they came in, one each', () => {
  const requests = seeds.map(seed => random('profiles', seed)).filter(bytes => read('profiles', bytes).count === 1).slice(0, 10)
  const joined = concat(requests.map(bytes => throughCodec(read('profiles', bytes))))
  assert.equal(frameExportRequests(joined).map(bytesOf), requests)
})

test('the counts are those of OTLP: spans, log records, data points, profiles', () => {
  const metrics = frameExportRequests(metricBatch())
  assert.is(metrics[0]?.items, 3)
  assert.equal(metrics[0]?.rows, Uint32Array.of(0, 1))
})

function metricBatch (): EventBatch {
  const point = { asInt: 1 }
  return read('metrics', encode('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'a', gauge: { dataPoints: [point, point] } }, { name: 'b', sum: { dataPoints: [point] } }] }] }] }))
}

function encode (signal: OtlpSignal, message: object): Uint8Array {
  const type = oracleType(requestType(signal))
  return type.encode(type.fromObject(message)).finish()
}

const decode = (signal: OtlpSignal, bytes: Uint8Array): Record<string, never> => {
  const type = oracleType(requestType(signal))
  return type.toObject(type.decode(bytes), { longs: String, bytes: String }) as Record<string, never>
}

/** Two spans of one resource, with attributes of three kinds and an unknown field at every level. */
function twoSpans (): Uint8Array {
  const attributes = [{ key: 'http.method', value: { stringValue: 'GET' } }, { key: 'n', value: { intValue: 5 } }, { key: 'list', value: { arrayValue: { values: [{ boolValue: true }, { doubleValue: 1 }] } } }]
  const span = (name: string): object => ({ name, attributes, $unknowns: [Buffer.from('9a0602beef', 'hex')] })
  return encode('traces', { resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }, { key: 'keep', value: { intValue: '9223372036854775807' } }] }, scopeSpans: [{ scope: { name: 'lib' }, spans: [span('a'), span('b')] }] }] })
}

function column (values: readonly (AttributeValue | undefined)[]): AttributeColumn {
  const builder = new AttributeColumnBuilder(values.length)
  values.forEach((value, row) => { if (value !== undefined) builder.set(row, value) })
  return builder.finish(values.length, true)
}

const spansOf = (bytes: Uint8Array): Decoded[] => ((decode('traces', bytes)['resourceSpans'] as Decoded[])[0]?.['scopeSpans'] as Decoded[])[0]?.['spans'] as Decoded[]

test('an edited attribute changes only the rows whose value changed', () => {
  const bytes = twoSpans()
  const before = recordsOf(bytes).map(r => r.record)
  const batch = read('traces', bytes).withAttribute('http.method', column(['GET', 'POST']))
  const after = recordsOf(frame(batch)).map(r => r.record)
  assert.is(after[0], before[0], 'the same value leaves the bytes alone')
  assert.is.not(after[1], before[1])
  assert.equal((spansOf(frame(batch))[1]?.['attributes'] as Decoded[]).map(a => a['key']), ['n', 'list', 'http.method'])
  assert.equal((spansOf(frame(batch))[1]?.['attributes'] as Decoded[])[2]?.['value'], { stringValue: 'POST' })
})

test('an attribute is added, removed and retyped by its column, and everything else stays', () => {
  const batch = read('traces', twoSpans())
    .withAttribute('n', column([undefined, undefined]))
    .withAttribute('list', column([[1n, 'x', null, { k: new Uint8Array([1, 2]) }], undefined]))
    .withAttribute('new', column([2 ** 60, -0.5]))
  const [first, second] = spansOf(frame(throughCodec(batch)))
  assert.equal(first?.['attributes'], [
    { key: 'http.method', value: { stringValue: 'GET' } },
    { key: 'list', value: { arrayValue: { values: [{ intValue: '1' }, { stringValue: 'x' }, {}, { kvlistValue: { values: [{ key: 'k', value: { bytesValue: 'AQI=' } }] } }] } } },
    { key: 'new', value: { intValue: '1152921504606846976' } }
  ])
  assert.equal((second?.['attributes'] as Decoded[]).map(a => a['key']), ['http.method', 'new'])
  const [after] = recordsOf(frame(batch))
  const [before] = recordsOf(twoSpans())
  assert.is(after?.resource, before?.resource)
})

test('random records with an edited key keep every byte but that key', () => {
  for (const seed of seeds) {
    const bytes = random('logs', seed)
    const batch = read('logs', bytes)
    const wanted = 'tapio.test.key'
    const after = recordsOf(frame(batch.withAttribute(wanted, column(Array.from({ length: batch.count }, (_, i) => i % 2 === 0 ? `v${i}` : undefined)))))
    recordsOf(bytes).forEach(({ record, resource }, i) => {
      assert.is(after[i]?.resource, resource, `seed ${seed} row ${i}`)
      if (i % 2 === 1) assert.is(after[i]?.record, record, `seed ${seed} row ${i}`)
      else assert.ok(after[i]?.record.startsWith(record) && (after[i]?.record.length ?? 0) > record.length, `seed ${seed} row ${i}`)
    })
  }
})

test('an edited resource keeps what was not edited, unknown fields and 64-bit integers included', () => {
  const batch = read('traces', twoSpans())
  const edited = batch.withResources(batch.resources.map(r => r.envelope === undefined ? r : r.with({ 'service.name': 'checkout', 'k8s.pod.name': 'p-1' })))
  const out = decode('traces', frame(throughCodec(edited)))['resourceSpans'] as Decoded[]
  assert.equal((out[0]?.['resource'] as Decoded)['attributes'], [
    { key: 'keep', value: { intValue: '9223372036854775807' } },
    { key: 'service.name', value: { stringValue: 'checkout' } },
    { key: 'k8s.pod.name', value: { stringValue: 'p-1' } }
  ])
  assert.equal(recordsOf(frame(edited)).map(r => r.record), recordsOf(twoSpans()).map(r => r.record))
})

test('editing a resource with the values it has changes no byte of it', () => {
  for (const seed of seeds.slice(0, 60)) {
    const bytes = random('traces', seed)
    const batch = read('traces', bytes)
    const same = batch.withResources(batch.resources.map(r => r.envelope === undefined ? r : r.with({})))
    const sizes = (all: RecordBytes[]): number[] => all.map(r => r.resource.length)
    assert.equal(sizes(recordsOf(frame(same))), sizes(recordsOf(bytes)), `seed ${seed}`)
  }
})

test('a negative zero stays the bytes it is when something else is edited', () => {
  const zeros = [{ key: 'z', value: { doubleValue: -0 } }, { key: 'list', value: { arrayValue: { values: [{ doubleValue: -0 }] } } }]
  const bytes = encode('traces', { resourceSpans: [{ resource: { attributes: zeros }, scopeSpans: [{ spans: [{ name: 'a', attributes: zeros }] }] }] })
  const batch = read('traces', bytes)
  const edited = throughCodec(batch.withResources(batch.resources.map(r => r.envelope === undefined ? r : r.with({ pod: 'p-1' }))).withAttribute('z', column([-0])))
  const [before, after] = [recordsOf(bytes)[0] as RecordBytes, recordsOf(frame(throughCodec(edited)))[0] as RecordBytes]
  assert.is(after.record, before.record)
  // Behind the tag and length of the Resource, which has grown.
  assert.ok(after.resource.includes(before.resource.slice(4)) && after.resource.length > before.resource.length)
})

test('events that never were OTLP become log records with semantic conventions', () => {
  const builder = new BatchBuilder()
  builder.append({
    signal: 'events', type: 'process', severity: 17, timeUnixNano: 1_764_000_000_123_456_789n, observedTimeUnixNano: 1_764_000_001_000_000_001n,
    name: 'oom_kill', message: 'killed java', traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), pid: 4711, uid: 0, cgroupId: 18446744073709551615n, bytes: 1024n,
    resource: { 'k8s.node.name': 'node-1' }, scope: { name: 'tapio/ebpf', version: '1' }, attributes: { 'oom.score': 900, big: 2n ** 62n + 1n, nested: { a: [1n, null] } }
  })
  const [request] = frameExportRequests(builder.finish())
  assert.is(request?.signal, 'logs')
  const [resource] = decode('logs', bytesOf(request))['resourceLogs'] as Decoded[]
  assert.equal((resource?.['resource'] as Decoded)['attributes'], [{ key: 'k8s.node.name', value: { stringValue: 'node-1' } }])
  const scope = (resource?.['scopeLogs'] as Decoded[])[0] as Decoded
  assert.equal(scope['scope'], { name: 'tapio/ebpf', version: '1' })
  const log = (scope['logRecords'] as Decoded[])[0] as Decoded
  assert.is(log['timeUnixNano'], '1764000000123456789')
  assert.is(log['observedTimeUnixNano'], '1764000001000000001')
  assert.is(log['severityNumber'], 17)
  assert.is(log['eventName'], 'oom_kill')
  assert.equal(log['body'], { stringValue: 'killed java' })
  assert.is(log['traceId'], Buffer.from('ab'.repeat(16), 'hex').toString('base64'))
  assert.equal(Object.fromEntries((log['attributes'] as Decoded[]).map(a => [a['key'], Object.values(a['value'] as object)[0]])), {
    'tapio.signal': 'events', 'tapio.type': 'process', 'process.pid': '4711', 'process.user.id': '0', 'tapio.cgroup_id': '18446744073709551615', 'tapio.bytes': '1024',
    'oom.score': '900', big: '4611686018427387905', nested: { values: [{ key: 'a', value: { arrayValue: { values: [{ intValue: '1' }, {}] } } }] }
  })
})

test('a batch of everything becomes one request a signal, each row in exactly one', () => {
  const builder = new BatchBuilder()
  builder.append({ signal: 'events', name: 'e1' })
  const batch = concat([read('logs', random('logs', 3)), builder.finish(), read('traces', twoSpans()), metricBatch()])
  const requests = frameExportRequests(batch)
  assert.equal(requests.map(r => r.signal).sort(), ['logs', 'metrics', 'traces'])
  assert.equal(requests.flatMap(r => [...r.rows]).sort((a, b) => a - b), Array.from({ length: batch.count }, (_, i) => i))
  for (const request of requests) {
    assert.is(request.byteLength, bytesOf(request).length)
    assert.is(recordsOf(bytesOf(request)).length, request.rows.length)
  }
})

test('a damaged document with records that cannot be read is still framed', () => {
  const bytes = twoSpans()
  const batch = read('traces', bytes)
  const lengths = batch.columns.rawLength?.map(n => n - 1) as Uint32Array
  const damaged = batch.withColumn('rawLength', lengths).withAttribute('http.method', column(['PUT', 'PUT']))
  assert.is(recordsOf(frame(damaged)).length, 2)
})

test('an empty batch makes no request', () => {
  for (const signal of otlpSignals) assert.equal(frameExportRequests(read(signal, new Uint8Array())), [])
})

test.run()
