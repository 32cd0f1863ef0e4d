/**
 * (kind, namespace, name) -> a small number, for as long as somebody holds it: an object that is or was, or an edge that
 * ends there. Something that is only named (a ConfigMap that nobody made) has a number too. The names themselves are the
 * keys, so an entry costs its name and 20 bytes.
 */
import { grown } from '../key-table.js'
import { StringPool } from '../string-pool.js'

export const none = -1

export class EntityTable {
  readonly strings = new StringPool()
  readonly #names: string[] = []
  #kinds = new Uint32Array(16)
  #namespaces = new Uint32Array(16)
  #holders = new Uint32Array(16)
  /** The next entity of the same bucket; of a free one, the next free one. */
  #next = new Int32Array(16)
  #buckets = new Int32Array(16).fill(none)
  #free = none
  used = 0
  size = 0

  find (kind: string, namespace: string, name: string): number {
    for (let at = this.#buckets[this.#bucketOf(kind, namespace, name)] as number; at !== none; at = this.#next[at] as number) {
      if (this.#names[at] === name && this.kind(at) === kind && this.namespace(at) === namespace) return at
    }
    return none
  }

  /** A new one is free again at the next `tidy` unless somebody holds it by then. */
  intern (kind: string, namespace: string, name: string): number {
    const known = this.find(kind, namespace, name)
    if (known !== none) return known
    const entity = this.#take()
    this.#names[entity] = name
    this.#kinds[entity] = this.strings.hold(kind)
    this.#namespaces[entity] = this.strings.hold(namespace)
    this.#link(entity)
    this.size++
    return entity
  }

  hold (entity: number): void { this.#holders[entity] = (this.#holders[entity] as number) + 1 }

  release (entity: number): void {
    this.#holders[entity] = (this.#holders[entity] as number) - 1
    this.tidy(entity)
  }

  /** Frees `entity` when nobody holds it. */
  tidy (entity: number): void {
    if (this.#holders[entity] !== 0 || !this.isUsed(entity)) return
    this.#unlink(entity)
    this.strings.release(this.#kinds[entity] as number)
    this.strings.release(this.#namespaces[entity] as number)
    this.#kinds[entity] = 0
    this.#names[entity] = ''
    this.#next[entity] = this.#free
    this.#free = entity
    this.size--
  }

  kind (entity: number): string { return this.strings.at(this.#kinds[entity] as number) }
  namespace (entity: number): string { return this.strings.at(this.#namespaces[entity] as number) }
  name (entity: number): string { return this.#names[entity] as string }
  /** '' is no kind. */
  isUsed (entity: number): boolean { return this.#kinds[entity] !== 0 }

  /** Without the names. */
  get byteLength (): number { return this.#kinds.byteLength * 4 + this.#buckets.byteLength }

  #take (): number {
    if (this.#free !== none) {
      const entity = this.#free
      this.#free = this.#next[entity] as number
      return entity
    }
    if (this.used === this.#kinds.length) this.#grow()
    return this.used++
  }

  #grow (): void {
    const capacity = Math.ceil(this.#kinds.length * 1.5)
    this.#kinds = grown(this.#kinds, capacity)
    this.#namespaces = grown(this.#namespaces, capacity)
    this.#holders = grown(this.#holders, capacity)
    this.#next = grown(this.#next, capacity)
    this.#buckets = new Int32Array(capacity).fill(none)
    for (let entity = 0; entity < this.used; entity++) this.#link(entity)
  }

  #bucketAt (entity: number): number { return this.#bucketOf(this.kind(entity), this.namespace(entity), this.name(entity)) }

  #link (entity: number): void {
    const bucket = this.#bucketAt(entity)
    this.#next[entity] = this.#buckets[bucket] as number
    this.#buckets[bucket] = entity
  }

  #unlink (entity: number): void {
    const bucket = this.#bucketAt(entity)
    let at = this.#buckets[bucket] as number
    if (at === entity) { this.#buckets[bucket] = this.#next[entity] as number; return }
    while (this.#next[at] !== entity) at = this.#next[at] as number
    this.#next[at] = this.#next[entity] as number
  }

  /** FNV-1a over the texts' UTF-16 units. */
  #bucketOf (kind: string, namespace: string, name: string): number {
    return (hashed(name, hashed(namespace, hashed(kind, 0x811c9dc5))) >>> 0) % this.#buckets.length
  }
}

function hashed (text: string, seed: number): number {
  let hash = seed
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return Math.imul(hash ^ 0x2f, 0x01000193)
}
