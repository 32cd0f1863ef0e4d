/**
 * One Tapio: a configuration running in this process, with its own telemetry. What the command line and the programmatic
 * builder both start.
 */
import { loadCatalog, finder } from './component/catalog.js'
import type { ComponentFactory } from './component/factory.js'
import type { Kind } from './component/component.js'
import type { Override } from './component/services.js'
import type { ComponentCatalog, ResolvedConfig } from './config/shape.js'
import { specOf } from './graph/from-config.js'
import { planGraph, type Plan, type PlanResult } from './graph/plan.js'
import { Runtime, type EndRequest, type StopReport } from './graph/runtime.js'
import { availableParallelism } from 'node:os'
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

export class Instance {
  readonly runtime: Runtime
  readonly logger: Logger
  readonly #server: TelemetryServer | undefined
  readonly #process: ProcessMetrics
  readonly #health: HealthMetrics

  /** `config` and `plan` belong together (`planConfig`). `modules` are imported again by every worker; `overrides` reach the main thread alone. */
  constructor (readonly config: ResolvedConfig, readonly plan: Plan, modules: readonly string[], logger?: Logger, overrides: readonly Override[] = []) {
    const { logs, metricsServer } = config.service
    const format = logFormat(logs.format)
    this.logger = logger ?? createLogger({ level: logs.level, format })
    this.runtime = new Runtime({ plan, catalog: modules, logger: this.logger, log: { level: logs.level, format }, overrides })
    this.#process = new ProcessMetrics(this.runtime.meter)
    this.#health = new HealthMetrics(this.runtime.health, this.runtime.meter)
    this.#server = metricsServer.enabled ? this.#createServer(metricsServer.endpoint) : undefined
  }

  /** Resolves when everything runs. Rejects with an error that names what did not start, after stopping what had. */
  async start (): Promise<BoundAddress | undefined> {
    const address = await this.#server?.start()
    try {
      await this.runtime.start()
    } catch (error) {
      await this.#stopTelemetry()
      throw error
    }
    return address
  }

  /** Resolves when a component asked for the end or a thread failed for good; call `stop` then. */
  get endRequested (): Promise<EndRequest> { return this.runtime.endRequested }

  async stop (timeoutMs?: number): Promise<StopReport> {
    const report = await this.runtime.stop(timeoutMs)
    await this.#stopTelemetry()
    return report
  }

  snapshot (): MetricSnapshot {
    this.#process.sample()
    this.#health.sample()
    return this.runtime.snapshot()
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

function logFormat (format: 'auto' | LogFormat): LogFormat {
  return format === 'auto' ? (process.stderr.isTTY ? 'pretty' : 'json') : format
}
