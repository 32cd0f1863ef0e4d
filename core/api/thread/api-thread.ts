/**
 * The main thread's side of the API: spawns its thread, answers what it asks, and starts it again when it dies. Pipelines do not
 * notice either: they share no thread with it, and what it asks of them is bounded where it is asked.
 */
import { Worker } from 'node:worker_threads'
import { Backoff } from '../../delivery/backoff.js'
import { workerDeaths } from '../../graph/runtime-metrics.js'
import type { Runtime } from '../../graph/runtime.js'
import type { ComponentState } from '../../component/status.js'
import type { Logger, LogLevel } from '../../telemetry/logger.js'
import type { LogFormat } from '../../telemetry/pino-logger.js'
import { createSlab } from '../../telemetry/slab.js'
import type { MetricSnapshot } from '../../telemetry/snapshot.js'
import type { ApiConfig } from '../config.js'
import { HostServer } from './host-server.js'
import type { ApiAddresses, ApiBirth, FromApi, HostFacts, ToApi } from './protocol.js'

export interface ApiThreadOptions {
  readonly config: ApiConfig
  /** Undefined: there is none to answer from. */
  readonly store: string | undefined
  readonly facts: HostFacts
  readonly catalog: readonly string[]
  readonly runtime: Runtime
  /** Of all metrics, those of the process too. */
  snapshot(): MetricSnapshot
  readonly logger: Logger
  readonly log: { readonly level: LogLevel, readonly format: LogFormat }
}

interface Life { readonly worker: Worker, readonly host: HostServer, exited: boolean }

const thread = 'api'
const restartPolicy = { initialMs: 100, maxMs: 30_000, multiplier: 2, jitter: 0.2, maxElapsedMs: 0 }
/** How long it must have run for its next death to be the first one again. */
const steadyMs = 60_000
/** How much longer than its deadline it may take to say that it stopped. */
const graceMs = 1000

export class ApiThread {
  #life: Life | undefined
  #backoff = new Backoff(restartPolicy)
  #restart: NodeJS.Timeout | undefined
  #startedMs = 0
  #hasServed = false
  #stopping = false

  #facts: HostFacts
  #log: ApiThreadOptions['log']

  constructor (readonly options: ApiThreadOptions) {
    this.#facts = options.facts
    this.#log = options.log
  }

  /** Resolves when it serves. Rejects when it cannot (an endpoint in use, a certificate that cannot be read): nothing is left then. */
  async start (): Promise<ApiAddresses> {
    this.options.runtime.health.add(`thread/${thread}`)
    this.#tell('starting')
    try {
      return await this.#spawn()
    } catch (error) {
      this.#stopping = true
      await this.#life?.worker.terminate()
      throw error
    }
  }

  /** It speaks for another graph from now on, also after its thread was started again. */
  follow (facts: HostFacts, level: LogLevel): void {
    this.#facts = facts
    this.#log = { ...this.#log, level }
    if (this.#life?.exited === false) this.#life.worker.postMessage({ type: 'follow', facts, level } satisfies ToApi)
  }

  /** Calls under way may end until the deadline; streams are told to connect elsewhere. Safe to call twice. */
  async stop (deadlineMs: number): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#restart)
    const life = this.#life
    if (life === undefined || life.exited) return
    this.#tell('stopping')
    const exited = new Promise<void>(resolve => life.worker.once('exit', () => resolve()))
    life.worker.postMessage({ type: 'stop', deadlineMs } satisfies ToApi)
    const timer = setTimeout(() => { void life.worker.terminate() }, deadlineMs + graceMs)
    await exited
    clearTimeout(timer)
    this.#tell('stopped')
  }

  /** For fault tests: ends the thread as if it had crashed. */
  async kill (): Promise<void> { await this.#life?.worker.terminate() }

  #spawn (): Promise<ApiAddresses> {
    const { config, store, catalog, runtime } = this.options
    const slab = createSlab()
    runtime.metrics.addThread(thread, slab)
    const birth: ApiBirth = { config, store, facts: this.#facts, catalog, slab, log: this.#log }
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: birth, name: 'tapio-api' })
    const life: Life = { worker, exited: false, host: new HostServer({
      runtime,
      snapshot: () => this.options.snapshot(),
      send: (message, transfer) => { if (!life.exited) worker.postMessage(message, transfer) }
    }) }
    this.#life = life
    return new Promise((resolve, reject) => {
      let crash = ''
      worker.on('error', (error: unknown) => { crash = error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
      worker.once('exit', code => {
        life.exited = true
        life.host.close()
        runtime.metrics.endThread(thread)
        reject(new Error(crash === '' ? `the API's thread exited with code ${code}` : crash))
        this.#ended(crash === '' ? `exited with code ${code}` : crash)
      })
      worker.on('message', (message: FromApi) => {
        if (message.type === 'started') { this.#serves(); resolve(message.addresses) }
        else if (message.type === 'failed') { crash = message.message }
        else this.#take(life, message)
      })
    })
  }

  #take ({ host }: Life, message: Exclude<FromApi, { type: 'started' | 'failed' }>): void {
    switch (message.type) {
      case 'series': this.options.runtime.metrics.addSeries(thread, message.series); return
      case 'status': this.#tell(message.state, message.reason); return
      case 'ask': void host.answer(message.id, message.question, message.argument); return
      case 'giveUp': host.giveUp(message.id); return
      // Its exit is the news.
      case 'stopped':
    }
  }

  #serves (): void {
    this.#hasServed = true
    this.#startedMs = performance.now()
    this.#tell('ok')
  }

  #ended (reason: string): void {
    // Whoever started it has the error.
    if (this.#stopping || !this.#hasServed) return
    const { runtime, logger } = this.options
    runtime.meter.counter(workerDeaths, { thread }).add(1)
    this.#tell('recoverable_error', `died: ${reason}`)
    if (this.#startedMs > 0 && performance.now() - this.#startedMs > steadyMs) this.#backoff = new Backoff(restartPolicy)
    this.#startedMs = 0
    const waitMs = this.#backoff.next()
    logger.error('the API\'s thread died; pipelines go on, and it is started again', { reason, waitMs: Math.round(waitMs) })
    this.#restart = setTimeout(() => {
      this.#spawn().then(
        ({ grpc, http }) => { logger.info('the API is served again', { grpc, http }) },
        // Its end is its own news: `#ended` has told it and waits for the next try.
        () => undefined
      )
    }, waitMs)
    this.#restart.unref()
  }

  #tell (state: ComponentState, reason = ''): void {
    this.options.runtime.health.report({ component: `thread/${thread}`, state, reason })
  }
}
