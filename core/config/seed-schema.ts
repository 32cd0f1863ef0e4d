/** The short form's options and what becomes of them, as data. Names are those of the original Tapio's README. */
import { Type } from '@sinclair/typebox'
import { Duration, Options } from './schema.js'

const flag = Type.Optional(Type.Boolean())
const share = Type.Optional(Type.Number({ minimum: 0, maximum: 1 }))
/** Checked later, by the schema of the setting that it becomes. */
const later = Type.Optional(Type.Unknown())

/** `intelligence.pipeline` to `service`. */
export const serviceOptions: Readonly<Record<string, string>> = {
  mode: 'mode',
  maxConcurrency: 'max_concurrency',
  batchSize: 'batch_size',
  bufferSize: 'buffer_size',
  enableMetrics: 'metrics',
  enableTracing: 'tracing',
  enableProfiling: 'profiling',
  shutdownTimeout: 'shutdown_timeout'
}

/** Options of the original that its code never used, or that belong to components here. Accepted, with a warning. */
export const withoutEffect: Readonly<Record<string, string>> = {
  processingTimeout: 'outcomes and back-pressure bound processing here',
  metricsInterval: 'metrics are read when they are asked for',
  enableCircuitBreaker: 'it is an option of each exporter',
  maxRetries: 'it is an option of each exporter',
  retryBackoff: 'it is an option of each exporter',
  errorThreshold: 'it is an option of each exporter',
  circuitBreakerThreshold: 'it is an option of each exporter'
}

const keysOf = (table: Readonly<Record<string, string>>) => Object.fromEntries(Object.keys(table).map(key => [key, later]))

export const seedSchemas = {
  intelligence: Options({
    pipeline: Type.Optional(Options({ ...keysOf(serviceOptions), ...keysOf(withoutEffect), enableValidation: flag, enableContext: flag, enableCorrelation: flag })),
    correlation: Type.Optional(Options({ timeWindow: Type.Optional(Duration()), minCorrelationScore: share, enableK8sNative: flag, enableTemporal: flag })),
    context: Type.Optional(Options({ enableImpactAssessment: flag, infrastructureWeights: Type.Optional(Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1 }))) }))
  }),
  correlation: Options({ enableRealTime: flag, confidenceThreshold: share, groupRetentionPeriod: Type.Optional(Duration()) })
} as const

type Path = readonly string[]

/** A processor of the short form's pipeline: when all `switches` are on (they are unless written otherwise) it takes part. */
export interface SeedProcessor {
  readonly type: string
  readonly switches: readonly Path[]
  /** The processor's option, and where the short form has it. */
  readonly options: Readonly<Record<string, Path>>
}

const pipeline = (key: string): Path => ['intelligence', 'pipeline', key]
const correlation = (key: string): Path => ['intelligence', 'correlation', key]
const window = { time_window: correlation('timeWindow'), min_correlation_score: correlation('minCorrelationScore') }

/** In the order of the pipeline: nothing is linked before it is valid and enriched, nothing judged before it is linked. */
export const seedProcessors: readonly SeedProcessor[] = [
  { type: 'validation', switches: [pipeline('enableValidation')], options: {} },
  { type: 'context', switches: [pipeline('enableContext')], options: {} },
  { type: 'k8s_correlation', switches: [pipeline('enableCorrelation'), correlation('enableK8sNative')], options: window },
  { type: 'temporal_correlation', switches: [pipeline('enableCorrelation'), correlation('enableTemporal')], options: window },
  { type: 'impact', switches: [pipeline('enableContext'), ['intelligence', 'context', 'enableImpactAssessment']], options: { infrastructure_weights: ['intelligence', 'context', 'infrastructureWeights'] } },
  { type: 'incident', switches: [pipeline('enableCorrelation'), ['correlation', 'enableRealTime']], options: { confidence_threshold: ['correlation', 'confidenceThreshold'], group_retention_period: ['correlation', 'groupRetentionPeriod'] } }
]

export interface SeedCollector {
  /** The receiver's type. */
  readonly type: string
  /** Options of the original: a receiver that lacks one ignores it with a warning. Any other option is the user's own. */
  readonly options: readonly string[]
}

export const seedCollectors: Readonly<Record<string, SeedCollector>> = {
  otel: { type: 'otlp', options: [] },
  ebpf: { type: 'ebpf', options: ['programs'] },
  kubernetes: { type: 'kubernetes', options: ['watchAllNamespaces', 'excludeNamespaces'] },
  k8s: { type: 'kubernetes', options: ['watchAllNamespaces', 'excludeNamespaces'] },
  systemd: { type: 'systemd', options: [] },
  cni: { type: 'cni', options: [] }
}

/** The name of the pipeline that the short form makes. It carries every signal. */
export const seedPipeline = 'main'
