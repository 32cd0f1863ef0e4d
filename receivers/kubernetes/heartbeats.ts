/**
 * Nodes renew their lease every 10 s; the control plane takes 40 s of silence for a lost node and tells so after another
 * while. Here the silence itself is told, by our own clock, so that clocks that differ do not matter.
 */
import { changeOf, heartbeatLost, leaseMs, type Change } from '../../core/kubernetes/changes/index.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'

interface Beat { lease: KubeObject, atMs: number, silent: boolean }

export class Heartbeats {
  readonly #beats = new Map<string, Beat>()
  /** When any lease was renewed last: if none is, it is us who hear nothing. */
  #lastMs = -Infinity

  constructor (readonly graceMs: number) {}

  get size (): number { return this.#beats.size }

  renewed (lease: KubeObject, nowMs: number): void {
    this.#beats.set(lease.metadata?.name ?? '', { lease, atMs: nowMs, silent: false })
    this.#lastMs = nowMs
  }

  removed (lease: KubeObject): void { this.#beats.delete(lease.metadata?.name ?? '') }

  /** We begin to listen, again: what was not heard meanwhile says nothing. */
  listening (nowMs: number): void {
    for (const beat of this.#beats.values()) beat.atMs = nowMs
  }

  /** Leases that have run out since the last call. `nowMs` is monotonic, `unixMs` goes into the changes. */
  silent (nowMs: number, unixMs: number): readonly Change[] {
    const lost: Change[] = []
    for (const beat of this.#beats.values()) {
      const silentMs = nowMs - beat.atMs
      const allowedMs = leaseMs(beat.lease) + this.graceMs
      // A cluster of one node has nobody to compare with.
      const heard = nowMs - this.#lastMs <= allowedMs || this.#beats.size === 1
      if (beat.silent || silentMs <= allowedMs || !heard) continue
      beat.silent = true
      lost.push(changeOf('Lease', beat.lease, heartbeatLost(beat.lease, silentMs), unixMs))
    }
    return lost
  }
}
