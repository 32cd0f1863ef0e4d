/**
 * A component of a plugin, seen from the thread of its pipeline: it hands batches to the plugin's own thread and answers with its answers,
 * takes what the plugin passes on, and outlives its thread: started again with what it had in hand, or given up, by policy.
 */
import type { Component, Consumer, Deadline, Host } from '../../component/component.js'
import type { Answer, Answerer, Question } from '../../component/questions.js'
import { peerQuestions, type PeerQuestion } from '../../component/lookup.js'
import { refused, rejected, retry, type Outcome } from '../../component/outcome.js'
import type { Services } from '../../component/services.js'
import type { EventBatch } from '../../data/batch.js'
import { encodeBatch } from '../../data/codec.js'
import { decodeBatch } from '../../data/decode.js'
import { Backoff } from '../../delivery/backoff.js'
import { SharedPressure } from '../../pressure/pressure.js'
import { createThrottledLogger, type ThrottledLogger } from '../../telemetry/throttled-logger.js'
import type { ComponentDescription } from '../description.js'
import { pluginDeaths, pluginDisabled, pluginInFlight, pluginMemory } from '../metrics.js'
import type { PluginReference } from '../reference.js'
import { PluginLife, type EndReason } from './life.js'
import { PendingBatches, type Pending } from './pending.js'
import type { FromPlugin, MetricCount, Passed, PluginBirth, ToPlugin } from './protocol.js'

export interface IsolatedOptions {
  readonly reference: PluginReference
  readonly description: ComponentDescription
  /** Position of the component in the plugin's list. */
  readonly at: number
}

type State = 'created' | 'starting' | 'running' | 'returning' | 'disabled' | 'stopping' | 'stopped'

const restartPolicy = { initialMs: 100, maxMs: 5000, multiplier: 2, jitter: 0.2, maxElapsedMs: 0 }
const deathWindowMs = 60_000
const maxCountFaults = 20
/** Batches in hand or waiting for the next life, before senders are asked to come again. */
const maxPending = 64
/** Batches passed on at once whose outcome is not known. The plugin's side waits from half of that on. */
const maxPassing = 256

export class IsolatedComponent implements Component, Consumer {
  readonly #options: IsolatedOptions
  readonly #services: Services
  readonly #name: string
  readonly #logger: ThrottledLogger
  readonly #pending = new PendingBatches()
  readonly #asked = new Map<number, { resolve (answer: unknown): void, reject (error: Error): void }>()
  /** There when its factory lists questions. */
  readonly answer?: Answerer
  #state: State = 'created'
  #life: PluginLife | undefined
  #host: Host | undefined
  #deathsMs: number[] = []
  #backoff = new Backoff(restartPolicy)
  #passing = 0
  #nextQuestion = 0
  #settleStart: ((fault: Error | undefined) => void) | undefined
  #settleStop: (() => void) | undefined
  #whyDisabled = ''
  readonly #countFaults = new Set<string>()
  #cancelReturn: () => void = () => undefined
  #cancelWatch: () => void = () => undefined

  constructor (options: IsolatedOptions, services: Services) {
    this.#options = options
    this.#services = services
    const { name, version } = options.reference.description
    this.#name = `plugin ${name} ${version}`
    if (options.description.answers.length > 0) this.answer = async (question, argument) => await this.#ask(question, argument)
    this.#logger = createThrottledLogger(services.get('logger').child({ plugin: name }), { clock: services.get('clock') })
  }

