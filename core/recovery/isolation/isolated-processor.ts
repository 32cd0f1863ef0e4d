/**
 * A processor whose failures cost its own work and no rows.
 *
 *   running ── `max_failures` within `window` ──► out ── wait ──► made anew ──► running, shown what it missed
 *      │                                           │    ▲            │ does not start
 *      │ a batch it fails with, or is late with    │    └────────────┘
 *      ▼                                           ▼
 *   that batch goes on, marked                  every batch goes on, marked
 */
import type { AnyComponent, Consumer, Deadline, Host, Processor } from '../../component/component.js'
import type { Answerer } from '../../component/questions.js'
import { accepted, type Outcome } from '../../component/outcome.js'
import type { Services } from '../../component/services.js'
import type { EventBatch } from '../../data/batch.js'
import { Backoff } from '../../delivery/backoff.js'
import type { Counter, Gauge } from '../../telemetry/meter.js'
import { createThrottledLogger, type ThrottledLogger } from '../../telemetry/throttled-logger.js'
import { Deferred } from './deferred.js'
import { GuardedNext, type Call } from './guarded-next.js'
import { HeldStatus } from './held-status.js'
import { markSkipped } from './mark.js'
import { deferredLater, failures, isolatedNow, restarts, skipped, type IsolationConfig } from './options.js'
import { partsOf, Parts } from './parts.js'

type Made = AnyComponent & Consumer
type FailureKind = 'throw' | 'late' | 'slow' | 'part' | 'start'

export interface IsolationOptions {
  readonly config: IsolationConfig
  readonly services: Services
  /** It learns from what it sees: what passed without it is shown to it later. */
  readonly learns: boolean
  /** As its factory says. */
  readonly shares: boolean
  create(services: Services): Promise<Made>
}

/** Of an instance that has failed: it may hang. */
const stopMs = 1000

export class IsolatedProcessor implements Processor {
  readonly #next: GuardedNext
  readonly #status: HeldStatus
  readonly #type: string
  readonly #parts: Parts
  readonly #logger: ThrottledLogger
  readonly #deferred: Deferred
  /** A batch that is to come again comes as the same object. */
  readonly #kept = new WeakSet<EventBatch>()
  readonly #skipped: Counter
  readonly #isolated: Gauge
  #inner: Made | undefined
  #backoff: Backoff
  #failedMs: number[] = []
  #cancel: () => void = () => undefined
  #cancelCalm: () => void = () => undefined
  readonly #ignoreParts: () => void
  #host: Host | undefined
  #stopped = false
  #remaking: Promise<void> | undefined

  constructor (readonly options: IsolationOptions) {
    const { services, config } = options
    const [clock, meter] = [services.get('clock'), services.get('meter')]
    this.#type = services.get('id').type
    this.#next = new GuardedNext(services.get('next'), () => clock.monotonicMs())
    this.#status = new HeldStatus(services.get('status'))
    this.#logger = createThrottledLogger(services.get('logger'), { clock })
    this.#skipped = meter.counter(skipped)
    this.#isolated = meter.gauge(isolatedNow)
    this.#deferred = new Deferred(options.learns ? config.max_deferred : 0, rows => { if (options.learns) meter.counter(deferredLater, { fate: 'forgotten' }).add(rows) })
    // Who shares nothing with others has no part at work elsewhere.
    this.#parts = options.shares ? partsOf(services.get('shared')) : new Parts()
    this.#ignoreParts = this.#parts.onFailed(this.#type, error => { this.#failed('part', error) })
    this.#backoff = this.#newBackoff()
  }

  /** What the first instance throws goes to whoever creates the graph: it is a mistake, not a failure. */
  async create (): Promise<this> {
    this.#inner = await this.#make()
    return this
  }

