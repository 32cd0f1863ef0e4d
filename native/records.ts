/** Kernel records as objects: for the raw path, people and tests. The receiver writes columns with `field` instead. */
import { recordTable, headerSize, type Field, type FieldKind, type RecordName, type RecordSpec } from './record-table.js'

interface ValueOf { u8: number, u16: number, u32: number, i32: number, u64: bigint, text: string, bytes: Uint8Array }

type Values<F> = { readonly [K in keyof F]: F[K] extends Field<infer T extends FieldKind> ? ValueOf[T] : never }

/** A record of one kind: `name`, then the fields of its table. */
export type RecordOf<N extends RecordName> = { readonly name: N } & Values<(typeof recordTable)[N]['fields']>

/** Any record. `name` says which; every one has the header's fields (pid, comm, cgroup_id, memcg_id, netns, …). */
export type KernelRecord = { [N in RecordName]: RecordOf<N> }[RecordName]

const names: (RecordName | undefined)[] = []
for (const [name, { id }] of Object.entries(recordTable)) names[id] = name as RecordName

/** The name of a record type number, or undefined: a newer writer. */
export function recordName (type: number): RecordName | undefined { return names[type] }

/** Reads fields of the record that starts at `start`. The caller has checked the record's size. */
export class RecordReader {
  readonly #view: DataView
  readonly #bytes: Buffer
  start = 0
  /** Where the record ends: what has no fixed length is not read beyond it, whatever its length fields say. */
  end: number

  constructor (bytes: Uint8Array) {
    this.end = bytes.byteLength
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  number (field: Field<'u8' | 'u16' | 'u32' | 'i32'>): number {
    const at = this.start + field.offset
    switch (field.kind) {
      case 'u8': return this.#view.getUint8(at)
      case 'u16': return this.#view.getUint16(at, littleEndian)
      case 'u32': return this.#view.getUint32(at, littleEndian)
      case 'i32': return this.#view.getInt32(at, littleEndian)
    }
  }

  wide (field: Field<'u64'>): bigint { return this.#view.getBigUint64(this.start + field.offset, littleEndian) }

  /** Text up to its NUL. */
  text (field: Field<'text'>): string {
    const from = this.start + field.offset
    const nul = this.#bytes.indexOf(0, from)
    return this.#bytes.toString('utf8', from, nul < 0 || nul > from + field.size ? from + field.size : nul)
  }

  /** The bytes of a field, up to `length` where the record is cut after it: a view. */
  bytes (field: Field<'bytes'>, length = field.size): Buffer {
    const from = this.start + field.offset
    return this.#bytes.subarray(from, Math.max(from, Math.min(from + Math.min(length, field.size), this.end)))
  }

  /** A field of any kind. */
  value (field: Field): ValueOf[FieldKind] {
    if (field.kind === 'u64') return this.wide(field as Field<'u64'>)
    if (field.kind === 'text') return this.text(field as Field<'text'>)
    return field.kind === 'bytes' ? this.bytes(field as Field<'bytes'>) : this.number(field as Field<'u32'>)
  }
}

/** Records are in the byte order of the machine that made them; every architecture Node 20 runs on with BPF is little-endian but s390x. */
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** What a record is, or why its bytes are none. Trusts nothing: raw records come from disks too. */
export function checkRecord (bytes: Uint8Array): { readonly name: RecordName, readonly spec: RecordSpec } | { readonly fault: string } {
  if (bytes.length < headerSize) return { fault: `${bytes.length} bytes, a record has at least ${headerSize}` }
  const reader = new RecordReader(bytes)
  const name = names[reader.number(recordTable.oom_kill.fields.type)]
  if (name === undefined) return { fault: `type ${reader.number(recordTable.oom_kill.fields.type)} is not known here` }
  const spec: RecordSpec = recordTable[name]
  if (bytes.length < spec.fixedSize) return { fault: `${bytes.length} bytes, a ${name} has at least ${spec.fixedSize}` }
  return { name, spec }
}

/** One record as an object of its own (nothing in it is a view of `bytes`), or why it is none. */
export function readRecord (bytes: Uint8Array): KernelRecord | { readonly fault: string } {
  const checked = checkRecord(bytes)
  if ('fault' in checked) return checked
  const reader = new RecordReader(bytes)
  const out: Record<string, unknown> = { name: checked.name }
  for (const [key, field] of Object.entries(checked.spec.fields)) {
    // A record cut behind its fixed part: what is missing of a variable end is no value.
    const room = bytes.length - field.offset
    const value = field.kind === 'bytes' ? Uint8Array.from(reader.bytes(field as Field<'bytes'>, room)) : room < field.size ? undefined : reader.value(field)
    if (value !== undefined) out[key] = value
  }
  return out as unknown as KernelRecord
}

/** The path of a cgroup_mkdir or cgroup_rmdir. */
export function cgroupPath (record: Pick<RecordOf<'cgroup_mkdir'>, 'path' | 'path_size'>): string {
  return Buffer.from(record.path).toString('utf8', 0, Math.min(record.path_size, record.path.length))
}

/** File name and arguments of an exec. */
export function commandLine (record: Pick<RecordOf<'exec'>, 'data' | 'filename_size' | 'args_size'>): { readonly filename: string, readonly args: readonly string[] } {
  const data = Buffer.from(record.data)
  const { filename_size: split, args_size: size } = record
  const args = data.toString('utf8', split, split + size).split('\0')
  if (args.at(-1) === '') args.pop()
  return { filename: data.toString('utf8', 0, split), args }
}

/** An address of a flow in text. */
export function addressText (bytes: Uint8Array, family: number): string {
  if (family === 2) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
  if (family !== 10) return ''
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[i * 2] as number) << 8 | bytes[i * 2 + 1] as number))
  if (groups.slice(0, 5).every(g => g === 0) && groups[5] === 0xffff) return addressText(bytes.subarray(12), 2)
  return shortened(groups)
}

/** RFC 5952: the longest run of two or more zero groups becomes `::`. */
function shortened (groups: readonly number[]): string {
  let [from, length] = [-1, 1]
  for (let i = 0; i < 8; i++) {
    let n = 0
    while (i + n < 8 && groups[i + n] === 0) n++
    if (n > length) [from, length] = [i, n]
    i += n
  }
  const hex = (part: readonly number[]): string => part.map(g => g.toString(16)).join(':')
  return from < 0 ? hex(groups) : `${hex(groups.slice(0, from))}::${hex(groups.slice(from + length))}`
}
