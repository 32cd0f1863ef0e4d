/**
 * All pods of a cluster (or a node, or a namespace), found by UID, address, container or name. Compact: strings that pods
 * share are kept once, keys as bytes in typed arrays. Deleted pods stay for a time, as telemetry comes late.
 *
 * Whoever keeps an answer keeps `version(slot)` beside it: as long as that has not changed, the answer is right. What has
 * no answer may get one when `epoch` changes.
 */
import { createHash } from 'node:crypto'
import type { Clock } from '../component/clock.js'
import type { KubeObject, Pod } from '../kubernetes/objects.js'
import type { ObjectSink } from '../kubernetes/list-watch.js'
import { textAt } from './graph/plain.js'
import { KeyTable } from './key-table.js'
import { containerKey, containerWidth, ipKey, ipWidth, nameKey, nameWidth, uidKey, uidWidth } from './keys.js'
import { factsOf, type PodFacts } from './pod-facts.js'
import { noTags, podRecord, type PodRecord, type SelectTags } from './pod-record.js'
import { PodSlots } from './pod-slots.js'
import { StringPool } from './string-pool.js'

export interface PodIndexOptions {
  readonly clock: Clock
  readonly selectTags?: SelectTags
  /** How long deleted pods are still found. */
  readonly graceMs?: number
  /** Deleted pods kept at most, whatever their age. */
  readonly maxDeleted?: number
}

const live = 1
const deleted = 2
/** A container's value is slot * 512 + container * 2 + current. */
const maxContainers = 255

export class PodIndex implements ObjectSink {
  readonly strings = new StringPool()
  readonly slots = new PodSlots()
  readonly uids = new KeyTable(uidWidth)
  readonly names = new KeyTable(nameWidth)
  readonly ips = new KeyTable(ipWidth)
  readonly containers = new KeyTable(containerWidth)
  /** Grows with every change of any answer. */
  epoch = 0
  liveCount = 0
  /** UIDs that are not UUIDs, by slot. */
  readonly oddUids = new Map<number, string>()
  readonly #clock: Clock
  readonly #selectTags: SelectTags
  readonly #graceMs: number
  readonly #maxDeleted: number
  /** Deleted slots in the order of their deletion. */
  readonly #gone = new Map<number, number>()
  #generation = 0

  constructor ({ clock, selectTags = noTags, graceMs = 120_000, maxDeleted = 10_000 }: PodIndexOptions) {
    this.#clock = clock
    this.#selectTags = selectTags
    this.#graceMs = graceMs
    this.#maxDeleted = maxDeleted
  }

