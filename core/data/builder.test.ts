import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Attributes } from './attributes.js'
import { BatchBuilder, type EventInput, type RawInput } from './builder.js'
import { columnSpecs } from './columns.js'
import { RawEncoding } from './enums.js'
import { EventIds } from './ids.js'
import { attributesToJson } from './json-value.js'
import { Resource, Scope } from './resource.js'
import { otlpRecord } from './testing/otlp-record.js'
import { columnsOnly } from './testing/plain-rows.js'
import { randomEvent } from './testing/random-batch.js'
import { seeded } from './testing/random.js'

function build (events: readonly EventInput[], capacity?: number): ReturnType<BatchBuilder['finish']> {
  const builder = new BatchBuilder(capacity)
  for (const event of events) builder.append(event)
  return builder.finish()
}

test('what was appended is what the rows say, whatever the capacity', () => {
  for (const capacity of [1, 3, 64]) {
    const random = seeded(capacity)
    const events = Array.from({ length: 50 }, () => randomEvent(random))
    const batch = build(events, capacity)
    events.forEach((event, row) => {
      const { attributes, resource } = event
      const got = batch.at(row).toObject()
      assert.equal(columnsOnly(got), withoutAbsent(columnsOnly(event)), `row ${row}`)
      // As text: assert.equal takes an own key `constructor` for the type of the object.
      assert.is(sortedJson(got.attributes), sortedJson(attributes ?? {}))
      if (resource instanceof Resource) assert.equal(got.resource, resource.attributes)
    })
  }
})

function sortedJson (attributes: Attributes): string {
  return attributesToJson(Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** An absent cell is no property; `severity` always is one. */
function withoutAbsent (event: object): object {
  const kept = Object.entries(event).filter(([key, value]) => {
    const { storage, absent } = columnSpecs[key as 'pid'] as { storage: string, absent: number }
    if (key === 'signal' || key === 'type' || key === 'severity') return true
    if (storage === 'string') return value !== ''
    if (storage === 'b8' || storage === 'b16') return /[^0]/.test(value as string)
    return storage === 'u64' ? value !== 0n : !Object.is(value, absent)
  })
  return { severity: 0, ...Object.fromEntries(kept) }
}

test('a value that its column cannot hold is left out, and the rest of the event stays', () => {
  const wrong: object[] = [
    { pid: -1 }, { pid: 2 ** 32 }, { sourcePort: 70_000 }, { severity: 300 }, { severity: NaN }, { timeUnixNano: -1n }, { timeUnixNano: 2n ** 64n },
    { timeUnixNano: NaN }, { timeUnixNano: Infinity }, { timeUnixNano: 'soon' }, { traceId: 'xyz' }, { traceId: 'g'.repeat(32) }, { spanId: '\u0130'.repeat(16) },
    { spanId: 7 }, { confidence: 'much' }, { name: null }, { returnCode: 2 ** 31 }, { constructor: 1 }, { nonsense: 1 }, { signal: 'toString' }, { type: 'none' }
  ]
  const batch = build(wrong.map(w => ({ message: 'kept', ...w }) as unknown as EventInput))
  for (const row of batch) assert.equal(row.toObject(), { signal: 'events', type: 'unknown', severity: 0, message: 'kept', resource: {}, attributes: {} })
})

test('numbers and strings that a 64-bit column can hold are taken', () => {
  const batch = build([{ timeUnixNano: 5 }, { timeUnixNano: '18446744073709551615' }, { timeUnixNano: 1.9 }] as unknown as EventInput[])
  assert.equal([...batch.columns.timeUnixNano], [5n, 2n ** 64n - 1n, 1n])
})

test('ids are given to the rows that have none, and only to those', () => {
  const builder = new BatchBuilder()
  const own = '00112233445566778899aabbccddeeff'
  builder.append({})
  builder.append({ id: own })
  builder.append({})
  const batch = builder.finish({ ids: new EventIds(Buffer.from('0102030405060708', 'hex'), 255) })
  assert.equal([...batch].map(row => row.get('id')), ['010203040506070800000000000000ff', own, '01020304050607080000000000000100'])
})

test('an id prefix is the bytes given, also when they are a view of a pool', () => {
  const pooled = Buffer.from('aabbccddeeff0011', 'hex')
  const column = new Uint8Array(32)
  new EventIds(pooled, 0xffffffff).fill(column, 0, 2)
  assert.is(Buffer.from(column).toString('hex'), 'aabbccddeeff001100000000ffffffffaabbccddeeff00110000000100000000')
  assert.throws(() => new EventIds(new Uint8Array(7)), /8 bytes/)
})

test('a finished builder takes nothing more: its arrays belong to the batch', () => {
  const builder = new BatchBuilder()
  builder.append({})
  builder.finish()
  assert.throws(() => builder.append({}), /finished/)
  assert.throws(() => builder.finish(), /finished/)
})

test('later changes of a resource or attribute object do not reach the batch', () => {
  const resource = { 'service.name': 'a', list: [1] }
  const attributes = { deep: { x: 1 } }
  const batch = build([{ resource, attributes }])
  resource.list.push(2)
  attributes.deep.x = 2
  assert.equal(batch.at(0).resource.attributes, { 'service.name': 'a', list: [1] })
  assert.equal(batch.at(0).attribute('deep'), { x: 1 })
})

test('attributes beside OTLP bytes are edits; rows that edit nothing bring what their bytes say', () => {
  const record = (k: string): RawInput => ({ encoding: RawEncoding.otlpSpan, bytes: otlpRecord(RawEncoding.otlpSpan, { k, other: 1 }) })
  const batch = build([
    { raw: record('one'), attributes: { k: 'changed' } },
    { raw: record('two') },
    { raw: { ...record('three'), edited: ['k'] } },
    { attributes: { k: 'no record' } }
  ])
  assert.ok(batch.attributes.get('k')?.edited)
  assert.equal([...batch].map(row => row.attribute('k')), ['changed', 'two', undefined, 'no record'])
  assert.equal([...batch].map(row => row.allAttributes()), [{ k: 'changed', other: 1 }, { k: 'two', other: 1 }, { other: 1 }, { k: 'no record' }])
})

test('attributes that their record is said to hold too are not edits', () => {
  const batch = build([{ raw: { encoding: RawEncoding.otlpSpan, bytes: otlpRecord(RawEncoding.otlpSpan, { k: 'v' }), edited: [] }, attributes: { k: 'v' } }])
  assert.not(batch.attributes.get('k')?.edited)
})

test('a decoder that writes columns gets absent cells where it writes nothing', () => {
  const builder = new BatchBuilder(2)
  builder.rows(5)
  builder.column('uid')[1] = 1000
  builder.column('metricValue')[4] = 0
  builder.attribute(3, 'k', 'v')
  const batch = builder.finish()
  assert.equal([...batch].map(row => [row.get('uid'), row.get('metricValue'), row.attribute('k')]),
    [[undefined, undefined, undefined], [1000, undefined, undefined], [undefined, undefined, undefined], [undefined, undefined, 'v'], [undefined, 0, undefined]])
})

test('shared resources and scopes, and equal ones, take one place', () => {
  const resource = new Resource(undefined, { a: 1 })
  const scope = new Scope(undefined, { name: 's', version: '1', attributes: {} })
  const batch = build([{ resource, scope }, { resource, scope: { name: 's', version: '1' } }, { resource: { a: 1 } }, { resource: {} }])
  assert.equal([batch.resources.length, batch.scopes.length], [2, 2])
  assert.equal([...batch.columns.resource], [1, 1, 1, 0])
})

test.run()
