import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventRow } from '../data/row.js'
import { EventIds } from '../data/ids.js'
import { readExportRequest, type ReadResult } from './reader.js'
import { signalFacts, type OtlpSignal } from './signals.js'
import { oracleType, requestType } from './testing/oracle.js'
import { Writer } from './values.js'

const arrival = 1_764_000_000_000_000_000n
const read = (signal: OtlpSignal, bytes: Uint8Array, maxRecords?: number): ReadResult =>
  readExportRequest(signal, bytes, { ids: new EventIds(new Uint8Array(8)), observedTimeUnixNano: arrival, ...(maxRecords === undefined ? {} : { maxRecords }) })

function encode (signal: OtlpSignal, message: object): Uint8Array {
  const type = oracleType(requestType(signal))
  return type.encode(type.fromObject(message)).finish()
}

function rowsOf (signal: OtlpSignal, message: object): EventRow[] {
  const result = read(signal, encode(signal, message))
  if (!result.ok) throw new Error(result.error)
  return [...result.batch]
}

const span = (fields: object): EventRow => rowsOf('traces', { resourceSpans: [{ scopeSpans: [{ spans: [fields] }] }] })[0] as EventRow
const log = (fields: object): EventRow => rowsOf('logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [fields] }] }] })[0] as EventRow
const metric = (fields: object): EventRow => rowsOf('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: [fields] }] }] })[0] as EventRow

const id16 = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex')
const id8 = Buffer.from('a1a2a3a4a5a6a7a8', 'hex')
type Column = Parameters<EventRow['get']>[0]

const cases: readonly [string, EventRow, Column, unknown][] = [
  ['a span\'s start is its time', span({ startTimeUnixNano: '1764000000123456789' }), 'timeUnixNano', 1764000000123456789n],
  ['a span\'s duration is exact to the nanosecond', span({ startTimeUnixNano: '1764000000999999999', endTimeUnixNano: '1764000005000000001' }), 'durationNano', 4000000002n],
  ['a span that ends before it starts lasts 0', span({ startTimeUnixNano: 10, endTimeUnixNano: 9 }), 'durationNano', undefined],
  ['a span of the whole 64-bit range', span({ endTimeUnixNano: '18446744073709551615' }), 'durationNano', 18446744073709551615n],
  ['a span\'s ids', span({ traceId: id16 }), 'traceId', id16.toString('hex')],
  ['a span\'s own id', span({ spanId: id8 }), 'spanId', id8.toString('hex')],
  ['a span\'s parent', span({ parentSpanId: id8 }), 'parentSpanId', id8.toString('hex')],
  ['trace flags are the low byte', span({ flags: 0x301 }), 'traceFlags', 1],
  ['a span\'s kind', span({ kind: 3 }), 'spanKind', 3],
  ['a span kind nobody knows is kept', span({ kind: 77 }), 'spanKind', 77],
  ['a negative span kind is unspecified', span({ kind: -1 }), 'spanKind', undefined],
  ['a span with an error status is an error', span({ status: { code: 2 } }), 'severity', 17],
  ['a span without is information', span({ status: { code: 1 } }), 'severity', 9],
  ['a status message', span({ status: { code: 2, message: 'boom' } }), 'statusMessage', 'boom'],
  ['a span\'s name', span({ name: 'GET /' }), 'name', 'GET /'],
  ['spans are observed when they arrive', span({}), 'observedTimeUnixNano', arrival],
  ['a record\'s source', span({}), 'source', 'otlp'],
  ['a log\'s severity', log({ severityNumber: 13 }), 'severity', 13],
  ['a severity beyond 24 is unspecified', log({ severityNumber: 25 }), 'severity', 0],
  ['a log\'s time', log({ timeUnixNano: 5, observedTimeUnixNano: 6 }), 'timeUnixNano', 5n],
  ['a log without time happened when it was observed', log({ observedTimeUnixNano: 6 }), 'timeUnixNano', 6n],
  ['a log without any time happened when it arrived', log({}), 'timeUnixNano', arrival],
  ['a log\'s event name', log({ eventName: 'session.start' }), 'name', 'session.start'],
  ['a log\'s text', log({ body: { stringValue: 'it broke' } }), 'message', 'it broke'],
  ['a structured body is compact JSON', log({ body: { kvlistValue: { values: [{ key: 'a', value: { arrayValue: { values: [{ intValue: '9223372036854775807' }, { doubleValue: NaN }, { boolValue: false }, {}] } } }] } } }), 'message', '{"a":[9223372036854775807,"NaN",false,null]}'],
  ['a body of bytes is base64', log({ body: { bytesValue: Buffer.from([1, 2, 3]) } }), 'message', '"AQID"'],
  ['a body of a number is the number', log({ body: { intValue: -3 } }), 'message', '-3'],
  ['a log without body', log({}), 'message', undefined],
  ['an empty body', log({ body: { stringValue: '' } }), 'message', undefined],
  ['a log\'s trace', log({ traceId: id16 }), 'traceId', id16.toString('hex')],
  ['a gauge', metric({ name: 'm', gauge: { dataPoints: [{ asDouble: 1.5 }] } }), 'metricKind', 1],
  ['the last point\'s value', metric({ sum: { dataPoints: [{ asDouble: 1.5 }, { asInt: '-7' }] } }), 'metricValue', -7],
  ['a point without value does not hide the one before', metric({ sum: { dataPoints: [{ asDouble: 1.5 }, { flags: 1 }] } }), 'metricValue', 1.5],
  ['a histogram\'s mean', metric({ histogram: { dataPoints: [{ count: 4, sum: 10 }] } }), 'metricValue', 2.5],
  ['a histogram without sum has none', metric({ histogram: { dataPoints: [{ count: 4 }] } }), 'metricValue', undefined],
  ['an empty histogram has none', metric({ histogram: { dataPoints: [{ count: 0, sum: 0 }] } }), 'metricValue', undefined],
  ['an exponential histogram', metric({ exponentialHistogram: { dataPoints: [{ count: 2, sum: 3, positive: { offset: -3, bucketCounts: [1, 1] } }] } }), 'metricValue', 1.5],
  ['a summary', metric({ summary: { dataPoints: [{ count: 2, sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] }] } }), 'metricKind', 5],
  ['the newest point\'s time, wherever it is', metric({ gauge: { dataPoints: [{ timeUnixNano: 5 }, { timeUnixNano: '18446744073709551615' }, { timeUnixNano: 7 }] } }), 'timeUnixNano', 18446744073709551615n],
  ['a metric\'s unit', metric({ unit: 'By' }), 'metricUnit', 'By'],
  ['the number of points', metric({ gauge: { dataPoints: [{}, {}, {}] } }), 'dataPointCount', 3],
  ['metrics are information', metric({}), 'severity', 9]
]
for (const [what, row, column, expected] of cases) test(what, () => { assert.is(row.get(column), expected) })

test('text that is not UTF-8 shows U+FFFD and keeps its bytes', () => {
  const record = Writer.create().uint32(42).bytes(Buffer.from([0x61, 0xff])).finish()
  const bytes = Writer.create().uint32(10).fork().uint32(18).fork().uint32(18).bytes(record).ldelim().ldelim().finish()
  const result = read('traces', bytes)
  assert.ok(result.ok && result.batch.at(0).get('name') === 'a\ufffd')
  assert.equal(result.ok && Buffer.from(result.batch.at(0).raw as Uint8Array), Buffer.from(record))
})

test('the raw bytes are a view of the request, not a copy', () => {
  const bytes = encode('traces', { resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'a' }] }] }] })
  const result = read('traces', bytes)
  assert.is(result.ok && result.batch.at(0).raw?.buffer, bytes.buffer)
})

