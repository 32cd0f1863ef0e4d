/**
 * Events that carry whole objects (kubernetes and snapshot receivers with `objects: all`) as updates of the graph, so that it can
 * be kept in another thread or process than the one that watches the cluster.
 */
import type { EventBatch } from '../../data/batch.js'
import { RawEncoding } from '../../data/enums.js'
import type { KubeObject } from '../../kubernetes/objects.js'
import type { ClusterGraph } from './cluster-graph.js'

/** How many rows were updates. Records that are no objects are passed over: `malformed` counts them. */
export interface Fed { readonly updates: number, readonly malformed: number }

export function feedRows (graph: ClusterGraph, batch: EventBatch): Fed {
  const encodings = batch.columns.rawEncoding
  let [updates, malformed] = [0, 0]
  for (let i = 0; encodings !== undefined && i < batch.count; i++) {
    if (encodings[i] !== RawEncoding.kubernetesJson) continue
    const row = batch.at(i)
    const object = parsed(row.raw)
    if (object === undefined) { malformed++; continue }
    const atMs = Number((row.get('observedTimeUnixNano') ?? row.get('timeUnixNano') ?? 0n) / 1_000_000n)
    if (row.get('action') === 'DELETED') graph.remove(object.kind, object, atMs)
    else graph.put(object.kind, object, atMs)
    updates++
  }
  return { updates, malformed }
}

function parsed (raw: Uint8Array | undefined): KubeObject & { readonly kind: string } | undefined {
  if (raw === undefined) return undefined
  try {
    const object = JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString()) as unknown
    const { kind } = (object ?? {}) as { readonly kind?: unknown }
    return typeof kind === 'string' ? object as KubeObject & { readonly kind: string } : undefined
  } catch {
    return undefined
  }
}
