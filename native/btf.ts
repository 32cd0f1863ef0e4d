/**
 * BTF, the kernel's type format (https://docs.kernel.org/bpf/btf.html): enough of it to find the kernel's hooks and enum
 * names, and to read the maps, settings and records of our own objects.
 */
import { readFileSync } from 'node:fs'
import { cString } from './elf.js'

export const Kind = { int: 1, pointer: 2, array: 3, struct: 4, union: 5, enum: 6, typedef: 8, volatile: 9, const: 10, restrict: 11, func: 12, var: 14, dataSection: 15, enum64: 19 } as const

/** Bytes behind the 12 of every type: by kind, fixed or per entry. */
const fixedBytes: Readonly<Record<number, number>> = { [Kind.int]: 4, [Kind.array]: 12, [Kind.var]: 4, 17: 4 }
const entryBytes: Readonly<Record<number, number>> = { [Kind.struct]: 12, [Kind.union]: 12, [Kind.enum]: 8, 13: 8, [Kind.dataSection]: 12, [Kind.enum64]: 12 }

export interface Member { readonly name: string, readonly type: number, readonly offset: number }

export class Btf {
  /** Byte offset of each type; the id is the index, 0 is void. */
  readonly #types: Uint32Array
  readonly #strings: Buffer
  readonly count: number

  constructor (readonly bytes: Buffer) {
    if (bytes.length < 24 || bytes.readUInt16LE(0) !== 0xeb9f) throw new Error('not BTF: wrong magic')
    const head = bytes.readUInt32LE(4)
    const [typesAt, typesLength, stringsAt, stringsLength] = [8, 12, 16, 20].map(at => bytes.readUInt32LE(at)) as [number, number, number, number]
    this.#strings = bytes.subarray(head + stringsAt, head + stringsAt + stringsLength)
    const offsets = new Uint32Array(1 + Math.floor(typesLength / 12))
    let count = 1
    for (let at = head + typesAt, end = at + typesLength; at < end; count++) {
      offsets[count] = at
      const info = bytes.readUInt32LE(at + 4)
      const kind = info >>> 24 & 31
      at += 12 + (fixedBytes[kind] ?? (entryBytes[kind] ?? 0) * (info & 0xffff))
    }
    this.count = count
    this.#types = offsets.subarray(0, count)
  }

  string (at: number): string { return cString(this.#strings, at) }
  kind (id: number): number { return id === 0 ? 0 : this.bytes.readUInt32LE(this.offset(id) + 4) >>> 24 & 31 }
  name (id: number): string { return id === 0 ? '' : this.string(this.bytes.readUInt32LE(this.offset(id))) }
  /** `size` or `type` of the type's record, by its kind. */
  sizeOrType (id: number): number { return this.bytes.readUInt32LE(this.offset(id) + 8) }
  /** Where the type's record begins in `bytes`. */
  offset (id: number): number { return this.#types[id] as number }

  /** The first type of that kind and name, or 0. Looks at all: ask once and keep the answer. */
  find (kind: number, name: string): number {
    const wanted = this.#nameOffset(name)
    if (wanted < 0) return 0
    for (let id = 1; id < this.count; id++) {
      if (this.bytes.readUInt32LE(this.offset(id)) === wanted && this.kind(id) === kind) return id
    }
    return 0
  }

  /** Like `find` for many names in one pass; names that are not there are left out. */
  findAll (kind: number, names: readonly string[]): ReadonlyMap<string, number> {
    const wanted = new Map(names.map(name => [this.#nameOffset(name), name]))
    const found = new Map<string, number>()
    for (let id = 1; id < this.count; id++) {
      const name = wanted.get(this.bytes.readUInt32LE(this.offset(id)))
      if (name !== undefined && !found.has(name) && this.kind(id) === kind) found.set(name, id)
    }
    return found
  }

  members (id: number): readonly Member[] {
    return this.#entries(id, 12, at => ({
      name: this.string(this.bytes.readUInt32LE(at)),
      type: this.bytes.readUInt32LE(at + 4),
      offset: (this.bytes.readUInt32LE(at + 8) & 0xffffff) / 8
    }))
  }

  /** Names by value of an enum. */
  enumNames (id: number): ReadonlyMap<number, string> {
    const width = this.kind(id) === Kind.enum64 ? 12 : 8
    return new Map(this.#entries(id, width, at => [this.bytes.readUInt32LE(at + 4), this.string(this.bytes.readUInt32LE(at))] as const))
  }

  /** The variables of a data section: type id of each VAR and where its record is. */
  sectionEntries (id: number): readonly { readonly variable: number, readonly at: number }[] {
    return this.#entries(id, 12, at => ({ variable: this.bytes.readUInt32LE(at), at }))
  }

  /** `id` behind typedefs, const, volatile and restrict. */
  resolve (id: number): number {
    const through: readonly number[] = [Kind.typedef, Kind.volatile, Kind.const, Kind.restrict]
    while (through.includes(this.kind(id))) id = this.sizeOrType(id)
    return id
  }

  array (id: number): { readonly element: number, readonly count: number } {
    const at = this.offset(id) + 12
    return { element: this.bytes.readUInt32LE(at), count: this.bytes.readUInt32LE(at + 8) }
  }

  sizeOf (id: number): number {
    const type = this.resolve(id)
    switch (this.kind(type)) {
      case Kind.pointer: return 8
      case Kind.array: { const { element, count } = this.array(type); return this.sizeOf(element) * count }
      default: return type === 0 ? 0 : this.sizeOrType(type)
    }
  }

  #entries<T> (id: number, width: number, read: (at: number) => T): T[] {
    const at = this.offset(id)
    return Array.from({ length: this.bytes.readUInt32LE(at + 4) & 0xffff }, (_, i) => read(at + 12 + i * width))
  }

  /** The string table holds each name once (deduplicated), preceded by the NUL of the one before; -1 when it is not there. */
  #nameOffset (name: string): number {
    const at = this.#strings.indexOf(`\0${name}\0`)
    return at < 0 ? -1 : at + 1
  }
}

export const kernelBtfPath = '/sys/kernel/btf/vmlinux'

/** The types of the running kernel. 5 MB and 150,000 types: 20 ms, so keep it only as long as it is needed. */
export function kernelBtf (path = kernelBtfPath): Btf { return new Btf(readFileSync(path)) }
