/**
 * Every field of every message of the schema, one at a time, with each value that breaks readers (testing/messages.ts), and
 * values as large as a request may hold: read, framed as received and anew, through documents, and through JSON and back.
 * Guarantees: bytes in = bytes out a record, and the same message after JSON. The random suites (writer.test.ts, json.test.ts)
 * combine the fields; here it is shown that none is left out, and that their generator makes all of them too.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import protobuf from 'protobufjs'
import type { EventBatch } from '../data/batch.js'
import { encodeBatch } from '../data/codec.js'
import { concat } from '../data/concat.js'
import { decodeBatch } from '../data/decode.js'
import { EventIds } from '../data/ids.js'
import { jsonToProtobuf } from './json-decode.js'
import { protobufToJson } from './json-encode.js'
import { readExportRequest } from './reader.js'
import { messageType, type Field, type MessageType, type Scalar } from './schema.js'
import { otlpSignals, type OtlpSignal } from './signals.js'
import { randomMessage, samples, usual, writeValue } from './testing/messages.js'
import { requestType } from './testing/oracle.js'
import { plainMessage } from './testing/plain.js'
import { Random } from './testing/random.js'
import { recordsOf } from './testing/records-of.js'
import { Writer } from './values.js'
import { frameExportRequests } from './writer.js'

const ids = new EventIds(new Uint8Array(8))

function read (signal: OtlpSignal, bytes: Uint8Array): EventBatch {
  const result = readExportRequest(signal, bytes, { ids, observedTimeUnixNano: 1n })
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

function throughCodec (batch: EventBatch): EventBatch {
  const result = decodeBatch(encodeBatch(batch, true))
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

const framed = (batch: EventBatch): Buffer => Buffer.concat(frameExportRequests(batch).flatMap(r => r.chunks))

/** The way from a request to its records. */
function spine (signal: OtlpSignal): Field[] {
  const fields: Field[] = []
  for (let type: MessageType | undefined = requestType(signal), number = 1; fields.length < 3; number = 2) {
    const field: Field = type?.byNumber[number] as Field
    fields.push(field)
    type = field.message
  }
  return fields
}

/** Every message type of the signal with a shortest way to it. */
function types (signal: OtlpSignal): Map<MessageType, Field[]> {
  const found = new Map<MessageType, Field[]>([[requestType(signal), []]])
  for (const [type, path] of found) {
    for (const field of type.fields) if (field.message !== undefined && !found.has(field.message)) found.set(field.message, [...path, field])
  }
  return found
}

/** A request with one record in which the message at the end of `path` is `payload`. */
function request (signal: OtlpSignal, path: readonly Field[], payload: Uint8Array): Buffer {
  const way = spine(signal)
  let bytes: Buffer = Buffer.from(payload)
  for (let depth = path.length; ; depth--) {
    // Beside the way to a record there is another one, so that there is a record.
    if (depth < way.length && path[depth] !== way[depth] && path.slice(0, depth).every((field, i) => field === way[i])) bytes = Buffer.concat([bytes, way.slice(depth).reduceRight<Buffer>((inner, field) => wrap(field, inner), Buffer.alloc(0))])
    if (depth === 0) return bytes
    bytes = wrap(path[depth - 1] as Field, bytes)
  }
}

function wrap (field: Field, inner: Uint8Array): Buffer {
  return Buffer.from(Writer.create().uint32(field.tag).bytes(inner).finish())
}

/** The field alone, with each of its values; packed and one by one where there may be several. */
function contents (field: Field): Uint8Array[] {
  if (field.message !== undefined) return [wrap(field, Buffer.alloc(0))]
  const scalar = field.scalar as Scalar
  const large = scalar === 'string' ? ['é'.repeat(40_000)] : scalar === 'bytes' ? [Buffer.alloc(70_000, 7)] : []
  const values: readonly unknown[] = [...samples[scalar], ...large]
  const single = values.map(value => one(field.tag, scalar, [value]))
  return field.packable ? [...single, one(field.number << 3 | 2, scalar, values, true), one(field.number << 3 | 2, scalar, [], true), Buffer.concat(single)] : single
}

function one (tag: number, scalar: Scalar, values: readonly unknown[], packed = false): Uint8Array {
  const w = Writer.create().uint32(tag)
  if (packed) w.fork()
  for (const value of values) writeValue(w, scalar, value)
  if (packed) w.ldelim()
  return w.finish()
}

const unknown = Buffer.from('9a0602beef' + 'c33e0805c43e', 'hex')

function assertLossless (signal: OtlpSignal, bytes: Buffer, what: string): void {
  const batch = read(signal, bytes)
  assert.equal(framed(batch), bytes, `${what}: as it came`)
  assert.equal(framed(throughCodec(batch)), bytes, `${what}: through a document`)
  if (signal !== 'profiles') assert.equal(recordsOf(framed(anew(batch))), recordsOf(bytes), `${what}: framed anew`)
}

/** Each row twice, and every second taken out again: what remains has to be put together from records and envelopes. */
function anew (batch: EventBatch): EventBatch {
  const twice = throughCodec(concat([batch, batch]))
  return twice.filter(Uint8Array.from({ length: twice.count }, (_, i) => i < batch.count ? 1 : 0))
}

