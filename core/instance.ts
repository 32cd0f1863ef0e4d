/**
 * One Tapio: a configuration running in this process, with its own telemetry. What the command line and the programmatic
 * builder both start.
 */
import { ApiThread } from './api/thread/api-thread.js'
import { hostFacts } from './api/thread/facts.js'
import type { ApiAddresses } from './api/thread/protocol.js'
import { loadCatalog, finder } from './component/catalog.js'
import type { ComponentFactory } from './component/factory.js'
import type { Kind } from './component/component.js'
import type { Override } from './component/services.js'
import { setSecretFilePolicy } from './config/guarded-file.js'
import type { ComponentCatalog, ResolvedConfig } from './config/shape.js'
import { specOf } from './graph/from-config.js'
import { planGraph, type Plan, type PlanResult } from './graph/plan.js'
import { Runtime, type EndRequest, type StopReport } from './graph/runtime.js'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { HealthMetrics } from './telemetry/health-metrics.js'
import { TelemetryServer, type BoundAddress } from './telemetry/http-server.js'
import type { Logger } from './telemetry/logger.js'
import { createLogger, type LogFormat } from './telemetry/pino-logger.js'
import { ProcessMetrics } from './telemetry/process-metrics.js'
import { renderPrometheus } from './telemetry/prometheus.js'
import type { MetricSnapshot } from './telemetry/snapshot.js'

/** The factories of `modules` in the form the configuration asks for. */
export async function openCatalog (modules: readonly string[]): Promise<ComponentCatalog & { readonly all: readonly ComponentFactory[] }> {
  const all = await loadCatalog(modules)
  return { all, find: finder(all), types: (kind: Kind) => all.filter(f => f.kind === kind).map(f => f.type) }
}

export function planConfig (config: ResolvedConfig, catalog: ComponentCatalog): PlanResult {
  return planGraph(specOf(config), (kind, type) => catalog.find(kind, type), availableParallelism())
}

/** Where it listens; undefined for what is not served. */
export interface Addresses { readonly metrics: BoundAddress | undefined, readonly api: ApiAddresses | undefined }

export class Instance {
  readonly runtime: Runtime
  readonly logger: Logger
  readonly #server: TelemetryServer | undefined
  readonly #process: ProcessMetrics
  readonly #health: HealthMetrics
  #api: ApiThread | undefined

  /** `config` and `plan` belong together (`planConfig`). `modules` are imported again by every worker; `overrides` reach the main thread alone. */
  constructor (readonly config: ResolvedConfig, readonly plan: Plan, readonly modules: readonly string[], logger?: Logger, overrides: readonly Override[] = []) {
    const { logs, metricsServer, secretFiles } = config.service
    setSecretFilePolicy(secretFiles)
    const format = logFormat(logs.format)
    this.logger = logger ?? createLogger({ level: logs.level, format })
    this.runtime = new Runtime({ plan, catalog: modules, logger: this.logger, log: { level: logs.level, format }, overrides })
    this.#process = new ProcessMetrics(this.runtime.meter)
    this.#health = new HealthMetrics(this.runtime.health, this.runtime.meter)
    this.#server = metricsServer.enabled ? this.#createServer(metricsServer.endpoint) : undefined
  }

  /** Resolves when everything runs. Rejects with an error that names what did not start, after stopping what had. */
  async start (): Promise<Addresses> {
    const metrics = await this.#server?.start()
    try {
      await this.runtime.start()
    } catch (error) {
      await this.#stopTelemetry()
      throw error
    }
    try {
      return { metrics, api: await this.#startApi() }
    } catch (error) {
      await this.stop(1000)
      throw error
    }
  }

  /** Resolves when a component asked for the end or a thread failed for good; call `stop` then. */
  get endRequested (): Promise<EndRequest> { return this.runtime.endRequested }

  /** The API goes first, so that clients find another server while the pipelines drain. */
  async stop (timeoutMs = this.plan.service.shutdownTimeoutMs): Promise<StopReport> {
    const startedMs = performance.now()
    await this.#api?.stop(timeoutMs * apiShare)
    const report = await this.runtime.stop(Math.max(0, timeoutMs - (performance.now() - startedMs)))
    await this.#stopTelemetry()
    return report
  }

  snapshot (): MetricSnapshot {
    this.#process.sample()
    this.#health.sample()
    return this.runtime.snapshot()
  }

  /** For fault tests: ends the API's thread as if it had crashed. */
  async killApi (): Promise<void> { await this.#api?.kill() }

  async #startApi (): Promise<ApiAddresses | undefined> {
    const { config: { service: { api, logs } }, runtime, logger, modules } = this
    if (api === undefined) return undefined
    const store = api.store ?? await this.#storeDirectory()
    this.#api = new ApiThread({
      config: api, store, catalog: modules, runtime, logger,
      facts: hostFacts(this.config, this.plan, await openCatalog(modules), question => runtime.answering(question)),
      snapshot: () => this.snapshot(),
      log: { level: logs.level, format: logFormat(logs.format) }
    })
    return this.#api.start()
  }

  /** That of the first exporter that has one. */
  async #storeDirectory (): Promise<string | undefined> {
    const [exporter] = this.runtime.answering('store.directory')
    return exporter === undefined ? undefined : resolve(await this.runtime.ask(exporter, 'store.directory', null))
  }

  #createServer (endpoint: string): TelemetryServer {
    const at = endpoint.lastIndexOf(':')
    return new TelemetryServer({
      host: endpoint.slice(0, at).replace(/^\[(.*)\]$/, '$1'),
      port: Number(endpoint.slice(at + 1)),
      metrics: () => renderPrometheus(this.snapshot()),
      health: this.runtime.health,
      logger: this.logger
    })
  }

  async #stopTelemetry (): Promise<void> {
    await this.#server?.stop()
  }
}

/** Share of the time of a stop that calls of the API may take to end. */
const apiShare = 0.2

function logFormat (format: 'auto' | LogFormat): LogFormat {
  return format === 'auto' ? (process.stderr.isTTY ? 'pretty' : 'json') : format
}
