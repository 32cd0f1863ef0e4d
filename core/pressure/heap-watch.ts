/**
 * What one thread does about its own memory: tells how full its heap is, and collects garbage while the process is short of memory.
 * V8 collects when a heap has grown by a share of itself, and does not know that the process has a limit: buffers outside the heap
 * (most of what Tapio holds) stay until it does.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from '../component/clock.js'
import type { SharedPressure } from './pressure.js'

const intervalMs = 1000
/** Between two collections, which stop the thread for 10 to 50 ms each: as the Collector's memory_limiter, but never without a pause. */
const collectEveryMs = { short: 5000, refuse: 2000 } as const

export interface HeapWatchOptions {
  readonly pressure: SharedPressure
  /** Of the thread in its process. */
  readonly place: number
  readonly clock: Clock
  /** Left out: V8's own. */
  readonly heap?: { used(): number, collect(): void }
}

export class HeapWatch {
  #cancel: () => void = () => undefined
  #started = false
  #collectedMs = -Infinity

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
    if (this.#due(clock.monotonicMs())) {
      heap.collect()
      this.#collectedMs = clock.monotonicMs()
    }
    pressure.reportHeap(place, heap.used(), Math.floor(clock.unixMs() / 1000))
    this.#cancel = clock.after(intervalMs, () => { this.#look() })
  }

  #due (nowMs: number): boolean {
    const { pressure } = this.options
    if (!pressure.atLeast('shrink')) return false
    return nowMs - this.#collectedMs >= (pressure.atLeast('refuse') ? collectEveryMs.refuse : collectEveryMs.short)
  }
}

let collect: (() => void) | undefined

const v8Heap = {
  used (): number {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    return used / limit
  },
  collect (): void {
    if (collect === undefined) {
      setFlagsFromString('--expose-gc')
      collect = runInNewContext('gc') as () => void
    }
    collect()
  }
}
