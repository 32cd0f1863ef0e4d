/**
 * All that is known of a cluster: the graph with its history, the newest state of each object, and pods by address, container
 * and uid. One a thread, shared by its correlating processors; `context` feeds it from rows that carry whole objects.
 */
import { systemClock } from '../component/clock.js'
import type { KubeObject } from '../kubernetes/objects.js'
import { ClusterGraph } from './graph/cluster-graph.js'
import type { NodeRef } from './graph/view.js'
import { PodIndex } from './pod-index.js'

export interface StoredObject { readonly object: KubeObject, readonly sinceMs: number }

export class ClusterModel {
  readonly graph = new ClusterGraph()
  readonly pods = new PodIndex({ clock: systemClock })
  readonly #objects = new Map<string, Map<string, StoredObject>>()
  /** Grows with every change of an object. */
  version = 0
  /** Keys (`Kind/namespace/name`) of objects that changed, with the version: see `changedSince`. */
  readonly #changed = new Map<string, number>()

  put (kind: string, object: KubeObject, atMs: number): void {
    const { namespace = '', name = '' } = object.metadata ?? {}
    if (name === '') return
    this.graph.put(kind, object, atMs)
    if (kind === 'Pod') this.pods.put(object)
    const ofKind = this.#objects.get(kind) ?? new Map<string, StoredObject>()
    this.#objects.set(kind, ofKind.set(`${namespace}/${name}`, { object, sinceMs: atMs }))
    this.#touch(kind, namespace, name)
  }

  remove (kind: string, object: KubeObject, atMs: number): void {
    const { namespace = '', name = '' } = object.metadata ?? {}
    this.graph.remove(kind, object, atMs)
    if (kind === 'Pod') this.pods.remove(object)
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
