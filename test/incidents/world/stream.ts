/** What receivers hand to the pipeline, with when it comes there. */
import type { EventBatch } from '../../../core/data/batch.js'

/** Whose loss a "missing layer" is. */
export const streamLayers = ['kernel', 'node', 'net', 'k8s', 'app'] as const
export type StreamLayer = (typeof streamLayers)[number]

export interface Delivery {
  /** When the pipeline gets it: the time of its events by the clock of the world, and what the way took. */
  readonly arrivalMs: number
  /** Of its first event, by the clock of the world (no node's skew in it). */
  readonly timeMs: number
  readonly layer: StreamLayer
  readonly batch: EventBatch
}

export class Stream {
  readonly #deliveries: Delivery[] = []
  add (delivery: Delivery): void {
    if (delivery.batch.count > 0) this.#deliveries.push(delivery)
  }

  /** In the order of arrival; what arrives at one time comes in the order in which it was added. */
  inOrder (): Delivery[] {
    return this.#deliveries.map((d, i) => [d, i] as const).sort(([a, i], [b, j]) => a.arrivalMs - b.arrivalMs || i - j).map(([d]) => d)
  }
}
