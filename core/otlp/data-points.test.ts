import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { AttributeColumnBuilder, attributeAt, type AttributeValue } from '../data/attributes.js'
import type { EventBatch } from '../data/batch.js'
import { concat } from '../data/concat.js'
import { EventIds } from '../data/ids.js'
import { dataPointsOf, type DataPoints } from './data-points.js'
import { jsonToProtobuf } from './json-decode.js'
import { protobufToJson } from './json-encode.js'
import { readExportRequest } from './reader.js'
import { randomMessage } from './testing/messages.js'
import { Random } from './testing/random.js'
import { signalFacts, type OtlpSignal } from './signals.js'

function batchOf (bytes: Uint8Array, signal: OtlpSignal = 'metrics'): EventBatch {
  const result = readExportRequest(signal, bytes, { ids: new EventIds(), observedTimeUnixNano: 1n })
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

function fromJson (value: unknown, signal: OtlpSignal = 'metrics'): EventBatch {
  const result = jsonToProtobuf(signal, Buffer.from(JSON.stringify(value)))
  if (!result.ok) throw new Error(result.error)
  return batchOf(result.bytes, signal)
}

const attributes = (values: Record<string, string>): unknown => Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }))
const metrics = (list: readonly unknown[]): unknown => ({ resourceMetrics: [{ resource: {}, scopeMetrics: [{ metrics: list }] }] })

const mixed = metrics([
  { name: 'http.server.duration', unit: 'ms', histogram: { aggregationTemporality: 2, dataPoints: [
    { attributes: attributes({ 'http.route': '/cart' }), startTimeUnixNano: '5', timeUnixNano: '17', count: '4', sum: 10, bucketCounts: ['4'], min: 1, max: 5 },
    { attributes: attributes({ 'http.route': '/pay' }), timeUnixNano: '18', count: '0', sum: 0 },
    { timeUnixNano: '19', count: '3' }
  ] } },
  { name: 'empty' },
  { name: 'requests', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ timeUnixNano: '20', asInt: '-7', attributes: attributes({ code: '500', 'http.route': '/pay' }) }, { timeUnixNano: '21' }] } },
  { name: 'memory', gauge: { dataPoints: [{ timeUnixNano: '22', asDouble: 0.5 }] } },
  { name: 'latency', summary: { dataPoints: [{ timeUnixNano: '23', count: '2', sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }], attributes: attributes({ code: '200' }) }] } },
  { name: 'sizes', exponentialHistogram: { aggregationTemporality: 1, dataPoints: [{ timeUnixNano: '24', count: '10', sum: -5, scale: 2, attributes: attributes({ code: '201' }) }] } }
])

const list = (array: ArrayLike<number | bigint>): (number | bigint)[] => Array.from(array as ArrayLike<number>)
const texts = (points: DataPoints, key: string): (AttributeValue | undefined)[] => Array.from({ length: points.count }, (_, i) => attributeAt(points.attribute(key), i))

test('every kind of metric shows its points', () => {
  const points = dataPointsOf(fromJson(mixed))
  assert.is(points.count, 8)
  assert.equal(list(points.row), [0, 0, 0, 2, 2, 3, 4, 5])
  assert.equal(list(points.kind), [3, 3, 3, 2, 2, 1, 5, 4])
  assert.equal(list(points.timeUnixNano), [17n, 18n, 19n, 20n, 21n, 22n, 23n, 24n])
  assert.equal(list(points.startTimeUnixNano), [5n, 0n, 0n, 0n, 0n, 0n, 0n, 0n])
  assert.equal(list(points.value), [2.5, NaN, NaN, -7, NaN, 0.5, 1.5, -0.5])
  assert.equal(list(points.observations), [4, 0, 3, 1, 1, 1, 2, 10])
  assert.equal(list(points.sum), [10, 0, NaN, -7, NaN, 0.5, 3, -5])
  assert.equal(list(points.temporality), [2, 2, 2, 1, 1, 0, 0, 1])
  assert.equal(list(points.monotonic), [0, 0, 0, 1, 1, 0, 0, 0])
  assert.equal(texts(points, 'http.route'), ['/cart', '/pay', undefined, '/pay', undefined, undefined, undefined, undefined])
  assert.equal(texts(points, 'code'), [undefined, undefined, undefined, '500', undefined, undefined, '200', '201'])
  assert.is(points.attribute('nothing'), undefined)
  assert.equal(points.attributesOf(3), { code: '500', 'http.route': '/pay' })
  assert.throws(() => points.attributesOf(8), /data point 8 of 8/)
})

