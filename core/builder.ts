/**
 * A pipeline from code, equal to one from YAML: what is collected here becomes a plain configuration and takes the same way
 * (checks, defaults, plan), so both give the same graph and the same errors.
 *
 *     const tapio = await pipeline().withMode('ring-buffer').receiver('otlp').processor('batch').exporter('debug').build()
 *     await tapio.start()
 *     …
 *     await tapio.stop()
 */
import type { Override } from './component/services.js'
import { loadPlain } from './config/load.js'
import type { Mode } from './config/modes.js'
import { renderFaults } from './config/render.js'
import { Instance, openCatalog, planConfig } from './instance.js'
import type { Logger } from './telemetry/logger.js'

type Body = Readonly<Record<string, unknown>> | null

interface Draft { readonly id: string, readonly receivers: string[], readonly processors: string[], readonly exporters: string[], durable?: true }

/** The configuration is faulty: `message` lists every fault as the command line would print it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export class PipelineBuilder {
  readonly #sections: Record<string, Record<string, Body>> = {}
  readonly #service: Record<string, unknown> = {}
  readonly #pipelines: Draft[] = []
  #current: Draft
  #logger: Logger | undefined
  readonly #overrides: Override[] = []

  constructor (readonly modules: readonly string[]) {
    this.#current = this.#draft('main')
  }

  withMode (mode: Mode): this { return this.withService({ mode }) }
  withBatchSize (rows: number): this { return this.withService({ batch_size: rows }) }
  withBufferSize (events: number): this { return this.withService({ buffer_size: events }) }
  /** Copies of the stateless processors; 0 = one a core. */
  withMaxConcurrency (copies: number): this { return this.withService({ max_concurrency: copies }) }

  /** Any option of the `service` section, as in YAML. */
  withService (options: Readonly<Record<string, unknown>>): this {
    Object.assign(this.#service, options)
    return this
  }

  withLogger (logger: Logger): this {
    this.#logger = logger
    return this
  }

  /** A service of your own for the components on the main thread; in mode `debug` that is all of them. */
  withOverride (override: Override): this {
    this.#overrides.push(override)
    return this
  }

  /** What follows belongs to pipeline `id`; without a call there is one pipeline, `main`. */
  pipeline (id: string): this {
    if (this.#isEmpty(this.#current)) this.#pipelines.splice(this.#pipelines.indexOf(this.#current), 1)
    this.#current = this.#pipelines.find(p => p.id === id) ?? this.#draft(id)
    return this
  }

  receiver (id: string, config: Body = null): this { return this.#add('receivers', id, config, this.#current.receivers) }
  processor (id: string, config: Body = null): this { return this.#add('processors', id, config, this.#current.processors) }
  exporter (id: string, config: Body = null): this { return this.#add('exporters', id, config, this.#current.exporters) }

  /** The current pipeline answers its receivers only when its exporters have a batch. */
  durable (): this {
    this.#current.durable = true
    return this
  }

  /** A connector that ends pipelines `from` and starts pipelines `to`. */
  connector (id: string, ends: { readonly from: readonly string[], readonly to: readonly string[] }, config: Body = null): this {
    const at = (name: string): Draft => this.#pipelines.find(p => p.id === name) ?? this.#draft(name)
    this.#section('connectors')[id] = config
    for (const name of ends.from) at(name).exporters.push(id)
    for (const name of ends.to) at(name).receivers.push(id)
    return this
  }

  /** The configuration in the shape of the YAML file. */
  toConfig (): Record<string, unknown> {
    const pipelines = Object.fromEntries(this.#pipelines.filter(p => !this.#isEmpty(p)).map(({ id, ...parts }) => [id, parts]))
    return { ...this.#sections, service: { ...this.#service, pipelines } }
  }

  /** Rejects with ConfigError. The instance is not started. */
  async build (): Promise<Instance> {
    const catalog = await openCatalog(this.modules)
    const loaded = loadPlain(this.toConfig(), catalog)
    if (!loaded.ok) throw new ConfigError(renderFaults(loaded.faults))
    const planned = planConfig(loaded.config, catalog)
    if (!planned.ok) throw new ConfigError(planned.faults.map(f => `${f.path.join('.')}: ${f.message}`).join('\n'))
    return new Instance(loaded.config, planned.plan, this.#logger, this.#overrides)
  }

  #draft (id: string): Draft {
    const draft = { id, receivers: [], processors: [], exporters: [] }
    this.#pipelines.push(draft)
    return draft
  }

  #isEmpty (p: Draft): boolean { return p.receivers.length + p.processors.length + p.exporters.length === 0 }

  #section (name: string): Record<string, Body> { return (this.#sections[name] ??= {}) }

  #add (section: string, id: string, config: Body, list: string[]): this {
    const known = this.#section(section)
    // The same id in a second pipeline is the same component; null then means "as defined".
    if (config !== null || known[id] === undefined) known[id] = config
    list.push(id)
    return this
  }
}

/** `modules`: where factories come from; each exports a list `components`. */
export function pipelineOf (modules: readonly string[]): PipelineBuilder {
  return new PipelineBuilder(modules)
}
