/** The running Tapio as the API's thread sees it: what does not change is here, the rest is asked of the main thread. */
import type { Question, Questions } from '../../component/questions.js'
import { decodeBatch } from '../../data/decode.js'
import type { TapReport } from '../../graph/tap.js'
import type { HealthSnapshot } from '../../telemetry/health.js'
import type { MetricSnapshot } from '../../telemetry/snapshot.js'
import type { ApiHost, Tapped, TapSelection } from '../host.js'
import { errorOf } from './error-document.js'
import type { FromApi, HostFacts, HostQuestion, HostQuestions, ToApi } from './protocol.js'

interface Waiting { readonly resolve: (answer: unknown) => void, readonly reject: (error: Error) => void }

/** A snapshot costs the main thread time that pipelines need: many askers share one. */
const metricsAgeMs = 250

export class RemoteHost implements ApiHost {
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 0
  #metrics: { readonly atMs: number, readonly snapshot: Promise<MetricSnapshot> } | undefined

  constructor (public facts: HostFacts, readonly send: (message: FromApi, transfer?: readonly ArrayBuffer[]) => void) {}

  get version (): string { return this.facts.version }
  get startedMs (): number { return this.facts.startedMs }
  get plan (): ApiHost['plan'] { return this.facts.plan }

  settings (component: string): Readonly<Record<string, unknown>> | undefined { return this.facts.settings[component] }
  answering (question: Question): readonly string[] { return this.facts.answering[question] ?? [] }

  metrics (): Promise<MetricSnapshot> {
    const nowMs = performance.now()
    if (this.#metrics !== undefined && nowMs - this.#metrics.atMs < metricsAgeMs) return this.#metrics.snapshot
    const snapshot = this.#ask('metrics', null)
    this.#metrics = { atMs: nowMs, snapshot }
    snapshot.catch(() => { this.#metrics = undefined })
    return snapshot
  }

  health (): Promise<HealthSnapshot> { return this.#ask('health', null) }

  ask<Q extends Question> (component: string, question: Q, argument: Questions[Q]['argument'], signal?: AbortSignal): Promise<Questions[Q]['answer']> {
    return this.#ask('ask', { component, question, argument }, signal) as Promise<Questions[Q]['answer']>
  }

  async * tap (selection: TapSelection, signal: AbortSignal): AsyncGenerator<Tapped, void> {
    // Without the signal: a tap that is opened must be ended.
    const tap = await this.#ask('tap', selection)
    try {
      for (let tapped = await this.#ask('tapNext', tap, signal); tapped !== undefined; tapped = await this.#ask('tapNext', tap, signal)) yield withBatches(tapped)
    } finally {
      // Not waited for: a thread that does not answer must not hold the client.
      this.#ask('tapEnd', tap).catch(() => undefined)
    }
  }

  /** Takes an answer. False: the message is none. */
  take (message: ToApi): boolean {
    if (message.type !== 'answer' && message.type !== 'refusal') return false
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.type === 'answer') waiting?.resolve(message.answer)
    else waiting?.reject(errorOf(message.error))
    return true
  }

  #ask<Q extends HostQuestion> (question: Q, argument: HostQuestions[Q]['argument'], signal?: AbortSignal): Promise<HostQuestions[Q]['answer']> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.delete(id)
        this.send({ type: 'giveUp', id })
        reject(signal?.reason as Error)
      }
      const over = (): void => signal?.removeEventListener('abort', giveUp)
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#waiting.set(id, { resolve: answer => { over(); resolve(answer as HostQuestions[Q]['answer']) }, reject: error => { over(); reject(error) } })
      this.send({ type: 'ask', id, question, argument })
    })
  }
}

function withBatches ({ rows, ...counts }: TapReport): Tapped {
  return { ...counts, rows: rows.flatMap(({ document, ...edge }) => {
    const decoded = decodeBatch(document, true)
    return decoded.ok ? [{ ...edge, batch: decoded.batch }] : []
  }) }
}
