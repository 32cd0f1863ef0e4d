import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { jsonToProtobuf } from './json-decode.js'
import { protobufToJson } from './json-encode.js'
import { prepareJson } from './json-scan.js'
import { messageType } from './schema.js'
import { otlpSignals, type OtlpSignal } from './signals.js'
import { randomMessage } from './testing/messages.js'
import { oracleDecode, requestType, type Decoded } from './testing/oracle.js'
import { plain, plainMessage } from './testing/plain.js'
import { Random } from './testing/random.js'

const runs = process.env['TAPIO_TEST_LONG'] === '1' ? 20_000 : 300

function toBytes (signal: OtlpSignal, json: unknown): Uint8Array {
  const result = jsonToProtobuf(signal, Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)))
  if (!result.ok) throw new Error(result.error)
  return result.bytes
}

function errorOf (signal: OtlpSignal, json: unknown): string {
  const result = jsonToProtobuf(signal, Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)))
  return result.ok ? '' : result.error
}

for (const signal of otlpSignals) {
  test(`${signal}: any message is the same message after JSON`, () => {
    const type = requestType(signal)
    for (let seed = 0; seed < runs; seed++) {
      const bytes = randomMessage(new Random(seed), type, { density: 0.6, depth: 9, unknown: false })
      const back = toBytes(signal, protobufToJson(signal, bytes))
      assert.equal(plainMessage(type, back), plainMessage(type, bytes), `seed ${seed}`)
      assert.equal(toBytes(signal, protobufToJson(signal, back)), back, `seed ${seed}: again`)
    }
  })
}

const span = (fields: object): object => ({ resourceSpans: [{ scopeSpans: [{ spans: [fields] }] }] })
const decodedSpan = (fields: object | string): Decoded => {
  const json = typeof fields === 'string' ? `{"resourceSpans":[{"scopeSpans":[{"spans":[${fields}]}]}]}` : span(fields)
  const resource = (oracleDecode('traces', toBytes('traces', json)) as Decoded)['resourceSpans'] as Decoded[]
  return (((resource[0]?.['scopeSpans'] as Decoded[])[0] as Decoded)['spans'] as Decoded[])[0] as Decoded
}

test('the example of the specification is read: hex ids, numbers and text for 64 bits', () => {
  const got = decodedSpan({ traceId: '5B8EFFF798038103D269B633813FC60C', spanId: 'EEE19B7EC3C1B174', name: 'I am a span', startTimeUnixNano: '1544712660000000000', kind: 2 })
  assert.is(Buffer.from(got['traceId'] as Uint8Array).toString('hex'), '5b8efff798038103d269b633813fc60c')
  assert.is(String(got['startTimeUnixNano']), '1544712660000000000')
})

test('nanoseconds written as a number keep all their digits', () => {
  assert.is(String(decodedSpan('{"startTimeUnixNano":1544712660300000123,"endTimeUnixNano": 18446744073709551615 }')['startTimeUnixNano']), '1544712660300000123')
  assert.is(String(decodedSpan('{"name":"9007199254740993, 1544712660300000123","endTimeUnixNano":18446744073709551615}')['endTimeUnixNano']), '18446744073709551615')
  assert.is(decodedSpan('{"name":"a\\"9007199254740993"}')['name'], 'a"9007199254740993')
})

test('unknown names, snake_case names and null are as if they were not there', () => {
  const got = decodedSpan({ name: 'a', trace_id: 'not hex', later: { x: [1] }, kind: null, attributes: null })
  assert.equal(plain(messageType('Span'), got), { name: 'a' })
})

