/**
 * What a graph is made of, whoever wrote it: the resolved configuration and the programmatic builder both come to this.
 * Plain data: it is sent to worker threads as it is.
 */
import type { Kind } from '../component/component.js'
import type { Signal } from '../component/factory.js'

export type Mode = 'ring-buffer' | 'high-performance' | 'standard' | 'debug'

export interface ServiceSpec {
  readonly mode: Mode
  /** Rows that the reading end of a ring joins into one batch when more than one is waiting. */
  readonly batchSize: number
  /** Capacity of a ring in events; its bytes are this times `ringBytesPerEvent`. */
  readonly bufferSize: number
  /** Copies of the stateless processors; 0 = one a core. */
  readonly maxConcurrency: number
  readonly shutdownTimeoutMs: number
  /** What happens when a worker thread dies. */
  readonly workerFailure: 'restart' | 'stop'
  /** A worker whose loop stands still for so long is ended and replaced; 0 = never. */
  readonly stallTimeoutMs: number
  /** What the writing end of a full ring does after `enqueueTimeoutMs`: answer `retry`, or drop and count. */
  readonly whenFull: 'retry' | 'drop'
  readonly enqueueTimeoutMs: number
  /** Log every batch at every edge (level debug). */
  readonly tracing: boolean
  /** Count what passes every edge. */
  readonly metrics: boolean
}

export interface ComponentSpec {
  readonly kind: Kind
  /** `type` or `type/name`. */
  readonly id: string
  /** Validated, with defaults, durations in ms and sizes in bytes. */
  readonly config: unknown
  /** Of which build the component is (`ComponentFactory.build`), as the plan found it. */
  readonly build?: string
}

export interface PipelineSpec {
  readonly id: string
  /** Only rows of this signal; undefined takes all. */
  readonly signal?: Signal | undefined
  /** Receivers, and connectors that end another pipeline. */
  readonly receivers: readonly string[]
  readonly processors: readonly string[]
  /** Exporters, and connectors that start another pipeline. */
  readonly exporters: readonly string[]
  /** Outcomes are those of the exporters: no ring and no buffer in memory answers before. Left out = false. */
  readonly durable?: boolean
}

export interface GraphSpec {
  readonly service: ServiceSpec
  /** Modules that its components come from; every thread imports them. Left out: whoever runs the graph knows. */
  readonly catalog?: readonly string[]
  readonly components: readonly ComponentSpec[]
  readonly pipelines: readonly PipelineSpec[]
  /** Extensions to start, in this order. */
  readonly extensions: readonly string[]
}

export const serviceDefaults: ServiceSpec = {
  mode: 'high-performance',
  batchSize: 1000,
  bufferSize: 10_000,
  maxConcurrency: 0,
  shutdownTimeoutMs: 30_000,
  workerFailure: 'restart',
  stallTimeoutMs: 30_000,
  whenFull: 'retry',
  enqueueTimeoutMs: 1000,
  tracing: false,
  metrics: true
}
