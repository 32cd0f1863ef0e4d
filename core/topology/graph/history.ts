/** Entities, their lives and edges over time; what is over is kept for an age and up to a count, then forgotten and counted. */
import { EdgeTable } from './edge-table.js'
import { EntityTable, none } from './entity-table.js'
import { IntQueue } from './int-queue.js'
import { LifeTable } from './life-table.js'

export interface HistoryLimits {
  /** How long what is over is kept. */
  readonly retentionMs: number
  /** Ended edges, and as many ended lives, kept at most, whatever their age. */
  readonly maxEnded: number
  /** Living objects. */
  readonly maxObjects: number
  /** Edges that hold now. */
  readonly maxEdges: number
}

export interface GraphCounts {
  /** Forgotten for their age, and because there were more than `maxEnded`. */
  readonly evicted: { age: number, count: number }
  /** Not taken in, as `maxObjects` or `maxEdges` was reached. */
  readonly refused: { objects: number, edges: number }
  /** Objects without a name, and references beyond those an object may have. */
  readonly ignored: { objects: number, references: number }
}

export class History {
  readonly entities = new EntityTable()
  readonly edges = new EdgeTable()
  readonly lives = new LifeTable()
  readonly counts: GraphCounts = { evicted: { age: 0, count: 0 }, refused: { objects: 0, edges: 0 }, ignored: { objects: 0, references: 0 } }
  readonly #endedEdges = new IntQueue()
  readonly #endedLives = new IntQueue()
  /** The time of the newest update: time never goes back here, whatever a clock does. */
  nowMs = -Infinity
  /** Answers for times before this may lack what has been forgotten. */
  completeSinceMs = -Infinity

  constructor (readonly limits: HistoryLimits) {}

  advance (atMs: number): number {
    if (atMs > this.nowMs) this.nowMs = atMs
    this.#evict()
    return this.nowMs
  }

  /** `none` when there are as many edges as may be. */
  open (from: number, to: number, code: number, sinceMs: number): number {
    if (this.edges.openCount >= this.limits.maxEdges) {
      this.counts.refused.edges++
      return none
    }
    this.entities.hold(from)
    this.entities.hold(to)
    return this.edges.open(from, to, code, sinceMs)
  }

  end (edge: number): void {
    // What never held at any time is no history.
    if ((this.edges.sinceMs[edge] as number) >= this.nowMs) { this.drop(edge); return }
    this.edges.end(edge, this.nowMs)
    this.#endedEdges.push(edge)
  }

  drop (edge: number): void {
    const [from, to] = [this.edges.from[edge] as number, this.edges.to[edge] as number]
    this.edges.drop(edge)
    this.entities.release(from)
    this.entities.release(to)
  }

  beginLife (entity: number, uid: string, sinceMs: number): number {
    this.entities.hold(entity)
    return this.lives.begin(entity, uid, sinceMs)
  }

  endLife (life: number): void {
    this.lives.end(life, this.nowMs)
    this.#endedLives.push(life)
  }

  /** Bytes in typed arrays; names and shared strings come on top. */
  get byteLength (): number {
    return this.entities.byteLength + this.edges.byteLength + this.lives.byteLength + this.#endedEdges.byteLength + this.#endedLives.byteLength
  }

  #dropLife (life: number): void {
    const entity = this.lives.entity[life] as number
    this.lives.drop(life)
    this.entities.release(entity)
  }

  #evict (): void {
    this.#forget(this.#endedEdges, edge => this.edges.untilMs[edge] as number, edge => this.drop(edge))
    this.#forget(this.#endedLives, life => this.lives.untilMs[life] as number, life => this.#dropLife(life))
  }

  #forget (queue: IntQueue, untilMs: (item: number) => number, drop: (item: number) => void): void {
    const oldestMs = this.nowMs - this.limits.retentionMs
    for (let item = queue.peek(); item !== undefined; item = queue.peek()) {
      const endMs = untilMs(item)
      if (endMs > oldestMs && queue.size <= this.limits.maxEnded) return
      this.counts.evicted[endMs > oldestMs ? 'count' : 'age']++
      this.completeSinceMs = Math.max(this.completeSinceMs, endMs)
      queue.shift()
      drop(item)
    }
  }
}
