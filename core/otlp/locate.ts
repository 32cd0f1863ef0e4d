/**
 * Where the records of an export request are. All requests have the same frame, so this is written once:
 *
 *   request ─1► Resource* ─2► Scope* ─2► record
 *
 * Everything else in a Resource* or Scope* message is its envelope (see core/data/resource.ts).
 */
import { Resource, Scope } from '../data/resource.js'
import { checkField } from './check.js'
import type { MessageType } from './schema.js'
import type { SignalFacts } from './signals.js'
import { WireError, WireReader } from './wire.js'

const requestChild = 1 << 3 | 2
const child = 2 << 3 | 2

/** Messages around a record: request, Resource*, Scope*. */
export const recordDepth = 3

/** The number of records in a request, from its lengths alone. Throws WireError when there are more than `max`. */
export function countRecords (bytes: Uint8Array, max: number): number {
  let count = 0
  eachRecord(bytes, (r, stop) => {
    if (++count > max) throw new WireError(`more than ${max} records in one request`)
    r.pos = stop
  })
  return count
}

/** Calls `visit` with a reader at the start of each record and the record's end, where the reader must stand afterwards. */
export function eachRecord (bytes: Uint8Array, visit: (r: WireReader, stop: number) => void): void {
  const r = new WireReader(bytes)
  const onRecord = (stop: number): void => { visit(r, stop) }
  const onScope = (stop: number): void => eachChild(r, stop, child, onRecord)
  eachChild(r, bytes.length, requestChild, stop => eachChild(r, stop, child, onScope))
}

function eachChild (r: WireReader, stop: number, wanted: number, visit: (stop: number) => void): void {
  const outer = r.end
  r.end = stop
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === wanted) visit(r.span())
    else r.skip(tag)
  }
  r.end = outer
}

/** Where the answers go: a BatchBuilder, or less when nobody wants the rest. */
export interface Places {
  column(name: 'resource' | 'scope' | 'rawOffset' | 'rawLength'): Uint32Array
  column(name: 'rawBuffer'): Uint16Array
  /** The index of an equal resource in the table. */
  resource(resource: Resource): number
  scope(scope: Scope): number
}

/**
 * Fills the columns resource, scope, rawOffset and rawLength of `places` from row `from` on; there is a row for every
 * record. The frame and the envelopes are checked; the records are not.
 */
export function locateRecords (bytes: Uint8Array, facts: SignalFacts, places: Places, from: number): void {
  const r = new WireReader(bytes)
  const resources = places.column('resource')
  const scopes = places.column('scope')
  const offsets = places.column('rawOffset')
  const lengths = places.column('rawLength')
  let row = from
  const onRecord = (stop: number): void => {
    offsets[row] = r.pos
    lengths[row++] = stop - r.pos
    r.pos = stop
  }
  const onScope = (stop: number): void => {
    const first = row
    const envelope = readEnvelope(r, stop, facts.scopeMessage, 2, onRecord)
    if (envelope !== undefined && row > first) scopes.fill(places.scope(new Scope(envelope)), first, row)
  }
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag !== requestChild) { checkField(r, tag, facts.request, 0); continue }
    const first = row
    const envelope = readEnvelope(r, r.span(), facts.resourceMessage, 1, onScope)
    if (envelope !== undefined && row > first) resources.fill(places.resource(new Resource(envelope)), first, row)
  }
}

/**
 * Reads the Resource* or Scope* message that ends at `stop`, giving its children to `visit`. The answer is a copy of the
 * rest: a view would keep a whole request alive in whoever keeps a resource. Undefined when there is no rest.
 */
export function readEnvelope (r: WireReader, stop: number, type: MessageType, depth: number, visit: (stop: number) => void): Uint8Array | undefined {
  const outer = r.end
  r.end = stop
  // Start and end of each stretch between children: one or two, as encoders write children last or before schema_url.
  const pieces: number[] = []
  for (let from = r.pos, tag = r.tag(); tag !== 0; from = r.pos, tag = r.tag()) {
    if (tag === child) { visit(r.span()); continue }
    checkField(r, tag, type, depth)
    if (pieces.at(-1) === from) pieces[pieces.length - 1] = r.pos
    else pieces.push(from, r.pos)
  }
  r.end = outer
  return pieces.length === 0 ? undefined : joinPieces(r.bytes, pieces)
}

/** A copy of the stretches `pieces` (start, end, start, end, …) of `bytes`. */
export function joinPieces (bytes: Uint8Array, pieces: readonly number[]): Uint8Array {
  let length = 0
  for (let i = 0; i < pieces.length; i += 2) length += (pieces[i + 1] as number) - (pieces[i] as number)
  const out = new Uint8Array(length)
  let at = 0
  for (let i = 0; i < pieces.length; i += 2) {
    const from = pieces[i] as number
    const to = pieces[i + 1] as number
    for (let p = from; p < to; p++) out[at++] = bytes[p] as number
  }
  return out
}
