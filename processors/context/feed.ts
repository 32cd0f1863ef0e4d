/** Rows that carry whole objects, into the cluster model. */
import type { EventBatch } from '../../core/data/batch.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'
import type { ClusterModel } from '../../core/topology/cluster-model.js'

/** They come and go by the thousands and nobody asks the model for them. */
const passing: ReadonlySet<string> = new Set(['Event', 'Lease'])

export class Feed {
  updates = 0
  malformed = 0

  constructor (readonly model: ClusterModel) {}

  row (batch: EventBatch, row: number, atMs: number): void {
    const object = parsed(batch, row)
    if (object === undefined) { this.malformed++; return }
    if (passing.has(object.kind)) return
    try {
      if (batch.text(batch.columns.action, row) === 'DELETED') this.model.remove(object.kind, object, atMs)
      else this.model.put(object.kind, object, atMs)
      this.updates++
    } catch {
      // An object of a shape that nobody foresaw.
      this.malformed++
    }
  }
}

function parsed (batch: EventBatch, row: number): KubeObject & { readonly kind: string } | undefined {
  const { raw } = batch.at(row)
  if (raw === undefined) return undefined
  try {
    const object = JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString()) as unknown
    const { kind, metadata } = (object ?? {}) as { readonly kind?: unknown, readonly metadata?: { readonly name?: unknown } | null }
    return typeof kind === 'string' && typeof metadata?.name === 'string' ? object as KubeObject & { readonly kind: string } : undefined
  } catch {
    return undefined
  }
}
