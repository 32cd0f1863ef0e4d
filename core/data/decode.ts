/**
 * Reads the document of codec.ts. The columns, strings and raw buffers of the batch are views of the bytes given, which
 * must not change afterwards. Whatever the bytes are, the answer is a batch whose every index is in range, or an error;
 * nothing is allocated that the document's own size does not justify.
 */
import type { AttributeColumn, AttributeValue } from './attributes.js'
import { EventBatch, type UnreadParts } from './batch.js'
import { bodyAfter, checksumOf, crcAt, formatVersion, headerAt, prefix } from './codec.js'
import { columnById, columnSpecs, makeColumn, requiredColumns, widths, type ColumnArray, type ColumnName, type Columns, type Storage } from './columns.js'
import { readLetter, type Letter } from './letter.js'
import { Malformed, PlainReader, maxText } from './plain-msgpack.js'
import type { RawStore } from './raw.js'
import { checkRequests, readOrigin, readRequests } from './request-codec.js'
import type { Resource, Scope } from './resource.js'
import { readResource, readScope } from './resource-codec.js'
import { StringTable } from './strings.js'

export type DecodeResult = { readonly ok: true, readonly batch: EventBatch, readonly letter?: Letter } | { readonly ok: false, readonly error: string }

/**
 * `bytes` holds exactly one document; see the head of this file for who owns them afterwards. `ours`: written by this
 * process a moment ago (a ring), so that requests nobody has read are not checked again. `lent`: the batch says that its
 * memory is lent.
 */
export function decodeBatch (bytes: Uint8Array, ours = false, lent = false): DecodeResult {
  try {
    const { batch, letter } = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), ours)
    return { ok: true, batch: lent ? batch.lent('all') : batch, ...letter !== undefined && { letter } }
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, error: error.message }
    throw error
  }
}

function decode (document: Buffer, ours: boolean): { readonly batch: EventBatch, readonly letter: Letter | undefined } {
  checkPrefix(document)
  const headerEnd = headerAt + document.readUInt32BE(headerAt - 4)
  const bodyAt = bodyAfter(headerEnd)
  if (bodyAt > document.length || document[headerEnd] !== 0xc6) throw new Malformed('truncated in or after the header')
  const wanted = headerEnd + 5 + document.readUInt32BE(headerEnd + 1)
  if (wanted !== document.length) throw new Malformed(`the document should be ${wanted} bytes, found ${document.length}`)
  const crc = document.readUInt32BE(crcAt + 1)
  if (crc !== 0 && crc !== checksumOf(document)) throw new Malformed('checksum does not match: the document is damaged')
  const header = PlainReader.only(document, headerAt, headerEnd)
  if (header === null || typeof header !== 'object' || Array.isArray(header) || header instanceof Uint8Array) throw new Malformed('the header is not a map')
  return { batch: assemble(header, new Body(document.subarray(bodyAt)), ours), letter: readLetter(header.l) }
}

function checkPrefix (document: Buffer): void {
  if (document.length < headerAt || document.compare(prefix, 0, prefix.length - 1, 0, prefix.length - 1) !== 0) throw new Malformed('not a tapio.batch document')
  const version = document[prefix.length - 1]
  if (version !== formatVersion) throw new Malformed(`tapio.batch version ${version}; this build reads version ${formatVersion}`)
  if (document[crcAt] !== 0xce || document[headerAt - 5] !== 0xce) throw new Malformed('checksum and header length are not where they should be')
}

/** The parts of the body by offset. A body that does not start at a multiple of 8 in memory is copied once. */
class Body {
  readonly #bytes: Buffer

  constructor (bytes: Buffer) {
    this.#bytes = bytes.byteOffset % 8 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer)
  }

