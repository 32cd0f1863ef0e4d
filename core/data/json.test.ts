import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder } from './builder.js'
import { encodeBatch } from './codec.js'
import { RawEncoding } from './enums.js'
import { eventFromJson, eventToJson, type JsonOptions } from './json.js'
import { parseJson, valueFromJson, valueToJson } from './json-value.js'
import { otlpRecord } from './testing/otlp-record.js'
import { opened, plainRow, plainRows } from './testing/plain-rows.js'
import { randomBatch, randomValue } from './testing/random-batch.js'
import { seeded } from './testing/random.js'
import type { EventBatch } from './batch.js'

const rounds = process.env.TAPIO_TEST_LONG === '1' ? 2000 : 60

function replay (batch: EventBatch, options: JsonOptions): EventBatch {
  const builder = new BatchBuilder()
  for (const row of batch) {
    const line = eventToJson(row, options)
    assert.not(line.includes('\n'))
    const result = eventFromJson(line)
    if (!result.ok) throw new Error(`${result.error} in ${line}`)
    builder.append(result.event)
  }
  return builder.finish()
}

test('with raw bytes a replay says everything the batch said: columns, attributes, edits, resources, bytes', () => {
  for (let seed = 0; seed < rounds; seed++) {
    const batch = randomBatch(seeded(seed), 12, { raw: true })
    assert.equal(plainRows(replay(batch, { raw: true })), plainRows(batch), `seed ${seed}`)
    const decoded = opened(encodeBatch(batch))
    assert.equal(plainRows(replay(decoded, { raw: true })), plainRows(batch), `seed ${seed}`)
  }
})

test('without raw bytes a replay says the same in columns and attributes', () => {
  for (let seed = 0; seed < rounds; seed++) {
    const batch = randomBatch(seeded(seed), 12, { raw: true })
    const words = (b: EventBatch): unknown[] => [...b].map(row => [plainRow(row).columns, plainRow(row).attributes, row.resource.attributes, row.scope.toObject()])
    assert.equal(words(replay(batch, {})), words(batch), `seed ${seed}`)
  }
})

test('attribute values come back as they were', () => {
  const random = seeded(9)
  for (let i = 0; i < rounds * 50; i++) {
    const value = randomValue(random)
    assert.equal(valueFromJson(parseJson(valueToJson(value))), value)
  }
  assert.ok(Object.is(valueFromJson(parseJson(valueToJson(-0))), -0))
})

test('large integers are plain JSON with all digits, doubles of that size have an exponent', () => {
  assert.is(valueToJson([2n ** 53n + 1n, -(2n ** 63n), 2 ** 53, 1e300, 2 ** 53 - 1]), '[9007199254740993,-9223372036854775808,9.007199254740992e+15,1e+300,9007199254740991]')
  const read = (text: string): unknown => valueFromJson(parseJson(text))
  assert.equal(read(' [ 9007199254740993 , -9007199254740993 ]'), [9007199254740993n, -9007199254740993n])
  assert.equal(read('{"a 1234567890123456789":"[1234567890123456789","\\"":12345678901234567.5,"e":12345678901234567e3}'),
    { 'a 1234567890123456789': '[1234567890123456789', '"': 12345678901234567.5, e: 12345678901234567e3 })
  assert.equal(read('1234567890123456'), 1234567890123456)
  assert.equal(read(`[${'9'.repeat(40)}]`), [1e40])
  assert.throws(() => parseJson('[01234567890123456789012'), /JSON/)
})

test('the line of a known event is exactly this', () => {
  const builder = new BatchBuilder()
  builder.append({
    signal: 'traces', type: 'span', severity: 9, timeUnixNano: 18446744073709551615n, name: 'GET', confidence: 0.5, traceId: '0AF7651916cd43dd8448eb211c80319c',
    resource: { 'service.name': 'cart' }, scope: { name: 'http', version: '1' }, attributes: { big: 2n ** 53n + 1n, bytes: Uint8Array.of(1, 2) }
  })
  assert.is(eventToJson(builder.finish().at(0)), '{"signal":"traces","type":"span","severity":9,"timeUnixNano":"18446744073709551615","name":"GET","confidence":0.5,' +
    '"traceId":"0af7651916cd43dd8448eb211c80319c","resource":{"service.name":"cart"},"scope":{"name":"http","version":"1"},"attributes":{"big":9007199254740993,"bytes":{"$bytes":"AQI="}}}')
})

