/**
 * What the bytes of a record mean, written into every segment: a file stays readable when the receiver that wrote it has
 * changed or is not there, and core needs to know no receiver.
 */
export type RawFieldKind = 'u8' | 'u16' | 'u32' | 'i32' | 'u64' | 'text' | 'bytes' | 'words' | 'address'

export interface RawField {
  /** `text` ends at a NUL or with the field, `words` are texts that end with NULs, an `address` is IPv4 or IPv6 by `family`. */
  readonly kind: RawFieldKind
  readonly offset: number
  /** Bytes at most; what is no number ends where the record does. */
  readonly size: number
  /** Names of number fields: how many bytes to leave out at the front and how many to take then. */
  readonly skip?: string
  readonly take?: string
  /** Name of the number field that says 2 for IPv4, 10 for IPv6. */
  readonly family?: string
}

export interface RawType {
  /** The writer's number, 1 to 65535. */
  readonly id: number
  /** What people ask for: `oom_kill`. */
  readonly name: string
  readonly fields: Readonly<Record<string, RawField>>
}

const sizes: Readonly<Record<RawFieldKind, number>> = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, text: 0, bytes: 0, words: 0, address: 0 }
const maxRecordBytes = 65_535

export function encodeTypes (types: readonly RawType[]): Buffer {
  return Buffer.from(JSON.stringify(types, ['id', 'name', 'fields', ...new Set(types.flatMap(type => Object.keys(type.fields))), 'kind', 'offset', 'size', 'skip', 'take', 'family']))
}

/** The types that are whole; others are left out, their records then have bytes and no fields. Trusts nothing. */
export function decodeTypes (bytes: Uint8Array): RawType[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch {
    return []
  }
  return Array.isArray(parsed) ? parsed.filter(isType) : []
}

function isType (value: unknown): value is RawType {
  const { id, name, fields } = (value ?? {}) as Partial<RawType>
  return Number.isInteger(id) && typeof name === 'string' && typeof fields === 'object' && fields !== null && Object.values(fields).every(isField)
}

function isField (value: unknown): value is RawField {
  const { kind, offset, size, skip = '', take = '', family = '' } = (value ?? {}) as Partial<RawField>
  if ([skip, take, family].some(name => typeof name !== 'string')) return false
  if (typeof kind !== 'string' || !Object.hasOwn(sizes, kind) || !isLength(offset) || !isLength(size)) return false
  return sizes[kind] === 0 || sizes[kind] === size
}

const isLength = (n: unknown): n is number => Number.isInteger(n) && (n as number) >= 0 && (n as number) <= maxRecordBytes

/** 64-bit numbers are bigint, `bytes` a view of the record. */
export type RawValue = number | bigint | string | readonly string[] | Uint8Array

/** The fields that the record is long enough for. */
export function decodeFields (type: RawType, bytes: Uint8Array): Record<string, RawValue> {
  const record = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out: Record<string, RawValue> = {}
  for (const [key, field] of Object.entries(type.fields)) {
    const value = sizes[field.kind] === 0 ? decodePart(type, record, field) : decodeNumber(record, field)
    if (value !== undefined) out[key] = value
  }
  return out
}

function decodeNumber (record: Buffer, { kind, offset, size }: RawField): number | bigint | undefined {
  if (offset + size > record.length) return undefined
  switch (kind) {
    case 'u8': return record.readUInt8(offset)
    case 'u16': return record.readUInt16LE(offset)
    case 'u32': return record.readUInt32LE(offset)
    case 'i32': return record.readInt32LE(offset)
    case 'u64': return record.readBigUInt64LE(offset)
    default: return undefined
  }
}

function decodePart (type: RawType, record: Buffer, field: RawField): RawValue | undefined {
  const { kind, offset, size } = field
  if (offset > record.length) return undefined
  const numberOf = (name: string | undefined, otherwise: number): number => {
    const named = name === undefined ? undefined : type.fields[name]
    return Number((named === undefined ? undefined : decodeNumber(record, named)) ?? otherwise)
  }
  const from = numberOf(field.skip, 0)
  const part = record.subarray(offset, offset + size).subarray(from, from + numberOf(field.take, size))
  if (kind === 'bytes') return part
  if (kind === 'address') return addressText(part, numberOf(field.family, 0))
  const text = part.toString('utf8')
  if (kind === 'words') return text.split('\0').slice(0, text.endsWith('\0') || text === '' ? -1 : undefined)
  return text.split('\0', 1)[0] as string
}

/** '' when it is none. IPv6 is shortened by the URL parser, which follows RFC 5952. */
function addressText (bytes: Buffer, family: number): string {
  if (family === 2 && bytes.length >= 4) return bytes.subarray(0, 4).join('.')
  if (family !== 10 || bytes.length < 16) return ''
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
