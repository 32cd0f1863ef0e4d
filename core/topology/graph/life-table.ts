/** When the objects of each name lived: a StatefulSet's pod has the same name in every life and another UID. */
import { grown, KeyTable } from '../key-table.js'
import { uidKey, uidText, uidWidth } from '../keys.js'
import { none } from './entity-table.js'

export class LifeTable {
  entity = new Int32Array(16)
  sinceMs = new Float64Array(16)
  untilMs = new Float64Array(16)
  /** The life before; of a free one, the next free one. */
  #older = new Int32Array(16)
  #uidEntries = new Int32Array(16)
  /** The newest life of each entity. */
  #newest = new Int32Array(16).fill(none)
  readonly #uids = new KeyTable(uidWidth)
  /** UIDs that are not UUIDs; '' = the object had none. */
  readonly #oddUids = new Map<number, string>()
  #free = none
  #used = 0
  openCount = 0
  endedCount = 0

  begin (entity: number, uid: string, sinceMs: number): number {
    const life = this.#take()
    if (entity >= this.#newest.length) this.#newest = grown(this.#newest, Math.max(entity + 1, Math.ceil(this.#newest.length * 1.5))).fill(none, this.#newest.length)
    this.entity[life] = entity
    this.sinceMs[life] = sinceMs
    this.untilMs[life] = Infinity
    this.#older[life] = this.newest(entity)
    this.#newest[entity] = life
    const { key, exact } = uidKey(uid)
    this.#uidEntries[life] = uid === '' ? none : this.#uids.add(key, life)
    if (!exact) this.#oddUids.set(life, uid)
    this.openCount++
    return life
  }

  end (life: number, atMs: number): void {
    this.untilMs[life] = atMs
    this.openCount--
    this.endedCount++
  }

  /** Forgets an ended life. */
  drop (life: number): void {
    const entity = this.entity[life] as number
    if (this.#newest[entity] === life) this.#newest[entity] = this.older(life)
    else {
      let at = this.newest(entity)
      while (this.older(at) !== life) at = this.older(at)
      this.#older[at] = this.older(life)
    }
    if (this.#uidEntries[life] !== none) this.#uids.remove(this.#uidEntries[life] as number)
    this.#oddUids.delete(life)
    this.#older[life] = this.#free
    this.#free = life
    this.endedCount--
  }

  newest (entity: number): number { return this.#newest[entity] ?? none }
  older (life: number): number { return this.#older[life] as number }

  /** The life that is not over. */
  current (entity: number): number {
    const life = this.newest(entity)
    return life !== none && this.untilMs[life] === Infinity ? life : none
  }

  at (entity: number, atMs: number): number {
    let life = this.newest(entity)
    while (life !== none && (this.sinceMs[life] as number) > atMs) life = this.older(life)
    return life !== none && atMs < (this.untilMs[life] as number) ? life : none
  }

  uid (life: number): string {
    const entry = this.#uidEntries[life] as number
    return this.#oddUids.get(life) ?? (entry === none ? '' : uidText(this.#uids.key(entry)))
  }

  /** The newest life with `uid`. */
  byUid (uid: string): number {
    const [entry] = this.#uids.find(uidKey(uid).key)
    return entry === undefined ? none : this.#uids.value(entry)
  }

  get byteLength (): number { return this.entity.length * 28 + this.#newest.byteLength + this.#uids.byteLength }

  #take (): number {
    if (this.#free !== none) {
      const life = this.#free
      this.#free = this.#older[life] as number
      return life
    }
    if (this.#used === this.entity.length) this.#grow(Math.ceil(this.#used * 1.5))
    return this.#used++
  }

  #grow (capacity: number): void {
    this.entity = grown(this.entity, capacity)
    this.sinceMs = grown(this.sinceMs, capacity)
    this.untilMs = grown(this.untilMs, capacity)
    this.#older = grown(this.#older, capacity)
    this.#uidEntries = grown(this.#uidEntries, capacity)
  }
}
