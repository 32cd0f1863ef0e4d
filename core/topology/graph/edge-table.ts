/**
 * Edges with the time they held: [sinceMs, untilMs), Infinity = still. 41 bytes each in typed arrays, plus 16 an entity.
 *
 *   every entity ──► openOut ⇄ openOut ⇄ …      what it says now
 *                ──► openIn ⇄ …                 what is said of it now
 *                ──► endedOut ⇄ …               was said: newest end first, so a search for a time may stop early
 *                ──► endedIn ⇄ …
 *
 * An edge is in two lists, one at each end; both are doubly linked, so that ending one costs the same in a list of ten
 * thousand.
 */
import { grown } from '../key-table.js'
import { none } from './entity-table.js'

export const openOut = 0
export const openIn = 1
export const endedOut = 2
export const endedIn = 3
export type EdgeList = typeof openOut | typeof openIn | typeof endedOut | typeof endedIn

export class EdgeTable {
  from = new Int32Array(16)
  to = new Int32Array(16)
  code = new Uint8Array(16)
  sinceMs = new Float64Array(16)
  untilMs = new Float64Array(16)
  /** By side: 0 = lists of `from`, 1 = lists of `to`. Of a free edge, next of side 0 is the next free one. */
  readonly #next: [Int32Array, Int32Array] = [new Int32Array(16), new Int32Array(16)]
  readonly #prev: [Int32Array, Int32Array] = [new Int32Array(16), new Int32Array(16)]
  /** entity * 4 + list. */
  #heads = new Int32Array(64).fill(none)
  #free = none
  #used = 0
  openCount = 0
  endedCount = 0

  first (list: EdgeList, entity: number): number { return this.#heads[entity * 4 + list] ?? none }

  next (list: EdgeList, edge: number): number { return this.#next[list & 1 as 0 | 1][edge] as number }

  open (from: number, to: number, code: number, sinceMs: number): number {
    const edge = this.#take()
    this.from[edge] = from
    this.to[edge] = to
    this.code[edge] = code
    this.sinceMs[edge] = sinceMs
    this.untilMs[edge] = Infinity
    this.#link(openOut, from, edge)
    this.#link(openIn, to, edge)
    this.openCount++
    return edge
  }

  /** Ends must come in the order of their times. */
  end (edge: number, atMs: number): void {
    this.#unlink(openOut, edge)
    this.#unlink(openIn, edge)
    this.untilMs[edge] = atMs
    this.#link(endedOut, this.from[edge] as number, edge)
    this.#link(endedIn, this.to[edge] as number, edge)
    this.openCount--
    this.endedCount++
  }

  /** Forgets an open or an ended edge. */
  drop (edge: number): void {
    const isOpen = this.untilMs[edge] === Infinity
    this.#unlink(isOpen ? openOut : endedOut, edge)
    this.#unlink(isOpen ? openIn : endedIn, edge)
    if (isOpen) this.openCount--
    else this.endedCount--
    this.#next[0][edge] = this.#free
    this.#free = edge
  }

  get byteLength (): number { return this.from.length * 41 + this.#heads.byteLength }

  #ownerOf (list: EdgeList, edge: number): number { return (list & 1) === 0 ? this.from[edge] as number : this.to[edge] as number }

  #link (list: EdgeList, entity: number, edge: number): void {
    this.#reach(entity)
    const [next, prev] = [this.#next[list & 1 as 0 | 1], this.#prev[list & 1 as 0 | 1]]
    const head = this.#heads[entity * 4 + list] as number
    next[edge] = head
    prev[edge] = none
    if (head !== none) prev[head] = edge
    this.#heads[entity * 4 + list] = edge
  }

  #unlink (list: EdgeList, edge: number): void {
    const [next, prev] = [this.#next[list & 1 as 0 | 1], this.#prev[list & 1 as 0 | 1]]
    const [after, before] = [next[edge] as number, prev[edge] as number]
    if (before === none) this.#heads[this.#ownerOf(list, edge) * 4 + list] = after
    else next[before] = after
    if (after !== none) prev[after] = before
  }

  #take (): number {
    if (this.#free !== none) {
      const edge = this.#free
      this.#free = this.#next[0][edge] as number
      return edge
    }
    if (this.#used === this.from.length) this.#grow(Math.ceil(this.#used * 1.5))
    return this.#used++
  }

  #grow (capacity: number): void {
    this.from = grown(this.from, capacity)
    this.to = grown(this.to, capacity)
    this.code = grown(this.code, capacity)
    this.sinceMs = grown(this.sinceMs, capacity)
    this.untilMs = grown(this.untilMs, capacity)
    for (const side of [0, 1] as const) {
      this.#next[side] = grown(this.#next[side], capacity)
      this.#prev[side] = grown(this.#prev[side], capacity)
    }
  }

  #reach (entity: number): void {
    const length = this.#heads.length
    if ((entity + 1) * 4 <= length) return
    this.#heads = grown(this.#heads, Math.max((entity + 1) * 4, Math.ceil(length * 1.5 / 4) * 4)).fill(none, length)
  }
}
