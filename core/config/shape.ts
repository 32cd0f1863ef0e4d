/** The shape of a configuration: its sections, its service settings, its pipelines. Component bodies have their own schemas. */
import { Type, type Static } from '@sinclair/typebox'
import type { ComponentId } from '../component/id.js'
import type { ComponentFactory, Signal } from '../component/factory.js'
import type { Kind } from '../component/component.js'
import { apiSchema, type ApiConfig } from '../api/config.js'
import { secretFilePolicies, type SecretFilePolicy } from './guarded-file.js'
import { defaultMode, modeNames, type Mode, type ModeDefaults } from './modes.js'
import { Duration, Endpoint, Enum, Options, Section } from './schema.js'
import type { Span } from './tree.js'

/** The components of this process, as the configuration sees them. */
export interface ComponentCatalog {
  find(kind: Kind, type: string): ComponentFactory | undefined
  /** All types of a kind, in the order of the documentation. */
  types(kind: Kind): readonly string[]
}

export const sectionOf = { receiver: 'receivers', processor: 'processors', exporter: 'exporters', connector: 'connectors', extension: 'extensions' } as const

export const kinds = Object.keys(sectionOf) as readonly Kind[]

/** The short form of the original Tapio (see seed.ts). */
export const seedSections = ['intelligence', 'collectors', 'correlation'] as const

export const topLevelKeys: readonly string[] = [...Object.values(sectionOf), 'service', 'plugins', ...seedSections]

/** Top-level keys that are nobody's business: a place for anchors. */
export const isExtensionKey = (key: string): boolean => key.startsWith('x-')

export const signals: readonly Signal[] = ['traces', 'metrics', 'logs', 'profiles', 'events']

const ids = (description: string) => Type.Array(Type.String(), { default: [], description })

export const pipelineSchema = Options({
  receivers: ids('Where batches come from: ids of receivers or connectors.'),
  processors: ids('What happens to them, in this order: ids of processors.'),
  exporters: ids('Where they go: ids of exporters or connectors. Each gets every batch.'),
  durable: Type.Boolean({ default: false, description: 'A receiver answers success only when the exporters have a batch: delivered, or in a `sending_queue` on disk. The pipeline then runs whole in the thread of the exporters.' })
}, { description: 'One way through Tapio.' })

