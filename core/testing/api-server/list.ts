/** A list, or one page of it. All pages of a list are of one version, so a token stands for a snapshot until history is compacted. */
import type { KubeObject } from '../../kubernetes/objects.js'
import { groupVersionOf, type Target } from './kinds.js'
import type { Selector } from './selectors.js'
import { keyOf, type Change, type ObjectStore } from './store.js'

/** Undefined = 410: the token's version is forgotten. */
export function listAnswer (store: ObjectStore, target: Target, selects: Selector, query: URLSearchParams, metadataOnly = false): unknown {
  const token = query.get('continue') ?? ''
  const [version, after] = token === '' ? [store.version, ''] : JSON.parse(Buffer.from(token, 'base64url').toString()) as [number, string]
  const all = snapshot(store, target.id, version)
  if (all === undefined) return undefined
  const rest = all.filter(o => keyOf(o) > after && selects(o))
  const limit = Number(query.get('limit') ?? 0)
  const items = limit > 0 ? rest.slice(0, limit) : rest
  const last = items.at(-1)
  const more = rest.length > items.length && last !== undefined
  const metadata = {
    resourceVersion: String(version),
    ...(more ? { continue: Buffer.from(JSON.stringify([version, keyOf(last)])).toString('base64url'), remainingItemCount: rest.length - items.length } : {})
  }
  if (metadataOnly) return { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: items.map(partial) }
  return { kind: `${target.kind.kind}List`, apiVersion: groupVersionOf(target.kind), metadata, items }
}

export function partial ({ metadata }: KubeObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}

/** The objects as they were at `version`. */
function snapshot (store: ObjectStore, kind: string, version: number): readonly KubeObject[] | undefined {
  if (version === store.version) return store.list(kind)
  const later = store.since(version)
  if (later === undefined) return undefined
  const then = new Map(store.list(kind).map(o => [keyOf(o), o]))
  for (const { key, before } of [...later].filter((c: Change) => c.kind === kind).reverse()) {
    if (before === undefined) then.delete(key)
    else then.set(key, before)
  }
  return [...then].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, o]) => o)
}
