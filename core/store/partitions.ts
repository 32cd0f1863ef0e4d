/** All partitions of a store, oldest first: opened, begun, and given up by age and size. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Partition } from './partition.js'
import { StoreError } from './store.js'

/** Bounds are kept a sixteenth at a time: so much more than needed goes at once, so many files are open. */
const share = 16
const minPartitionBytes = 1 << 20
/** An event's number and a shard's fit a key of 32 bits below 16M events. */
const maxPartitionEvents = 8_000_000
const maxPartitionBytes = 512 << 20

export interface Bounds {
  /** 0 = none. */
  readonly maxAgeMs: number
  readonly maxBytes: number
}

const nameOf = (id: number): string => `events-${String(id).padStart(10, '0')}.mdb`

export class Partitions {
  readonly #open = new Map<number, Partition>()
  /** Name of the file -> what is wrong with it. */
  readonly damaged = new Map<string, string>()
  #nextId = 1

  constructor (readonly directory: string, readonly readOnly: boolean, readonly bounds: Bounds) {
    this.refresh()
  }

  /** Oldest first. */
  get all (): readonly Partition[] { return [...this.#open.values()] }

  get bytes (): number { return this.all.reduce((sum, p) => sum + p.bytes, 0) }

  /** What another process has begun, written and deleted since. */
  refresh (): void {
    const found = new Set<number>()
    for (const name of namesIn(this.directory)) {
      const id = Number(/^events-(\d{10})\.mdb$/.exec(name)?.[1])
      if (!(id > 0)) continue
      found.add(id)
      this.#nextId = Math.max(this.#nextId, id + 1)
      const known = this.#open.get(id)
      if (known === undefined) this.#tryOpen(id, name)
      else known.refresh()
    }
    for (const [id, partition] of this.#open) if (!found.has(id)) this.#letGo(id, partition)
  }

  /** The one to write to; a new one when `bytes` more would fill it, or it is old. */
  async current (nowMs: number, bytes: number): Promise<Partition> {
    const { maxAgeMs, maxBytes } = this.bounds
    const last = this.all[this.all.length - 1]
    const limit = Math.min(maxPartitionBytes, Math.max(minPartitionBytes, maxBytes / share))
    const isOld = last?.firstStoredMs !== undefined && maxAgeMs > 0 && nowMs - last.firstStoredMs > maxAgeMs / share
    const isFull = last !== undefined && last.blocks > 0 && (last.bytes + bytes > limit || last.nextEvent > maxPartitionEvents)
    if (last !== undefined && !isOld && !isFull) return last
    await this.#giveUp(nowMs, limit)
    return this.#begin()
  }

  /** Deletes what is too old, and the oldest until the rest is within the bound. */
  async prune (nowMs: number): Promise<void> {
    const wasEmpty = this.#open.size === 0
    await this.#giveUp(nowMs, 0)
    // The next one begins at once: a store opened again must not use a number twice, or a feed would miss what has it.
    if (!wasEmpty && this.#open.size === 0) this.#begin()
  }

  /** `room`: so many more bytes must fit. */
  async #giveUp (nowMs: number, room: number): Promise<void> {
    const { maxAgeMs, maxBytes } = this.bounds
    let bytes = this.bytes
    for (const partition of this.all) {
      const isOld = maxAgeMs > 0 && partition.lastStoredMs !== undefined && nowMs - partition.lastStoredMs > maxAgeMs
      const isOver = bytes + room > maxBytes
      if (!isOld && !isOver) break
      bytes -= partition.bytes
      this.#open.delete(partition.id)
      await partition.delete()
    }
  }

  #begin (): Partition {
    const id = this.#nextId++
    const partition = new Partition(id, join(this.directory, nameOf(id)), false)
    this.#open.set(id, partition)
    return partition
  }

  async close (): Promise<void> {
    const open = this.all
    this.#open.clear()
    await Promise.all(open.map(p => p.close()))
  }

  #tryOpen (id: number, name: string): void {
    if (this.damaged.has(name)) return
    try {
      this.#open.set(id, new Partition(id, join(this.directory, name), this.readOnly))
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      // Begun or deleted by its writer at this moment.
      if (error.fault !== 'absent') this.damaged.set(name, error.message)
    }
  }

  #letGo (id: number, partition: Partition): void {
    this.#open.delete(id)
    partition.close().catch(() => undefined)
  }
}

/** In order; none while there is no directory yet. */
function namesIn (directory: string): string[] {
  try {
    return readdirSync(directory).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
