/**
 * Edited attributes put back into bytes: everything is copied as it stands except the KeyValues of keys whose value
 * changed; their new values follow at the end. Fields nobody here knows, and the order of the rest, survive.
 */
import type { Attributes, AttributeColumn, AttributeValue } from '../data/attributes.js'
import { attributeAt } from '../data/attributes.js'
import { joinPieces } from './locate.js'
import { attributesField } from './records.js'
import { encodeResourceEnvelope, writeKeyValue, Writer } from './values.js'
import { readKeyValue, WireReader } from './wire.js'
import type { Resource } from '../data/resource.js'

/** What a key should be: undefined = not there. Keys that are not asked for stay as they are. */
type Wanted = ReadonlyMap<string, AttributeValue | undefined>

/** The record in [start, end) with row `row` of the `edited` columns, or undefined when its bytes already say so. */
export function patchRecord (bytes: Uint8Array, start: number, end: number, encoding: number, edited: ReadonlyMap<string, AttributeColumn>, row: number): Uint8Array | undefined {
  const field = attributesField(encoding)
  if (field === 0) return undefined
  const wanted = new Map<string, AttributeValue | undefined>()
  for (const [key, column] of edited) wanted.set(key, attributeAt(column, row))
  return patchAttributes(bytes, start, end, field, wanted)
}

/** The envelope of `resource` as it should go out. */
export function resourceEnvelope (resource: Resource): Uint8Array {
  const { envelope } = resource
  if (envelope === undefined) return encodeResourceEnvelope(resource.attributes)
  return resource.edited ? patchResource(envelope, resource.attributes) : envelope
}

/** A Resource that occurs more than once is one message to protobuf: the occurrences joined. */
function patchResource (envelope: Uint8Array, attributes: Attributes): Uint8Array {
  const occurrences: { from: number, start: number, end: number }[] = []
  const r = new WireReader(envelope)
  for (let from = 0, tag = r.tag(); tag !== 0; from = r.pos, tag = r.tag()) {
    if (tag !== 10) { r.skip(tag); continue }
    const end = r.span()
    occurrences.push({ from, start: r.pos, end })
    r.pos = end
  }
  if (occurrences.length === 0) return Buffer.concat([encodeResourceEnvelope(attributes), envelope])
  const wanted = wantedOf(envelope, occurrences, attributes)
  const joined = joinPieces(envelope, occurrences.flatMap(o => [o.start, o.end]))
  const message = patchAttributes(joined, 0, joined.length, 1, wanted) ?? joined
  const rest = joinPieces(envelope, gaps(occurrences, 0, envelope.length))
  return Buffer.concat([Writer.create().uint32(10).bytes(message).finish(), rest])
}

/** All keys of the envelope and of `attributes`: edited attributes are the whole truth of a resource. */
function wantedOf (envelope: Uint8Array, occurrences: readonly { start: number, end: number }[], attributes: Attributes): Wanted {
  const wanted = new Map<string, AttributeValue | undefined>()
  for (const { start, end } of occurrences) for (const { key } of keyValues(envelope, start, end, 1)) wanted.set(key, undefined)
  for (const [key, value] of Object.entries(attributes)) wanted.set(key, value)
  return wanted
}

/** What of [start, end) lies between and around the occurrences. */
function gaps (occurrences: readonly { from: number, end: number }[], start: number, stop: number): number[] {
  const pieces: number[] = []
  let at = start
  for (const { from, end } of occurrences) {
    if (from > at) pieces.push(at, from)
    at = end
  }
  if (stop > at) pieces.push(at, stop)
  return pieces
}

function patchAttributes (bytes: Uint8Array, start: number, end: number, field: number, wanted: Wanted): Uint8Array | undefined {
  const present = keyValues(bytes, start, end, field).filter(o => wanted.has(o.key))
  const changed = changedKeys(present, wanted)
  if (changed.size === 0) return undefined
  const dropped = present.filter(o => changed.has(o.key))
  const kept = joinPieces(bytes, gaps(dropped, start, end))
  const w = Writer.create()
  for (const key of changed) {
    const value = wanted.get(key)
    if (value !== undefined) writeKeyValue(w, field, key, value)
  }
  return Buffer.concat([kept, w.finish()])
}

function changedKeys (present: readonly Occurrence[], wanted: Wanted): Set<string> {
  const now = new Map<string, AttributeValue>(present.map(o => [o.key, o.value]))
  const changed = new Set<string>()
  for (const [key, value] of wanted) {
    const had = now.get(key)
    if (value === undefined ? had !== undefined : had === undefined || !sameValue(had, value)) changed.add(key)
  }
  return changed
}

/** A KeyValue in its message: [from, end) with its tag. */
interface Occurrence { readonly key: string, readonly value: AttributeValue, readonly from: number, readonly end: number }

function keyValues (bytes: Uint8Array, start: number, end: number, field: number): Occurrence[] {
  const found: Occurrence[] = []
  const r = new WireReader(bytes, start, end)
  const tagWanted = field << 3 | 2
  for (let from = start, tag = r.tag(); tag !== 0; from = r.pos, tag = r.tag()) {
    if (tag !== tagWanted) { r.skip(tag); continue }
    const stop = r.span()
    const target: { [key: string]: AttributeValue } = {}
    readKeyValue(r, stop, target)
    const [entry] = Object.entries(target)
    if (entry !== undefined) found.push({ key: entry[0], value: entry[1], from, end: stop })
  }
  return found
}

/** 0 and -0 are the same here: documents have one zero, and what came through one must not look changed. */
function sameValue (a: AttributeValue, b: AttributeValue): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array) return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((v, i) => sameValue(v, b[i] as AttributeValue))
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every(k => Object.hasOwn(b, k) && sameValue(a[k] as AttributeValue, b[k] as AttributeValue))
}