test('ids are unique and in the order of the rows', () => {
  const rows = rowsOf('logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [{}, {}, {}] }] }] })
  const ids = rows.map(r => r.get('id'))
  assert.is(new Set(ids).size, 3)
  assert.equal(ids.slice().sort(), ids)
})

test('resources and scopes are shared by the rows that have them, across groups', () => {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'a' } }] }
  const group = { resource, scopeSpans: [{ scope: { name: 's' }, spans: [{}, {}] }] }
  const rows = rowsOf('traces', { resourceSpans: [group, { resource: {}, scopeSpans: [{ spans: [{}] }] }, group] })
  assert.equal(rows.map(r => r.resource.attributes['service.name']), ['a', 'a', undefined, 'a', 'a'])
  assert.is(rows[0]?.resource, rows[4]?.resource)
  assert.is(rows[0]?.scope, rows[4]?.scope)
  assert.is(rows[2]?.scope.name, '')
})

test('the attributes of a record are there when asked for', () => {
  const row = span({ attributes: [{ key: 'a', value: { stringValue: 'x' } }, { key: 'a', value: { intValue: 2 } }] })
  assert.is(row.attribute('a'), 2)
  assert.is(row.attribute('b'), undefined)
})

const wire = (build: (w: Writer) => Writer): Buffer => Buffer.from(build(Writer.create()).finish())
const spanOf = (record: Uint8Array): Buffer => wire(w => w.uint32(10).fork().uint32(18).fork().uint32(18).bytes(record).ldelim().ldelim())

