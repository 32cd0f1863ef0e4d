/** Which rings join the threads of a plan, and how large they are. */
import type { PipelinePlan } from './plan.js'
import type { ServiceSpec } from './spec.js'

export interface RingPlan {
  readonly id: string
  readonly pipeline: string
  /** `in`: receive -> process (or receive -> deliver when there is no process stage); `out`: process -> deliver. */
  readonly side: 'in' | 'out'
  readonly producers: readonly string[]
  readonly consumer: string
  readonly capacityBytes: number
}

/**
 * What an event takes in an encoded batch with its raw bytes: 233 to 423 B measured for columns, 380 B for an OTLP span's
 * record. A guess only in so far as it turns the option that people think in (events) into bytes; the ring is bounded in bytes.
 */
export const ringBytesPerEvent = 512

/** A ring must hold at least two of the largest OTLP requests people send (4 MiB is the gRPC default limit). */
const minRingBytes = 8 * 1024 * 1024
const maxRingBytes = 512 * 1024 * 1024

export function ringBytes (service: ServiceSpec): number {
  const wanted = Math.min(maxRingBytes, Math.max(minRingBytes, service.bufferSize * ringBytesPerEvent))
  return 2 ** Math.ceil(Math.log2(wanted))
}

export function planRings (pipelines: readonly PipelinePlan[], deliver: string, service: ServiceSpec): RingPlan[] {
  const capacityBytes = ringBytes(service)
  return pipelines.flatMap(p => {
    const rings: RingPlan[] = []
    const add = (side: 'in' | 'out', producers: readonly string[], consumer: string): void => {
      const from = producers.filter(t => t !== consumer)
      if (from.length > 0) rings.push({ id: `${p.id}:${side}:${consumer}`, pipeline: p.id, side, producers: from, consumer, capacityBytes })
    }
    if (p.realReceivers.length > 0) for (const thread of p.hasProcess ? p.processThreads : [deliver]) add('in', [p.receiveThread], thread)
    if (p.hasProcess && p.realExporters.length > 0) add('out', p.processThreads, deliver)
    return rings
  })
}
