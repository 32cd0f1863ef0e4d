import { hostname } from 'node:os'
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Processor } from '../../core/component/component.js'
import type { Outcome } from '../../core/component/outcome.js'
import { answerer } from '../../core/component/questions.js'
import { Tokens, type Shared } from '../../core/component/services.js'
import { engineOf, type Engine, type Tick } from '../../core/correlation/engine.js'
import type { EventBatch } from '../../core/data/batch.js'
import { Signal, type SignalName } from '../../core/data/enums.js'
import type { Meter } from '../../core/telemetry/meter.js'
import { RememberedViews } from '../../core/topology/remembered-views.js'
import { viewTopology } from '../../core/topology/view.js'
import { Confidence } from './confidence.js'
import type { ContextConfig } from './config.js'
import { Enrichment } from './enrichment.js'
import { Feed } from './feed.js'
import { LateBinding } from './late-binding.js'
import { Reports } from './reports.js'
import { Sightings } from './sightings.js'
import { Slowness } from './slowness.js'
import { SpanCalls } from './span-calls.js'
import { Texts } from './texts.js'
import { think } from './think.js'
import type { WalkParts } from './walk.js'
import { Resolver } from './whose.js'

/** Of event time: looking through all symptoms is not for every tick. */
const forgetEveryMs = 30_000
/** Rows this near to the clock are of now. What is replayed has a time of its own, which stands still without rows. */
const liveMs = 60_000

@injectable()
export class ContextProcessor implements Processor {
  readonly #engine: Engine
  readonly #parts: WalkParts
  readonly #late: LateBinding
  readonly #reports: Reports
  readonly #enrichment: Enrichment | undefined
  readonly #views: RememberedViews
  /** What became of batches that come again because the next one was not ready: they are not counted twice. */
  readonly #done = new WeakMap<EventBatch, EventBatch>()
  #cancelIdle: () => void = () => undefined
  #forgotMs = -Infinity
  #stopped = false

  constructor (
    @inject(Tokens.config) readonly config: ContextConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.shared) shared: Shared,
    @inject(Tokens.meter) meter: Meter
  ) {
    const engine = this.#engine = engineOf(shared)
    this.#views = new RememberedViews(clock, question => viewTopology(engine.model.graph, question))
    engine.configure({ tickMs: config.tick })
    engine.use('context', { tick: tick => { this.#tick(tick) } })
    this.#late = new LateBinding(engine.symptoms, config.late_binding)
    const resolver = new Resolver(engine.model, config.node || process.env.NODE_NAME || hostname())
    this.#parts = {
      engine, resolver, feed: new Feed(engine.model), sightings: new Sightings(engine, this.#late), texts: new Texts(), calls: new SpanCalls(engine.dependencies, resolver), slowness: new Slowness(),
      confidence: new Confidence(config.confidence), marked: flags(config.mark), rated: flags(config.confidence.signals)
    }
    this.#enrichment = config.enrich ? new Enrichment(engine.model.pods) : undefined
    this.#reports = new Reports(meter, this.#parts, this.#late)
  }

  readonly answer = answerer({ 'topology.view': question => this.#views.answer(question) })

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (batch.count === 0) return this.next.consume(batch)
    const finished = this.#done.get(batch) ?? this.#think(batch)
    const outcome = this.next.consume(finished)
    return outcome instanceof Promise ? outcome.then(o => this.#settle(batch, finished, o)) : this.#settle(batch, finished, outcome)
  }

  stop (): void {
    this.#cancelIdle()
    if (this.#stopped) return
    this.#stopped = true
    // Not when it is made anew after a failure: rows still come.
    if (this.#engine.uses('context')) this.#engine.flush(true)
    this.#reports.count()
  }

  #think (batch: EventBatch): EventBatch {
    const looked = think(batch, this.#parts)
    const finished = this.#enrichment?.enrich(looked) ?? looked
    this.#reports.count()
    this.#watchIdle()
    return finished
  }

  #settle (batch: EventBatch, finished: EventBatch, outcome: Outcome): Outcome {
    if (outcome.status === 'retry') this.#done.set(batch, finished)
    return outcome
  }

  /** Before all other stages: whose symptoms are is settled when they think. */
  #tick ({ nowMs }: Tick): void {
    const { engine, resolver } = this.#parts
    this.#late.settle(resolver.version, nowMs, identity => resolver.identified(identity, nowMs))
    if (nowMs - this.#forgotMs < forgetEveryMs) return
    this.#forgotMs = nowMs
    engine.symptoms.forgetBefore(nowMs - this.config.keep)
  }

  #watchIdle (): void {
    this.#cancelIdle()
    this.#cancelIdle = this.clock.after(this.config.idle, () => { this.#idle() })
  }

  /** What waits for time to pass (a finding to settle, an incident to be over) would wait for the next row, which may never come. */
  #idle (): void {
    const { nowMs } = this.#engine
    const isLive = Math.abs(this.clock.unixMs() - nowMs) < liveMs
    this.#engine.flush(false, isLive ? nowMs + this.config.idle : nowMs)
    if (isLive) this.#watchIdle()
  }
}

function flags (names: readonly SignalName[]): Uint8Array {
  const flags = new Uint8Array(256)
  for (const name of names) flags[Signal[name]] = 1
  return flags
}
