/** One list and watch as updates of the graph. */
import type { Clock } from '../../component/clock.js'
import type { KubeObject } from '../../kubernetes/objects.js'
import type { ObjectSink } from '../../kubernetes/list-watch.js'
import type { ClusterGraph } from './cluster-graph.js'
import { none } from './entity-table.js'

/** `kind` of all its objects: those of a list do not say it. */
export class GraphFeed implements ObjectSink {
  readonly #graph: ClusterGraph
  readonly #clock: Clock
  #held = new Set<number>()
  #listed: Set<number> | undefined

  constructor (graph: ClusterGraph, readonly kind: string, clock: Clock) {
    this.#graph = graph
    this.#clock = clock
  }

  listing (): void { this.#listed = new Set() }

  put (object: KubeObject): void {
    const entity = this.#graph.put(this.kind, object, this.#clock.unixMs())
    if (entity === none) return
    this.#held.add(entity)
    this.#listed?.add(entity)
  }

  remove (object: KubeObject): void {
    const entity = this.#graph.remove(this.kind, object, this.#clock.unixMs())
    if (entity === none) return
    this.#held.delete(entity)
    this.#listed?.delete(entity)
  }

  listed (): void {
    const listed = this.#listed
    if (listed === undefined) return
    for (const entity of this.#held) if (!listed.has(entity)) this.#graph.removeEntity(entity, this.#clock.unixMs())
    this.#held = listed
    this.#listed = undefined
  }
}
