/**
 * Resources of batches with the attributes of their pods. Records are not looked at, and a resource that came before is not
 * patched again: the finished one, bytes and all, is kept under its envelope until its pod changes.
 */
import type { EventBatch } from '../data/batch.js'
import { Resource } from '../data/resource.js'
import { resourceEnvelope } from '../otlp/patch.js'
import { mapResources } from '../otlp/rewrite.js'
import { orElse } from '../otlp/wire.js'
import type { PodIndex } from '../topology/pod-index.js'
import type { Associations } from './associate.js'
import type { MetadataName } from './vocabulary.js'
import { podAttributes } from './metadata.js'

interface Finished {
  /** Undefined = as it comes. Holds no bytes of the batch it was made for: that may be lent. */
  readonly resource: Resource | undefined
  /** -1 = no pod was found. */
  readonly slot: number
  /** The pod's version, or the index's epoch when there is no pod. */
  readonly version: number
  readonly bytes: number
}

/** What an entry takes beside its strings and bytes: object, map cell, decoded attributes. */
const entryBytes = 600
/** A resource this large is somebody's mistake, and would push hundreds of others out. */
const maxKeyLength = 16 * 1024

export class Enricher {
  /** In the order in which they were made: the oldest go first. */
  readonly #finished = new Map<string, Finished>()
  #bytes = 0
  enriched = 0
  unknown = 0
  misses = 0

  constructor (readonly index: PodIndex, readonly associations: Associations, readonly wanted: readonly MetadataName[], readonly maxBytes: number) {}

  enrich (batch: EventBatch): EventBatch {
    const address = this.associations.useConnection ? batch.origin?.address ?? '' : ''
    return mapResources(batch, resource => this.#of(resource, address))
  }

  get cacheBytes (): number { return this.#bytes }

  #of (resource: Resource, address: string): Resource {
    const key = address === '' ? resource.key : `${address} ${resource.key}`
    let entry = this.#finished.get(key)
    if (entry === undefined || !this.#isRight(entry)) {
      this.misses++
      const made = this.#finish(resource, address, key.length)
      this.#keep(key, made, entry)
      entry = made
    }
    if (entry.slot < 0) this.unknown++
    else this.enriched++
    return entry.resource ?? resource
  }

  #isRight ({ slot, version }: Finished): boolean {
    return version === (slot < 0 ? this.index.epoch : this.index.version(slot))
  }

  #finish (resource: Resource, address: string, keyLength: number): Finished {
    const slot = this.associations.find(resource.attributes, address)
    if (slot === undefined) return { resource: undefined, slot: -1, version: this.index.epoch, bytes: 2 * keyLength + entryBytes }
    const added = podAttributes(this.index.facts(slot), this.wanted, resource.attributes)
    const finished = Object.keys(added).length === 0 ? undefined : patched(resource, added)
    return { resource: finished, slot, version: this.index.version(slot), bytes: 2 * keyLength + (finished?.envelope?.length ?? 0) + entryBytes }
  }

  #keep (key: string, entry: Finished, old: Finished | undefined): void {
    if (key.length > maxKeyLength) return
    if (old !== undefined) {
      this.#finished.delete(key)
      this.#bytes -= old.bytes
    }
    this.#finished.set(key, entry)
    this.#bytes += entry.bytes
    for (const [oldest, { bytes }] of this.#finished) {
      if (this.#bytes <= this.maxBytes) break
      this.#finished.delete(oldest)
      this.#bytes -= bytes
    }
  }
}

/** With an envelope the bytes say it afterwards, so nobody downstream has to patch again; damaged ones stay as they are. */
function patched (resource: Resource, added: Readonly<Record<string, string>>): Resource | undefined {
  const edited = resource.with(added)
  return resource.envelope === undefined ? edited : orElse(undefined, () => new Resource(resourceEnvelope(edited)))
}
