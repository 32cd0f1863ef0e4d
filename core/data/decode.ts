/**
 * Reads the document of codec.ts. The columns, strings and raw buffers of the batch are views of the bytes given, which
 * must not change afterwards. Whatever the bytes are, the answer is a batch whose every index is in range, or an error.
 */
import { EventBatch } from './batch.js'
import { columnById, columnSpecs, makeColumn, requiredColumns, widths, type ColumnArray, type ColumnName, type Columns, type Storage } from './columns.js'
import { between, checksumOf, formatVersion, headerCodec, prefix, type Header } from './codec.js'
import type { AttributeColumn, Attributes, AttributeValue } from './attributes.js'
import type { RawStore } from './raw.js'
import { Resource, Scope } from './resource.js'
import { StringTable } from './strings.js'

export type DecodeResult = { readonly ok: true, readonly batch: EventBatch } | { readonly ok: false, readonly error: string }

/** Inside this file only: turned into the result's `error`. */
class Malformed extends Error {}

/** `bytes` holds exactly one document. */
export function decodeBatch (bytes: Uint8Array): DecodeResult {
  try {
    return { ok: true, batch: decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) }
  } catch (error) {
    // msgpackr reports bad headers by throwing; so do typed arrays out of range. None of it may leave this room.
    return { ok: false, error: error instanceof Error ? error.message : String(error) }
  }
}

function decode (document: Buffer): EventBatch {
  if (document.length < prefix.length || document.compare(prefix, 0, prefix.length - 1, 0, prefix.length - 1) !== 0) throw new Malformed('not a tapio.batch document')
  const version = document[prefix.length - 1]
  if (version !== formatVersion) throw new Malformed(`tapio.batch version ${version}; this build reads version ${formatVersion}`)
  const { header, headerEnd } = readHeader(document)
  const body = readBody(document, headerEnd, header.p)
  return assemble(header, body)
}

/** msgpackr tells where a value ended only while reading several, so the header is the first of a sequence cut short. */
function readHeader (document: Buffer): { header: Header, headerEnd: number } {
  let header: unknown
  let headerEnd = 0
  headerCodec.unpackMultiple(document.subarray(prefix.length), ((value: unknown, _start?: number, end?: number) => {
    header = value
    headerEnd = prefix.length + (end ?? 0)
    return false
  }) as never)
  if (!isHeader(header)) throw new Malformed('the header is not of the expected form')
  return { header, headerEnd }
}

function isHeader (h: unknown): h is Header {
  if (typeof h !== 'object' || h === null) return false
  const { n, p, c, s, a, r, o, b } = h as Partial<Header>
  return isSize(n) && isSize(p) && p < 8 && [c, s, a, r, o, b].every(Array.isArray)
}

const isSize = (n: unknown): n is number => typeof n === 'number' && Number.isInteger(n) && n >= 0 && n <= 0xffffffff

function readBody (document: Buffer, at: number, pad: number): Buffer {
  if (at + between > document.length || document[at] !== 0xce || document[at + 5] !== 0xc6) throw new Malformed('truncated after the header')
  const length = document.readUInt32BE(at + 6) - pad
  const bodyAt = at + between + pad
  if (length < 0 || bodyAt + length !== document.length) throw new Malformed(`the body should be ${length} bytes, found ${document.length - bodyAt}`)
  const crc = document.readUInt32BE(at + 1)
  if (crc !== 0 && crc !== checksumOf(document, at, bodyAt, length)) throw new Malformed('checksum does not match: the document is damaged')
  const body = document.subarray(bodyAt)
  return body.byteOffset % 8 === 0 ? body : aligned(body)
}

