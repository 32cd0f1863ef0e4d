/**
 * One Tapio: a configuration running in this process, with its own telemetry. What the command line and the programmatic
 * builder both start.
 */
import { ApiThread } from './api/thread/api-thread.js'
import { hostFacts } from './api/thread/facts.js'
import type { ApiAddresses, HostFacts } from './api/thread/protocol.js'
import { isDeepStrictEqual } from 'node:util'
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
import { within } from './graph/within.js'
import type { PlanChanged } from './graph/plan-change.js'
import { reloads, reloadSeconds } from './reload/metrics.js'
import { serviceChanges, type ServiceChanges } from './reload/service-changes.js'
import { HealthMetrics } from './telemetry/health-metrics.js'
import { TelemetryServer, type BoundAddress } from './telemetry/http-server.js'
import type { Logger } from './telemetry/logger.js'
import { createLogger, type LogFormat } from './telemetry/pino-logger.js'
import { ProcessMetrics } from './telemetry/process-metrics.js'
import { renderPrometheus } from './telemetry/prometheus.js'
import type { MetricSnapshot } from './telemetry/snapshot.js'

/** `modules`: what it was made of. */
export interface OpenCatalog extends ComponentCatalog { readonly all: readonly ComponentFactory[], readonly modules: readonly string[] }

/** The factories of `modules` in the form the configuration asks for. */
export async function openCatalog (modules: readonly string[]): Promise<OpenCatalog> {
  const all = await loadCatalog(modules)
  return { all, modules, find: finder(all), types: (kind: Kind) => all.filter(f => f.kind === kind).map(f => f.type) }
}

export function planConfig (config: ResolvedConfig, catalog: OpenCatalog): PlanResult {
  return planGraph(specOf(config, catalog.modules), (kind, type) => catalog.find(kind, type), availableParallelism())
}

/** Where it listens; undefined for what is not served. */
export interface Addresses { readonly metrics: BoundAddress | undefined, readonly api: ApiAddresses | undefined }

/** `rejected`: nothing was touched. `rolled_back`: it did not come up, and the old configuration runs again. `failed`: neither does. */
export type ReloadResult = 'applied' | 'unchanged' | 'rejected' | 'rolled_back' | 'failed'
export interface Reloaded { readonly result: ReloadResult, readonly reason: string }

/** Its place on the health board, once a reload has failed. */
const configEntry = 'service/config'

export class Instance {
  readonly runtime: Runtime
  readonly logger: Logger
  readonly #process: ProcessMetrics
  readonly #health: HealthMetrics
  #config: ResolvedConfig
  #server: TelemetryServer | undefined
  #api: ApiThread | undefined
  #reloading: Promise<unknown> = Promise.resolve()
  #isStopping = false

  /** `config` and `plan` belong together (`planConfig`). `overrides` reach the main thread alone. */
  constructor (config: ResolvedConfig, plan: Plan, logger?: Logger, overrides: readonly Override[] = []) {
    const { logs, metricsServer, secretFiles } = config.service
    setSecretFilePolicy(secretFiles)
    const format = logFormat(logs.format)
    this.#config = config
    this.logger = logger ?? createLogger({ level: logs.level, format })
    this.runtime = new Runtime({ plan, logger: this.logger, log: { level: logs.level, format }, overrides })
    this.#process = new ProcessMetrics(this.runtime.meter)
    this.#health = new HealthMetrics(this.runtime.health, this.runtime.meter)
    this.#server = metricsServer.enabled ? this.#createServer(metricsServer.endpoint) : undefined
  }