function assertSameAfterJson (signal: OtlpSignal, bytes: Buffer, what: string): void {
  const back = jsonToProtobuf(signal, Buffer.from(protobufToJson(signal, bytes)))
  assert.is(back.ok ? '' : back.error, '', what)
  if (back.ok) assert.equal(plainMessage(requestType(signal), back.bytes), plainMessage(requestType(signal), bytes), `${what}: after JSON`)
}

for (const signal of otlpSignals) {
  test(`${signal}: every field of every message, with every value that breaks readers`, () => {
    let [fields, requests] = [0, 0]
    for (const [type, path] of types(signal)) {
      for (const field of type.fields) {
        fields++
        for (const [i, payload] of contents(field).entries()) {
          const what = `${type.name}.${field.name}, value ${i}`
          const plain = request(signal, path, payload)
          assertLossless(signal, plain, what)
          assertSameAfterJson(signal, plain, what)
          assertLossless(signal, request(signal, path, Buffer.concat([unknown, payload, unknown])), `${what}, among unknown fields`)
          requests += 2
        }
      }
    }
    console.log(`\nREPORT otlp lossless, ${signal}: ${fields} fields of ${types(signal).size} messages, ${requests} requests`)
  })
}

/** `type.field` of everything in the message, and what kinds of things are in it. */
function visit (bytes: Uint8Array, type: MessageType, seen: Set<string>, depth = 0): void {
  const r = protobuf.Reader.create(bytes)
  if (bytes.length === 0) seen.add('an empty message')
  seen.add(`${type.name}, ${depth} deep`)
  while (r.pos < r.len) {
    const tag = r.uint32()
    const field = type.byNumber[tag >>> 3]
    if (field === undefined) { seen.add(`${type.name}: unknown`); r.skipType(tag & 7, 0, tag >>> 3); continue }
    seen.add(`${type.name}.${field.name}`)
    if (field.packable) seen.add(`${type.name}.${field.name} ${tag === field.tag ? 'one by one' : 'packed'}`)
    if (field.message !== undefined) visit(r.bytes(), field.message, seen, depth + 1)
    else r.skipType(tag & 7, 0, tag >>> 3)
  }
}

test('the generator of the random suites makes every field of every message, unknown ones in each, and both forms of lists', () => {
  const seen = new Set<string>()
  const wanted = new Set<string>()
  for (const signal of otlpSignals) {
    for (let seed = 0; seed < 150; seed++) visit(randomMessage(new Random(seed), requestType(signal), { ...usual, density: 0.7, depth: 9 }), requestType(signal), seen)
    for (const type of types(signal).keys()) {
      wanted.add(`${type.name}: unknown`)
      for (const field of type.fields) {
        wanted.add(`${type.name}.${field.name}`)
        if (field.packable) for (const form of ['one by one', 'packed']) wanted.add(`${type.name}.${field.name} ${form}`)
      }
    }
  }
  assert.equal([...wanted].filter(w => !seen.has(w)), [])
  assert.ok(seen.has('an empty message') && seen.has('AnyValue, 9 deep'))
})

test('values that fill a request: text, bytes, many of each, deep nests', () => {
  const [resource, scope, record] = spine('traces') as [Field, Field, Field]
  const span = messageType('Span')
  const field = (type: MessageType, name: string): Field => type.byName.get(name) as Field
  const attribute = (value: Uint8Array): Buffer => wrap(field(span, 'attributes'), Buffer.concat([one(10, 'string', ['k']), wrap(field(messageType('KeyValue'), 'value'), value)]))
  let nest = one(10, 'string', ['deep'])
  for (let i = 0; i < 40; i++) nest = wrap(field(messageType('AnyValue'), 'arrayValue'), wrap(field(messageType('ArrayValue'), 'values'), nest))
  const spans: readonly [string, Uint8Array][] = [
    ['a name of 3 MiB', one(field(span, 'name').tag, 'string', ['n'.repeat(3 * 2 ** 20)])],
    ['bytes of 3 MiB', attribute(one(58, 'bytes', [Buffer.alloc(3 * 2 ** 20, 0xff)]))],
    ['30,000 attributes', Buffer.concat(new Array<Buffer>(30_000).fill(attribute(one(24, 'int64', ['-9223372036854775808']))))],
    ['30,000 empty events', Buffer.concat(new Array<Buffer>(30_000).fill(wrap(field(span, 'events'), Buffer.alloc(0))))],
    ['lists 40 deep', attribute(nest)]
  ]
  for (const [what, payload] of spans) {
    const bytes = request('traces', [resource, scope, record], payload)
    assertLossless('traces', bytes, what)
    assertSameAfterJson('traces', bytes, what)
  }
  const buckets = request('metrics', types('metrics').get(messageType('HistogramDataPoint')) as Field[], one(6 << 3 | 2, 'fixed64', new Array<string>(300_000).fill('18446744073709551615'), true))
  assertLossless('metrics', buckets, '300,000 buckets')
  assertSameAfterJson('metrics', buckets, '300,000 buckets')
})

test.run()