const faults: readonly [string, object | string, string][] = [
  ['an enum by name', span({ kind: 'SPAN_KIND_SERVER' }), 'resourceSpans[0].scopeSpans[0].spans[0].kind: expected an enum as an integer (OTLP/JSON has no enum names), found "SPAN_KIND_SERVER"'],
  ['a base64 id', span({ traceId: 'W47/95gDgQPSabYzgT/GDA==' }), 'resourceSpans[0].scopeSpans[0].spans[0].traceId: expected 32 hex digits, found "W47/95gDgQPSabYzgT/GDA=="'],
  ['an id of another length', span({ spanId: 'abcd' }), 'resourceSpans[0].scopeSpans[0].spans[0].spanId: expected 16 hex digits, found "abcd"'],
  ['a negative time', span({ startTimeUnixNano: -1 }), 'resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano: expected an unsigned 64-bit integer, found -1'],
  ['a time beyond 64 bits', span({ startTimeUnixNano: '18446744073709551616' }), 'resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano: expected an unsigned 64-bit integer, found "18446744073709551616"'],
  ['a fraction for an integer', span({ endTimeUnixNano: 1.5 }), 'resourceSpans[0].scopeSpans[0].spans[0].endTimeUnixNano: expected a 64-bit integer, found 1.5'],
  ['a number for text', span({ name: 1 }), 'resourceSpans[0].scopeSpans[0].spans[0].name: expected a string, found 1'],
  ['text for true', span({ attributes: [{ key: 'a', value: { boolValue: 'true' } }] }), 'resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.boolValue: expected true or false, found "true"'],
  ['bytes that are not base64', span({ attributes: [{ key: 'a', value: { bytesValue: '***' } }] }), 'resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.bytesValue: expected base64, found "***"'],
  ['an object for a list', { resourceSpans: {} }, 'resourceSpans: expected an array, found {}'],
  ['a list for an object', { resourceSpans: [[]] }, 'resourceSpans[0]: expected an object, found []'],
  ['null in a list', { resourceSpans: [null] }, 'resourceSpans[0]: expected an object, found null'],
  ['a list as the request', '[]', 'the request: expected an object, found []'],
  ['a word as a double', { resourceSpans: [{ scopeSpans: [{ spans: [{ attributes: [{ key: 'a', value: { doubleValue: 'toString' } }] }] }] }] }, 'resourceSpans[0].scopeSpans[0].spans[0].attributes[0].value.doubleValue: expected a number, found "toString"']
]
for (const [what, json, message] of faults) test(`${what} is refused with its place`, () => { assert.is(errorOf('traces', json), message) })

test('what is not JSON is refused by the parser\'s own words', () => {
  for (const text of ['', '{', '{"resourceSpans":[}', 'nonsense', '{"resourceSpans":[]} x', '"', '\\', '-', '[1,']) assert.is.not(errorOf('traces', text), '', text)
})

test('special doubles survive both ways', () => {
  const value = (v: unknown): unknown => ((decodedSpan({ attributes: [{ key: 'a', value: { doubleValue: v } }] })['attributes'] as Decoded[])[0]?.['value'] as Decoded)['doubleValue']
  assert.ok(Number.isNaN(value('NaN')))
  assert.is(value('-Infinity'), -Infinity)
  assert.is(value('1.5e3'), 1500)
  assert.is(value(12345678901234567890), 12345678901234567000)
})

test('lone surrogates become U+FFFD instead of bytes that are not UTF-8', () => {
  assert.is(decodedSpan('{"name":"a\\ud800b"}')['name'], 'a\ufffdb')
})

test('depth and number of values are bounded before JSON is parsed', () => {
  assert.is(errorOf('traces', '['.repeat(1_000_000)), 'JSON nested deeper than 200')
  assert.is(errorOf('traces', '{"resourceSpans":'.repeat(300)), 'JSON nested deeper than 200')
  const many = prepareJson(Buffer.from(`[${'{},'.repeat(1000)}{}]`), { maxDepth: 5, maxValues: 1000 })
  assert.equal(many, { ok: false, error: 'more than 1000 JSON values' })
  // A string may hold as many brackets as it likes.
  assert.ok(prepareJson(Buffer.from(JSON.stringify('['.repeat(500)))).ok)
})

test('values nested as deep as protobuf allows are taken, deeper ones refused', () => {
  const nested = (levels: number): object => {
    let value: object = { stringValue: 'x' }
    for (let i = 0; i < levels; i++) value = { arrayValue: { values: [value] } }
    return span({ attributes: [{ key: 'a', value }] })
  }
  assert.is(errorOf('traces', nested(40)), '')
  assert.match(errorOf('traces', nested(60)), /nested deeper than/)
})

test('random text and mutated JSON never throw', () => {
  const good = Buffer.from(protobufToJson('metrics', randomMessage(new Random(3), requestType('metrics'), { density: 0.6, depth: 8, unknown: false })))
  for (let seed = 0; seed < runs * 10; seed++) {
    const rnd = new Random(seed)
    const text = Buffer.from(good.subarray(0, 3000))
    for (let i = 0; i < 4; i++) text[rnd.below(text.length)] = rnd.pick([0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x2c, 0x3a, 0x39, 0x65, rnd.next() & 0xff])
    jsonToProtobuf('metrics', text)
  }
})

test.run()
