/**
 * Other resources in a batch, without looking at its records: the request is copied around them. So it costs per resource
 * and per byte copied, not per record, and what comes out is again a whole request that nobody has read.
 */
import { EventBatch } from '../data/batch.js'
import { emptyResource, Resource } from '../data/resource.js'
import { writeHead, withHead } from './frame.js'
import { joinPieces } from './locate.js'
import { resourceEnvelope } from './patch.js'
import { WireReader } from './wire.js'

const requestChild = 1 << 3 | 2
const child = 2 << 3 | 2

/** A batch with `map(resource)` for every resource that has rows; the same batch when none is another. */
export function mapResources (batch: EventBatch, map: (resource: Resource) => Resource): EventBatch {
  const { unread, located, count, attributes, raw, origin } = batch
  if (unread === undefined || located !== undefined) return batch.withResources(mapTable(batch, map))
  const buffers = raw.buffers.map(bytes => rewriteRequest(bytes, map))
  if (buffers.every((b, i) => b === raw.buffers[i])) return batch
  return new EventBatch({ count, unread, located: undefined, attributes, raw: { buffers, complete: raw.complete }, origin })
}

/** Every table begins with a resource that says nothing, most often for no row. */
function mapTable (batch: EventBatch, map: (resource: Resource) => Resource): readonly Resource[] {
  return batch.resources.map((resource, i) => resource === emptyResource && !batch.layout.resource.includes(i) ? resource : map(resource))
}

/** The request with other resources; the same bytes when `map` changes none. */
function rewriteRequest (bytes: Uint8Array, map: (resource: Resource) => Resource): Uint8Array {
  const parts: Part[] = []
  let changed = false
  const r = new WireReader(bytes)
  for (let from = r.pos, tag = r.tag(); tag !== 0; from = r.pos, tag = r.tag()) {
    if (tag !== requestChild) {
      r.skip(tag)
      parts.push({ envelope: undefined, pieces: [from, r.pos], length: r.pos - from })
      continue
    }
    const { envelope, children } = splitMessage(r, r.span())
    const before = envelope.length === 0 ? emptyResource : new Resource(joinPieces(bytes, envelope))
    const after = children.length === 0 ? before : map(before)
    changed ||= after !== before
    parts.push(after === before ? { envelope: undefined, pieces: [from, r.pos], length: r.pos - from } : partOf(resourceEnvelope(after), children))
  }
  return changed ? join(bytes, parts) : bytes
}

/** A stretch of the request as it was, or a Resource* message with another envelope: start, end, start, end of what is kept. */
interface Part { readonly envelope: Uint8Array | undefined, readonly pieces: readonly number[], readonly length: number }

function partOf (envelope: Uint8Array, pieces: readonly number[]): Part {
  let length = envelope.length
  for (let i = 0; i < pieces.length; i += 2) length += (pieces[i + 1] as number) - (pieces[i] as number)
  return { envelope, pieces, length }
}

/** The message that ends at `stop`: its Scope* messages, heads and all, and the rest. */
function splitMessage (r: WireReader, stop: number): { readonly envelope: number[], readonly children: number[] } {
  const outer = r.end
  r.end = stop
  const [envelope, children]: [number[], number[]] = [[], []]
  for (let from = r.pos, tag = r.tag(); tag !== 0; from = r.pos, tag = r.tag()) {
    if (tag === child) r.pos = r.span()
    else r.skip(tag)
    const pieces = tag === child ? children : envelope
    if (pieces.at(-1) === from) pieces[pieces.length - 1] = r.pos
    else pieces.push(from, r.pos)
  }
  r.end = outer
  return { envelope, children }
}

function join (bytes: Uint8Array, parts: readonly Part[]): Buffer {
  const out = Buffer.allocUnsafeSlow(parts.reduce((n, p) => n + (p.envelope === undefined ? p.length : withHead(p.length)), 0))
  let at = 0
  for (const { envelope, pieces, length } of parts) {
    if (envelope !== undefined) {
      at = writeHead(out, at, requestChild, length)
      out.set(envelope, at)
      at += envelope.length
    }
    for (let i = 0; i < pieces.length; i += 2) {
      out.set(bytes.subarray(pieces[i], pieces[i + 1]), at)
      at += (pieces[i + 1] as number) - (pieces[i] as number)
    }
  }
  return out
}
