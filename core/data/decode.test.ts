import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Packr } from 'msgpackr'
import { crc32 } from 'node:zlib'
import { bodyAfter, crcAt, encodeBatch, headerAt, prefix, type Header } from './codec.js'
import { decodeBatch } from './decode.js'
import { PlainReader } from './plain-msgpack.js'
import { plainRows } from './testing/plain-rows.js'
import { randomBatch } from './testing/random-batch.js'
import { seeded } from './testing/random.js'

const long = process.env.TAPIO_TEST_LONG === '1'
const packr = new Packr({ useRecords: false })

/** Decodes and, when that gives a batch, reads all of it and writes it again: nothing of this may throw. */
function exercise (document: Uint8Array): boolean {
  const result = decodeBatch(document)
  if (!result.ok) {
    assert.type(result.error, 'string')
    return false
  }
  plainRows(result.batch)
  encodeBatch(result.batch.filter(new Uint8Array(result.batch.count).fill(1, 1)))
  return true
}

/** A document with this header and body, whatever they say. */
function documentOf (header: unknown, body: Uint8Array, crc = 0): Buffer {
  const packed = Buffer.isBuffer(header) ? header : packr.pack(header)
  const headerEnd = headerAt + packed.length
  const bodyAt = bodyAfter(headerEnd)
  const out = Buffer.alloc(bodyAt + body.length)
  out.set(prefix)
  out[crcAt] = out[headerAt - 5] = 0xce
  out.writeUInt32BE(crc, crcAt + 1)
  out.writeUInt32BE(packed.length, headerAt - 4)
  out.set(packed, headerAt)
  out[headerEnd] = 0xc6
  out.writeUInt32BE(out.length - headerEnd - 5, headerEnd + 1)
  out.set(body, bodyAt)
  return out
}

/** The header and body of a good document, to be made bad. */
function parts (seed = 1, rows = 4): { header: Header, body: Buffer } {
  const document = encodeBatch(randomBatch(seeded(seed), rows, { raw: true }))
  const headerEnd = headerAt + document.readUInt32BE(headerAt - 4)
  return { header: PlainReader.only(document, headerAt, headerEnd) as unknown as Header, body: document.subarray(bodyAfter(headerEnd)) }
}

function errorOf (document: Uint8Array): string {
  const result = decodeBatch(document)
  return result.ok ? 'no error' : result.error
}

test('the parts of a good document put together again are accepted', () => {
  const { header, body } = parts()
  assert.ok(exercise(documentOf(header, body)))
})

test('a document cut at any byte is an error', () => {
  for (const checksum of [false, true]) {
    const document = encodeBatch(randomBatch(seeded(2), 5, { raw: true }), checksum)
    for (let length = 0; length < document.length; length++) assert.not(exercise(document.subarray(0, length)), `cut to ${length}`)
    assert.match(errorOf(Buffer.concat([document, Buffer.alloc(1)])), /should be/)
  }
})

test('a damaged document with a checksum is an error, wherever the damage is', () => {
  const document = encodeBatch(randomBatch(seeded(2), 5, { raw: true }), true)
  for (let at = 0; at < document.length; at++) {
    // A CRC of 0 says that there is none: only all four of its bytes turning 0 at once could hide damage.
    const damaged = Buffer.from(document)
    damaged[at] = (damaged[at] as number) ^ 0x41
    assert.not(exercise(damaged), `byte ${at}`)
  }
})

test('a damaged document without a checksum is an error or a batch that can be read and written', () => {
  const random = seeded(77)
  const rounds = long ? 200_000 : 4000
  let opened = 0
  for (let round = 0; round < rounds; round++) {
    const document = round % 50 === 0 ? encodeBatch(randomBatch(random, 1 + random.below(6), { raw: true })) : base
    base = Buffer.from(document)
    const damaged = Buffer.from(document)
    const headerEnd = headerAt + document.readUInt32BE(headerAt - 4)
    // Half of the hits in the header, which is the smaller and the more dangerous part.
    for (let hits = 1 + random.below(4); hits > 0; hits--) damaged[random.chance(0.5) ? random.below(headerEnd) : random.below(damaged.length)] = random.below(256)
    if (exercise(damaged)) opened++
  }
  assert.ok(opened > 0 && opened < rounds)
})
let base = encodeBatch(randomBatch(seeded(1), 3, { raw: true }))