  /** Where a part lies, after checking that it lies inside the body and is aligned. */
  #part (offset: unknown, length: number): number {
    const bytes = this.#bytes
    if (!isSize(offset) || offset % 8 !== 0 || offset + length > bytes.length) throw new Malformed(`a part of ${length} bytes at ${String(offset)} is outside the body of ${bytes.length}`)
    return bytes.byteOffset + offset
  }

  array<S extends Storage> (storage: S, rows: number, offset: unknown): ReturnType<typeof makeColumn<S>> {
    return makeColumn(storage, rows, { buffer: this.#bytes.buffer, offset: this.#part(offset, rows * widths[storage]) })
  }

  bytes (offset: unknown, length: unknown): Buffer {
    if (!isSize(length)) throw new Malformed(`a length of ${String(length)}`)
    return Buffer.from(this.#bytes.buffer, this.#part(offset, length), length)
  }
}

const isSize = (n: unknown): n is number => typeof n === 'number' && Number.isInteger(n) && n >= 0 && n <= 0xffffffff

function list (value: AttributeValue | undefined, what: string): AttributeValue[] {
  if (!Array.isArray(value)) throw new Malformed(`${what} is not an array`)
  return value
}

type RawHeader = { readonly [key: string]: AttributeValue }

function assemble (header: RawHeader, body: Body, ours: boolean): EventBatch {
  const count = header.n
  if (!isSize(count)) throw new Malformed('the number of rows is missing')
  const raw = readRaw(list(header.b, 'the raw buffer table'), header.w === true, body)
  const attributes = readAttributes(list(header.a, 'the attribute table'), count, body)
  const origin = readOrigin(header.f)
  if (header.q !== undefined) return new EventBatch({ ...readUnread(header, count, raw, body, ours), attributes, origin })
  const strings = readStrings(list(header.s, 'the string table'), body)
  const { resources, scopes } = readTables(header)
  const columns = readColumns(list(header.c, 'the column table'), count, body)
  for (const name of requiredColumns) if (columns[name] === undefined) throw new Malformed(`column ${name} is missing`)
  checkColumns(columns, strings.length, resources.length, scopes.length)
  checkRaw(columns, raw)
  return new EventBatch({ count, columns, strings, resources, scopes, attributes, raw, origin })
}

function readTables (header: RawHeader): { resources: Resource[], scopes: Scope[] } {
  return { resources: list(header.r, 'the resource table').map(readResource), scopes: list(header.o, 'the scope table').map(readScope) }
}

/** Requests that nobody has read. Of another's document they are checked, and what it says about them with it. */
function readUnread (header: RawHeader, count: number, raw: RawStore, body: Body, ours: boolean): Omit<UnreadParts, 'attributes' | 'origin'> {
  const unread = readRequests(list(header.q, 'the request table'))
  if (unread.requests.length !== raw.buffers.length || unread.rows !== count) throw new Malformed('requests, raw buffers and rows do not agree')
  if (!ours) checkRequests(unread, raw.buffers)
  const entries = list(header.c, 'the column table')
  if (entries.length === 0) return { count, unread, located: undefined, raw }
  const columns = readColumns(entries, count, body)
  const { resources, scopes } = readTables(header)
  const layout = ours ? columns : unread.locate(raw.buffers).layout
  for (const name of ['resource', 'scope'] as const) if (columns[name] === undefined) throw new Malformed(`column ${name} is missing`)
  checkColumns(columns, 0, resources.length, scopes.length)
  return { count, unread, located: { layout: { ...layout, resource: columns.resource, scope: columns.scope }, resources, scopes }, raw }
}

function readColumns (table: readonly AttributeValue[], count: number, body: Body): Columns {
  const columns: Partial<Record<ColumnName, ColumnArray>> = {}
  for (let i = 0; i + 1 < table.length; i += 2) {
    const name = columnById.get(table[i] as number)
    if (name !== undefined) columns[name] = body.array(columnSpecs[name].storage as Storage, count, table[i + 1])
  }
  return columns as Columns
}

function readRaw (table: readonly AttributeValue[], complete: boolean, body: Body): RawStore {
  const buffers: Buffer[] = []
  for (let i = 0; i + 1 < table.length; i += 2) buffers.push(body.bytes(table[i], table[i + 1]))
  return { buffers, complete }
}

function readStrings ([count, endsAt, bytesAt, length]: readonly AttributeValue[], body: Body): StringTable {
  if (!isSize(count)) throw new Malformed('the number of strings is missing')
  const ends = body.array('string', count, endsAt)
  const bytes = body.bytes(bytesAt, length)
  if (ends[0] !== 0) throw new Malformed('the first string is not empty')
  let last = 0
  let ordered = true
  for (let i = 0; i < ends.length; i++) {
    const end = ends[i] as number
    ordered &&= end >= last
    last = end
  }
  if (bytes.length > maxText) throw new Malformed(`a string table of ${bytes.length} bytes`)
  if (!ordered || last > bytes.length) throw new Malformed('the string table is out of order')
  return StringTable.encoded({ bytes, ends })
}

function readAttributes (table: readonly AttributeValue[], count: number, body: Body): Map<string, AttributeColumn> {
  const attributes = new Map<string, AttributeColumn>()
  for (const entry of table) {
    const [key, edited, offset, values] = list(entry, 'an attribute column')
    if (typeof key !== 'string' || !Array.isArray(values)) throw new Malformed('an attribute column is not of the expected form')
    const index = body.array('u32', count, offset)
    checkIndex(key, index, values.length + 1)
    attributes.set(key, { index, values, edited: edited === true })
  }
  return attributes
}

const stringColumns = Object.entries(columnSpecs).filter(([, spec]) => spec.storage === 'string').map(([name]) => name as ColumnName)

function checkColumns (columns: Columns, strings: number, resources: number, scopes: number): void {
  checkIndex('resource', columns.resource, resources)
  checkIndex('scope', columns.scope, scopes)
  for (const name of stringColumns) {
    const column = columns[name]
    if (column !== undefined) checkIndex(name, column as Uint32Array, strings)
  }
}

/** One pass without a branch that could be mispredicted: about half a nanosecond a row. */
function checkIndex (what: string, index: Uint32Array, length: number): void {
  let highest = 0
  for (let i = 0; i < index.length; i++) {
    const at = index[i] as number
    if (at > highest) highest = at
  }
  if (highest >= length && index.length > 0) throw new Malformed(`${what} ${highest} is not in its table of ${length}`)
}

function checkRaw (columns: Columns, raw: RawStore): void {
  const { rawEncoding, rawBuffer, rawOffset, rawLength } = columns
  if (rawEncoding === undefined) return
  for (let i = 0; i < rawEncoding.length; i++) {
    if (rawEncoding[i] === 0) continue
    const size = raw.buffers[rawBuffer?.[i] ?? 0]?.length ?? -1
    if ((rawOffset?.[i] ?? 0) + (rawLength?.[i] ?? 0) > size) throw new Malformed(`the raw bytes of row ${i} are outside their buffer`)
  }
}
