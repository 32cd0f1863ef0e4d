/**
 * Which endpoint a row belongs to. Rendezvous hashing: each endpoint scores each key, and the highest score has it. Every
 * exporter with the same endpoints decides alike, whatever their order, and one endpoint more or less moves only the keys
 * it gains or had.
 */
import type { EventBatch } from '../../core/data/batch.js'

export type RoutingKey = 'traceID' | 'service' | 'none'

export class Rendezvous {
  readonly #seeds: Uint32Array

  constructor (endpoints: readonly string[]) {
    this.#seeds = Uint32Array.from(endpoints, hashText)
  }

  /** The index of the endpoint for a key, among those that `usable` admits (all, when it admits none). */
  pick (key: number, usable?: (endpoint: number) => boolean): number {
    let best = -1
    let bestScore = -1
    let any = 0
    let anyScore = -1
    for (let i = 0; i < this.#seeds.length; i++) {
      const score = mix(key ^ (this.#seeds[i] as number))
      if (score > anyScore) { any = i; anyScore = score }
      if (score > bestScore && (usable === undefined || usable(i))) { best = i; bestScore = score }
    }
    return best < 0 ? any : best
  }
}

/** The rows of each endpoint, ascending; an endpoint without rows is not in it. */
export function rowsByEndpoint (batch: EventBatch, key: RoutingKey, rows: Uint32Array, choose: (key: number) => number): Map<number, Uint32Array> {
  const keys = keysOf(batch, key)
  const chosen = new Map<number, number[]>()
  const known = new Map<number, number>()
  for (const row of rows) {
    const hash = keys(row)
    let endpoint = known.get(hash)
    if (endpoint === undefined) known.set(hash, endpoint = choose(hash))
    const list = chosen.get(endpoint)
    if (list === undefined) chosen.set(endpoint, [row])
    else list.push(row)
  }
  return new Map(Array.from(chosen, ([endpoint, list]) => [endpoint, Uint32Array.from(list)]))
}

/** Rows without a trace id (metrics, most logs) go by their service, so that what belongs together stays so. */
function keysOf (batch: EventBatch, key: RoutingKey): (row: number) => number {
  const { resource } = batch.layout
  const services = batch.resources.map(r => hashText(String(r.attributes['service.name'] ?? '')))
  const byService = (row: number): number => services[resource[row] as number] as number
  const { traceId } = key === 'traceID' ? batch.columns : { traceId: undefined }
  if (traceId === undefined) return byService
  return row => hashBytes(traceId, row * 16, row * 16 + 16) ?? byService(row)
}

/** Undefined when all bytes are 0: no trace. */
function hashBytes (bytes: Uint8Array, from: number, to: number): number | undefined {
  let hash = 0x811c9dc5
  let any = 0
  for (let i = from; i < to; i++) {
    any |= bytes[i] as number
    hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  }
  return any === 0 ? undefined : mix(hash)
}

function hashText (text: string): number {
  const bytes = Buffer.from(text)
  return hashBytes(bytes, 0, bytes.length) ?? 0
}

/** murmur3's finaliser: every bit of the key moves every bit of the score. */
function mix (key: number): number {
  let h = key
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
