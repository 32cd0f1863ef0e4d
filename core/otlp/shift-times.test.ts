import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RawEncoding } from '../data/enums.js'
import { seeded } from '../data/testing/random.js'
import { shiftTimes } from './shift-times.js'
import { WireError } from './wire.js'

/** Protobuf by hand: fixed64, bytes and varint fields. */
const tag = (field: number, wire: number): number[] => { const t = field << 3 | wire; return t < 128 ? [t] : [t & 127 | 128, t >> 7] }
const fixed = (field: number, value: bigint): Buffer => { const b = Buffer.alloc(8); b.writeBigUInt64LE(value); return Buffer.concat([Buffer.from(tag(field, 1)), b]) }
const bytes = (field: number, ...parts: Buffer[]): Buffer => { const b = Buffer.concat(parts); return Buffer.concat([Buffer.from([...tag(field, 2), b.length & 127 | 128, b.length >> 7]), b]) }
const varint = (field: number, value: number): Buffer => Buffer.from([...tag(field, 0), value])

/** Records in which `t` is every time, and 99n stands in fixed64 fields that are no time. */
const records: [number, (t: bigint) => Buffer][] = [
  [RawEncoding.otlpSpan, t => Buffer.concat([bytes(5, Buffer.from('GET')), fixed(7, t), fixed(8, t), bytes(11, fixed(1, t), bytes(2, Buffer.from('event'))), bytes(9, fixed(1, 99n)), fixed(200, 99n)])],
  [RawEncoding.otlpLogRecord, t => Buffer.concat([fixed(1, t), varint(2, 9), fixed(11, t), fixed(7, 99n)])],
  ...([[5, 5], [7, 5], [9, 8], [10, 11], [11, 0]] as const).map(([data, exemplars]): [number, (t: bigint) => Buffer] => [RawEncoding.otlpMetric,
    t => Buffer.concat([bytes(1, Buffer.from('m')), bytes(data, bytes(1, fixed(2, t), fixed(3, t), fixed(exemplars === 5 ? 6 : 4, 99n), exemplars === 0 ? Buffer.alloc(0) : bytes(exemplars, fixed(2, t), fixed(3, 99n))), varint(2, 1))])])
]

for (const [encoding, make] of records) {
  test(`every time of a record with encoding ${encoding} moves, nothing else does (${make(1n).length} bytes)`, () => {
    const moved = make(1_700_000_000_000_000_000n)
    shiftTimes(moved, encoding, 0, moved.length, -700_000_000_000_000_000n)
    assert.equal(moved, make(1_000_000_000_000_000_000n))
    const unknown = make(0n)
    shiftTimes(unknown, encoding, 0, unknown.length, 5n)
    assert.equal(unknown, make(0n), 'an unknown time stays unknown')
  })
}

test('malformed records end in a WireError or in bytes of the same length, never beyond the record', () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const random = seeded(seed)
    const [encoding, make] = random.pick(records)
    const record = make(7n)
    for (let n = 0; n < 3; n++) record[random.below(record.length)] = random.below(256)
    const around = Buffer.concat([Buffer.alloc(16, 0xee), record, Buffer.alloc(16, 0xee)])
    try {
      shiftTimes(around, encoding, 16, 16 + record.length, 1n)
    } catch (error) {
      assert.instance(error, WireError)
    }
    assert.ok(around.subarray(0, 16).every(b => b === 0xee) && around.subarray(-16).every(b => b === 0xee), `seed ${seed}`)
  }
})

test.run()