  /** Its own; none when it has none. */
  get answer (): Answerer {
    if (this.#inner === undefined) return () => { throw new Error(`it is being made anew: ${this.#status.reason}`) }
    return this.#inner.answer as Answerer
  }

  async start (host: Host): Promise<void> {
    this.#host = host
    this.#isolated.set(0)
    await this.#inner?.start?.(host)
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const inner = this.#inner
    if (inner === undefined) return this.#without(batch, true)
    const startedMs = this.#nowMs()
    const call = this.#next.begin(batch)
    try {
      const answer = inner.consume(batch)
      this.#next.returned()
      this.#timed(call, startedMs)
      if (answer instanceof Promise) return this.#later(answer, call, batch)
      this.#next.end(call)
      return answer
    } catch (error) {
      this.#next.returned()
      this.#next.end(call)
      this.#failed('throw', error)
      return call.passed ?? this.#without(batch, false)
    }
  }

  async stop (deadline: Deadline): Promise<void> {
    this.#stopped = true
    this.#cancel()
    this.#cancelCalm()
    this.#ignoreParts()
    await this.#remaking
    await this.#inner?.stop?.(deadline)
    this.#deferred.clear()
    this.#logger.flush()
  }

  /** It has not answered yet. Waiting for what follows is not its fault, so time counts until it has passed the batch on. */
  #later (answer: Promise<Outcome>, call: Call, batch: EventBatch): Promise<Outcome> {
    const done = answer.then(outcome => { this.#next.end(call); return outcome }, async (error: unknown) => {
      this.#next.end(call)
      if (call.isOver) return accepted
      this.#failed('throw', error)
      return await (call.passed ?? this.#without(batch, false))
    })
    const { timeout } = this.options.config
    if (call.passed !== undefined || timeout === 0) return done
    let cancel = (): void => undefined
    const late = new Promise<Outcome>(resolve => {
      cancel = this.options.services.get('clock').after(timeout, () => {
        if (call.passed !== undefined) return
        call.isOver = true
        this.#failed('late', new Error(`a batch of ${batch.count} rows was not passed on within ${timeout} ms`))
        resolve(this.#without(batch, false))
      })
    })
    return Promise.race([done, late]).finally(cancel)
  }

  /** `isMissed`: the processor has not seen it. */
  #without (batch: EventBatch, isMissed: boolean): Outcome | Promise<Outcome> {
    const count = (outcome: Outcome): Outcome => {
      if (outcome.status === 'retry' || outcome.status === 'refused') return outcome
      this.#skipped.add(batch.count)
      return outcome
    }
    // Before it goes on: what is lent is gone with the outcome.
    if (isMissed && this.options.learns && !this.#kept.has(batch)) {
      this.#kept.add(batch)
      this.#deferred.add(batch)
    }
    const outcome = this.options.services.get('next').consume(markSkipped(batch, this.#type))
    return outcome instanceof Promise ? outcome.then(count) : count(outcome)
  }

  #timed (call: Call, startedMs: number): void {
    const { timeout } = this.options.config
    const tookMs = this.#nowMs() - startedMs - call.nextMs
    if (timeout > 0 && tookMs > timeout) this.#failed('slow', new Error(`a batch held up the thread for ${Math.round(tookMs)} ms`))
  }

  #failed (kind: FailureKind, error: unknown): void {
    const { config, services } = this.options
    const reason = `${kind}: ${error instanceof Error ? error.message : String(error)}`
    services.get('meter').counter(failures, { kind }).add(1)
    this.#logger.error('a processor failed; rows pass without it', { kind, error })
    if (this.#inner === undefined || this.#stopped) return
    const nowMs = this.#nowMs()
    this.#failedMs = [...this.#failedMs.filter(t => nowMs - t < config.window), nowMs]
    this.#status.hold(`failed (${reason})`)
    this.#cancelCalm()
    if (this.#failedMs.length >= config.max_failures) this.#takeOut(reason)
    else this.#cancelCalm = services.get('clock').after(config.window, () => { this.#calm() })
  }

  /** No failure for a whole window. */
  #calm (): void {
    this.#failedMs = []
    this.#backoff = this.#newBackoff()
    this.#status.release()
  }

  #takeOut (reason: string): void {
    const old = this.#inner
    this.#inner = undefined
    this.#isolated.set(1)
    const waitMs = this.#backoff.next()
    this.#status.hold(`left out after ${this.#failedMs.length} failures, the last: ${reason}; rows pass without it and are marked`)
    this.#logger.warn('a processor is left out for a while', { reason, waitMs: Math.round(waitMs) })
    this.#failedMs = []
    this.#parts.end(this.#type)
    this.#remaking = this.#end(old)
    this.#cancel = this.options.services.get('clock').after(waitMs, () => {
      this.#remaking = (this.#remaking ?? Promise.resolve()).then(async () => { await this.#remake() })
    })
  }

  async #end (old: Made | undefined): Promise<void> {
    const deadline = { signal: AbortSignal.timeout(stopMs), atMs: performance.now() + stopMs }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => { timer = setTimeout(resolve, stopMs) })
    try {
      await Promise.race([old?.stop?.(deadline), late])
    } catch (error) {
      this.#logger.warn('a processor that failed did not stop cleanly', { error })
    } finally {
      clearTimeout(timer)
    }
  }

  async #remake (): Promise<void> {
    if (this.#stopped) return
    const { services } = this.options
    try {
      const made = await this.#make()
      await made.start?.(this.#host as Host)
      this.#inner = made
    } catch (error) {
      this.#parts.end(this.#type)
      this.#failed('start', error)
      this.#cancel = services.get('clock').after(this.#backoff.next(), () => { this.#remaking = this.#remake() })
      return
    }
    services.get('meter').counter(restarts).add(1)
    this.#isolated.set(0)
    this.#status.release()
    this.#logger.info('a processor is back')
    this.#cancelCalm = services.get('clock').after(this.options.config.window, () => { this.#calm() })
    void this.#catchUp(this.#inner)
  }

  /** One batch a turn of the loop, so that rows of now are not held up. */
  async #catchUp (inner: Made): Promise<void> {
    const done = this.options.services.get('meter').counter(deferredLater, { fate: 'done' })
    while (this.#inner === inner && !this.#stopped) {
      const batch = this.#deferred.take()
      if (batch === undefined) return
      const call = this.#next.begin(batch, true)
      try {
        const answer = inner.consume(batch)
        this.#next.returned()
        await answer
        done.add(batch.count)
      } catch (error) {
        this.#failed('throw', error)
      } finally {
        this.#next.returned()
        this.#next.end(call)
      }
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  #make (): Promise<Made> {
    return this.options.create(this.options.services.with({ next: this.#next, status: this.#status }))
  }

  #newBackoff (): Backoff {
    const { initial_interval: initialMs, max_interval: maxMs } = this.options.config
    return new Backoff({ initialMs, maxMs, multiplier: 2, jitter: 0.2, maxElapsedMs: 0 })
  }

  #nowMs (): number { return this.options.services.get('clock').monotonicMs() }
}
