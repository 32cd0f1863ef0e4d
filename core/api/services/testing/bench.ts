/**
 * The API's methods over a real embedded store, a real plan, real metrics and a host that answers as told; called as carriers call
 * them, through the dispatcher with everything allowed.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, type DescMethodBiDiStreaming, type DescMethodServerStreaming, type DescMethodUnary, type Message, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf'
import { finder } from '../../../component/catalog.js'
import { systemClock, type Clock } from '../../../component/clock.js'
import type { Question, Questions } from '../../../component/questions.js'
import { planGraph, type Plan } from '../../../graph/plan.js'
import { serviceDefaults, type GraphSpec } from '../../../graph/spec.js'
import { openStore } from '../../../store/open.js'
import type { Store } from '../../../store/store.js'
import type { HealthSnapshot } from '../../../telemetry/health.js'
import { MetricStore } from '../../../telemetry/metric-store.js'
import { ThreadMeters } from '../../../telemetry/registry.js'
import { createSlab } from '../../../telemetry/slab.js'
import type { MetricSnapshot } from '../../../telemetry/snapshot.js'
import { components } from '../../../testing/components.js'
import { RecordingLogger } from '../../../testing/services.js'
import type { ScopeName } from '../../call.js'
import { Dispatcher } from '../../dispatch.js'
import type { ApiHost, Tapped, TapSelection } from '../../host.js'
import { createServices, type ReadableStore } from '../index.js'

/** `pipelines` as `name: receivers | processors | exporters`, of the components of core/testing/components.ts. */
export function testPlan (pipelines: readonly string[], mode: 'standard' | 'debug' = 'standard'): Plan {
  const split = (text = ''): string[] => text.trim().split(/\s+/).filter(x => x !== '')
  const parsed = pipelines.map(line => {
    const [id = '', rest = ''] = line.split(/:(.*)/s)
    const [receivers, processors, exporters] = rest.split('|').map(split)
    return { id: id.trim(), receivers: receivers ?? [], processors: processors ?? [], exporters: exporters ?? [] }
  })
  const kindOf = (id: string): 'receiver' | 'processor' | 'exporter' | 'connector' =>
    id.startsWith('test_forward') ? 'connector' : id.startsWith('test_source') ? 'receiver' : id.startsWith('test_sink') ? 'exporter' : 'processor'
  const ids = [...new Set(parsed.flatMap(p => [...p.receivers, ...p.processors, ...p.exporters]))]
  const spec: GraphSpec = { service: { ...serviceDefaults, mode }, components: ids.map(id => ({ kind: kindOf(id), id, config: {} })), pipelines: parsed, extensions: [] }
  const result = planGraph(spec, finder(components), 4)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.plan
}

type Answers = { [Q in Question]?: Record<string, (argument: Questions[Q]['argument']) => Questions[Q]['answer'] | Promise<Questions[Q]['answer']>> }

export class FakeHost implements ApiHost {
  readonly version = '1.2.3'
  readonly startedMs = Date.now() - 60_000
  plan: Plan | undefined
  /** By question and component. */
  answers: Answers = {}
  readonly settingsOf = new Map<string, Readonly<Record<string, unknown>>>()
  healthNow: HealthSnapshot = { live: true, failures: [], ready: true, graph: 'running', failing: [], components: [] }
  tapSelections: TapSelection[] = []
  tapped: readonly Tapped[] = []
  readonly #metrics = new MetricStore()
  readonly meters: ThreadMeters