  /** In force now. */
  get config (): ResolvedConfig { return this.#config }
  get plan (): Plan { return this.runtime.plan }

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
    this.#isStopping = true
    await within(this.#reloading, timeoutMs * apiShare)
    await this.#api?.stop(timeoutMs * apiShare)
    const report = await this.runtime.stop(Math.max(0, timeoutMs - (performance.now() - startedMs)))
    await this.#stopTelemetry()
    return report
  }

  /**
   * Goes over to another configuration; `config` and `plan` belong together. What both have runs on. Never rejects: what went wrong is
   * in the answer, in the log, in the metric and on the health board, and the old configuration goes on.
   */
  reload (config: ResolvedConfig, plan: Plan): Promise<Reloaded> {
    const reloaded = this.#reloading.then(async () => {
      const startedMs = performance.now()
      const done = await this.#reload(config, plan)
      this.#tell(done, performance.now() - startedMs)
      return done
    })
    this.#reloading = reloaded
    return reloaded
  }

  /** A configuration that cannot be used was read; `reason` says why. */
  rejectReload (reason: string): void { this.#tell({ result: 'rejected', reason }, 0) }

  snapshot (): MetricSnapshot {
    this.#process.sample()
    this.#health.sample()
    return this.runtime.snapshot()
  }

  /** For fault tests: ends the API's thread as if it had crashed. */
  async killApi (): Promise<void> { await this.#api?.kill() }

  async #reload (config: ResolvedConfig, plan: Plan): Promise<Reloaded> {
    if (this.#isStopping) return { result: 'rejected', reason: 'the process is stopping' }
    const before = this.#config
    const changes = serviceChanges(before.service, config.service)
    if (!changes.any && isDeepStrictEqual(this.plan, plan)) return { result: 'unchanged', reason: '' }
    const server = changes.metricsServer ? await this.#nextServer(config.service.metricsServer) : { ok: true as const, server: this.#server }
    if (!server.ok) return { result: 'rejected', reason: server.reason }
    const oldPlan = this.plan
    const changed = await this.runtime.change(plan, config.service.reload.drainMs)
    if (changed.status === 'applied') this.#config = config
    const failure = changed.status === 'applied' ? await this.#followWithApi(before, changes, oldPlan) : changed
    if (failure !== undefined) {
      if (server.server !== this.#server) await server.server?.stop()
      return { result: failure.status, reason: failure.reason }
    }
    if (server.server !== this.#server) await this.#server?.stop()
    this.#server = server.server
    if (changes.logLevel) this.runtime.setLogLevel(config.service.logs.level)
    for (const key of changes.waiting) this.logger.warn('a changed key takes effect with the next start of the process only', { key })
    return { result: 'applied', reason: summaryOf(changed) }
  }

  /** One that listens already beside the old one. */
  async #nextServer ({ enabled, endpoint }: ResolvedConfig['service']['metricsServer']): Promise<{ readonly ok: true, readonly server: TelemetryServer | undefined } | { readonly ok: false, readonly reason: string }> {
    if (!enabled) return { ok: true, server: undefined }
    // Off and on again needs the old one's address.
    if (this.#server !== undefined && endpoint === this.#config.service.metricsServer.endpoint) return { ok: true, server: this.#server }
    const server = this.#createServer(endpoint)
    try {
      await server.start()
      return { ok: true, server }
    } catch (error) {
      return { ok: false, reason: messageOf(error) }
    }
  }

  /** The API speaks for the new graph. When it cannot be served as it is to be now, everything goes back. */
  async #followWithApi (before: ResolvedConfig, changes: ServiceChanges, oldPlan: Plan): Promise<{ readonly status: 'rolled_back' | 'failed', readonly reason: string } | undefined> {
    const drainMs = this.#config.service.reload.drainMs
    // Of plugins that are another build the files are gone: its thread, too, must know the new ones.
    const isSame = !changes.api && this.#api !== undefined && isDeepStrictEqual(this.#api.options.catalog, this.plan.catalog) && await this.#storeOfApi() === this.#api.options.store
    if (isSame || (this.#api === undefined && this.#config.service.api === undefined)) {
      this.#api?.follow(await this.#facts(), this.#config.service.logs.level)
      return undefined
    }
    await this.#api?.stop(Math.min(drainMs, apiStopMs))
    this.#api = undefined
    this.runtime.health.remove('thread/api')
    try {
      await this.#startApi()
      return undefined
    } catch (error) {
      const reason = `the API could not be served: ${messageOf(error)}`
      this.#api = undefined
      this.#config = before
      const back = await this.runtime.change(oldPlan, drainMs)
      try {
        if (back.status !== 'applied') throw new Error(back.reason)
        await this.#startApi()
      } catch (again) {
        return { status: 'failed', reason: `${reason}; and the old configuration did not come up again: ${messageOf(again)}` }
      }
      return { status: 'rolled_back', reason }
    }
  }

  /** How a reload ended, wherever people look. */
  #tell ({ result, reason }: Reloaded, tookMs: number): void {
    const { meter, health } = this.runtime
    meter.counter(reloads, { result }).add(1)
    meter.gauge(reloadSeconds).set(tookMs / 1000)
    const isKnown = health.snapshot().components.some(c => c.component === configEntry)
    if (result === 'applied' || result === 'unchanged') {
      if (isKnown) health.report({ component: configEntry, state: 'ok', reason: '' })
      this.logger.info(result === 'applied' ? 'the configuration was reloaded' : 'the configuration was read again and is the same', { ...(reason === '' ? {} : { changes: reason }), tookMs: Math.round(tookMs) })
      return
    }
    if (!isKnown) {
      health.add(configEntry)
      health.report({ component: configEntry, state: 'starting', reason: '' })
    }
    const kept = result === 'failed' ? 'the process ends' : 'the old configuration goes on'
    health.report({ component: configEntry, state: 'degraded', reason: `the last reload was ${result === 'failed' ? 'lost' : result.replace('_', ' ')}: ${reason}; ${kept}` })
    this.logger.error(`the configuration was not reloaded; ${kept}`, { result, reason })
  }

  async #startApi (): Promise<ApiAddresses | undefined> {
    const { config: { service: { api, logs } }, plan, runtime, logger } = this
    if (api === undefined) return undefined
    this.#api = new ApiThread({
      config: api, store: await this.#storeOfApi(), catalog: plan.catalog, runtime, logger,
      facts: await this.#facts(),
      snapshot: () => this.snapshot(),
      log: { level: logs.level, format: logFormat(logs.format) }
    })
    return this.#api.start()
  }

  async #facts (): Promise<HostFacts> {
    return hostFacts(this.config, this.plan, await openCatalog(this.plan.catalog), question => this.runtime.answering(question))
  }

  /** The one it is told, else that of the first exporter that has one. */
  async #storeOfApi (): Promise<string | undefined> {
    const told = this.config.service.api?.store
    if (told !== undefined) return told
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

/** For clients of an API that is served anew. */
const apiStopMs = 2000

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** `exporter/otlp changed, processor/batch added`. */
function summaryOf (changed: PlanChanged): string {
  if (changed.status !== 'applied') return ''
  const named = new Map<string, string>()
  for (const { kind, id, change } of changed.diff.instances.filter(i => i.change !== 'kept')) {
    const name = `${kind}/${id}`
    const before = named.get(name)
    // One thread has it no more, another has it now.
    named.set(name, before === undefined || before === change ? change : 'moved')
  }
  return [...named].map(([name, change]) => `${name} ${change}`).join(', ') || 'settings of the service'
}

function logFormat (format: 'auto' | LogFormat): LogFormat {
  return format === 'auto' ? (process.stderr.isTTY ? 'pretty' : 'json') : format
}
