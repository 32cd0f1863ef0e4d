/**
 * What the cluster is made of, how it hangs together, and since and until when: `graph.at(time)` answers what was true then.
 * Fed with objects, one at a time; an update costs what it changes. See ../README.md.
 *
 * What is first seen is taken to have been so since the object was created: an object is older than our knowledge of it, and
 * what happened in between is asked for too.
 */
import type { KubeObject } from '../../kubernetes/objects.js'
import { declarationOf, nameOf, type NodeName, type Reference } from './declaration.js'
import { codeOf, isSelectorCode, mentionCode, optionalBit, refersTo } from './edge-kinds.js'
import { openIn, openOut, type EdgeList } from './edge-table.js'
import { none } from './entity-table.js'
import { History, type GraphCounts, type HistoryLimits } from './history.js'
import { LabelGroups } from './label-groups.js'
import { textAt } from './plain.js'
import { maxNameLength } from './pod-references.js'
import { GraphView } from './view.js'

export type GraphOptions = Partial<HistoryLimits>

/** An EndpointSlice has 1000 endpoints at most, Endpoints too. */
const maxReferences = 5000

export class ClusterGraph {
  readonly #history: History
  readonly #groups = new LabelGroups()

  constructor ({ retentionMs = 3_600_000, maxEnded = 200_000, maxObjects = 1_000_000, maxEdges = 4_000_000 }: GraphOptions = {}) {
    this.#history = new History({ retentionMs, maxEnded, maxObjects, maxEdges })
  }

  /** `atMs` is the observer's clock. An entity's number is right as long as the object lives; `none` when it was not taken. */
  put (kind: string, object: KubeObject, atMs: number): number {
    const history = this.#history
    const nowMs = history.advance(atMs)
    const { namespace, name } = nameOf(kind, object)
    if (kind === '' || name === '' || name.length > maxNameLength || namespace.length > maxNameLength) { history.counts.ignored.objects++; return none }
    const uid = textAt(object, 'metadata', 'uid')
    const entity = history.entities.intern(kind, namespace, name)
    const before = history.lives.current(entity)
    const isSame = before !== none && history.lives.uid(before) === uid
    if (before !== none && !isSame) this.#end(entity, before)
    if (!isSame && history.lives.openCount >= history.limits.maxObjects) {
      history.counts.refused.objects++
      history.entities.tidy(entity)
      return none
    }
    const sinceMs = isSame ? nowMs : this.#begin(entity, uid, textAt(object, 'metadata', 'creationTimestamp'))
    this.#declare(entity, kind, namespace, object, sinceMs)
    return entity
  }

