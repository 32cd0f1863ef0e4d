/**
 * How short of memory the process is, seen by all its threads: one number in shared memory, written by whoever measures (the
 * `memory_limiter` processor), read by whoever can do with less.
 *
 * | level    | who does what                                                                                        |
 * |----------|------------------------------------------------------------------------------------------------------|
 * | `none`   |                                                                                                      |
 * | `shrink` | whoever holds rows to make larger batches of them sends what it has; caches give back what they can   |
 * | `spill`  | queues in memory that have somewhere to go put on disk what waits                                     |
 * | `shed`   | `memory_limiter` lets only severe rows pass: others are to come again, or are dropped and counted      |
 * | `refuse` | receivers turn requests away before they decode them, with a hint when to come again                  |
 *
 * A level holds for what is below it too. It rises as soon as memory does, and falls one step at a time.
 */
export const pressureLevels = ['none', 'shrink', 'spill', 'shed', 'refuse'] as const
export type PressureLevel = (typeof pressureLevels)[number]

/** What components see of it. Reading costs one atomic load. */
export interface Pressure {
  readonly level: PressureLevel
  /** Whether the level is `level` or worse. */
  atLeast (level: PressureLevel): boolean
  /** When who is turned away may come again. */
  readonly retryAfterMs: number
  /** Rows less severe than this (data/enums.ts) wait or are dropped now; 0 = none. */
  readonly minSeverity: number
}

/** What is left of a bound in bytes, by level: buffers that are allowed hundreds of megabytes together must not be under pressure. */
const shares: Readonly<Record<PressureLevel, number>> = { none: 1, shrink: 0.5, spill: 0.25, shed: 0.125, refuse: 0.125 }

/** How much of `bytes` a buffer may hold at the present level. What it holds already it keeps. */
export function roomUnder (pressure: Pressure, bytes: number): number { return bytes * shares[pressure.level] }

export type PressureMemory = SharedArrayBuffer

const Cell = { level: 0, retryAfterMs: 1, measurer: 2, measuredAtSeconds: 3, minSeverity: 4, heaps: 5 } as const
const defaultRetryAfterMs = 1000

/** Each thread's heap: what is used of its limit in thousandths, and when that was (seconds). More threads than this share places. */
export const heapPlaces = 64
const heapCells = 2
/** A thread that has not told for so long is gone. */
const heapStaleSeconds = 30

export function createPressureMemory (): PressureMemory {
  const memory = new SharedArrayBuffer((Cell.heaps + heapPlaces * heapCells) * Int32Array.BYTES_PER_ELEMENT)
  new Int32Array(memory)[Cell.retryAfterMs] = defaultRetryAfterMs
  return memory
}

export class SharedPressure implements Pressure {
  readonly #cells: Int32Array

  constructor (readonly memory: PressureMemory = createPressureMemory()) { this.#cells = new Int32Array(memory) }

  get level (): PressureLevel { return pressureLevels[Atomics.load(this.#cells, Cell.level)] ?? 'none' }

  get retryAfterMs (): number { return Atomics.load(this.#cells, Cell.retryAfterMs) }

  get minSeverity (): number { return Atomics.load(this.#cells, Cell.minSeverity) }

  atLeast (level: PressureLevel): boolean { return Atomics.load(this.#cells, Cell.level) >= pressureLevels.indexOf(level) }

  /**
   * The process is measured once, whatever number of limiters it has: true for the one that does it from now on, or did. `measurer` is a
   * positive number of its own; another takes over from one that has not `set` for `staleSeconds` (its thread died).
   */
  claim (measurer: number, nowSeconds: number, staleSeconds: number): boolean {
    const holder = Atomics.load(this.#cells, Cell.measurer)
    if (holder === measurer) return true
    // A clock that was set back must not keep a dead one in its place.
    if (holder !== 0 && Math.abs(nowSeconds - Atomics.load(this.#cells, Cell.measuredAtSeconds)) < staleSeconds) return false
    if (Atomics.compareExchange(this.#cells, Cell.measurer, holder, measurer) !== holder) return false
    Atomics.store(this.#cells, Cell.measuredAtSeconds, nowSeconds)
    return true
  }

  /** Ends a claim; the level is `none` again, as nobody measures. */
  release (measurer: number): void {
    if (Atomics.compareExchange(this.#cells, Cell.measurer, measurer, 0) !== measurer) return
    Atomics.store(this.#cells, Cell.level, 0)
    Atomics.store(this.#cells, Cell.minSeverity, 0)
  }

  set (level: PressureLevel, retryAfterMs: number, nowSeconds: number, minSeverity = 0): void {
    Atomics.store(this.#cells, Cell.minSeverity, minSeverity)
    Atomics.store(this.#cells, Cell.retryAfterMs, retryAfterMs)
    Atomics.store(this.#cells, Cell.measuredAtSeconds, nowSeconds)
    Atomics.store(this.#cells, Cell.level, pressureLevels.indexOf(level))
  }
  /** A thread tells how much of its heap's limit is used, 0 to 1. `place` is its number in the process. */
  reportHeap (place: number, share: number, nowSeconds: number): void {
    const at = Cell.heaps + place % heapPlaces * heapCells
    Atomics.store(this.#cells, at, Math.round(share * 1000))
    Atomics.store(this.#cells, at + 1, nowSeconds)
  }

  /** The fullest heap of all threads that have told lately, 0 to 1: a thread whose heap is full takes the process with it. */
  fullestHeap (nowSeconds: number): number {
    let most = 0
    for (let at = Cell.heaps; at < this.#cells.length; at += heapCells) {
      if (Math.abs(nowSeconds - Atomics.load(this.#cells, at + 1)) < heapStaleSeconds) most = Math.max(most, Atomics.load(this.#cells, at))
    }
    return most / 1000
  }
}