  constructor () {
    const slab = createSlab()
    this.#metrics.addThread('main', slab)
    this.meters = new ThreadMeters(slab, series => { this.#metrics.addSeries('main', series) })
  }

  settings (component: string): Readonly<Record<string, unknown>> | undefined { return this.settingsOf.get(component) }
  async metrics (): Promise<MetricSnapshot> { return await Promise.resolve(this.#metrics.snapshot()) }
  async health (): Promise<HealthSnapshot> { return await Promise.resolve(this.healthNow) }
  answering (question: Question): readonly string[] { return Object.keys(this.answers[question] ?? {}) }

  async ask<Q extends Question> (component: string, question: Q, argument: Questions[Q]['argument']): Promise<Questions[Q]['answer']> {
    const answer = (this.answers[question] as Record<string, (argument: Questions[Q]['argument']) => Questions[Q]['answer']> | undefined)?.[component]
    if (answer === undefined) throw new Error(`${component} is gone`)
    return await answer(argument)
  }

  async * tap (selection: TapSelection, signal: AbortSignal): AsyncGenerator<Tapped> {
    this.tapSelections.push(selection)
    for (const one of this.tapped) yield one
    await new Promise<void>(resolve => { if (signal.aborted) resolve(); signal.addEventListener('abort', () => { resolve() }) })
  }
}

export interface BenchOptions {
  readonly host?: FakeHost
  readonly clock?: Clock
  readonly modules?: readonly string[]
  /** Instead of a real one. */
  readonly store?: ReadableStore
}

export class Bench {
  scope: ScopeName = 'admin'
  readonly logger: RecordingLogger
  readonly #dispatcher: Dispatcher
  /** As a server's socket: timers of the API do not keep a process. */
  readonly #alive = setInterval(() => undefined, 1_000_000)

  private constructor (readonly host: FakeHost, readonly directory: string, readonly store: Store | undefined, { clock = systemClock, modules = [], store: other }: BenchOptions) {
    this.logger = new RecordingLogger()
    const limits = { maxRequestBytes: 4n << 20n, maxPageSize: 1000, maxBatchEvents: 10_000, maxStreamsPerClient: 10, requestsPerSecond: 0 }
    this.#dispatcher = new Dispatcher({
      services: createServices({ host, store: other ?? store as (Store & ReadableStore) | undefined, clock, logger: this.logger, limits, modules }),
      gate: { enter: () => ({ caller: { name: 'test', address: '127.0.0.1', scope: this.scope }, end: () => undefined }), audit: () => undefined },
      recorder: { begin: () => undefined, end: () => undefined }, logger: this.logger
    })
  }

  static async open (options: BenchOptions = {}): Promise<Bench> {
    const directory = await mkdtemp(join(tmpdir(), 'tapio-services-'))
    return new Bench(options.host ?? new FakeHost(), directory, await openStore(directory, { sync: 'commit' }), options)
  }

  /** Nothing is stored here. */
  static async withoutStore (options: BenchOptions = {}): Promise<Bench> { return await Promise.resolve(new Bench(options.host ?? new FakeHost(), '', undefined, options)) }

  /** The store, which this bench has. */
  get kept (): Store {
    if (this.store === undefined) throw new Error('the bench has no store')
    return this.store
  }

  async close (): Promise<void> {
    clearInterval(this.#alive)
    await this.store?.close()
    if (this.directory !== '') await rm(this.directory, { recursive: true, force: true })
  }

  async call<M extends DescMethodUnary> (method: M, request: MessageInitShape<M['input']>, signal: AbortSignal = new AbortController().signal): Promise<MessageShape<M['output']>> {
    return await this.#dispatcher.unary(method, create(method.input, request as never), noCredentials, signal) as MessageShape<M['output']>
  }

  stream<M extends DescMethodServerStreaming> (method: M, request: MessageInitShape<M['input']>, signal: AbortSignal): AsyncGenerator<MessageShape<M['output']>, void> {
    return this.#dispatcher.stream(method, create(method.input, request as never), noCredentials, signal) as AsyncGenerator<MessageShape<M['output']>, void>
  }

  bothWays<M extends DescMethodBiDiStreaming> (method: M, requests: AsyncIterable<MessageInitShape<M['input']>>, signal: AbortSignal): AsyncGenerator<MessageShape<M['output']>, void> {
    async function * created (): AsyncGenerator<Message> { for await (const request of requests) yield create(method.input, request as never) }
    return this.#dispatcher.stream(method, created(), noCredentials, signal) as AsyncGenerator<MessageShape<M['output']>, void>
  }
}

const noCredentials = { authorization: undefined, certificateName: undefined, address: '127.0.0.1' }

/** Requests that are given one by one; the stream of them ends with `end`. */
export class Requests<T> implements AsyncIterable<T> {
  readonly #items: T[] = []
  #wake: () => void = () => undefined
  #ended = false
  /** How many were taken by the method. */
  taken = 0

  send (...items: T[]): void { this.#items.push(...items); this.#wake() }
  end (): void { this.#ended = true; this.#wake() }

  async * [Symbol.asyncIterator] (): AsyncGenerator<T> {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined) { this.taken++; yield item; continue }
      if (this.#ended) return
      await new Promise<void>(resolve => { this.#wake = resolve })
    }
  }
}

/** The next message; fails the test when the stream ended. */
export async function next<T> (stream: AsyncIterator<T>): Promise<T> {
  const { done, value } = await stream.next()
  if (done === true) throw new Error('the stream ended')
  return value
}

/** The ApiError that `work` rejects with, in a line: `INVALID_ARGUMENT page.token is …`. */
export async function failureOf (work: Promise<unknown>): Promise<string> {
  return await work.then(() => 'no error', (error: unknown) => `${(error as { code?: string }).code ?? 'NOT AN ApiError'} ${(error as Error).message}`)
}
