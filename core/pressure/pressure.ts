/**
 * How short of memory the process is, seen by all its threads: one number in shared memory, written by whoever measures (the
 * `memory_limiter` processor), read by whoever can do with less.
 *
 * | level    | who does what                                                                                        |
 * |----------|------------------------------------------------------------------------------------------------------|
 * | `none`   |                                                                                                      |
 * | `shrink` | whoever holds rows to make larger batches of them sends what it has; caches give back what they can   |
 * | `spill`  | queues in memory that have somewhere to go put on disk what waits                                     |
 * | `shed`   | `memory_limiter` drops rows by severity, the most severe last; each drop is counted                   |
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
}

export type PressureMemory = SharedArrayBuffer

const Cell = { level: 0, retryAfterMs: 1, measurer: 2, measuredAtSeconds: 3, cells: 4 } as const
const defaultRetryAfterMs = 1000

export function createPressureMemory (): PressureMemory {
  const memory = new SharedArrayBuffer(Cell.cells * Int32Array.BYTES_PER_ELEMENT)
  new Int32Array(memory)[Cell.retryAfterMs] = defaultRetryAfterMs
  return memory
}

export class SharedPressure implements Pressure {
  readonly #cells: Int32Array

  constructor (readonly memory: PressureMemory = createPressureMemory()) { this.#cells = new Int32Array(memory) }

  get level (): PressureLevel { return pressureLevels[Atomics.load(this.#cells, Cell.level)] ?? 'none' }

  get retryAfterMs (): number { return Atomics.load(this.#cells, Cell.retryAfterMs) }

  atLeast (level: PressureLevel): boolean { return Atomics.load(this.#cells, Cell.level) >= pressureLevels.indexOf(level) }

  /**
   * The process is measured once, whatever number of limiters it has: true for the one that does it from now on, or did. `measurer` is a
   * positive number of its own; another takes over from one that has not `set` for `staleSeconds` (its thread died).
   */
  claim (measurer: number, nowSeconds: number, staleSeconds: number): boolean {
    const holder = Atomics.load(this.#cells, Cell.measurer)
    if (holder === measurer) return true
    if (holder !== 0 && nowSeconds - Atomics.load(this.#cells, Cell.measuredAtSeconds) < staleSeconds) return false
    if (Atomics.compareExchange(this.#cells, Cell.measurer, holder, measurer) !== holder) return false
    Atomics.store(this.#cells, Cell.measuredAtSeconds, nowSeconds)
    return true
  }

  /** Ends a claim; the level is `none` again, as nobody measures. */
  release (measurer: number): void {
    if (Atomics.compareExchange(this.#cells, Cell.measurer, measurer, 0) === measurer) Atomics.store(this.#cells, Cell.level, 0)
  }

  set (level: PressureLevel, retryAfterMs: number, nowSeconds: number): void {
    Atomics.store(this.#cells, Cell.retryAfterMs, retryAfterMs)
    Atomics.store(this.#cells, Cell.measuredAtSeconds, nowSeconds)
    Atomics.store(this.#cells, Cell.level, pressureLevels.indexOf(level))
  }
}
