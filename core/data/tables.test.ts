import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readFileSync } from 'node:fs'
import { BatchBuilder } from './builder.js'
import { encodeBatch } from './codec.js'
import { columnNames, columnSpecs, nanoCellToMs, words } from './columns.js'
import { columnsTable } from './columns-table.js'
import { compact } from './compact.js'
import { EventType, RawEncoding, Signal, eventTypes, rawEncodings, severityName, signals } from './enums.js'
import { StringTable } from './strings.js'
import { opened, plainRows } from './testing/plain-rows.js'
import { randomBatch } from './testing/random-batch.js'
import { seeded } from './testing/random.js'

const texts = ['', 'a', 'żółć', '\u{1f600}', 'a', 'long '.repeat(500), '\ud83d', '\ude00', 'end']

/** UTF-8 has no lone surrogates. */
const wellFormed = (text: string): string => Buffer.from(text).toString()

test('strings come back from their bytes, lone surrogates as U+FFFD also where two would pair', () => {
  const encoded = StringTable.encoded(StringTable.from([...texts]).encode())
  assert.equal([...encoded], texts.map(wellFormed))
  assert.is(encoded.at(99), '')
})

test('a string is found at all its places, in a table of strings and in one of bytes', () => {
  const table = StringTable.from([...texts])
  for (const t of [table, StringTable.encoded(table.encode())]) {
    assert.equal(t.find('a'), [1, 4])
    assert.equal(t.find('żółć'), [2])
    assert.equal(t.find('none'), [])
  }
})

test('chosen strings make a table of their own without being decoded', () => {
  const table = StringTable.from([...texts])
  for (const t of [table, StringTable.encoded(table.encode())]) assert.equal([...t.select([0, 3, 1])], ['', '\u{1f600}', 'a'])
})

test('compacting drops what no row uses and says the same', () => {
  const builder = new BatchBuilder()
  for (let i = 0; i < 2000; i++) builder.append({ name: `n${i}`, resource: { i }, scope: { name: `s${i}` }, attributes: { k: `v${i}` } })
  const few = builder.finish().select(Uint32Array.of(1999, 3, 3, 700))
  const small = compact(few)
  assert.equal(plainRows(small), plainRows(few))
  assert.equal([small.strings.length, small.resources.length, small.scopes.length, small.attributes.get('k')?.values.length], [4, 4, 4, 3])
  const decoded = compact(opened(encodeBatch(few.slice(0, 1))))
  assert.equal(plainRows(decoded), plainRows(few.slice(0, 1)))
})

test('compacting leaves a batch that uses its tables as it is', () => {
  const batch = randomBatch(seeded(6), 300, { raw: true })
  assert.is(compact(batch), batch)
  assert.is(compact(batch.slice(0, 299)).raw.buffers[0], batch.raw.buffers[0])
})

test('compacting copies raw bytes when less than half of them belong to rows', () => {
  const batch = randomBatch(seeded(6), 300, { raw: true })
  const part = batch.slice(0, 20)
  const small = compact(part)
  assert.ok((small.raw.buffers[0]?.length ?? 0) < (batch.raw.buffers[0]?.length ?? 0) / 2)
  assert.equal(plainRows(small), plainRows(part))
})

test('column ids and names are unique, and the vocabularies agree with their numbers', () => {
  assert.is(new Set(columnNames.map(n => columnSpecs[n].id)).size, columnNames.length)
  assert.equal(signals.map(s => Signal[s]), signals.map((_, i) => i))
  assert.equal(eventTypes.map(t => EventType[t]), eventTypes.map((_, i) => i))
  assert.is(Object.keys(RawEncoding).length, rawEncodings.length)
  assert.equal([0, 1, 4, 5, 9, 11, 16, 17, 21, 255].map(severityName), ['unspecified', 'trace', 'trace', 'debug', 'info', 'low', 'high', 'error', 'critical', 'critical'])
})

test('a time in milliseconds keeps its quarter of a microsecond', () => {
  const pairs = words(BigUint64Array.of(1_767_225_600_123_456_789n, 2n ** 64n - 1n))
  assert.ok(Math.abs(nanoCellToMs(pairs, 0) - 1_767_225_600_123.456789) < 0.00025)
  assert.is(nanoCellToMs(pairs, 1), 2 ** 64 / 1e6)
})

test('the table in README.md is the one the columns give', () => {
  const readme = readFileSync(new URL('../../../core/data/README.md', import.meta.url), 'utf8')
  const [, table] = readme.split('<!-- generated:columns -->\n')
  assert.is(table?.split('<!-- /generated:columns -->')[0], columnsTable())
})

test.run()
