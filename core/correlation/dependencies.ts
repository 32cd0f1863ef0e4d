/** Who calls whom, as traces and kernel connections show it: caller -> callee, with how often and how badly. Bounded. */
import { entityKey, entityOfKey, type EntityKey, type EntityRef } from './entity.js'

export interface Call {
  readonly caller: EntityRef
  readonly callee: EntityRef
  calls: number
  errors: number
  firstMs: number
  lastMs: number
}

export class Dependencies {
  readonly #byCaller = new Map<EntityKey, Map<EntityKey, Call>>()
  readonly #callers = new Map<EntityKey, Set<EntityKey>>()
  #size = 0
  refused = 0
  /** Grows with everything that is noted. */
  version = 0

  constructor (readonly maxCalls = 50_000) {}

  get size (): number { return this.#size }

  note (caller: EntityRef, callee: EntityRef, timeMs: number, calls: number, errors: number): void {
    const [from, to] = [entityKey(caller), entityKey(callee)]
    if (from === to) return
    this.version++
    const known = this.#byCaller.get(from)?.get(to)
    if (known === undefined) { this.#add(from, to, { caller: entityOfKey(from), callee: entityOfKey(to), calls, errors, firstMs: timeMs, lastMs: timeMs }); return }
    known.calls += calls
    known.errors += errors
    known.firstMs = Math.min(known.firstMs, timeMs)
    known.lastMs = Math.max(known.lastMs, timeMs)
  }

  /** What it calls. */
  callees (caller: EntityRef): Iterable<Call> { return this.#byCaller.get(entityKey(caller))?.values() ?? [] }

  /** Who calls it. */
  callers (callee: EntityRef): Call[] {
    const to = entityKey(callee)
    return [...this.#callers.get(to) ?? []].map(from => this.#byCaller.get(from)?.get(to)).filter(call => call !== undefined)
  }

  #add (from: EntityKey, to: EntityKey, call: Call): void {
    if (this.#size >= this.maxCalls) { this.refused++; return }
    this.#size++
    const calls = this.#byCaller.get(from) ?? new Map<EntityKey, Call>()
    this.#byCaller.set(from, calls.set(to, call))
    const callers = this.#callers.get(to) ?? new Set<EntityKey>()
    this.#callers.set(to, callers.add(from))
  }
}
