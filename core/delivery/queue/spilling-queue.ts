/**
 * A queue in memory with a disk to go to: when memory is short or the queue is full, what comes goes there, and what waits follows; but for
 * severe rows, which stay in memory and are delivered first. Then comes what is on disk, as it is older than the rest; order
 * is kept but for what moves just then. It stays on disk over the end of the process, and so does what then waits in memory.
 */
import type { Clock } from '../../component/clock.js'
import type { EventBatch } from '../../data/batch.js'
import { apart } from '../../data/keep.js'
import type { Pressure } from '../../pressure/pressure.js'
import type { DiskQueue } from './disk-queue.js'
import type { MemoryQueue, Parts } from './memory-queue.js'
import type { BatchQueue, PutResult, Taken } from './queue.js'

export interface SpillingQueueOptions {
  readonly memory: MemoryQueue
  readonly disk: DiskQueue
  readonly pressure: Pressure
  readonly clock: Clock
  /** Rows that went to disk. */
  readonly onSpill: (rows: number) => void
}

/** Memory may become short while nobody puts anything. */
const lookEveryMs = 250

export class SpillingQueue implements BatchQueue {
  readonly #waiters: (() => void)[] = []
  /** Whatever makes something wait: who looked before must look again. */
  #arrivals = 0
  #moving: Promise<void> | undefined
  #closed = false
  #cancel: () => void = () => undefined

  constructor (readonly options: SpillingQueueOptions) { this.#look() }

  get waiting (): number { return this.options.memory.waiting + this.options.disk.waiting }
  get known (): Promise<void> { return this.options.disk.known }
  get underWay (): number { return this.options.memory.underWay + this.options.disk.underWay }
  get bytes (): number { return this.options.memory.bytes + this.options.disk.bytes }

  get rowsInMemory (): number { return this.options.memory.rowsInMemory }

  async put (batch: EventBatch): Promise<PutResult> {
    if (this.#closed) return { status: 'failed', reason: 'the queue is closed' }
    const { memory, disk } = this.options
    const spills = this.#spills
    const parts = memory.partsOf(batch, disk.bytes, spills || disk.bytes > 0)
    if (spills) return this.#divide(parts)
    const result = await memory.putParts(parts)
    if (result.status === 'full') return this.#divide(parts)
    this.#arrived()
    return result
  }

  async take (): Promise<Taken | undefined> {
    while (!this.#closed) {
      const seen = this.#arrivals
      const taken = await this.#takeNow()
      if (taken !== undefined) return taken
      if (seen === this.#arrivals && !this.#closed) await new Promise<void>(resolve => this.#waiters.push(resolve))
    }
    return undefined
  }

  async close (): Promise<number> {
    if (this.#closed) return 0
    this.#closed = true
    this.#cancel()
    this.#arrived()
    await this.#moving
    await this.#move()
    const lost = await this.options.memory.close()
    return lost + await this.options.disk.close()
  }

  get #spills (): boolean { return this.options.pressure.atLeast('spill') }

  async #takeNow (): Promise<Taken | undefined> {
    const { memory, disk } = this.options
    const taken = (memory.waitingSevere > 0 ? memory.takeNow() : undefined) ?? (disk.waiting > 0 ? await disk.takeNow() : undefined) ?? memory.takeNow()
    if (taken === undefined) return undefined
    return { batch: taken.batch, atMs: taken.atMs, done: () => { taken.done() }, putBack: () => { taken.putBack(); this.#arrived() } }
  }

  /** Others first: when they are not taken nothing may be. */
  async #divide ({ severe, others }: Parts): Promise<PutResult> {
    const result = others === undefined ? { status: 'queued' } as const : await this.#spill(others)
    if (severe === undefined || !isTaken(result)) return result
    // What it shares with the others is on disk by now: it must not keep their bytes.
    const kept = await this.options.memory.putParts({ severe: apart(severe), others: undefined })
    this.#arrived()
    return kept.status === 'full' ? this.#spill(severe) : kept
  }

  async #spill (batch: EventBatch): Promise<PutResult> {
    const result = await this.options.disk.put(batch)
    if (result.status === 'queued') {
      this.options.onSpill(batch.count)
      this.#arrived()
    }
    return result
  }

  #look (): void {
    if (this.#spills) this.#moving ??= this.#move().finally(() => { this.#moving = undefined })
    this.#cancel = this.options.clock.after(lookEveryMs, () => { this.#look() })
  }

  /** All that waits in memory, as far as the disk takes it and as long as there is a reason. */
  async #move (): Promise<void> {
    const { memory } = this.options
    while (this.#spills || this.#closed) {
      const taken = memory.takeOther() ?? (this.#closed ? memory.takeNow() : undefined)
      if (taken === undefined) return
      const result = await this.#spill(taken.batch)
      if (isTaken(result)) taken.done()
      else { taken.putBack(); this.#arrived(); return }
    }
  }

  #arrived (): void {
    this.#arrivals++
    for (const resolve of this.#waiters.splice(0)) resolve()
  }
}

/** Over the disk's bound the policy may be to drop. */
function isTaken ({ status }: PutResult): boolean { return status === 'queued' || status === 'dropped' }
