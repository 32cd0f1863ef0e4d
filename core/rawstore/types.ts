/**
 * What the bytes of a record mean, written into every segment: a file stays readable when the receiver that wrote it has
 * changed or is not there, and core needs to know no receiver.
 */
export type RawFieldKind = 'u8' | 'u16' | 'u32' | 'i32' | 'u64' | 'text' | 'bytes'

export interface RawField {
  readonly kind: RawFieldKind
  readonly offset: number
  /** Bytes; `text` may end before at a NUL, `text` and `bytes` where the record ends. */
  readonly size: number
}

export interface RawType {
  /** The writer's number, 1 to 65535. */
  readonly id: number
  /** What people ask for: `oom_kill`. */
  readonly name: string
  readonly fields: Readonly<Record<string, RawField>>
}

const sizes: Readonly<Record<RawFieldKind, number>> = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, text: 0, bytes: 0 }
const maxRecordBytes = 65_535

export function encodeTypes (types: readonly RawType[]): Buffer {
  return Buffer.from(JSON.stringify(types.map(({ id, name, fields }) => ({ id, name, fields: Object.fromEntries(Object.entries(fields).map(([key, { kind, offset, size }]) => [key, { kind, offset, size }])) }))))
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
  const { kind, offset, size } = (value ?? {}) as Partial<RawField>
  if (typeof kind !== 'string' || !Object.hasOwn(sizes, kind) || !isLength(offset) || !isLength(size)) return false
  return sizes[kind] === 0 || sizes[kind] === size
}

const isLength = (n: unknown): n is number => Number.isInteger(n) && (n as number) >= 0 && (n as number) <= maxRecordBytes

/** Numbers up to 2^53, larger ones and all 64-bit ones as bigint, bytes as a view. */
export type RawValue = number | bigint | string | Uint8Array

/** The fields that the record is long enough for. */
export function decodeFields (type: RawType, bytes: Uint8Array): Record<string, RawValue> {
  const record = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out: Record<string, RawValue> = {}
  for (const [key, field] of Object.entries(type.fields)) {
    const value = decodeField(record, field)
    if (value !== undefined) out[key] = value
  }
  return out
}

function decodeField (record: Buffer, { kind, offset, size }: RawField): RawValue | undefined {
  if (kind === 'text' || kind === 'bytes') {
    if (offset > record.length) return undefined
    const part = record.subarray(offset, offset + size)
    if (kind === 'bytes') return part
    const nul = part.indexOf(0)
    return part.toString('utf8', 0, nul < 0 ? part.length : nul)
  }
  if (offset + size > record.length) return undefined
  switch (kind) {
    case 'u8': return record.readUInt8(offset)
    case 'u16': return record.readUInt16LE(offset)
    case 'u32': return record.readUInt32LE(offset)
    case 'i32': return record.readInt32LE(offset)
    case 'u64': return record.readBigUInt64LE(offset)
  }
}
