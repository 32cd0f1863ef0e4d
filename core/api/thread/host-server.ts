/** Answers what the API's thread asks of the running graph. Lives on the main thread, as long as one API thread does. */
import type { Runtime } from '../../graph/runtime.js'
import type { TapReport, TapSelection } from '../../graph/tap.js'
import type { MetricSnapshot } from '../../telemetry/snapshot.js'
import { documentOf } from './error-document.js'
import type { HostQuestion, HostQuestions, ToApi } from './protocol.js'

export interface HostServerOptions {
  readonly runtime: Pick<Runtime, 'ask' | 'tapReports' | 'health'>
  snapshot(): MetricSnapshot
  send(message: ToApi, transfer: readonly ArrayBuffer[]): void
}

interface Tap { readonly rows: AsyncIterator<TapReport>, readonly stop: AbortController }

export class HostServer {
  readonly #taps = new Map<number, Tap>()
  readonly #asked = new Map<number, AbortController>()
  #nextTap = 0

  constructor (readonly options: HostServerOptions) {}

  async answer (id: number, question: HostQuestion, argument: unknown): Promise<void> {
    const stop = new AbortController()
    this.#asked.set(id, stop)
    const transfer: ArrayBuffer[] = []
    try {
      const answer = await this.#answers[question](argument as never, stop.signal, transfer)
      this.options.send({ type: 'answer', id, answer }, transfer)
    } catch (error) {
      this.options.send({ type: 'refusal', id, error: documentOf(error) }, [])
    } finally {
      this.#asked.delete(id)
    }
  }

  giveUp (id: number): void { this.#asked.get(id)?.abort() }

  /** The thread is gone: its taps end and nothing is sent any more. */
  close (): void {
    for (const stop of this.#asked.values()) stop.abort()
    for (const tap of this.#taps.keys()) this.#endTap(tap)
  }

  readonly #answers: { readonly [Q in HostQuestion]: (argument: HostQuestions[Q]['argument'], signal: AbortSignal, transfer: ArrayBuffer[]) => Promise<HostQuestions[Q]['answer']> } = {
    metrics: async () => this.options.snapshot(),
    health: async () => this.options.runtime.health.snapshot(),
    ask: ({ component, question, argument }, signal) => this.options.runtime.ask(component, question, argument as never, signal),
    tap: async selection => this.#openTap(selection),
    tapNext: (tap, _signal, transfer) => this.#nextOf(tap, transfer),
    tapEnd: async tap => { this.#endTap(tap); return null }
  }

  #openTap (selection: TapSelection): number {
    const stop = new AbortController()
    const tap = this.#nextTap++
    this.#taps.set(tap, { rows: this.options.runtime.tapReports(selection, stop.signal)[Symbol.asyncIterator](), stop })
    return tap
  }

  async #nextOf (tap: number, transfer: ArrayBuffer[]): Promise<TapReport | undefined> {
    const next = await this.#taps.get(tap)?.rows.next()
    if (next === undefined || next.done === true) { this.#taps.delete(tap); return undefined }
    for (const { document } of next.value.rows) transfer.push(document.buffer as ArrayBuffer)
    return next.value
  }

  #endTap (tap: number): void {
    const open = this.#taps.get(tap)
    this.#taps.delete(tap)
    open?.stop.abort()
    // A tap that ended in an error has told whoever asked for its next rows.
    void Promise.resolve(open?.rows.return?.()).catch(() => undefined)
  }
}
