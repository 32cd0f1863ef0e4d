/** The kubernetes receiver's own way from states of objects to rows, with `objects: all`; only the API server is missing. */
import { ChangeWriter, type Change } from '../../../core/kubernetes/changes/index.js'
import type { KubeObject } from '../../../core/kubernetes/objects.js'
import type { KubeKind } from '../../../core/kubernetes/watchable.js'
import type { EventBatch } from '../../../core/data/batch.js'
import type { ChangeQueue } from '../../../receivers/kubernetes/change-queue.js'
import { Tracker } from '../../../receivers/kubernetes/tracker.js'
import type { Clock } from '../../../core/component/clock.js'

interface Told { readonly change: Change, readonly object?: Uint8Array }

export class KubernetesSource {
  readonly #trackers = new Map<KubeKind, Tracker>()
  #told: Told[] = []
  #nowMs = 0

  /** The rows of the first list. */
  list (objects: readonly { readonly kind: KubeKind, readonly object: KubeObject }[], nowMs: number): EventBatch {
    this.#nowMs = nowMs
    for (const { kind, object } of objects) this.#tracker(kind).put(object)
    for (const tracker of this.#trackers.values()) { tracker.listing(); for (const { kind, object } of objects) if (kind === tracker.kind) tracker.put(object); tracker.listed() }
    return this.#rows(nowMs)
  }

  put (kind: KubeKind, object: KubeObject, nowMs: number): EventBatch {
    this.#nowMs = nowMs
    this.#known(kind).put(object)
    return this.#rows(nowMs)
  }

  remove (kind: KubeKind, object: KubeObject, nowMs: number): EventBatch {
    this.#nowMs = nowMs
    this.#known(kind).remove(object)
    return this.#rows(nowMs)
  }

  /** Of a kind that had no object in the list. */
  #known (kind: KubeKind): Tracker {
    const tracker = this.#tracker(kind)
    if (!tracker.known) { tracker.listing(); tracker.listed() }
    return tracker
  }

  #tracker (kind: KubeKind): Tracker {
    let tracker = this.#trackers.get(kind)
    if (tracker === undefined) {
      const clock = { unixMs: () => this.#nowMs } as Clock
      const queue = { add: (told: Told) => { this.#told.push(told) }, room: () => undefined } as unknown as ChangeQueue
      tracker = new Tracker(kind, {
        config: { objects: 'all', events_since: 600_000, exclude_namespaces: [], max_objects: 1_000_000 }, clock, queue,
        total: { held: 0 }, share: text => text, notHeld: () => undefined, malformed: (_, error) => { throw error as Error }
      })
      this.#trackers.set(kind, tracker)
    }
    return tracker
  }

  #rows (nowMs: number): EventBatch {
    const writer = new ChangeWriter({ source: 'kubernetes' })
    for (const { change, object } of this.#told.splice(0)) writer.add(change, object)
    return writer.finish(BigInt(nowMs) * 1_000_000n)
  }
}
