/** A running pipeline, written by hand: an exporter that fails, a ring that fills, drops of three kinds. */
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { PipelineStateSchema, type PipelineState } from '../../../api/gen/tapio/v1/runtime_pb.js'

const edge = (from: string, to: string, rate: number, p99: number, more: object = {}) => ({ pipeline: 'main', from, to, sent: BigInt(rate * 100), accepted: BigInt(rate * 100), eventsPerSecond: rate, latencyP50Ms: p99 / 10, latencyP99Ms: p99, ...more })

const init: MessageInitShape<typeof PipelineStateSchema> = {
  time: { seconds: 1_769_828_400n, nanos: 250_000_000 }, window: { seconds: 1n, nanos: 0 }, mode: 'high-performance', pipelines: ['main'],
  components: [
    { name: 'processor/filter', kind: 'processor', id: 'filter', type: 'filter', pipelines: ['main'], state: 'ok', drops: [{ reason: 'filtered', events: 1200n }] },
    { name: 'exporter/otlp', kind: 'exporter', id: 'otlp', type: 'otlp', pipelines: ['main'], state: 'recoverable_error', reason: 'connection refused' }
  ],
  edges: [
    edge('receiver/otlp', 'pipeline/main', 12_345.4, 0.42),
    edge('pipeline/main', 'processor/filter', 12_345.4, 1.5),
    edge('processor/filter', 'exporter/otlp', 3.25, 1234, { inFlightBatches: 4, retried: 70n, rejected: 5n, drops: [{ reason: 'retries_exhausted', events: 30n }] })
  ],
  rings: [{ id: 'main:in:process-0', pipeline: 'main', from: ['main'], to: 'process-0', usedBytes: 7n << 20n, capacityBytes: 8n << 20n, lostEvents: 2n }],
  threads: [{ name: 'main', utilization: 0.42, delayP99Ms: 1.25, heapBytes: 30n << 20n }, { name: 'process-0', utilization: 0.95, delayP99Ms: 20, heapBytes: 12n << 20n }],
  process: { rssBytes: 210n << 20n, cpuSeconds: 55, cpuCores: 1.37, uptimeSeconds: 7500 }
}

export const pipelineState: PipelineState = create(PipelineStateSchema, init)

/** A second before. */
export const earlierState: PipelineState = create(PipelineStateSchema, { ...init, components: [{ name: 'processor/filter', pipelines: ['main'], drops: [{ reason: 'filtered', events: 1150n }] }] })