export const serviceSchema = Options({
  mode: Enum(modeNames, { default: defaultMode, description: 'How the pipelines are placed on threads.' }),
  batch_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Rows that the reading end of a ring joins into one batch when more are waiting. Default by mode.' })),
  buffer_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 16_777_216, description: 'Events that the ring between two threads may hold, at 512 bytes each; a power of two in mode ring-buffer. Default by mode.' })),
  max_concurrency: Type.Optional(Type.Integer({ minimum: 0, maximum: 1024, description: 'Most copies of a stateless processor; 0 is one per CPU core. Default by mode.' })),
  tracing: Type.Optional(Type.Boolean({ description: 'Log every batch at every edge, with its outcome and time, at level debug. Default by mode.' })),
  profiling: Type.Optional(Type.Boolean({ description: 'SIGUSR2 starts a CPU profile and, sent again, writes it to the working folder. Default by mode.' })),
  metrics: Type.Optional(Type.Boolean({ description: 'Count what passes every edge. Default by mode.' })),
  shutdown_timeout: Duration({ default: '30s', maximum: '1h', description: 'How long a drain may take before what is left is counted as dropped.' }),
  worker_failure: Enum(['restart', 'stop'], { default: 'restart', description: 'What happens when a worker thread dies: start it again with its loss counted, or stop the process.' }),
  stall_timeout: Duration({ default: '30s', maximum: '1h', description: 'A worker thread whose loop stands still for so long (code that does not end) is ended and treated as one that died. At least 1s; 0 = never.' }),
  when_full: Enum(['retry', 'drop'], { default: 'retry', description: 'What a full ring between two threads does to a sender: ask it to try again (back-pressure), or drop and count.' }),
  enqueue_timeout: Duration({ default: '1s', maximum: '1m', description: 'How long a sender waits for room in a full ring before it is asked to try again.' }),
  extensions: ids('Extensions that run, by id, in this order.'),
  reload: Section({
    watch: Type.Boolean({ default: false, description: 'Load the configuration again when one of its files changes, also those of `${file:…}`. SIGHUP does so in any case.' }),
    interval: Duration({ default: '2s', minimum: '100ms', maximum: '1h', description: 'How often the files are looked at. A change is loaded when they have been the same for so long.' }),
    drain_timeout: Duration({ default: '10s', maximum: '1h', description: 'How long parts that leave may take to deliver what they hold. What a ring between two threads still holds then goes to the new parts.' })
  }, { description: 'Another configuration without a restart.' }),
  telemetry: Section({
    logs: Section({
      level: Enum(['debug', 'info', 'warn', 'error'], { default: 'info', description: 'The least important level that is written.' }),
      format: Enum(['auto', 'json', 'pretty'], { default: 'auto', description: 'JSON lines, readable lines, or whichever fits the terminal.' })
    }, { description: 'Tapio\'s own log.' }),
    metrics: Section({
      enabled: Type.Boolean({ default: true, description: 'Serve metrics, health and readiness over HTTP.' }),
      endpoint: Endpoint({ default: '127.0.0.1:8888', description: 'Where they are served.' })
    }, { description: 'Tapio\'s own metrics.' })
  }, { description: 'What Tapio tells about itself.' }),
  security: Section({
    secret_files: Enum(secretFilePolicies, { default: 'warn', description: 'Files with secrets (tokens, keys, kubeconfigs) that others than root and Tapio\'s user can read or replace: not used (`strict`), used and said (`warn`), not looked at (`off`). One that everybody may replace is used with `off` only.' })
  }, { description: 'What Tapio insists on.' }),
  api: Type.Optional(apiSchema),
  pipelines: Type.Record(Type.String(), pipelineSchema, { default: {}, description: 'The pipelines by name.' })
}, { description: 'What runs, and how.' })

/** The service section as typed by its schema, before the mode's defaults. */
export type ServiceOptions = Static<typeof serviceSchema>

/** Settings of the process, the mode's defaults applied. */
export interface ServiceSettings extends ModeDefaults {
  readonly mode: Mode
  readonly shutdownTimeoutMs: number
  readonly workerFailure: 'restart' | 'stop'
  readonly stallTimeoutMs: number
  readonly whenFull: 'retry' | 'drop'
  readonly enqueueTimeoutMs: number
  readonly reload: { readonly watch: boolean, readonly intervalMs: number, readonly drainMs: number }
  /** Extensions to run, in order. */
  readonly extensions: readonly ComponentId[]
  readonly logs: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly format: 'auto' | 'json' | 'pretty' }
  readonly metricsServer: { readonly enabled: boolean; readonly endpoint: string }
  readonly secretFiles: SecretFilePolicy
  /** Undefined: no API is served. */
  readonly api: ApiConfig | undefined
}

export interface ResolvedComponent {
  readonly id: ComponentId
  /** Typed by the factory's schema: defaults in, durations in milliseconds, sizes in bytes. */
  readonly config: unknown
  /** Where it is defined. */
  readonly at: Span
  /** Some pipeline or the service names it. What is not used is checked but never created. */
  readonly used: boolean
}

export interface ResolvedPipeline {
  readonly name: string
  /** Undefined: any signal. */
  readonly signal: Signal | undefined
  /** Receivers and connectors. */
  readonly receivers: readonly ComponentId[]
  readonly processors: readonly ComponentId[]
  /** Exporters and connectors. */
  readonly exporters: readonly ComponentId[]
  /** An outcome is that of the exporters. */
  readonly durable: boolean
  readonly at: Span
}

/** Plain data: it can be cloned to a worker. Factories are looked up again there by kind and type. */
export interface ResolvedConfig {
  readonly components: readonly ResolvedComponent[]
  readonly pipelines: readonly ResolvedPipeline[]
  readonly service: ServiceSettings
  /** Environment variables that secrets were taken from. */
  readonly secretVariables: readonly string[]
}
