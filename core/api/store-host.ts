/** The host of an API over a store alone (`tapio serve`): it has metrics of its own, and no graph that could be asked anything. */
import type { Question, Questions } from '../component/questions.js'
import { Unanswered } from '../graph/unanswered.js'
import { HealthBoard, type HealthSnapshot } from '../telemetry/health.js'
import type { Clock } from '../component/clock.js'
import type { Logger } from '../telemetry/logger.js'
import type { Meter } from '../telemetry/meter.js'
import { MetricStore } from '../telemetry/metric-store.js'
import { ProcessMetrics } from '../telemetry/process-metrics.js'
import { ThreadMeters } from '../telemetry/registry.js'
import { createSlab } from '../telemetry/slab.js'
import type { MetricSnapshot } from '../telemetry/snapshot.js'
import { version } from '../version.js'
import { ApiError } from './call.js'
import type { ApiHost } from './host.js'

const component = 'thread/api'

export class StoreHost implements ApiHost {
  readonly version = version
  readonly startedMs = Math.round(performance.timeOrigin)
  readonly plan = undefined
  readonly meter: Meter
  readonly #store: MetricStore
  readonly #process: ProcessMetrics
  readonly #health: HealthBoard

  constructor (clock: Clock, logger: Logger) {
    this.#store = new MetricStore({ logger })
    const slab = createSlab()
    this.#store.addThread('main', slab)
    this.meter = new ThreadMeters(slab, series => this.#store.addSeries('main', series), { logger }).meterFor({})
    this.#process = new ProcessMetrics(this.meter)
    this.#health = new HealthBoard(clock, logger)
    this.#health.add(component)
    this.#health.report({ component, state: 'starting', reason: '' })
    this.#health.report({ component, state: 'ok', reason: '' })
    this.#health.setGraph('running')
  }

  settings (): undefined { return undefined }
  answering (): readonly string[] { return [] }

  metrics (): Promise<MetricSnapshot> {
    this.#process.sample()
    return Promise.resolve(this.#store.snapshot())
  }

  health (): Promise<HealthSnapshot> { return Promise.resolve(this.#health.snapshot()) }

  /** '' = all is well again. */
  trouble (reason: string): void { this.#health.report({ component, state: reason === '' ? 'ok' : 'recoverable_error', reason }) }

  ask<Q extends Question> (name: string, question: Q): Promise<Questions[Q]['answer']> {
    return Promise.reject(new Unanswered(name, question, 'unknown', `does not run here: ${onlyStore}`))
  }

  async * tap (): AsyncGenerator<never, void> { throw new ApiError('FAILED_PRECONDITION', onlyStore) }
}

const onlyStore = 'only a store is served here (`tapio serve`); ask the Tapio that runs the pipelines'
