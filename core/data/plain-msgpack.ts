/**
 * Reads plain msgpack: nil, booleans, numbers, strings, binary, arrays and maps with string keys; nothing else, no deeper
 * than `maxDepth`, and never more items than bytes are left for.
 *
 * Headers are written with msgpackr but not read with it, because documents come from outside: its extensions build Dates,
 * Errors, Sets, cyclic references and record classes (through `new Function`) out of whatever the bytes say, `__proto__`
 * comes back as `__proto_`, and it looks for strings beyond the value it was asked for, in the body of the batch.
 * On headers of 0.7 to 66 KB it took 0.8 to 1.4 times as long as msgpackr. https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { constants } from 'node:buffer'
import { setOwn, type AttributeValue } from './attributes.js'

/** The bytes are not what they should be. Stays inside this room: decodeBatch turns it into the result's `error`. */
export class Malformed extends Error {
  override readonly name = 'Malformed'
}

/** As deep as protobuf lets an AnyValue nest, and a few levels of header around it. */
const maxDepth = 108

const windowBytes = 4096

/** V8 makes no longer strings: asking for one would throw something that is not Malformed. */
export const maxText = constants.MAX_STRING_LENGTH

export class PlainReader {
  #at: number
  readonly #end: number
  #depth = 0
  #window = ''
  #windowAt = 0

  constructor (readonly bytes: Buffer, start = 0, end = bytes.length) {
    this.#at = start
    this.#end = end
  }

  /** The one value between start and end. Throws Malformed. */
  static only (bytes: Buffer, start?: number, end?: number): AttributeValue {
    const reader = new PlainReader(bytes, start, end)
    const value = reader.value()
    if (reader.#at !== reader.#end) throw new Malformed(`${reader.#end - reader.#at} bytes after the value`)
    return value
  }

  value (): AttributeValue {
    const tag = this.bytes[this.#need(1)] as number
    if (tag < 0x80) return tag
    if (tag < 0x90) return this.#map(tag & 0x0f)
    if (tag < 0xa0) return this.#array(tag & 0x0f)
    if (tag < 0xc0) return this.#text(tag & 0x1f)
    if (tag >= 0xe0) return tag - 0x100
    if (tag >= 0xca && tag <= 0xd3) return this.#number(tag)
    switch (tag) {
      case 0xc0: return null
      case 0xc2: return false
      case 0xc3: return true
      case 0xc4: case 0xc5: case 0xc6: return this.#binary(this.#size(tag - 0xc4))
      case 0xd9: case 0xda: case 0xdb: return this.#text(this.#size(tag - 0xd9))
      case 0xdc: case 0xdd: return this.#array(this.#size(tag - 0xdc + 1))
      case 0xde: case 0xdf: return this.#map(this.#size(tag - 0xde + 1))
      default: throw new Malformed(`msgpack type 0x${tag.toString(16)} at byte ${this.#at - 1} has no place in a batch`)
    }
  }

  /** Claims `n` bytes; returns where they start. */
  #need (n: number): number {
    const at = this.#at
    if (n > this.#end - at) throw new Malformed(`truncated: ${n} bytes wanted at byte ${at}, ${this.#end - at} left`)
    this.#at = at + n
    return at
  }

  /** A length of 1, 2 or 4 bytes (`log2` 0, 1, 2). */
  #size (log2: number): number {
    const at = this.#need(1 << log2)
    return log2 === 0 ? this.bytes[at] as number : log2 === 1 ? this.bytes.readUInt16BE(at) : this.bytes.readUInt32BE(at)
  }

  #number (tag: number): number | bigint {
    const { bytes } = this
    switch (tag) {
      case 0xca: return bytes.readFloatBE(this.#need(4))
      case 0xcb: return bytes.readDoubleBE(this.#need(8))
      case 0xcc: return bytes[this.#need(1)] as number
      case 0xcd: return bytes.readUInt16BE(this.#need(2))
      case 0xce: return bytes.readUInt32BE(this.#need(4))
      case 0xcf: return bytes.readBigUInt64BE(this.#need(8))
      case 0xd0: return bytes.readInt8(this.#need(1))
      case 0xd1: return bytes.readInt16BE(this.#need(2))
      case 0xd2: return bytes.readInt32BE(this.#need(4))
      default: return bytes.readBigInt64BE(this.#need(8))
    }
  }

  /** A view, not a copy. */
  #binary (length: number): Buffer {
    const at = this.#need(length)
    return this.bytes.subarray(at, at + length)
  }

  /**
   * A call into C++ costs about 120 ns whatever the length, a substring 30: so the bytes are turned into text a window at
   * a time. Small windows, because a substring keeps its parent alive.
   */
  #text (length: number): string {
    const { bytes } = this
    const at = this.#need(length)
    const stop = at + length
    if (length > maxText) throw new Malformed(`a string of ${length} bytes at byte ${at}`)
    if (length > windowBytes >> 3) return bytes.toString('utf8', at, stop)
    for (let i = at; i < stop; i++) if ((bytes[i] as number) >= 0x80) return bytes.toString('utf8', at, stop)
    if (stop > this.#windowAt + this.#window.length) {
      this.#windowAt = at
      this.#window = bytes.toString('latin1', at, Math.min(at + windowBytes, this.#end))
    }
    return this.#window.substring(at - this.#windowAt, stop - this.#windowAt)
  }

  /** Every item takes at least a byte (`each`), so a count that the bytes cannot hold allocates nothing. */
  #enter (count: number, each: number): void {
    if (count * each > this.#end - this.#at) throw new Malformed(`${count} items at byte ${this.#at} with ${this.#end - this.#at} bytes left`)
    if (++this.#depth > maxDepth) throw new Malformed(`nested deeper than ${maxDepth}`)
  }

  #array (count: number): AttributeValue[] {
    this.#enter(count, 1)
    const items: AttributeValue[] = []
    for (let i = 0; i < count; i++) items.push(this.value())
    this.#depth--
    return items
  }

  #map (count: number): { [key: string]: AttributeValue } {
    this.#enter(count, 2)
    const items: { [key: string]: AttributeValue } = {}
    for (let i = 0; i < count; i++) {
      const key = this.value()
      if (typeof key !== 'string') throw new Malformed(`a map key before byte ${this.#at} is not a string`)
      setOwn(items, key, this.value())
    }
    this.#depth--
    return items
  }
}
