/**
 * What one thread does about its own memory: tells how full its heap is, and collects garbage while the process is short of memory.
 * V8 collects when a heap has grown by a share of itself, or buffers outside it by some 64 MiB, and does not know that the process has a
 * limit: what requests were read into (most of what Tapio holds) stays until it does.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from '../component/clock.js'
import type { SharedPressure } from './pressure.js'

const lookEveryMs = { none: 1000, short: 250 } as const
/** Longest and shortest time between two collections, which stop the thread for 10 to 50 ms each. */
const collectEveryMs = { short: 5000, refuse: 2000, least: 500 } as const
/** A collection is due earlier when so much has come since the last. */
const grownBytes = 8 << 20

export interface Heap {
  /** Share of its limit that is used, 0 to 1. */
  used(): number
  /** Bytes in the heap and in buffers outside of it, garbage included. */
  held(): number
  collect(): void
}

export interface HeapWatchOptions {
  readonly pressure: SharedPressure
  /** Of the thread in its process. */
  readonly place: number
  readonly clock: Clock
  /** Left out: V8's own. */
  readonly heap?: Heap
}

export class HeapWatch {
  #cancel: () => void = () => undefined
  #started = false
  #collectedMs = -Infinity
  #heldBytes = 0

  constructor (readonly options: HeapWatchOptions) {}

  start (): void {
    if (this.#started) return
    this.#started = true
    this.#look()
  }

  stop (): void {
    this.#cancel()
    this.#started = false
  }

  #look (): void {
    const { pressure, place, clock, heap = v8Heap } = this.options
    const short = pressure.atLeast('shrink')
    if (short && this.#due(clock.monotonicMs() - this.#collectedMs, heap)) {
      heap.collect()
      this.#collectedMs = clock.monotonicMs()
      this.#heldBytes = heap.held()
    }
    pressure.reportHeap(place, heap.used(), Math.floor(clock.unixMs() / 1000))
    this.#cancel = clock.after(short ? lookEveryMs.short : lookEveryMs.none, () => { this.#look() })
  }

  #due (sinceMs: number, heap: Heap): boolean {
    if (sinceMs >= (this.options.pressure.atLeast('refuse') ? collectEveryMs.refuse : collectEveryMs.short)) return true
    return sinceMs >= collectEveryMs.least && heap.held() - this.#heldBytes >= grownBytes
  }
}

let collect: (() => void) | undefined

const v8Heap: Heap = {
  used (): number {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    return used / limit
  },
  held (): number {
    const { used_heap_size: used, external_memory: external } = getHeapStatistics()
    return used + external
  },
  collect (): void {
    if (collect === undefined) {
      setFlagsFromString('--expose-gc')
      collect = runInNewContext('gc') as () => void
    }
    collect()
  }
}