test('random bytes, bare and behind a good prefix, are an error', () => {
  const random = seeded(5)
  for (let round = 0; round < (long ? 100_000 : 3000); round++) {
    const noise = Buffer.from(Uint8Array.from({ length: random.below(200) }, () => random.below(256)))
    assert.not(exercise(noise))
    exercise(documentOf(noise, Buffer.alloc(random.below(64))))
  }
})

test('every kind of wrong table gets an error that says which', () => {
  const cases: readonly [string, (h: Record<string, unknown>) => void, RegExp][] = [
    ['rows of a wrong type', h => { h.n = '4' }, /number of rows/],
    ['negative rows', h => { h.n = -1 }, /number of rows/],
    ['more rows than the body holds', h => { h.n = 0xffffffff }, /outside the body/],
    ['no columns', h => { h.c = [] }, /column signal is missing/],
    ['columns of a wrong type', h => { h.c = { 0: 1 } }, /column table is not an array/],
    ['a column that is not aligned', h => { (h.c as number[])[1] = 4 }, /outside the body/],
    ['a column behind the end', h => { (h.c as number[])[1] = 1 << 30 }, /outside the body/],
    ['a column at a fraction', h => { (h.c as number[])[1] = 0.5 }, /outside the body/],
    ['a column at a string', h => { (h.c as unknown[])[1] = '8' }, /outside the body/],
    ['more strings than the body holds', h => { (h.s as number[])[0] = 0x7fffffff }, /outside the body/],
    ['no strings', h => { (h.s as number[])[0] = 0 }, /first string/],
    ['strings longer than the body', h => { (h.s as number[])[3] = 0x7fffffff }, /outside the body/],
    ['no resources', h => { h.r = [] }, /resource \d+ is not in its table of 0/],
    ['a resource of a wrong type', h => { h.r = [7] }, /a resource/],
    ['a scope of a wrong type', h => { h.o = ['x'] }, /a scope/],
    ['raw buffers behind the end', h => { h.b = [0, 0x7fffffff] }, /outside the body/],
    ['no raw buffers', h => { h.b = [] }, /raw bytes of row/],
    ['an attribute column of a wrong type', h => { h.a = [7] }, /an attribute column/],
    ['an attribute column without values', h => { h.a = [['k', false, 0]] }, /an attribute column/],
    ['attribute cells beyond the values', h => { h.a = [['k', false, (h.s as number[])[1] as number, []]] }, /not in its table/]
  ]
  for (const [name, spoil, message] of cases) {
    const { header, body } = parts(1, 4)
    spoil(header as unknown as Record<string, unknown>)
    assert.match(errorOf(documentOf(header, body)), message, name)
  }
})

test('strings out of order and string cells beyond the table are errors', () => {
  const { header, body } = parts(2, 20)
  const swapped = Buffer.from(body)
  swapped.writeUInt32LE(0xffffffff, header.s[1] + 4)
  assert.match(errorOf(documentOf(header, swapped)), /out of order/)
  const beyond = Buffer.from(body)
  const name = header.c.findIndex((v, i) => i % 2 === 0 && v === 14)
  beyond.writeUInt32LE(0xffff, header.c[name + 1] as number)
  assert.match(errorOf(documentOf(header, beyond)), /name 65535 is not in its table/)
})

test('another name, a higher version and a header that is not a map are told apart', () => {
  const { header, body } = parts()
  const good = documentOf(header, body)
  const other = Buffer.from(good)
  other[3] = 0x78
  assert.match(errorOf(other), /not a tapio.batch/)
  const higher = Buffer.from(good)
  higher[13] = 2
  assert.match(errorOf(higher), /version 2; this build reads version 1/)
  for (const wrong of [[], 7, null, 'header', Buffer.from([1])]) assert.match(errorOf(documentOf(packr.pack(wrong), body)), /not a map/)
})

test('unknown header keys and unknown columns of the same version are skipped', () => {
  const { header, body } = parts()
  const rows = (document: Buffer): unknown => { const r = decodeBatch(document); return r.ok ? plainRows(r.batch) : r.error }
  const more = { ...header, c: [...header.c, 9999, 0], z: { later: [1, 2, 3] } }
  assert.equal(rows(documentOf(more, body)), rows(documentOf(header, body)))
})

