/**
 * All that is known of a cluster: the graph with its history, the newest state of each object, and pods by address, container
 * and uid. One a thread, shared by its correlating processors; `context` feeds it from rows that carry whole objects.
 */
import type { Clock } from '../component/clock.js'
import type { KubeObject } from '../kubernetes/objects.js'
import { AddressIndex } from './address-index.js'
import { ClusterGraph } from './graph/cluster-graph.js'
import { textAt } from './graph/plain.js'
import type { NodeRef } from './graph/view.js'
import { PodIndex } from './pod-index.js'

export interface StoredObject { readonly object: KubeObject, readonly sinceMs: number }

export class ClusterModel {
  readonly graph = new ClusterGraph()
  /** By the time of the changes, not by this machine's: the same rows give the same answers, live or replayed. */
  readonly pods = new PodIndex({ clock: eventClock(() => this.#newestMs) })
  /** Services, nodes and endpoints by address. */
  readonly addresses = new AddressIndex()
  #newestMs = 0
  readonly #objects = new Map<string, Map<string, StoredObject>>()
  /** Grows with every change of an object. */
  version = 0
  /** Keys (`Kind/namespace/name`) of objects that changed, with the version: see `changedSince`. */
  readonly #changed = new Map<string, number>()

  put (kind: string, object: KubeObject, atMs: number): void {
    const [namespace, name] = nameOf(object)
    if (name === '') return
    this.#newestMs = Math.max(this.#newestMs, atMs)
    this.graph.put(kind, object, atMs)
    this.addresses.put(kind, object)
    if (kind === 'Pod') this.pods.put(object)
    const ofKind = this.#objects.get(kind) ?? new Map<string, StoredObject>()
    this.#objects.set(kind, ofKind.set(`${namespace}/${name}`, { object, sinceMs: atMs }))
    this.#touch(kind, namespace, name)
  }

  remove (kind: string, object: KubeObject, atMs: number): void {
    const [namespace, name] = nameOf(object)
    this.#newestMs = Math.max(this.#newestMs, atMs)
    if (kind === 'Pod') this.pods.remove(object)
    // Rows come late: this one may be of an object whose successor of the same name is here already.
    if (isAnother(this.object({ kind, namespace, name }), object)) return
    this.graph.remove(kind, object, atMs)
    this.addresses.remove(kind, object)
    if (this.#objects.get(kind)?.delete(`${namespace}/${name}`) === true) this.#touch(kind, namespace, name)
  }

  object ({ kind, namespace = '', name }: NodeRef): KubeObject | undefined { return this.#objects.get(kind)?.get(`${namespace}/${name}`)?.object }

  /** In the order of their first coming. */
  * objects (kind: string): Generator<KubeObject> { for (const { object } of this.#objects.get(kind)?.values() ?? []) yield object }

  kinds (): Iterable<string> { return this.#objects.keys() }

  changedSince (version: number): string[] {
    const found: string[] = []
    const all = [...this.#changed]
    for (let i = all.length - 1; i >= 0 && (all[i] as [string, number])[1] > version; i--) found.push((all[i] as [string, number])[0])
    return found.reverse()
  }

  #touch (kind: string, namespace: string, name: string): void {
    const key = `${kind}/${namespace}/${name}`
    this.#changed.delete(key)
    this.#changed.set(key, ++this.version)
  }
}

const nameOf = (object: KubeObject): [namespace: string, name: string] => [textAt(object, 'metadata', 'namespace'), textAt(object, 'metadata', 'name')]

/** Stands still until something changes. Sets no timers. */
function eventClock (nowMs: () => number): Clock {
  return { unixMs: nowMs, monotonicMs: nowMs, unixNano: () => BigInt(Math.round(nowMs() * 1000)) * 1000n, after: () => () => undefined }
}

function isAnother (stored: KubeObject | undefined, object: KubeObject): boolean {
  const [a, b] = [stored?.metadata?.uid, object.metadata?.uid]
  return a !== undefined && b !== undefined && a !== b
}
