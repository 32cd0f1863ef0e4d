import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Unpackr } from 'msgpackr'
import { EventBatch, emptyBatch } from './batch.js'
import { BatchBuilder } from './builder.js'
import { bodyAfter, encodeBatch, headerAt, prepareBatch, type Header } from './codec.js'
import { columnNames, columnSpecs } from './columns.js'
import { concat } from './concat.js'
import { opened, plainRows } from './testing/plain-rows.js'
import { randomBatch } from './testing/random-batch.js'
import { seeded } from './testing/random.js'

const rounds = process.env.TAPIO_TEST_LONG === '1' ? 3000 : 100

test('random batches come back from their document with equal rows', () => {
  for (let seed = 0; seed < rounds; seed++) {
    const random = seeded(seed)
    const batch = randomBatch(random, random.below(40), { raw: seed % 2 === 0 })
    const back = opened(encodeBatch(batch, seed % 3 === 0))
    assert.is(back.count, batch.count)
    assert.equal(plainRows(back), plainRows(batch), `seed ${seed}`)
    assert.equal([...back.columns.timeUnixNano], [...batch.columns.timeUnixNano])
  }
})

test('a document of a decoded batch is the same document', () => {
  for (let seed = 0; seed < 30; seed++) {
    const document = encodeBatch(randomBatch(seeded(seed), 20, { raw: true }))
    assert.ok(encodeBatch(opened(document)).equals(document), `seed ${seed}`)
  }
})

test('64-bit times are exact at their extremes, as columns, rows and views', () => {
  const times = [0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]
  const builder = new BatchBuilder(1)
  for (const time of times) builder.append({ timeUnixNano: time, durationNano: time, cgroupId: time })
  const back = opened(encodeBatch(builder.finish()))
  assert.equal([...back.columns.timeUnixNano], times)
  assert.equal([...back].map(row => row.get('durationNano') ?? 0n), times)
  assert.equal([...back.filter(Uint8Array.of(0, 1, 1, 1, 1, 1)).columns.timeUnixNano], times.slice(1))
})

test('a document is read from any byte offset, from shared memory, and from the middle of a bigger array', () => {
  const batch = randomBatch(seeded(3), 25, { raw: true })
  const document = encodeBatch(batch, true)
  const rows = plainRows(batch)
  for (let offset = 0; offset < 9; offset++) {
    for (const memory of [new ArrayBuffer(document.length + 20), new SharedArrayBuffer(document.length + 20)]) {
      const view = new Uint8Array(memory, offset, document.length)
      prepareBatch(batch, true).writeTo(view)
      assert.ok(Buffer.from(memory as ArrayBuffer, offset, document.length).equals(document))
      assert.equal(plainRows(opened(view)), rows, `offset ${offset}`)
    }
  }
})

test('a document in memory aligned to 8 is not copied: columns, strings and raw buffers are views of it', () => {
  const document = encodeBatch(randomBatch(seeded(3), 25, { raw: true }))
  const back = opened(document)
  for (const name of columnNames) if (back.columns[name] !== undefined) assert.is(back.columns[name]?.buffer, document.buffer, name)
  assert.is(back.strings.encode().bytes.buffer, document.buffer)
  for (const buffer of back.raw.buffers) assert.is(buffer.buffer, document.buffer)
})

test('a target that is too short is refused before a byte is written, a longer one is left alone behind the document', () => {
  const prepared = prepareBatch(randomBatch(seeded(3), 5))
  const short = new Uint8Array(prepared.byteLength - 1)
  assert.throws(() => { prepared.writeTo(short) }, /does not fit/)
  assert.ok(short.every(b => b === 0))
  const long = new Uint8Array(prepared.byteLength + 9).fill(7)
  prepared.writeTo(long)
  assert.ok(long.subarray(prepared.byteLength).every(b => b === 7))
})

test('stock msgpackr opens a document and finds every column where the header says', () => {
  const batch = randomBatch(seeded(8), 17, { raw: true })
  const [name, version, crc, headerLength, header, padded] = new Unpackr({ useRecords: false }).unpack(encodeBatch(batch, true)) as [string, number, number, number, Header, Buffer]
  assert.equal([name, version, header.n], ['tapio.batch', 1, 17])
  assert.ok(crc > 0 && headerLength > 0)
  const body = padded.subarray(bodyAfter(headerAt + headerLength) - (headerAt + headerLength + 5))
  const byId = new Map(Array.from({ length: header.c.length / 2 }, (_, i) => [header.c[i * 2], header.c[i * 2 + 1] as number]))
  const timesAt = byId.get(columnSpecs.timeUnixNano.id) as number
  for (const [row, time] of batch.columns.timeUnixNano.entries()) assert.is(body.readBigUInt64LE(timesAt + row * 8), time)
  const [count, endsAt, bytesAt] = header.s
  const ends = Array.from({ length: count }, (_, i) => body.readUInt32LE(endsAt + i * 4))
  assert.equal(ends.map((end, i) => body.toString('utf8', bytesAt + (ends[i - 1] ?? 0), bytesAt + end)), [...batch.strings])
})

