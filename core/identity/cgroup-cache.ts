/**
 * Cgroup id -> path and owner, remembered past the cgroup's removal: the cgroup of an OOM-killed container is gone before
 * anyone can look. Fed by creation and removal events and by walks of the file system (cgroup-tree.ts), in any order.
 *
 * Ids are inode numbers and unique within one hierarchy only, so every question names the hierarchy (0 = v2).
 * Bounded: at `maxEntries` the removed go first, oldest first, then the live that were not asked for longest (second chance:
 * a look-up sets one flag and moves nothing).
 */
import type { Clock } from '../component/clock.js'
import { parseCgroupPath, type CgroupIdentity } from './cgroup-path.js'

export interface CgroupEntry {
  readonly hierarchy: number
  readonly id: bigint
  /** Below the hierarchy's root, with a leading `/`. */
  readonly path: string
  readonly identity: CgroupIdentity
  /** Monotonic milliseconds; undefined while it lives. */
  readonly removedAtMs: number | undefined
}

export interface CgroupCacheOptions {
  readonly clock: Clock
  /** About 0.5 KiB each. */
  readonly maxEntries: number
  /** How long a removed cgroup is still known. */
  readonly keepRemovedMs: number
}

/** All counts grow only; `live` and `removed` are what is held now. */
export interface CgroupCacheCounts {
  readonly created: number
  readonly removed: number
  readonly hits: number
  readonly misses: number
  /** Hits on a cgroup that was gone already. */
  readonly afterRemoval: number
  readonly expired: number
  readonly evictedLive: number
  readonly evictedRemoved: number
}

interface Slot { hierarchy: number, id: bigint, path: string, identity: CgroupIdentity, removedAtMs: number | undefined, createdAtMs: number, asked: boolean }

/** A removal that came before its creation was known is remembered, so that a walk under way cannot bring it back. */
const maxForeignRemovals = 4096

export class CgroupCache {
  /** By key, live ones in the order of their creation (or of their last second chance). */
  readonly #live = new Map<string, Slot>()
  /** In the order of their removal. */
  readonly #removed = new Map<string, Slot>()
  readonly #foreign = new Map<string, number>()
  readonly #counts = { created: 0, removed: 0, hits: 0, misses: 0, afterRemoval: 0, expired: 0, evictedLive: 0, evictedRemoved: 0 }

  constructor (readonly options: CgroupCacheOptions) {}

  get counts (): CgroupCacheCounts { return { ...this.#counts } }
  get size (): number { return this.#live.size + this.#removed.size }
  get liveSize (): number { return this.#live.size }

  /** An event said that the cgroup was made. An id that is used again belongs to the new one. */
  created (hierarchy: number, id: bigint, path: string): CgroupEntry {
    const key = keyOf(hierarchy, id)
    this.#removed.delete(key)
    this.#foreign.delete(key)
    return this.#add(key, hierarchy, id, path)
  }

  /** A walk that began at `sinceMs` saw the cgroup. What was removed meanwhile stays removed. */
  seen (hierarchy: number, id: bigint, path: string, sinceMs: number): void {
    const key = keyOf(hierarchy, id)
    const known = this.#live.get(key)
    if (known?.path === path) return
    const gone = this.#removed.get(key)?.removedAtMs ?? this.#foreign.get(key)
    if (gone !== undefined && gone >= sinceMs) {
      if (this.#foreign.delete(key)) this.#bury(key, this.#slot(hierarchy, id, path), gone)
      return
    }
    this.#removed.delete(key)
    this.#add(key, hierarchy, id, path)
  }

  /** The path is known better than when it was made; whether it lives stays as it is. */
  corrected (hierarchy: number, id: bigint, path: string): void {
    const key = keyOf(hierarchy, id)
    const slot = this.#live.get(key) ?? this.#removed.get(key)
    if (slot !== undefined) Object.assign(slot, { path, identity: parseCgroupPath(path) })
  }

  removed (hierarchy: number, id: bigint): void {
    const key = keyOf(hierarchy, id)
    const slot = this.#live.get(key)
    const nowMs = this.options.clock.monotonicMs()
    this.#expire(nowMs)
    if (slot === undefined) {
      if (this.#removed.has(key)) return
      this.#foreign.set(key, nowMs)
      dropOldest(this.#foreign, maxForeignRemovals)
      return
    }
    this.#live.delete(key)
    this.#counts.removed++
    this.#bury(key, slot, nowMs)
  }

  /** A whole walk of one hierarchy began at `sinceMs` and saw `ids`: others that were there before it are gone. */
  reconcile (hierarchy: number, ids: ReadonlySet<bigint>, sinceMs: number): void {
    for (const slot of [...this.#live.values()]) {
      if (slot.hierarchy === hierarchy && slot.createdAtMs < sinceMs && !ids.has(slot.id)) this.removed(hierarchy, slot.id)
    }
  }

  lookup (hierarchy: number, id: bigint): CgroupEntry | undefined {
    const key = keyOf(hierarchy, id)
    const slot = this.#live.get(key) ?? this.#removed.get(key)
    if (slot === undefined || this.#isOver(slot, this.options.clock.monotonicMs())) {
      this.#counts.misses++
      return undefined
    }
    slot.asked = true
    this.#counts.hits++
    if (slot.removedAtMs !== undefined) this.#counts.afterRemoval++
    return slot
  }

  /** The live ones, for whoever looks for their processes. */
  * entries (): Generator<CgroupEntry> {
    yield * this.#live.values()
  }

  #slot (hierarchy: number, id: bigint, path: string): Slot {
    return { hierarchy, id, path, identity: parseCgroupPath(path), removedAtMs: undefined, createdAtMs: this.options.clock.monotonicMs(), asked: false }
  }

  #add (key: string, hierarchy: number, id: bigint, path: string): Slot {
    const slot = this.#slot(hierarchy, id, path)
    this.#live.delete(key)
    this.#live.set(key, slot)
    this.#counts.created++
    this.#makeRoom()
    return slot
  }

  #bury (key: string, slot: Slot, atMs: number): void {
    slot.removedAtMs = atMs
    this.#removed.set(key, slot)
    this.#makeRoom()
  }

  #isOver (slot: Slot, nowMs: number): boolean {
    return slot.removedAtMs !== undefined && nowMs - slot.removedAtMs > this.options.keepRemovedMs
  }

  #expire (nowMs: number): void {
    for (const [key, slot] of this.#removed) {
      if (!this.#isOver(slot, nowMs)) break
      this.#removed.delete(key)
      this.#counts.expired++
    }
  }

  #makeRoom (): void {
    if (this.size <= this.options.maxEntries) return
    this.#expire(this.options.clock.monotonicMs())
    while (this.size > this.options.maxEntries) {
      const [oldest] = this.#removed.keys()
      if (oldest !== undefined) {
        this.#removed.delete(oldest)
        this.#counts.evictedRemoved++
      } else this.#evictLive()
    }
  }

  #evictLive (): void {
    for (const [key, slot] of this.#live) {
      this.#live.delete(key)
      if (!slot.asked) break
      slot.asked = false
      this.#live.set(key, slot)
    }
    this.#counts.evictedLive++
  }
}

const keyOf = (hierarchy: number, id: bigint): string => `${hierarchy}:${id}`

function dropOldest (map: Map<string, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) break
    map.delete(key)
  }
}
