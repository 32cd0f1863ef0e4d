/** Leases are tracked like other objects, and their silence is told too. */
import type { KubeObject } from '../../core/kubernetes/objects.js'
import { Heartbeats } from './heartbeats.js'
import { Tracker, type TrackerContext } from './tracker.js'

export class HeartbeatTracker extends Tracker {
  readonly #beats: Heartbeats

  constructor (context: TrackerContext, graceMs: number) {
    super('Lease', context)
    this.#beats = new Heartbeats(graceMs)
  }

  override put (lease: KubeObject): void {
    super.put(lease)
    this.#beats.renewed(lease, this.context.clock.monotonicMs())
  }

  override remove (lease: KubeObject): void {
    super.remove(lease)
    this.#beats.removed(lease)
  }

  /** The watch runs, again. */
  listening (): void { this.#beats.listening(this.context.clock.monotonicMs()) }

  tell (): void {
    const { clock, queue } = this.context
    for (const change of this.#beats.silent(clock.monotonicMs(), clock.unixMs())) queue.add({ change })
  }
}