test('the drawing at the head of codec.ts holds, read byte by byte', () => {
  const batch = randomBatch(seeded(9), 3, { raw: true })
  const document = encodeBatch(batch)
  const view = new DataView(document.buffer, document.byteOffset, document.byteLength)
  assert.is(view.getUint8(0), 0x96)
  assert.is(document.toString('latin1', 1, 13), '\xabtapio.batch')
  assert.equal([view.getUint8(13), view.getUint8(14), view.getUint32(15), view.getUint8(19)], [1, 0xce, 0, 0xce])
  const headerEnd = 24 + view.getUint32(20)
  assert.equal([view.getUint8(24), view.getUint16(25)], [0xde, 8])
  assert.is(view.getUint8(headerEnd), 0xc6)
  assert.is(headerEnd + 5 + view.getUint32(headerEnd + 1), document.length)
  const bodyAt = Math.ceil((headerEnd + 5) / 8) * 8
  assert.ok(document.subarray(headerEnd + 5, bodyAt).every(b => b === 0))
  // The first column is `signal`, at the body's start.
  assert.equal([...document.subarray(bodyAt, bodyAt + 3)], [...batch.columns.signal])
})

test('more than 65535 strings and values, one row and no rows', () => {
  const builder = new BatchBuilder()
  for (let i = 0; i < 70_000; i++) builder.append({ name: `name ${i}`, attributes: { key: `value ${i}` } })
  const batch = builder.finish()
  const back = opened(encodeBatch(batch))
  for (const i of [0, 65_534, 65_535, 65_536, 69_999]) assert.equal([back.at(i).get('name'), back.at(i).attribute('key')], [`name ${i}`, `value ${i}`])
  const one = opened(encodeBatch(back.slice(69_999)))
  assert.equal([one.count, one.at(0).get('name'), one.strings.length], [1, 'name 69999', 2])
  assert.is(opened(encodeBatch(back.slice(5, 5))).count, 0)
  assert.is(opened(encodeBatch(emptyBatch)).count, 0)
})

test('columns that are views of bigger arrays are written as their own rows only', () => {
  const big = randomBatch(seeded(5), 1000, { raw: true })
  const part = big.slice(333, 340)
  const document = encodeBatch(part)
  assert.equal(plainRows(opened(document)), plainRows(part))
  assert.ok(document.length * 20 < encodeBatch(big).length, `${document.length} bytes for 7 rows of 1000`)
})

test('filter after slice after concat after codec, with edited attributes over raw records', () => {
  const random = seeded(21)
  const parts = [0, 1, 2].map(() => opened(encodeBatch(randomBatch(random, 10, { raw: true }).withConstant('http.route', 'edited'))))
  const joined = concat(parts).slice(5, 25)
  const kept = joined.filter(Uint8Array.from({ length: 20 }, (_, i) => i % 3))
  const back = opened(encodeBatch(kept))
  assert.equal(plainRows(back), plainRows(kept))
  for (const row of back) assert.is(row.allAttributes()['http.route'], 'edited')
})

test('values that OTLP cannot hold do not spoil the document', () => {
  const builder = new BatchBuilder()
  const cyclic: Record<string, unknown> = { a: 1 }
  cyclic.self = cyclic
  builder.append({ attributes: { date: new Date(0), fn: () => 1, none: { inner: undefined }, big: 2n ** 80n, cyclic, sparse: [, 1] } as never })
  const { date, fn, none, big, cyclic: cut, sparse } = opened(encodeBatch(builder.finish())).at(0).allAttributes()
  assert.equal([typeof date, typeof fn, none, big, cut, sparse], ['string', 'string', { inner: null }, String(2n ** 80n), { a: 1, self: null }, [null, 1]])
})

test('a batch without a value for a required table still opens: no resources beyond the empty one, no scopes', () => {
  const batch = new EventBatch({ ...emptyBatch, count: 0, columns: emptyBatch.columns, strings: emptyBatch.strings, resources: [], scopes: [], attributes: new Map(), raw: emptyBatch.raw })
  assert.is(opened(encodeBatch(batch)).resources.length, 0)
})

test.run()