  listing (): void { this.#generation++ }

  put (object: KubeObject): void {
    this.#purge()
    const record = podRecord(object as Pod, this.#selectTags)
    if (record === undefined) return
    const digest = digestOf(record)
    const { key, exact } = uidKey(record.uid)
    const known = this.#slotOf(key)
    if (known !== undefined) this.slots.generation[known] = this.#generation
    if (known !== undefined && this.slots.state[known] === live && this.slots.digest[known] === digest) return
    const slot = known ?? this.slots.take()
    if (known !== undefined) this.#clear(slot)
    this.#fill(slot, record, key, digest)
    if (!exact) this.oddUids.set(slot, record.uid)
    this.#touch(slot)
  }

  remove (object: KubeObject): void {
    this.#purge()
    const slot = this.#slotOf(uidKey(textAt(object, 'metadata', 'uid')).key)
    if (slot !== undefined && this.slots.state[slot] === live) this.#bury(slot)
  }

  listed (): void {
    const { state, generation, used } = this.slots
    for (let slot = 0; slot < used; slot++) if (state[slot] === live && generation[slot] !== this.#generation) this.#bury(slot)
  }

  byUid (uid: string): number | undefined {
    this.#purge()
    return this.#slotOf(uidKey(uid).key)
  }

  /** The pod that had address `ip` at `atMs` (now, when left out). */
  byIp (ip: string, atMs: number = this.#clock.unixMs()): number | undefined {
    this.#purge()
    const key = ipKey(ip)
    return key === undefined ? undefined : this.#holderAt(this.ips.find(key).map(e => this.ips.value(e)), atMs)
  }

  byName (namespace: string, name: string, atMs: number = this.#clock.unixMs()): number | undefined {
    this.#purge()
    return this.#holderAt(this.names.find(nameKey(namespace, name)).map(e => this.names.value(e)), atMs)
  }

  byContainer (id: string): { readonly slot: number, readonly container: number } | undefined {
    this.#purge()
    const key = containerKey(id)
    const [entry] = key === undefined ? [] : this.containers.find(key)
    if (entry === undefined) return undefined
    const value = this.containers.value(entry)
    return { slot: Math.floor(value / 512), container: (value % 512) >> 1 }
  }

  facts (slot: number): PodFacts { return factsOf(this, slot) }

  version (slot: number): number { return this.slots.version[slot] as number }

  /** Bytes in typed arrays; names and shared strings come on top. */
  get byteLength (): number {
    return this.slots.byteLength + this.uids.byteLength + this.names.byteLength + this.ips.byteLength + this.containers.byteLength
  }

  get deletedCount (): number { return this.#gone.size }

  #slotOf (key: Uint8Array): number | undefined {
    const [entry] = this.uids.find(key)
    return entry === undefined ? undefined : this.uids.value(entry)
  }

  /** Of several that had the same address or name: who has it at `atMs`, else who had it last before, else who came next. */
  #holderAt (candidates: readonly number[], atMs: number): number | undefined {
    if (candidates.length < 2) return candidates[0]
    const { startMs, endMs } = this.slots
    const start = (slot: number): number => startMs[slot] as number
    const end = (slot: number): number => endMs[slot] as number
    const latest = (slots: readonly number[], time: (slot: number) => number): number | undefined => [...slots].sort((a, b) => time(b) - time(a))[0]
    return latest(candidates.filter(s => start(s) <= atMs && atMs < end(s)), start) ??
      latest(candidates.filter(s => end(s) <= atMs), end) ?? latest(candidates, s => -start(s))
  }

  #fill (slot: number, record: PodRecord, key: Uint8Array, digest: number): void {
    const { slots, strings } = this
    const { owner, workload } = record
    if (slots.state[slot] === 0) this.liveCount++
    slots.state[slot] = live
    slots.names[slot] = record.name
    slots.namespace[slot] = strings.hold(record.namespace)
    slots.node[slot] = strings.hold(record.node)
    slots.owner[slot] = strings.hold(owner === undefined ? '' : JSON.stringify([owner, workload ?? null]))
    slots.tags[slot] = strings.hold(Object.keys(record.tags).length === 0 ? '' : JSON.stringify(record.tags))
    slots.containers[slot] = strings.hold(JSON.stringify(record.containers))
    slots.startMs[slot] = Number.isNaN(record.startMs) ? this.#clock.unixMs() : record.startMs
    slots.endMs[slot] = record.ended ? Math.min(this.#clock.unixMs(), slots.endMs[slot] as number) : Infinity
    slots.digest[slot] = digest
    slots.generation[slot] = this.#generation
    slots.uidEntry[slot] = this.uids.add(key, slot)
    slots.nameEntry[slot] = this.names.add(nameKey(record.namespace, record.name), slot)
    slots.ipEntry[slot] = record.ips.reduce((sibling, ip) => {
      const bytes = ipKey(ip)
      return bytes === undefined ? sibling : this.ips.add(bytes, slot, sibling)
    }, -1)
    slots.containerEntry[slot] = record.containerIds.reduce((sibling, { id, container, current }) => {
      const bytes = containerKey(id)
      return bytes === undefined || container < 0 || container > maxContainers ? sibling : this.containers.add(bytes, slot * 512 + container * 2 + Number(current), sibling)
    }, -1)
  }

  #clear (slot: number): void {
    const { slots, strings } = this
    if (slots.state[slot] === deleted) {
      // A DELETED that belonged to a lost list: it is there after all.
      this.#gone.delete(slot)
      slots.endMs[slot] = Infinity
      slots.state[slot] = 0
    }
    for (const id of [slots.namespace[slot], slots.node[slot], slots.owner[slot], slots.tags[slot], slots.containers[slot]]) strings.release(id as number)
    this.#touchSharers(slot)
    this.uids.remove(slots.uidEntry[slot] as number)
    this.names.remove(slots.nameEntry[slot] as number)
    this.ips.removeAll(slots.ipEntry[slot] as number)
    this.containers.removeAll(slots.containerEntry[slot] as number)
    this.oddUids.delete(slot)
  }

  #bury (slot: number): void {
    const nowMs = this.#clock.unixMs()
    this.slots.state[slot] = deleted
    this.slots.endMs[slot] = Math.min(nowMs, this.slots.endMs[slot] as number)
    this.liveCount--
    this.#gone.set(slot, this.#clock.monotonicMs())
    this.#touch(slot)
    this.#purge()
  }

  #purge (): void {
    const untilMs = this.#clock.monotonicMs() - this.#graceMs
    for (const [slot, atMs] of this.#gone) {
      if (atMs > untilMs && this.#gone.size <= this.#maxDeleted) return
      this.#gone.delete(slot)
      this.slots.state[slot] = 0
      this.#clear(slot)
      this.slots.version[slot] = (this.slots.version[slot] as number) + 1
      this.epoch++
      this.slots.free(slot)
    }
  }

  #touch (slot: number): void {
    this.slots.version[slot] = (this.slots.version[slot] as number) + 1
    this.epoch++
    this.#touchSharers(slot)
  }

  /** Others that are found by the same address or name may be the answer no longer, or again. */
  #touchSharers (slot: number): void {
    const { slots } = this
    const entries = [...this.ips.siblings(slots.ipEntry[slot] as number)].flatMap(e => this.ips.find(this.ips.key(e)).map(o => this.ips.value(o)))
    const names = this.names.find(this.names.key(slots.nameEntry[slot] as number)).map(e => this.names.value(e))
    for (const other of [...entries, ...names]) if (other !== slot) slots.version[other] = (slots.version[other] as number) + 1
  }
}

/** 48 bits of the record: a change that is missed for a collision happens once in 10^14. */
function digestOf (record: PodRecord): number {
  return createHash('sha1').update(JSON.stringify(record)).digest().readUIntBE(0, 6)
}