  /**
   * A plugin that does not start is treated as one that died: the rest of Tapio runs. Only `on_failure: stop` makes it everybody's matter,
   * and a reload: then the build that ran before goes on.
   */
  async start (host: Host): Promise<void> {
    this.#host = host
    this.#services.get('meter').gauge(pluginDisabled).set(0)
    this.#watch()
    const fault = await this.#begin()
    if (fault === undefined || (this.#options.reference.options.on_failure !== 'stop' && host.isReload !== true)) return
    this.#cancelReturn()
    throw fault
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (this.#state === 'disabled') return this.#withoutPlugin(batch)
    if (this.#state === 'created' || this.#state === 'stopping' || this.#state === 'stopped') return refused('shutting down')
    if (this.#pending.size >= maxPending) return retry(this.#state === 'running' ? `${this.#name} is busy` : `${this.#name} is being started again`, 200)
    return new Promise((resolve, reject) => {
      this.#pending.add(batch, outcome => { if (outcome instanceof Error) reject(outcome); else resolve(outcome) })
      this.#feed()
    })
  }

  async #ask<Q extends Question> (question: Q, argument: unknown): Promise<Answer<Q>> {
    return await new Promise<Answer<Q>>((resolve, reject) => {
      if (this.#state !== 'running') { reject(new Error(`${this.#name} does not run`)); return }
      const id = this.#nextQuestion++
      this.#asked.set(id, { resolve: answer => resolve(answer as Answer<Q>), reject })
      this.#life?.send({ type: 'ask', id, question, argument })
    })
  }

  /** Batches it has in hand were answered for before, as what feeds it has stopped; it may still pass on what it held. */
  async stop (deadline: Deadline): Promise<void> {
    if (this.#state === 'stopped') return
    const running = this.#state === 'running' || this.#state === 'starting'
    this.#state = 'stopping'
    this.#cancelReturn()
    if (running && this.#life !== undefined) {
      const stopped = new Promise<void>(resolve => { this.#settleStop = resolve })
      this.#life.send({ type: 'stop', deadlineMs: Math.max(0, deadline.atMs - performance.now()) })
      const late = new Promise<void>(resolve => {
        if (deadline.signal.aborted) resolve()
        else deadline.signal.addEventListener('abort', () => resolve(), { once: true })
      })
      await Promise.race([stopped, this.#life.ended, late])
    }
    this.#cancelWatch()
    await this.#life?.kill('over', 'it was stopped')
    this.#state = 'stopped'
    for (const { settle } of this.#pending.takeAll()) settle(refused('shutting down'))
    this.#logger.flush()
  }

  /** Undefined when it runs; else what went wrong, which is dealt with already. */
  async #begin (): Promise<Error | undefined> {
    this.#state = 'starting'
    const started = new Promise<Error | undefined>(resolve => { this.#settleStart = resolve })
    this.#life = new PluginLife(this.#birth(), {
      clock: this.#services.get('clock'),
      memoryLimitBytes: this.#options.reference.options.memory_limit,
      hangTimeoutMs: this.#options.reference.options.hang_timeout,
      message: message => this.#received(message),
      printed: text => this.#logger.info(`printed: ${text.trimEnd().slice(0, 2000)}`),
      ended: (reason, detail) => this.#ended(reason, detail)
    })
    const { start_timeout: timeoutMs } = this.#options.reference.options
    const cancel = this.#services.get('clock').after(timeoutMs, () => { void this.#life?.kill('timeout', `it did not start within ${timeoutMs / 1000} s (start_timeout)`) })
    const fault = await started
    cancel()
    return fault
  }

  #birth (): PluginBirth {
    const { reference: { url, description: { permissions } }, at } = this.#options
    const services = this.#services
    const { kind, text } = services.get('id')
    const pressure = services.get('pressure')
    return {
      url, at, kind, id: text, permissions,
      config: services.get('config'),
      outputs: [...services.get('outputs').keys()],
      sendersWait: services.get('senders').canWait,
      pressure: (pressure instanceof SharedPressure ? pressure : new SharedPressure()).memory
    }
  }

  /** Whatever a plugin sends, its own thread pays for it. */
  #received (message: FromPlugin): void {
    try {
      this.#take(message)
    } catch (error) {
      void this.#life?.kill('crash', `it sent what cannot be used: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #take (message: FromPlugin): void {
    switch (message.type) {
      case 'made': this.#life?.send({ type: 'start' }); return
      case 'started': this.#started(); return
      case 'failed': void this.#life?.kill('crash', `it did not start: ${message.message}`); return
      case 'stopped':
        if (message.error !== '') this.#logger.warn(`${this.#name} did not stop cleanly: ${message.error}`)
        this.#settleStop?.()
        return
      case 'answered': this.#settle(message.id, message.outcome); return
      case 'threw': this.#settle(message.id, new Error(`${this.#name} threw: ${message.message}`)); return
      case 'pass': void this.#pass(message); return
      case 'malformed': this.#malformed(message.rows, `passed on what is no batch: ${message.why}`); return
      case 'told': this.#told(message.id, message.ok, message.answer); return
      case 'status': this.#status(message.state, message.reason); return
      case 'log': this.#logger[message.level](message.message, message.fields); return
      case 'counts':
        for (const [reason, rows] of message.drops) this.#tally(() => this.#services.get('drops').add(reason, rows))
        for (const count of message.metrics) this.#tally(() => this.#count(count))
        return
      case 'inquire': this.#inquire(message.id, message.question, message.argument); return
      case 'fail': this.#host?.fail(new Error(`${this.#name}: ${message.message}`)); return
      case 'finish': this.#host?.finish(message.reason); return
      case 'pong': this.#services.get('meter').gauge(pluginMemory).set(message.usedBytes)
    }
  }

  #started (): void {
    if (this.#state !== 'starting') return
    this.#state = 'running'
    if (this.#deathsMs.length > 0) {
      this.#services.get('status').ok()
      this.#logger.info(`${this.#name} runs again`)
    }
    this.#settleStart?.(undefined)
    this.#feed()
  }

  /** Gives the plugin what it may have. */
  #feed (): void {
    if (this.#state !== 'running') return
    for (const pending of this.#pending.ready()) this.#give(pending)
    this.#services.get('meter').gauge(pluginInFlight).set(this.#pending.size)
  }

  #give (pending: Pending): void {
    pending.sentMs = this.#services.get('clock').monotonicMs()
    const document = encodeBatch(pending.batch)
    this.#life?.send({ type: 'consume', id: pending.id, document }, [document.buffer as ArrayBuffer])
  }

  #settle (id: number, outcome: Outcome | Error): void {
    const pending = this.#pending.take(id)
    if (pending === undefined) return
    if (outcome instanceof Error || isOutcome(outcome)) pending.settle(outcome instanceof Error ? outcome : honest(outcome, pending.batch.count))
    else {
      this.#malformed(pending.batch.count, 'answered with no outcome')
      pending.settle(rejected('the plugin answered with no outcome', pending.batch.count))
    }
    this.#feed()
  }

  #malformed (rows: number, what: string): void {
    this.#services.get('drops').add('plugin_malformed', rows)
    this.#logger.error(`${this.#name} ${what}`)
  }

  async #pass ({ id, output, rows, document }: Passed): Promise<void> {
    const life = this.#life
    const answer = (outcome: Outcome): void => life?.send({ type: 'passed', id, outcome } satisfies ToPlugin)
    const decoded = decodeBatch(document)
    if (!decoded.ok) { this.#malformed(rows, `passed on what is no batch: ${decoded.error}`); answer(rejected(`no batch: ${decoded.error}`, rows)); return }
    const target = output === '' ? this.#services.get('next') : this.#services.get('outputs').get(output)
    if (target === undefined) { answer(rejected(`there is no output "${output}"`, decoded.batch.count)); return }
    if (this.#passing >= maxPassing) { answer(retry('too many batches passed on at once', 50)); return }
    this.#passing++
    try {
      answer(await target.consume(decoded.batch))
    } finally {
      this.#passing--
    }
  }

  #told (id: number, ok: boolean, answer: unknown): void {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    if (ok) asked?.resolve(answer)
    else asked?.reject(new Error(String(answer)))
  }

  #status (state: string, reason: string): void {
    const status = this.#services.get('status')
    if (this.#state === 'disabled') return
    if (state === 'ok') status.ok()
    else if (state === 'degraded') status.degraded(reason)
    else if (state === 'recoverable_error') status.recoverableError(reason)
    else if (state === 'permanent_error') status.permanentError(reason)
  }

  /** For the plugin, of what plugins may ask. */
  #inquire (id: number, question: PeerQuestion, argument: unknown): void {
    const reply = (ok: boolean, answer: unknown): void => this.#life?.send({ type: 'replied', id, ok, answer })
    if (!peerQuestions.includes(question)) { reply(false, `no plugin may ask ${String(question)}`); return }
    this.#services.get('peers')(question, argument as never).then(answer => { reply(true, answer) }, (error: unknown) => { reply(false, error instanceof Error ? error.message : String(error)) })
  }

  /** A count that cannot be taken (a metric of another component in another shape, an attribute that is none) is told once. */
  #tally (count: () => void): void {
    try {
      count()
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error)
      if (this.#countFaults.has(fault) || this.#countFaults.size >= maxCountFaults) return
      this.#countFaults.add(fault)
      this.#logger.error(`${this.#name} counts what cannot be counted`, { fault })
    }
  }

  #count (count: MetricCount): void {
    const declaration = this.#options.description.metrics[count.metric]
    const meter = this.#services.get('meter')
    if (declaration === undefined) return
    if (declaration.kind === 'counter') meter.counter(declaration, count.attributes).add(count.value)
    else if (declaration.kind === 'gauge') meter.gauge(declaration, count.attributes).set(count.value)
    else for (const sample of count.samples) meter.histogram(declaration, count.attributes).record(sample)
  }

  #ended (reason: EndReason, detail: string): void {
    for (const { reject } of this.#asked.values()) reject(new Error(`${this.#name} ended`))
    this.#asked.clear()
    if (this.#state === 'stopping' || this.#state === 'stopped' || reason === 'over') return
    const nowMs = this.#services.get('clock').monotonicMs()
    this.#services.get('meter').counter(pluginDeaths, { reason }).add(1)
    this.#deathsMs = [...this.#deathsMs.filter(t => nowMs - t < deathWindowMs), nowMs]
    if (this.#deathsMs.length === 1) this.#backoff = new Backoff(restartPolicy)
    const fault = new Error(`${this.#name} ended: ${detail}`)
    for (const { batch, settle } of this.#pending.died()) {
      this.#logger.error(`${this.#name} ended twice with the same batch; it is given up`, { rows: batch.count })
      this.#services.get('drops').add('plugin_poison', batch.count)
      settle(rejected(`${this.#name} ends whenever it gets these rows`, batch.count))
    }
    const { on_failure, max_restarts } = this.#options.reference.options
    if (on_failure === 'stop') this.#host?.fail(fault)
    if (on_failure !== 'restart' || this.#deathsMs.length > max_restarts) this.#disable(fault.message)
    else this.#return(reason, detail)
    this.#settleStart?.(fault)
  }

  #return (reason: EndReason, detail: string): void {
    this.#state = 'returning'
    const waitMs = this.#backoff.next()
    this.#services.get('status').recoverableError(`ended (${reason}): ${detail}; is started again`)
    this.#logger.error(`${this.#name} ended and is started again`, { reason, detail, waitMs: Math.round(waitMs) })
    this.#cancelReturn = this.#services.get('clock').after(waitMs, () => { if (this.#state === 'returning') void this.#begin() })
  }

  #disable (why: string): void {
    this.#state = 'disabled'
    this.#whyDisabled = why
    this.#services.get('meter').gauge(pluginDisabled).set(1)
    this.#services.get('status').permanentError(`given up: ${why}`)
    this.#logger.error(`${this.#name} is disabled`, { why, whenDisabled: this.#options.reference.options.when_disabled })
    for (const { batch, settle } of this.#pending.takeAll()) void Promise.resolve(this.#withoutPlugin(batch)).then(settle)
  }

  #withoutPlugin (batch: EventBatch): Outcome | Promise<Outcome> {
    const { kind } = this.#services.get('id')
    if (kind === 'processor' && this.#options.reference.options.when_disabled === 'pass') return this.#services.get('next').consume(batch)
    this.#services.get('drops').add('plugin_disabled', batch.count)
    return rejected(`${this.#name} is disabled: ${this.#whyDisabled}`, batch.count)
  }

  /** Ends a life that keeps a batch for too long. */
  #watch (): void {
    const { call_timeout: timeoutMs } = this.#options.reference.options
    const clock = this.#services.get('clock')
    this.#cancelWatch = clock.after(Math.min(1000, timeoutMs / 4), () => {
      if (this.#state === 'running' && this.#pending.longestMs(clock.monotonicMs()) > timeoutMs) void this.#life?.kill('timeout', `it did not answer for a batch within ${timeoutMs / 1000} s (call_timeout)`)
      this.#watch()
    })
  }
}

const statuses = ['accepted', 'rejected', 'retry', 'refused']

const isOutcome = (outcome: unknown): boolean => statuses.includes((outcome as Record<string, unknown> | null | undefined)?.['status'] as string)

/** What a plugin says in its outcome is not trusted to make sense. */
function honest (outcome: unknown, rows: number): Outcome {
  const { status, reason, count, rows: which, afterMs } = outcome as Record<string, unknown>
  const why = typeof reason === 'string' ? reason.slice(0, 1000) : ''
  if (status === 'rejected') {
    const rowsOf = which instanceof Uint32Array && which.every((row, i) => row < rows && (i === 0 || row > (which[i - 1] as number))) ? which : undefined
    return rejected(why, rowsOf?.length ?? (typeof count === 'number' && count >= 0 ? Math.min(count, rows) : rows), rowsOf)
  }
  if (status === 'retry') return retry(why, typeof afterMs === 'number' && Number.isFinite(afterMs) ? afterMs : undefined)
  return status === 'refused' ? refused(why) : { status: 'accepted' }
}