test('msgpack extensions are refused: no dates, records, references or typed arrays are built', () => {
  const { body } = parts()
  const hostile = [
    Buffer.from([0xd6, 0xff, 0, 0, 0, 1]), // timestamp
    Buffer.from([0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 1]), // record definition
    Buffer.from([0xd6, 0x69, 0, 0, 0, 1, 0x91, 0xd6, 0x70, 0, 0, 0, 1]), // cyclic reference
    Buffer.from([0xd4, 0x65, 0, 0x93, 0xa5, 0x45, 0x72, 0x72, 0x6f, 0x72, 0xa1, 0x61, 0xc0]), // Error
    Buffer.from([0xc7, 5, 0x74, 5, 0, 0, 0, 0]), // typed array
    Buffer.from([0xc1])
  ]
  for (const bytes of hostile) assert.match(errorOf(documentOf(Buffer.concat([Buffer.from([0x81, 0xa1, 0x61]), bytes]), body)), /has no place in a batch/)
})

test('counts that the bytes cannot hold and deep nesting are errors before anything is allocated', () => {
  const { body } = parts()
  const counts = [[0xdd, 0xff, 0xff, 0xff, 0xff], [0xdf, 0xff, 0xff, 0xff, 0xff], [0xdb, 0xff, 0xff, 0xff, 0xff], [0xc6, 0x7f, 0xff, 0xff, 0xff]]
  for (const bytes of counts) assert.match(errorOf(documentOf(Buffer.from(bytes), body)), /left/)
  const deep = Buffer.alloc(1_000_000, 0x91)
  assert.match(errorOf(documentOf(deep, body)), /nested deeper/)
  // 100,000 arrays that each promise as many items as there are bytes left: refused at the depth, not multiplied.
  const wide = Buffer.concat(Array.from({ length: 200 }, () => Buffer.from([0xdc, 0, 200])))
  const before = process.memoryUsage().heapUsed
  assert.match(errorOf(documentOf(wide, body)), /left|nested/)
  assert.ok(process.memoryUsage().heapUsed - before < 50_000_000)
})

test('a `__proto__` key stays a key and changes nobody\'s prototype', () => {
  const bytes = Buffer.concat([Buffer.from([0x81, 0xa9]), Buffer.from('__proto__'), Buffer.from([0x81, 0xa1, 0x78, 1])])
  const value = PlainReader.only(bytes) as object
  assert.is(Object.getPrototypeOf(value), Object.prototype)
  assert.equal(Object.keys(value), ['__proto__'])
  assert.is(({} as { x?: number }).x, undefined)
})

test('a raw row without an encoding may point anywhere: nothing reads it', () => {
  const { header, body } = parts()
  const out = Buffer.from(body)
  const offset = (id: number): number => header.c[header.c.findIndex((v, i) => i % 2 === 0 && v === id) + 1] as number
  out.fill(0, offset(100), offset(100) + 4)
  out.fill(0xff, offset(103), offset(103) + 16)
  const document = documentOf(header, out)
  assert.ok(exercise(document))
  const result = decodeBatch(document)
  // Written again, the dead bytes are gone, and no memory of somebody else came in their place.
  if (result.ok) assert.is(decodedBuffers(encodeBatch(result.batch)), 0)
})

function decodedBuffers (document: Uint8Array): number {
  const result = decodeBatch(document)
  return result.ok ? result.batch.raw.buffers.length : -1
}

test('the checksum is the CRC-32 of all bytes behind it', () => {
  const document = encodeBatch(randomBatch(seeded(2), 3), true)
  assert.is(document.readUInt32BE(15), crc32(document.subarray(19)))
})

test('the header reader agrees with msgpackr on every plain value', () => {
  for (const value of [0, 127, 128, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, -1, -32, -33, -128, -129, -32768, -32769, -(2 ** 31), 1.5, NaN, Infinity, 2n ** 63n - 1n, 2n ** 64n - 1n, -(2n ** 63n),
    null, true, false, '', 'a'.repeat(31), 'ż'.repeat(40), 'a'.repeat(300), 'a'.repeat(70_000), [], Array.from({ length: 20 }, (_, i) => i), new Array(70_000).fill(1), { a: { b: [{}] } }, Buffer.alloc(300, 3), Buffer.alloc(70_000)]) {
    assert.equal(PlainReader.only(packr.pack(value)), value)
  }
})

test.run()