test('asking leaves the batch as it came', () => {
  const batch = fromJson(mixed)
  const before = Buffer.concat(batch.raw.buffers)
  dataPointsOf(batch).attribute('code')
  assert.ok(batch.raw.complete)
  assert.ok(Buffer.concat(batch.raw.buffers).equals(before))
  assert.is(dataPointsOf(batch), dataPointsOf(batch), 'read once')
})

test('filtered and joined batches show the points of their rows', () => {
  const batch = fromJson(mixed)
  const part = batch.filter(Uint8Array.of(0, 1, 1, 0, 1, 0))
  assert.equal(list(dataPointsOf(part).row), [1, 1, 2])
  assert.equal(texts(dataPointsOf(part), 'code'), ['500', undefined, '200'])
  const both = concat([part, fromJson(mixed)])
  assert.is(dataPointsOf(both).count, 11)
  assert.equal(texts(dataPointsOf(both), 'code'), ['500', undefined, '200', undefined, undefined, undefined, '500', undefined, undefined, '200', '201'])
})

test('spans and logs have no points', () => {
  assert.is(dataPointsOf(fromJson({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'x' } }] }] }] }, 'logs')).count, 0)
})

interface JsonPoint { timeUnixNano?: string, startTimeUnixNano?: string, asInt?: string, asDouble?: number | string, count?: string, sum?: number | string, attributes?: { key?: string }[] }
interface JsonMetric { [kind: string]: { dataPoints?: JsonPoint[], aggregationTemporality?: number, isMonotonic?: boolean } | undefined }

/** The kind set last wins in protobuf, which JSON cannot show: only metrics of one kind are compared here. */
const kindNames = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary']

test('random metrics say the same as their JSON form', () => {
  const rounds = process.env['TAPIO_TEST_LONG'] === '1' ? 20_000 : 1000
  let compared = 0
  for (let seed = 1; seed <= rounds; seed++) {
    const bytes = randomMessage(new Random(seed), signalFacts.metrics.request)
    const json = JSON.parse(protobufToJson('metrics', bytes)) as { resourceMetrics?: { scopeMetrics?: { metrics?: JsonMetric[] }[] }[] }
    const all = (json.resourceMetrics ?? []).flatMap(r => (r.scopeMetrics ?? []).flatMap(s => s.metrics ?? []))
    const points = dataPointsOf(batchOf(bytes))
    all.forEach((metric, row) => {
      const kinds = kindNames.filter(name => metric[name] !== undefined)
      if (kinds.length !== 1) return
      const data = metric[kinds[0] as string] as NonNullable<JsonMetric[string]>
      const mine = [...Array(points.count).keys()].filter(i => points.row[i] === row)
      assert.is(mine.length, data.dataPoints?.length ?? 0, `seed ${seed} row ${row}`)
      mine.forEach((point, i) => comparePoint(points, point, (data.dataPoints as JsonPoint[])[i] as JsonPoint, seed))
      compared += mine.length
    })
  }
  assert.ok(compared > rounds / 2, `${compared} points compared`)
})

function comparePoint (points: DataPoints, point: number, json: JsonPoint, seed: number): void {
  const where = `seed ${seed} point ${point}`
  assert.is(points.timeUnixNano[point], BigInt(json.timeUnixNano ?? 0), where)
  assert.is(points.startTimeUnixNano[point], BigInt(json.startTimeUnixNano ?? 0), where)
  const keys = [...new Set((json.attributes ?? []).map(a => a.key ?? ''))]
  assert.equal(Object.keys(points.attributesOf(point)).sort(), keys.sort(), where)
  for (const key of keys) assert.ok(attributeAt(points.attribute(key), point) !== undefined, `${where} ${key}`)
  if ((points.kind[point] as number) < 3) {
    // Both of the oneof at once (a random message may) leave open which came last.
    if (json.asInt !== undefined && json.asDouble !== undefined) return
    const expected = json.asInt === undefined ? json.asDouble === undefined ? NaN : Number(json.asDouble) : Number(json.asInt)
    assert.ok(Object.is(points.value[point], expected), where)
  } else {
    assert.is(points.observations[point], Number(json.count ?? 0), where)
  }
}

test('a column of attributes is that of a plain reading', () => {
  const points = dataPointsOf(fromJson(mixed))
  const builder = new AttributeColumnBuilder(points.count)
  for (let i = 0; i < points.count; i++) {
    const value = points.attributesOf(i)['code']
    if (value !== undefined) builder.set(i, value)
  }
  assert.equal(points.attribute('code'), builder.finish(points.count, false))
})

test.run()