function aligned (bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

function assemble (header: Header, body: Buffer): EventBatch {
  const columns: Partial<Record<ColumnName, ColumnArray>> = {}
  for (const [id, offset] of header.c) {
    const name = columnById.get(id)
    if (name === undefined) continue
    const { storage } = columnSpecs[name]
    columns[name] = makeColumn(storage as Storage, header.n, part(body, offset, header.n * widths[storage]))
  }
  for (const name of requiredColumns) if (columns[name] === undefined) throw new Malformed(`column ${name} is missing`)
  const raw: RawStore = { buffers: header.b.map(([offset, length]) => bytesAt(body, offset, length)), complete: header.w === true }
  const resources = header.r.map(([envelope, attributes, edited]) => new Resource(asBytes(envelope), asAttributes(attributes), edited === true))
  const scopes = header.o.map(([envelope, identity]) => new Scope(asBytes(envelope), asIdentity(identity)))
  checkIndex('resource', columns.resource as Uint32Array, resources.length)
  checkIndex('scope', columns.scope as Uint32Array, scopes.length)
  checkRaw(columns, raw)
  return new EventBatch({ count: header.n, columns: columns as Columns, strings: readStrings(header, body), resources, scopes, attributes: readAttributes(header, body), raw })
}

/** Where a part lies, after checking that it lies inside the body and is aligned. */
function part (body: Buffer, offset: unknown, length: number): { buffer: ArrayBufferLike, offset: number } {
  if (!isSize(offset) || !isSize(length) || offset % 8 !== 0 || offset + length > body.length) throw new Malformed(`a part of ${length} bytes at ${String(offset)} is outside the body of ${body.length}`)
  return { buffer: body.buffer, offset: body.byteOffset + offset }
}

function bytesAt (body: Buffer, offset: unknown, length: unknown): Buffer {
  const at = part(body, offset, isSize(length) ? length : -1)
  return Buffer.from(at.buffer, at.offset, length as number)
}

function readStrings (header: Header, body: Buffer): StringTable {
  const [count, endsAt, bytesStart, length] = header.s
  const ends = makeColumn('u32', count, part(body, endsAt, count * 4))
  const bytes = bytesAt(body, bytesStart, length)
  let last = 0
  for (const end of ends) {
    if (end < last || end > bytes.length) throw new Malformed('the string table is out of order')
    last = end
  }
  return StringTable.encoded({ bytes, ends })
}

function readAttributes (header: Header, body: Buffer): Map<string, AttributeColumn> {
  const attributes = new Map<string, AttributeColumn>()
  for (const [key, edited, offset, values] of header.a) {
    if (typeof key !== 'string' || !Array.isArray(values)) throw new Malformed('an attribute column is not of the expected form')
    const index = makeColumn('u32', header.n, part(body, offset, header.n * 4))
    checkIndex(`attribute ${key}`, index, values.length + 1)
    attributes.set(key, { index, values: values as AttributeValue[], edited: edited === true })
  }
  return attributes
}

function checkIndex (what: string, index: Uint32Array, length: number): void {
  for (let i = 0; i < index.length; i++) if ((index[i] as number) >= length) throw new Malformed(`${what} ${index[i]} of row ${i} is not in its table of ${length}`)
}

function checkRaw (columns: Partial<Record<ColumnName, ColumnArray>>, raw: RawStore): void {
  const { rawEncoding, rawBuffer, rawOffset, rawLength } = columns
  if (rawEncoding === undefined) return
  for (let i = 0; i < rawEncoding.length; i++) {
    if (rawEncoding[i] === 0) continue
    const size = raw.buffers[Number(rawBuffer?.[i] ?? 0)]?.length ?? -1
    if (Number(rawOffset?.[i] ?? 0) + Number(rawLength?.[i] ?? 0) > size) throw new Malformed(`the raw bytes of row ${i} are outside their buffer`)
  }
}

function asBytes (value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

function asAttributes (value: unknown): Attributes | undefined {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) ? value as Attributes : undefined
}

function asIdentity (value: unknown): { name: string, version: string, attributes: Attributes } | undefined {
  if (!Array.isArray(value)) return undefined
  return { name: String(value[0] ?? ''), version: String(value[1] ?? ''), attributes: asAttributes(value[2]) ?? {} }
}
