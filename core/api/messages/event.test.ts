/** Scenario: random rows as messages, and events of clients as rows. Guarantees: every row has a message that can be sent in bytes and as JSON, and what a client brings is what is asked for later; wrong words are named by their path. */
import { create, fromBinary, fromJson, toBinary, toJson, type JsonObject, type JsonValue } from '@bufbuild/protobuf'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AttributeValue } from '../../data/attributes.js'
import { BatchBuilder } from '../../data/builder.js'
import { EventIds } from '../../data/ids.js'
import { randomBatch } from '../../data/testing/random-batch.js'
import { seeded } from '../../data/testing/random.js'
import { EventSchema, type Event } from '../gen/tapio/v1/event_pb.js'
import { eventMessage, eventMessages } from './event.js'
import { batchOf } from './event-input.js'
import { fieldsOf } from './fields.js'

const test = suite('api messages: events')

test('random rows of every column can be sent, and come back as rows that say the same', () => {
  const random = seeded(17)
  for (let round = 0; round < 40; round++) {
    const batch = randomBatch(random, 25, { raw: round % 2 === 0 })
    const events = eventMessages(batch).map(e => create(EventSchema, { ...e, ...(e.attributes !== undefined && { attributes: sendable(e.attributes) }) }))
    const copies = events.map(e => fromBinary(EventSchema, toBinary(EventSchema, e)))
    for (const [i, copy] of copies.entries()) assert.is(said(fromJson(EventSchema, JSON.parse(said(copy)) as JsonValue)), said(events[i] as Event), `round ${round}, row ${i}`)
    const usable = copies.map(acceptable)
    const again = eventMessages(batchOf(usable, new EventIds(), 5n)).map(e => create(EventSchema, e))
    for (const [i, event] of again.entries()) assert.is(said({ ...event, severity: '' }), said(completed(usable[i] as Event, event)), `round ${round}, row ${i}`)
  }
})

/** As text: keys like `constructor` mislead comparisons of objects. */
const said = (event: Event): string => JSON.stringify(sorted(toJson(EventSchema, event)))

function sorted (value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? value.map(sorted) : Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, item]) => [key, sorted(item)]))
}

/** With what the server gives where a client says nothing. */
function completed (sent: Event, { id, observedTime }: Event): Event {
  return { ...sent, severity: '', ...(sent.id === '' && { id }), ...(sent.observedTime === undefined && { observedTime }), ...(sent.source === '' && { source: 'api' }) }
}

/** Protobuf's runtime loses this one key: it makes it the prototype of what it reads. */
function sendable (attributes: JsonObject): JsonObject { return JSON.parse(JSON.stringify(attributes), (key, value: unknown) => key === '__proto__' ? undefined : value) as JsonObject }

/** Random columns hold times and durations of centuries, which only a broken sender says. */
function acceptable (event: Event): Event {
  const { time, duration } = event
  return { ...event, ...((time?.seconds ?? 0n) > 10_000_000_000n && { time: undefined }), ...((duration?.seconds ?? 0n) > 10_000_000_000n && { duration: undefined }) }
}

test('values that JSON has no number for become text', () => {
  const builder = new BatchBuilder()
  let deep: AttributeValue = 1
  for (let i = 0; i < 60; i++) deep = [deep]
  builder.append({ attributes: { big: 2n ** 60n, small: 5n, nan: NaN, inf: -Infinity, bytes: Uint8Array.of(1, 2, 255), nested: { list: [1n, 2n ** 63n, null, true] }, deep, ['__proto__']: 'a key' } })
  const { attributes } = eventMessage(builder.finish().at(0))
  assert.equal({ ...attributes, deep: undefined }, { big: '1152921504606846976', small: 5, nan: 'NaN', inf: '-Infinity', bytes: 'AQL/', nested: { list: [1, '9223372036854775808', null, true] }, deep: undefined, ['__proto__']: 'a key' })
  assert.match(JSON.stringify((attributes as { deep: unknown }).deep), /"\[+1\]+"/)
  const sent = fromBinary(EventSchema, toBinary(EventSchema, create(EventSchema, attributes === undefined ? {} : { attributes })))
  assert.equal(Object.keys(sent.attributes ?? {}), ['big', 'small', 'nan', 'inf', 'bytes', 'nested', 'deep'])
})

test('only the fields of a mask are filled', () => {
  const builder = new BatchBuilder()
  builder.append({ id: '1'.repeat(32), name: 'n', message: 'm', entityKind: 'Pod', entityName: 'p', entityNamespace: 'shop', attributes: { a: 1 }, resource: { 'service.name': 's' } })
  const row = builder.finish().at(0)
  assert.equal(eventMessage(row, fieldsOf({ paths: ['id', 'entity.name', 'attributes'] }, EventSchema)), { id: '1'.repeat(32), entity: { name: 'p' }, attributes: { a: 1 } })
})

test('missing ids are given, given ones kept, and observation is now', () => {
  const batch = batchOf([create(EventSchema, { id: 'ab'.repeat(16), source: 'mine' }), create(EventSchema, { name: 'x' })], new EventIds(), 7_000_000_000n)
  const [first, second] = [batch.at(0), batch.at(1)]
  assert.is(first.get('id'), 'ab'.repeat(16))
  assert.is(first.get('source'), 'mine')
  assert.match(second.get('id') ?? '', /^[0-9a-f]{32}$/)
  assert.is(second.get('source'), 'api')
  assert.is(second.get('observedTimeUnixNano'), 7_000_000_000n)
  assert.is(second.signal, 'events')
  assert.is(second.type, 'unknown')
})

test('what cannot be an event is named by its path', () => {
  const faults: [Partial<Event>, RegExp][] = [
    [{ type: 'quake' }, /^events\[1\]\.type is "quake"; expected one of unknown, system, /],
    [{ signal: 'smoke' }, /^events\[1\]\.signal is/],
    [create(EventSchema, { span: { kind: 'sideways' } }), /^events\[1\]\.span\.kind is/],
    [create(EventSchema, { metric: { kind: 'odd' } }), /^events\[1\]\.metric\.kind is/],
    [create(EventSchema, { time: { seconds: -1n } }), /^events\[1\]\.time is not from 1970 to 2554/],
    [create(EventSchema, { time: { seconds: 1n << 62n } }), /^events\[1\]\.time is no time/],
    [create(EventSchema, { time: { nanos: -1 } }), /^events\[1\]\.time is no time/],
    [create(EventSchema, { duration: { seconds: -1n } }), /^events\[1\]\.duration is no duration/],
    [create(EventSchema, { duration: { seconds: 300_000_000_000n } }), /^events\[1\]\.duration is longer/]
  ]
  for (const [event, message] of faults) {
    assert.throws(() => batchOf([create(EventSchema), { ...create(EventSchema), ...event }], new EventIds(), 1n), (error: Error & { code?: string }) => error.code === 'INVALID_ARGUMENT' && message.test(error.message), String(message))
  }
})

test.run()
