/** Questions to the graph about one time, or about a period: then edges are those that held at any moment of it. */
import { endedIn, endedOut, openIn, openOut, type EdgeList } from './edge-table.js'
import { kindOfCode, mentionCode, optionalBit, type EdgeKind } from './edge-kinds.js'
import { none } from './entity-table.js'
import type { History } from './history.js'

export interface GraphNode {
  readonly kind: string
  /** '' for objects that have none. */
  readonly namespace: string
  readonly name: string
  /** '' when it did not exist then, or came without one. */
  readonly uid: string
  /** False: something names it, and there was no such object. */
  readonly exists: boolean
  /** Of its life; both NaN when it did not exist. */
  readonly sinceMs: number
  readonly untilMs: number
}

export interface GraphEdge {
  readonly kind: EdgeKind
  /** The reference may go nowhere. */
  readonly optional: boolean
  readonly from: GraphNode
  readonly to: GraphNode
  readonly sinceMs: number
  /** Infinity: it still holds. */
  readonly untilMs: number
}

export interface NodeRef { readonly kind: string, readonly namespace?: string, readonly name: string }

export type Direction = 'out' | 'in' | 'both'

export interface EdgeQuery {
  /** Left out = all. */
  readonly kinds?: readonly EdgeKind[]
  /** `out`: what the node speaks of or needs; `in`: who speaks of it or needs it. */
  readonly direction?: Direction
}

export class GraphView {
  readonly #history: History

  /** `timeMs` is the end of the period. */
  constructor (history: History, readonly timeMs: number, readonly fromMs = timeMs) { this.#history = history }

  /** False: so long ago that some of it is forgotten. */
  get complete (): boolean { return this.fromMs >= this.#history.completeSinceMs }

  /** Undefined: not there at the time, and nothing of the time that is kept names it. */
  node ({ kind, namespace = '', name }: NodeRef): GraphNode | undefined {
    const entity = this.#history.entities.find(kind, namespace, name)
    if (entity === none) return undefined
    const node = this.#node(entity)
    return node.exists || this.#edgesAt(entity, {}).length > 0 ? node : undefined
  }

  /** The object with `uid`, when it lived at the time. */
  byUid (uid: string): GraphNode | undefined {
    const life = this.#history.lives.byUid(uid)
    if (life === none) return undefined
    const node = this.#node(this.#history.lives.entity[life] as number)
    return node.uid === uid ? node : undefined
  }

  /** Newest first. */
  edgesOf ({ kind, namespace = '', name }: NodeRef, query: EdgeQuery = {}): GraphEdge[] {
    const entity = this.#history.entities.find(kind, namespace, name)
    return entity === none ? [] : this.#edgesAt(entity, query).map(edge => this.#edge(edge))
  }

  /** What is at the other ends, each once. */
  neighbours (ref: NodeRef, query: EdgeQuery = {}): GraphNode[] {
    const { entities, edges } = this.#history
    const entity = entities.find(ref.kind, ref.namespace ?? '', ref.name)
    if (entity === none) return []
    const others = new Set(this.#edgesAt(entity, query).map(e => edges.from[e] === entity ? edges.to[e] as number : edges.from[e] as number))
    return [...others].map(other => this.#node(other))
  }

  /** All objects that lived at the time, of a kind (one of the kinds) or namespace when given. Goes through all entities. */
  * nodes ({ kind, kinds, namespace }: { readonly kind?: string, readonly kinds?: ReadonlySet<string>, readonly namespace?: string } = {}): Generator<GraphNode> {
    const { entities, lives } = this.#history
    const fits = (entity: number): boolean => (kind === undefined || entities.kind(entity) === kind) &&
      (kinds === undefined || kinds.has(entities.kind(entity))) && (namespace === undefined || entities.namespace(entity) === namespace)
    for (let entity = 0; entity < entities.used; entity++) {
      if (entities.isUsed(entity) && fits(entity) && lives.at(entity, this.timeMs) !== none) yield this.#node(entity)
    }
  }

  #edgesAt (entity: number, { kinds, direction = 'both' }: EdgeQuery): number[] {
    const found: number[] = []
    const lists: readonly EdgeList[] = direction === 'out' ? [openOut, endedOut] : direction === 'in' ? [openIn, endedIn] : [openOut, endedOut, openIn, endedIn]
    for (const list of lists) this.#collect(list, entity, kinds, found)
    // An edge to itself is in both.
    return direction === 'both' ? [...new Set(found)] : found
  }

  #collect (list: EdgeList, entity: number, kinds: readonly EdgeKind[] | undefined, found: number[]): void {
    const { edges } = this.#history
    for (let edge = edges.first(list, entity); edge !== none; edge = edges.next(list, edge)) {
      // The list of the ended ones has the last end first.
      if ((edges.untilMs[edge] as number) <= this.fromMs) return
      const code = edges.code[edge] as number
      if (code === mentionCode || (edges.sinceMs[edge] as number) > this.timeMs) continue
      if (kinds === undefined || kinds.includes(kindOfCode(code))) found.push(edge)
    }
  }

  #edge (edge: number): GraphEdge {
    const { edges } = this.#history
    const code = edges.code[edge] as number
    return {
      kind: kindOfCode(code), optional: (code & optionalBit) !== 0, from: this.#node(edges.from[edge] as number), to: this.#node(edges.to[edge] as number),
      sinceMs: edges.sinceMs[edge] as number, untilMs: edges.untilMs[edge] as number
    }
  }

  #node (entity: number): GraphNode {
    const { entities, lives } = this.#history
    const life = lives.at(entity, this.timeMs)
    const exists = life !== none
    return {
      kind: entities.kind(entity), namespace: entities.namespace(entity), name: entities.name(entity), exists, uid: exists ? lives.uid(life) : '',
      sinceMs: exists ? lives.sinceMs[life] as number : NaN, untilMs: exists ? lives.untilMs[life] as number : NaN
    }
  }
}
