/**
 * Random, valid messages of any type of the schema, written straight to the wire: every field of every message, unknown
 * fields, the extremes of every number, fields in any order, packed and unpacked lists, all AnyValue kinds, nesting.
 */
import type { Field, MessageType, Scalar } from '../schema.js'
import { Writer } from '../values.js'
import type { Random } from './random.js'

export interface MessageOptions {
  /** How often an optional field is there. */
  readonly density: number
  /** Levels of messages below this one. */
  readonly depth: number
  /** Unknown fields at every level. */
  readonly unknown: boolean
  /** Fields in order and lists of numbers packed in one piece, as encoders write them; else in every way a reader must take. */
  readonly tidy?: boolean
}

export const usual: MessageOptions = { density: 0.5, depth: 12, unknown: true }

const int64s = ['0', '1', '-1', '127', '128', '-128', '9007199254740991', '9007199254740993', '-9007199254740993', '9223372036854775807', '-9223372036854775808']
const uint64s = ['0', '1', '300', '4294967295', '4294967296', '1764000000123456789', '9007199254740993', '9223372036854775808', '18446744073709551615']
const int32s = [0, 1, 2, -1, 9, 17, 24, 25, 255, 256, 2147483647, -2147483648]
const uint32s = [0, 1, 127, 128, 16384, 4294967295]
const doubles = [0, -0, 1, -1.5, 0.1, Number.MAX_VALUE, Number.MIN_VALUE, Infinity, -Infinity, NaN, 2 ** 53, 1e300]
const strings = ['', 'a', 'GET /cart', 'service.name', 'naïve', '日本語', '👩‍🚀', 'x'.repeat(23), 'x'.repeat(24), 'y'.repeat(64), 'z'.repeat(65), 'long '.repeat(300), '\u0000\n\t"\\', '__proto__']
const ids = (length: number): Buffer[] => [0, 1, 255].map(byte => Buffer.alloc(length, byte)).concat(Buffer.alloc(0))

/** For each kind of field the values that break readers: empty, extreme, just around what fits somewhere. */
export const samples = {
  string: strings, bytes: [0, 1, 40, 127, 128].map(length => Buffer.alloc(length, 0xe2)), traceId: ids(16), spanId: ids(8), profileId: ids(16), bool: [true, false],
  int32: int32s, sint32: int32s, enum: int32s, uint32: uint32s, fixed32: uint32s, int64: int64s, sfixed64: int64s, uint64: uint64s, fixed64: uint64s, double: doubles
} as const satisfies Readonly<Record<Scalar, readonly unknown[]>>

export function randomMessage (rnd: Random, type: MessageType, options: MessageOptions = usual): Uint8Array {
  const w = Writer.create()
  const parts = type.fields.flatMap(field => occurrences(rnd, field, options).map(() => field))
  // Encoders write fields in order of number; readers must not rely on it.
  if (options.tidy !== true && rnd.chance(0.3)) shuffle(rnd, parts)
  const oneofs = new Set<string>()
  for (const field of parts) {
    if (options.unknown && rnd.chance(0.05)) unknownField(rnd, w)
    const group = oneofGroup(type, field)
    if (group !== undefined && oneofs.has(group)) continue
    if (group !== undefined) oneofs.add(group)
    writeField(rnd, w, field, options)
  }
  if (options.unknown && rnd.chance(0.1)) unknownField(rnd, w)
  return w.finish()
}

/** How often the field is written: singular fields at most once, lists in up to four pieces. */
function occurrences (rnd: Random, field: Field, options: MessageOptions): undefined[] {
  if (field.message !== undefined && options.depth <= 0) return []
  if (!rnd.chance(options.density)) return []
  if (options.tidy === true && field.packable) return [undefined]
  return new Array<undefined>(field.repeated ? 1 + rnd.below(field.message === undefined ? 4 : 3) : 1).fill(undefined)
}