const malformed: readonly [string, OtlpSignal, Buffer, RegExp][] = [
  ['a length past the end', 'traces', Buffer.from([10, 5, 1]), /runs past the end/],
  ['a truncated varint', 'traces', Buffer.from([0x80]), /truncated varint/],
  ['a varint of eleven bytes', 'traces', Buffer.alloc(12, 0x80), /longer than ten bytes/],
  ['field number 0', 'traces', Buffer.from([2, 0]), /invalid tag/],
  ['a tag of six bytes', 'traces', Buffer.from([0x8a, 0x80, 0x80, 0x80, 0x80, 0, 0]), /invalid tag/],
  ['wire type 7', 'traces', Buffer.from([15]), /wire type/],
  ['a group without end', 'traces', Buffer.from([0x9b, 6]), /has no end/],
  ['a trace id of 5 bytes', 'traces', spanOf(wire(w => w.uint32(10).bytes(Buffer.alloc(5)))), /trace id of 5 bytes, expected 16/],
  ['a link\'s span id of 3 bytes', 'traces', spanOf(wire(w => w.uint32(106).fork().uint32(18).bytes(Buffer.alloc(3)).ldelim())), /span id of 3 bytes, expected 8/],
  ['a name as a number', 'traces', spanOf(wire(w => w.uint32(40).uint32(1))), /Span.name has wire type 0, expected 2/],
  ['an attribute value cut short', 'traces', spanOf(wire(w => w.uint32(74).fork().uint32(18).fork().uint32(33).bytes(Buffer.alloc(2)).ldelim().ldelim())), /truncated|runs past/],
  ['packed bounds of 9 bytes', 'metrics', spanOf(wire(w => w.uint32(74).fork().uint32(10).fork().uint32(58).bytes(Buffer.alloc(9)).ldelim().ldelim())), /not a multiple of 8/],
  ['metrics sent as traces', 'traces', Buffer.from(encode('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'requests', gauge: { dataPoints: [{ asInt: 1 }] } }] }] }] })), /trace id of 8 bytes/],
  ['text instead of protobuf', 'logs', Buffer.from('{"resourceLogs":[]}'), /./]
]
for (const [what, signal, bytes, error] of malformed) {
  test(`${what} is refused with its reason`, () => {
    const result = read(signal, bytes)
    assert.not(result.ok)
    if (!result.ok) assert.match(result.error, error)
  })
}

function nested (levels: number): Buffer {
  let value = wire(w => w.uint32(10).string('x'))
  for (let i = 0; i < levels; i++) value = wire(w => w.uint32(42).fork().uint32(10).bytes(value).ldelim())
  return spanOf(wire(w => w.uint32(74).fork().uint32(18).bytes(value).ldelim()))
}

test('values are nested at most as deep as protobuf allows', () => {
  assert.ok(read('traces', nested(46)).ok)
  for (const levels of [50, 1000, 20_000]) assert.equal(read('traces', nested(levels)), { ok: false, error: 'messages nested deeper than 100' })
})

test('unknown groups nested without end do not end the stack', () => {
  assert.not(read('traces', Buffer.alloc(1_000_000, 0x5b)).ok)
})

test('a request of more records than allowed is refused before any column is made', () => {
  const records = Buffer.alloc(20_000, Buffer.from([18, 0]))
  const bytes = wire(w => w.uint32(10).fork().uint32(18).bytes(records).ldelim())
  assert.equal(read('traces', bytes, 9999), { ok: false, error: 'more than 9999 records in one request' })
  const result = read('traces', bytes, 10_000)
  assert.is(result.ok && result.batch.count, 10_000)
})

test('an empty request and one of empty groups have no rows', () => {
  for (const signal of Object.keys(signalFacts) as OtlpSignal[]) {
    for (const bytes of [Buffer.alloc(0), Buffer.from([10, 0]), Buffer.from([10, 2, 18, 0])]) {
      const result = read(signal, bytes)
      assert.is(result.ok && result.batch.count, 0, signal)
    }
  }
})

test.run()