test('attributes that only the raw record holds are in the line, and an edit stands in their place', () => {
  const builder = new BatchBuilder()
  builder.append({ raw: { encoding: RawEncoding.otlpLogRecord, bytes: otlpRecord(RawEncoding.otlpLogRecord, { a: 1, b: 2 }) } })
  const line = JSON.parse(eventToJson(builder.finish().withConstant('b', 'new').at(0), { raw: true })) as { attributes: object, raw: { encoding: string, edited: string[] } }
  assert.equal([line.attributes, line.raw.encoding, line.raw.edited], [{ a: 1, b: 'new' }, 'otlp_log_record', ['b']])
})

test('wrong lines are answered with the key and what was expected', () => {
  const cases: readonly [string, RegExp][] = [
    ['', /JSON/], ['{', /JSON/], ['[]', /must be an object/], ['7', /must be an object/], ['null', /must be an object/],
    ['{"signal":"trace"}', /"signal": expected one of events, traces/],
    ['{"type":5}', /"type": expected one of unknown/],
    ['{"severity":"9"}', /"severity": expected an integer from 0 to 255/],
    ['{"sourcePort":70000}', /"sourcePort": expected an integer from 0 to 65535/],
    ['{"pid":1.5}', /"pid": expected an integer/],
    ['{"timeUnixNano":"-1"}', /"timeUnixNano": expected an unsigned 64-bit integer/],
    ['{"timeUnixNano":"18446744073709551616"}', /"timeUnixNano": expected an unsigned/],
    ['{"timeUnixNano":1.5}', /"timeUnixNano": expected an unsigned/],
    ['{"timeUnixNano":{"$int":"x"}}', /"timeUnixNano": "\$int" takes decimal digits/],
    ['{"traceId":"abc"}', /"traceId": expected 32 hex digits/],
    ['{"name":7}', /"name": expected a string/],
    ['{"confidence":"much"}', /"confidence": confidence takes a number/],
    ['{"attributes":[]}', /"attributes": attributes must be an object/],
    ['{"attributes":{"a":{"$bytes":"%"}}}', /"attributes": expected base64/],
    ['{"resource":"x"}', /"resource": resource must be an object/],
    ['{"scope":{"name":7}}', /"scope": expected a string/],
    ['{"raw":{"encoding":"otlp","bytes":""}}', /"raw": encoding must be one of/],
    ['{"raw":{"encoding":1,"bytes":"AQ"}}', /"raw": "bytes": expected base64/],
    [`{"attributes":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`, /nested deeper than 100/]
  ]
  for (const [text, message] of cases) {
    const result = eventFromJson(text)
    assert.not(result.ok, text.slice(0, 60))
    if (!result.ok) assert.match(result.error, message)
  }
})

test('times are read from numbers and bare large integers too; unknown keys are left out', () => {
  const read = (text: string): unknown => { const r = eventFromJson(text); return r.ok ? r.event : r.error }
  assert.equal(read('{"timeUnixNano":18446744073709551615,"durationNano":5,"later":1}'), { timeUnixNano: 2n ** 64n - 1n, durationNano: 5n })
  assert.equal(read('{}'), {})
})

test('random and damaged lines never throw', () => {
  const random = seeded(3)
  const lines = [...randomBatch(random, 20, { raw: true })].map(row => eventToJson(row, { raw: true }))
  for (let i = 0; i < rounds * 100; i++) {
    const line = random.pick(lines)
    const at = random.below(line.length)
    const result = eventFromJson(line.slice(0, at) + random.pick(['', '"', '{', '9', '-', '\\', ']', ',']) + line.slice(at + random.below(3)))
    if (result.ok) new BatchBuilder().append(result.event)
  }
})

test.run()
