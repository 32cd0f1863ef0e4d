/**
 * BTF, the kernel's type format (https://docs.kernel.org/bpf/btf.html): enough of it to find the kernel's hooks and enum
 * names, and to read the maps, settings and records of our own objects.
 */
import { readFileSync } from 'node:fs'
import { cString, FormatError } from './elf.js'

export const Kind = { int: 1, pointer: 2, array: 3, struct: 4, union: 5, enum: 6, typedef: 8, volatile: 9, const: 10, restrict: 11, func: 12, var: 14, dataSection: 15, enum64: 19 } as const

/** Bytes behind the 12 of every type: by kind, fixed or per entry. */
const fixedBytes: Readonly<Record<number, number>> = { [Kind.int]: 4, [Kind.array]: 12, [Kind.var]: 4, 17: 4 }
const entryBytes: Readonly<Record<number, number>> = { [Kind.struct]: 12, [Kind.union]: 12, [Kind.enum]: 8, 13: 8, [Kind.dataSection]: 12, [Kind.enum64]: 12 }

/** enum64, of Linux 6.0. */
const newestKind = 19
/** Of typedefs behind one another, and of dimensions: none that a compiler makes from sane source has as many. */
const maxDepth = 64

export interface Member { readonly name: string, readonly type: number, readonly offset: number }

export class Btf {
  /** Byte offset of each type; the id is the index, 0 is void. */
  readonly #types: Uint32Array
  readonly #strings: Buffer
  readonly count: number

  constructor (readonly bytes: Buffer) {
    if (bytes.length < 24 || bytes.readUInt16LE(0) !== 0xeb9f) throw new FormatError('not BTF: wrong magic')
    const head = bytes.readUInt32LE(4)
    const [typesAt, typesLength, stringsAt, stringsLength] = [8, 12, 16, 20].map(at => bytes.readUInt32LE(at)) as [number, number, number, number]
    if (Math.max(head + typesAt + typesLength, head + stringsAt + stringsLength) > bytes.length) throw new FormatError(`BTF is cut off: ${bytes.length} bytes`)
    this.#strings = bytes.subarray(head + stringsAt, head + stringsAt + stringsLength)
    this.#types = readOffsets(bytes, head + typesAt, typesLength)
    this.count = this.#types.length
  }

  string (at: number): string { return cString(this.#strings, at) }
  kind (id: number): number { return id === 0 ? 0 : this.bytes.readUInt32LE(this.offset(id) + 4) >>> 24 & 31 }
  name (id: number): string { return id === 0 ? '' : this.string(this.bytes.readUInt32LE(this.offset(id))) }
  /** `size` or `type` of the type's record, by its kind. */
  sizeOrType (id: number): number { return this.bytes.readUInt32LE(this.offset(id) + 8) }
  /** Where the type's record begins in `bytes`. Type 0, void, has none. */
  offset (id: number): number {
    const at = this.#types[id]
    if (at === undefined || id === 0) throw new FormatError(`BTF has no type ${id}`)
    return at
  }

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
    return this.#entries(id, [Kind.struct, Kind.union], 12, at => ({
      name: this.string(this.bytes.readUInt32LE(at)),
      type: this.bytes.readUInt32LE(at + 4),
      offset: (this.bytes.readUInt32LE(at + 8) & 0xffffff) / 8
    }))
  }

  /** Names by value of an enum. */
  enumNames (id: number): ReadonlyMap<number, string> {
    const width = this.kind(id) === Kind.enum64 ? 12 : 8
    return new Map(this.#entries(id, [Kind.enum, Kind.enum64], width, at => [this.bytes.readUInt32LE(at + 4), this.string(this.bytes.readUInt32LE(at))] as const))
  }

  /** The variables of a data section: type id of each VAR and where its record is. */
  sectionEntries (id: number): readonly { readonly variable: number, readonly at: number }[] {
    return this.#entries(id, [Kind.dataSection], 12, at => ({ variable: this.bytes.readUInt32LE(at), at }))
  }

  /** `id` behind typedefs, const, volatile and restrict. */
  resolve (id: number): number {
    const through: readonly number[] = [Kind.typedef, Kind.volatile, Kind.const, Kind.restrict]
    let type = id
    for (let depth = 0; through.includes(this.kind(type)); depth++) {
      if (depth === maxDepth) throw new FormatError(`BTF type ${id} stands for itself`)
      type = this.sizeOrType(type)
    }
    return type
  }

  array (id: number): { readonly element: number, readonly count: number } {
    if (this.kind(id) !== Kind.array) throw new FormatError(`BTF type ${id} is no array`)
    const at = this.offset(id) + 12
    return { element: this.bytes.readUInt32LE(at), count: this.bytes.readUInt32LE(at + 8) }
  }

  sizeOf (id: number): number {
    let [type, times] = [this.resolve(id), 1]
    for (let depth = 0; this.kind(type) === Kind.array; depth++) {
      if (depth === maxDepth) throw new FormatError(`BTF type ${id} is an array of itself`)
      const { element, count } = this.array(type)
      times *= count
      type = this.resolve(element)
    }
    return type === 0 ? 0 : times * (this.kind(type) === Kind.pointer ? 8 : this.sizeOrType(type))
  }

  #entries<T> (id: number, kinds: readonly number[], width: number, read: (at: number) => T): T[] {
    const at = this.offset(id)
    if (!kinds.includes(this.kind(id))) throw new FormatError(`BTF type ${id} is of kind ${this.kind(id)}, expected ${kinds.join(' or ')}`)
    return Array.from({ length: this.bytes.readUInt32LE(at + 4) & 0xffff }, (_, i) => read(at + 12 + i * width))
  }

  /** The string table holds each name once (deduplicated), preceded by the NUL of the one before; -1 when it is not there. */
  #nameOffset (name: string): number {
    const at = this.#strings.indexOf(`\0${name}\0`)
    return at < 0 ? -1 : at + 1
  }
}

/** Byte offset of each type. */
function readOffsets (bytes: Buffer, from: number, length: number): Uint32Array {
  const offsets = new Uint32Array(1 + Math.floor(length / 12))
  let [count, at] = [1, from]
  for (const end = from + length; at < end; count++) {
    if (end - at < 12) throw new FormatError(`BTF type ${count} is cut off`)
    offsets[count] = at
    const info = bytes.readUInt32LE(at + 4)
    const kind = info >>> 24 & 31
    // Its length is not known, so nothing behind it can be found.
    if (kind === 0 || kind > newestKind) throw new FormatError(`BTF type ${count} is of kind ${kind}; known are 1 to ${newestKind}`)
    at += 12 + (fixedBytes[kind] ?? (entryBytes[kind] ?? 0) * (info & 0xffff))
    if (at > end) throw new FormatError(`BTF type ${count} is cut off`)
  }
  return offsets.subarray(0, count)
}

export const kernelBtfPath = '/sys/kernel/btf/vmlinux'

/** The types of the running kernel. 5 MB and 150,000 types: 20 ms, so keep it only as long as it is needed. */
export function kernelBtf (path = kernelBtfPath): Btf {
  const bytes = readFileSync(path)
  try {
    return new Btf(bytes)
  } catch (error) {
    throw new FormatError(`the kernel's type information ${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