  /** The number of the entity that ended; `none` when there is no such object, or the removal speaks of an earlier life. */
  remove (kind: string, object: KubeObject, atMs: number): number {
    const { namespace, name } = nameOf(kind, object)
    const entity = this.#history.entities.find(kind, namespace, name)
    const uid = textAt(object, 'metadata', 'uid')
    const life = entity === none ? none : this.#history.lives.current(entity)
    const isIt = life !== none && (uid === '' || this.#history.lives.uid(life) === uid)
    if (isIt) this.removeEntity(entity, atMs)
    else this.#history.advance(atMs)
    return isIt ? entity : none
  }

  /** What `put` gave the number of. */
  removeEntity (entity: number, atMs: number): void {
    this.#history.advance(atMs)
    const life = this.#history.lives.current(entity)
    if (life !== none) this.#end(entity, life)
  }

  /** What was true at `timeUnixNano`; the view is of the graph as it is now, and lives no longer than the next update. */
  at (timeUnixNano: bigint): GraphView { return this.atMs(Number(timeUnixNano) / 1e6) }

  atMs (timeMs: number): GraphView { return new GraphView(this.#history, timeMs) }

  /** The time of the newest update; -Infinity before the first. */
  get nowMs (): number { return this.#history.nowMs }

  /** All that held at any moment from `fromMs` to `untilMs`; nodes are as they were at its end. */
  during (fromMs: number, untilMs: number): GraphView { return new GraphView(this.#history, untilMs, fromMs) }

  get counts (): GraphCounts { return this.#history.counts }
  get completeSinceMs (): number { return this.#history.completeSinceMs }

  get size (): { readonly objects: number, readonly endedObjects: number, readonly entities: number, readonly edges: number, readonly endedEdges: number, readonly labelGroups: number, readonly bytes: number } {
    const { lives, entities, edges, byteLength } = this.#history
    return { objects: lives.openCount, endedObjects: lives.endedCount, entities: entities.size, edges: edges.openCount, endedEdges: edges.endedCount, labelGroups: this.#groups.groupCount, bytes: byteLength }
  }

  /** Since when the new life is taken to last. */
  #begin (entity: number, uid: string, created: string): number {
    const { lives, nowMs } = this.#history
    const createdMs = Date.parse(created)
    const newest = lives.newest(entity)
    const sinceMs = Math.max(Number.isNaN(createdMs) ? nowMs : Math.min(createdMs, nowMs), newest === none ? -Infinity : lives.untilMs[newest] as number)
    this.#history.beginLife(entity, uid, sinceMs)
    this.#each(openIn, entity, edge => { if (this.#code(edge) === mentionCode) this.#openMention(edge) })
    return sinceMs
  }

  #end (entity: number, life: number): void {
    this.#groups.leave(entity)
    this.#groups.deselect(entity)
    // A `refers_to` ends with the mention it stands for.
    this.#each(openOut, entity, edge => { if (this.#code(edge) !== refersTo) this.#close(edge) })
    this.#each(openIn, entity, edge => { if (isSelectorCode(this.#code(edge)) || this.#code(edge) === refersTo) this.#history.end(edge) })
    this.#history.endLife(life)
  }

  #declare (entity: number, kind: string, namespace: string, object: KubeObject, sinceMs: number): void {
    const { references, labels, selector } = declarationOf(kind, object)
    this.#declareReferences(entity, references, sinceMs)
    if (labels !== undefined && this.#groups.join(entity, namespace, labels, sinceMs)) {
      this.#match(openIn, entity, this.#groups.selectorsOf(entity))
    }
    if (selector !== undefined && this.#groups.select(entity, namespace, selector.code, selector.of, sinceMs)) {
      this.#match(openOut, entity, new Set(this.#groups.podsOf(entity)))
    }
  }

  #declareReferences (entity: number, references: readonly Reference[], sinceMs: number): void {
    const taken = references.slice(0, maxReferences)
    this.#history.counts.ignored.references += references.length - taken.length
    // Held, as an edge that ends may be all that holds the target of one that begins.
    const targets = taken.map(({ to }) => this.#held(to))
    const wanted = wantedKeys(taken, targets)
    this.#each(openOut, entity, edge => {
      const code = this.#code(edge)
      if (isSelectorCode(code) || code === refersTo) return
      if (!wanted.delete(keyOf(this.#history.edges.to[edge] as number, code))) this.#close(edge)
    })
    for (const key of wanted) {
      const [to, code] = [Math.floor(key / 256), key % 256]
      const edge = this.#history.open(entity, to, code, sinceMs)
      if (edge !== none && code === mentionCode) this.#openMention(edge)
    }
    for (const target of targets) this.#history.entities.release(target)
  }

  #held ({ kind, namespace, name }: NodeName): number {
    const entity = this.#history.entities.intern(kind, namespace, name)
    this.#history.entities.hold(entity)
    return entity
  }

  /** Selector edges of `entity` become those with `others`, seen from a pod (openIn) or from a selector (openOut). */
  #match (list: typeof openIn | typeof openOut, entity: number, others: ReadonlySet<number>): void {
    const { edges } = this.#history
    const missing = new Set(others)
    this.#each(list, entity, edge => {
      if (!isSelectorCode(this.#code(edge))) return
      if (!missing.delete((list === openIn ? edges.from : edges.to)[edge] as number)) this.#history.end(edge)
    })
    for (const other of missing) {
      const [selector, pod] = list === openIn ? [other, entity] : [entity, other]
      this.#history.open(selector, pod, this.#groups.code(selector), this.#groups.sinceMs(selector, pod))
    }
  }

  /** A mention is a `refers_to` as long as there is such a Service. */
  #openMention (mention: number): void {
    const { edges, lives } = this.#history
    const [from, to] = [edges.from[mention] as number, edges.to[mention] as number]
    const life = lives.current(to)
    if (life !== none) this.#history.open(from, to, refersTo, Math.max(edges.sinceMs[mention] as number, lives.sinceMs[life] as number))
  }

  #close (edge: number): void {
    const { edges } = this.#history
    if (this.#code(edge) !== mentionCode) { this.#history.end(edge); return }
    const [from, to] = [edges.from[edge] as number, edges.to[edge] as number]
    this.#each(openOut, from, other => { if (this.#code(other) === refersTo && edges.to[other] === to) this.#history.end(other) })
    this.#history.drop(edge)
  }

  #code (edge: number): number { return this.#history.edges.code[edge] as number }

  /** Edges may end while they are gone through, hence the copy. */
  #each (list: EdgeList, entity: number, visit: (edge: number) => void): void {
    const { edges } = this.#history
    const all: number[] = []
    for (let edge = edges.first(list, entity); edge !== none; edge = edges.next(list, edge)) all.push(edge)
    for (const edge of all) visit(edge)
  }
}

/** One edge a target and kind, whatever number of containers says so; needed by one = needed. */
function wantedKeys (references: readonly Reference[], targets: readonly number[]): Set<number> {
  const wanted = new Set<number>()
  references.forEach(({ kind, optional = false }, i) => {
    const needed = keyOf(targets[i] as number, kind === 'mention' ? mentionCode : codeOf(kind))
    if (!optional) wanted.delete(needed + optionalBit)
    if (!optional || !wanted.has(needed)) wanted.add(optional ? needed + optionalBit : needed)
  })
  return wanted
}

const keyOf = (target: number, code: number): number => target * 256 + code
