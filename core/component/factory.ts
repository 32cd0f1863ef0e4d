/** What a component folder exports: everything Tapio, its documentation and its tests know about a component. */
import type { TSchema } from '@sinclair/typebox'
import type { MetricDeclaration } from '../telemetry/meter.js'
import type { AnyComponent, Kind } from './component.js'
import type { Question } from './questions.js'
import type { DropRemedies } from './remedy.js'
export type { AnyComponent } from './component.js'
import type { Services } from './services.js'

export type Signal = 'traces' | 'metrics' | 'logs' | 'profiles' | 'events'

/**
 * How many copies of a processor may run side by side:
 * `stateless`: any number, rows in any of them. `single`: exactly one sees all rows of its pipeline.
 */
export type Concurrency = 'stateless' | 'single'

export type Stability = 'development' | 'alpha' | 'beta' | 'stable'

export interface ComponentFactory {
  readonly kind: Kind
  /** The name used in YAML, lower_snake_case, equal to the folder's name (dashes for underscores). */
  readonly type: string
  /**
   * Other types it answers to in YAML, as the Collector calls it or once called it, each with options that it then has unless they are
   * written: `{ otlphttp: { protocol: 'http/protobuf' } }`. A component whose own type it is comes first. Left out = none.
   */
  readonly aliases?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  /**
   * Options as the Collector once called them, each with its name now and, where they differ, the values: `{ loglevel: { option: 'verbosity',
   * values: { debug: 'detailed' } } }`. Read with a warning. Left out = none.
   */
  readonly formerly?: Readonly<Record<string, { readonly option: string, readonly values?: Readonly<Record<string, string>> }>>
  /** One sentence, shown by `tapio components` and at the head of the README. */
  readonly description: string
  readonly stability: Stability
  /** The signals it can bring, change or take. `events` are Tapio's own and those of kernel, node and cluster. */
  readonly signals: readonly Signal[]
  /** The only place where the options are written: type, validation, JSON Schema, defaults and README table come from it. */
  readonly schema: TSchema
  readonly concurrency: Concurrency
  /**
   * Processors only. True = looks at batches rather than at rows, so that it costs less than handing a batch to another
   * thread: in front of a pipeline it runs beside the receiver. Left out = false.
   */
  readonly light?: boolean
  /**
   * True = a batch it was given, its raw bytes and whatever was made from them without a copy are not touched once the
   * outcome of `consume` is known. In a thread where all components say so, batches are lent out of the shared memory between
   * the threads instead of being copied out of it. Left out = false: batches may be kept.
   */
  readonly borrows?: boolean
  /**
   * Receivers only. True = `accepted` must mean that the exporters have it, not that it waits in the memory between threads:
   * for sources that acknowledge, or move a cursor, with the outcome. All their pipelines, and those joined to them, run
   * whole in the thread of the exporters, which costs the parallelism of the stages. Left out = false.
   */
  readonly endToEnd?: boolean
  /**
   * Receivers only. True = what it is asked to bring later is lost at its source, which holds a few seconds' worth (the ring of a
   * kernel): when memory is short its rows are dropped by severity, where others are kept waiting. Left out = false.
   */
  readonly cannotWait?: boolean
  /**
   * Processors and connectors: true = its instances in one thread, with those of other components that say so, have something in
   * common (`services.get('shared')`). A reload that touches one of them makes all of them anew. Left out = false, and `shared` is
   * not to be had.
   */
  readonly shares?: boolean
  /**
   * Exporters only: how many batches it can use at once, from its config. Left out = 1: one after the other. More are begun
   * in order and may end in any; for those that wait for somebody far away.
   */
  parallel?(config: unknown): number
  /**
   * Processors and exporters: what to set when, by its config, it answers while rows are in its memory only, so that a pipeline that
   * is `durable` cannot hold it: `set \`wait_for_result: true\``. Left out or undefined = its answer is that of what comes after it.
   */
  answersEarly?(config: unknown): string | undefined
  /**
   * Processors only: rows may pass without it when it fails (core/recovery/with-isolation.ts); it is then made anew. `learns`: it remembers
   * what it sees, so what passed meanwhile is shown to it later, passing nothing on. `forgets`: it only changes what passes. One that says
   * `borrows` too must have passed a batch on before its `consume` returns. Left out: a batch it fails with is dropped and counted.
   */
  readonly isolates?: 'learns' | 'forgets'
  /**
   * Questions its instances answer while they run (questions.ts), by their `answer`. The API, the command line and the web page show
   * what they say, so a component that others could look into should. Left out = none.
   */
  readonly answers?: readonly Question[]
  /**
   * Of which build it is, when it can be exchanged while Tapio runs: a reload makes components of another build anew, whatever their
   * options. Left out = it comes with Tapio.
   */
  readonly build?: string
  /** The option that lists files of failure patterns (core/patterns): those that plugins bring are added to it. Left out = it takes none. */
  readonly patternsOption?: string
  /** Own instruments, beside those every edge has. Declared here, created through `Meter`, documented from here. */
  readonly metrics: readonly MetricDeclaration[]
  /** Reasons this component gives to `drops.add`, each with its meaning. */
  readonly drops: Readonly<Record<string, string>>
  /** What to do about each of them. Left out, or one missing: people are told the meaning alone. */
  readonly remedies?: DropRemedies
  /** A check that the schema cannot express. Returns one fault per wrong option; `path` is relative to the config. */
  check?(config: unknown): readonly ConfigFault[]
  /**
   * What it could do on this machine: shown by `tapio TYPE status`. Tries it out where it can and leaves nothing behind. For
   * components that depend on what a machine has.
   */
  status?(): Promise<ComponentStatus>
  /**
   * Makes one instance. Import the implementation here (`await import('./receiver.js')`), not at the top of the module, so
   * that a thread loads only what its part of the graph needs.
   */
  create(services: Services): AnyComponent | Promise<AnyComponent>
}

export interface ComponentStatus {
  /** False: nothing of it would work here. */
  readonly usable: boolean
  /** One line; says what is missing and what to do when not usable. */
  readonly summary: string
  readonly facts: Readonly<Record<string, string>>
  readonly parts: readonly { readonly group: string, readonly name: string, readonly usable: boolean, readonly why: string }[]
}

export interface ConfigFault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Checks the shape of a factory at its definition; returns it unchanged. */
export function defineComponent (factory: ComponentFactory): ComponentFactory {
  if (!/^[a-z][a-z0-9_]*$/.test(factory.type)) throw new Error(`component type "${factory.type}" must be lower_snake_case`)
  return Object.freeze(factory)
}
