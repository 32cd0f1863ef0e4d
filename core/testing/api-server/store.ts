/** What etcd and the watch cache are to an API server: objects, one version for all changes, and a window of history. */
import { randomUUID } from 'node:crypto'
import type { KubeObject } from '../../kubernetes/objects.js'

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

export interface Change {
  readonly version: number
  readonly type: ChangeType
  /** `<group>/<plural>`. */
  readonly kind: string
  readonly key: string
  readonly object: KubeObject
  /** Before the change: a selector that matched it then and does not now makes the change a deletion. */
  readonly before: KubeObject | undefined
}

export class ObjectStore {
  version = 1000
  /** Changes with a version up to this one are forgotten. */
  compacted = 1000
  /** Every change there ever was: clients are judged by it. */
  readonly log: Change[] = []
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  /** The last list of each kind, and the version it is of: a list of pages asks often. */
  readonly #lists = new Map<string, { version: number, objects: readonly KubeObject[] }>()
  readonly #listeners = new Set<(change: Change) => void>()

  /** Adds or replaces; the store fills in uid, creationTimestamp and resourceVersion. */
  put (kind: string, object: KubeObject): KubeObject {
    const all = this.#of(kind)
    const key = keyOf(object)
    const before = all.get(key)
    const version = ++this.version
    const metadata = { uid: before?.metadata?.uid ?? randomUUID(), creationTimestamp: before?.metadata?.creationTimestamp ?? '2026-01-01T00:00:00Z', ...object.metadata, resourceVersion: String(version) }
    const stored = { ...object, metadata }
    all.set(key, stored)
    this.#record({ version, type: before === undefined ? 'ADDED' : 'MODIFIED', kind, key, object: stored, before })
    return stored
  }

  delete (kind: string, key: string): void {
    const before = this.#of(kind).get(key)
    if (before === undefined) throw new Error(`there is no ${kind} ${key}`)
    this.#of(kind).delete(key)
    const version = ++this.version
    this.#record({ version, type: 'DELETED', kind, key, object: { ...before, metadata: { ...before.metadata, resourceVersion: String(version) } }, before })
  }

  get (kind: string, key: string): KubeObject | undefined { return this.#objects.get(kind)?.get(key) }

  /** In the order of their keys, as etcd keeps them. */
  list (kind: string): readonly KubeObject[] {
    const known = this.#lists.get(kind)
    if (known?.version === this.version) return known.objects
    const objects = [...this.#of(kind)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object)
    this.#lists.set(kind, { version: this.version, objects })
    return objects
  }

  /** Forgets all history up to now: watches from before get 410. */
  compact (): void { this.compacted = this.version }

  /** The changes after `version`; undefined when some of them are forgotten. */
  since (version: number): readonly Change[] | undefined {
    return version < this.compacted ? undefined : this.log.slice(firstAfter(this.log, version))
  }

  subscribe (listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }

  #of (kind: string): Map<string, KubeObject> {
    const known = this.#objects.get(kind) ?? new Map<string, KubeObject>()
    this.#objects.set(kind, known)
    return known
  }

  #record (change: Change): void {
    this.log.push(change)
    for (const listener of this.#listeners) listener(change)
  }
}

export function keyOf ({ metadata = {} }: KubeObject): string {
  return metadata.namespace === undefined ? metadata.name ?? '' : `${metadata.namespace}/${metadata.name ?? ''}`
}

function firstAfter (log: readonly Change[], version: number): number {
  let [low, high] = [0, log.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((log[middle] as Change).version <= version) low = middle + 1
    else high = middle
  }
  return low
}