/** Members of one oneof exclude each other. */
function oneofGroup (type: MessageType, field: Field): string | undefined {
  if (!field.explicit) return undefined
  if (type.name === 'AnyValue' || type.name === 'Metric') return type.name
  return field.name === 'asInt' || field.name === 'asDouble' ? 'value' : undefined
}

function writeField (rnd: Random, w: Writer, field: Field, options: MessageOptions): void {
  if (field.message !== undefined) {
    w.uint32(field.tag).bytes(randomMessage(rnd, field.message, { ...options, depth: options.depth - 1 }))
  } else if (field.packable && (options.tidy === true || rnd.chance(0.7))) {
    w.uint32(field.number << 3 | 2).fork()
    for (let n = rnd.below(5); n > 0; n--) writeScalar(rnd, w, field.scalar as Scalar)
    w.ldelim()
  } else {
    w.uint32(field.tag)
    writeScalar(rnd, w, field.scalar as Scalar)
  }
}

function writeScalar (rnd: Random, w: Writer, scalar: Scalar): void {
  switch (scalar) {
    case 'bytes': writeValue(w, scalar, rnd.bytes(rnd.below(40))); return
    case 'profileId': case 'traceId': writeValue(w, scalar, rnd.bytes(rnd.chance(0.9) ? 16 : 0)); return
    case 'spanId': writeValue(w, scalar, rnd.bytes(rnd.chance(0.9) ? 8 : 0)); return
    default: writeValue(w, scalar, rnd.pick<unknown>(samples[scalar]))
  }
}

/** One of `samples[scalar]`, or another value of its type. */
export function writeValue (w: Writer, scalar: Scalar, value: unknown): void {
  switch (scalar) {
    case 'string': w.string(value as string); return
    case 'bytes': case 'profileId': case 'traceId': case 'spanId': w.bytes(value as Uint8Array); return
    case 'bool': w.bool(value as boolean); return
    case 'enum': w.int32(value as number); return
    case 'int32': case 'sint32': case 'uint32': case 'fixed32': case 'double': w[scalar](value as number); return
    default: w[scalar](value as string)
  }
}

/** A field no message of OTLP has, of any wire type, groups included. */
export function unknownField (rnd: Random, w: Writer): void {
  const number = rnd.pick([51, 1000, 19_000, 0x1fffffff])
  const tag = (wire: number): number => (number << 3 | wire) >>> 0
  switch (rnd.below(5)) {
    case 0: w.uint32(tag(0)).uint64(rnd.pick(uint64s)); return
    case 1: w.uint32(tag(1)).fixed64(rnd.pick(uint64s)); return
    case 2: w.uint32(tag(2)).bytes(rnd.bytes(rnd.below(20))); return
    case 3: w.uint32(tag(3)).uint32(8).uint32(5).uint32(tag(4)); return
    default: w.uint32(tag(5)).fixed32(rnd.pick(uint32s))
  }
}

function shuffle<T> (rnd: Random, items: T[]): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = rnd.below(i + 1)
    ;[items[i], items[j]] = [items[j] as T, items[i] as T]
  }
}

/** `bytes` with a few bits, bytes or stretches changed, removed, doubled or inserted. */
export function mutate (rnd: Random, bytes: Uint8Array): Buffer {
  let out = Buffer.from(bytes)
  for (let n = 1 + rnd.below(3); n > 0; n--) {
    const at = rnd.below(out.length + 1)
    const length = rnd.below(6)
    switch (rnd.below(5)) {
      case 0: if (out.length > 0) out[at % out.length] = rnd.next() & 0xff; break
      case 1: if (out.length > 0) out[at % out.length] = (out[at % out.length] as number) ^ 1 << rnd.below(8); break
      case 2: out = Buffer.concat([out.subarray(0, at), out.subarray(at + length)]); break
      case 3: out = Buffer.concat([out.subarray(0, at), rnd.bytes(length), out.subarray(at)]); break
      default: out = Buffer.concat([out.subarray(0, at + length), out.subarray(at)])
    }
  }
  return out
}
