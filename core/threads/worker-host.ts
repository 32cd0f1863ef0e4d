/** The main thread's side of one worker: spawns it, asks layer by layer, and tells when it has died. */
import { Worker } from 'node:worker_threads'
import type { Layer } from '../graph/layers.js'
import type { TapSelection } from '../graph/tap.js'
import type { Answered } from '../graph/unanswered.js'
import { systemClock } from '../component/clock.js'
import type { PeerQuestion } from '../component/lookup.js'
import type { Plan } from '../graph/plan.js'
import type { LogLevel } from '../telemetry/logger.js'
import { Watchdog } from './heartbeat.js'
import type { FromWorker, HeldRing, Inquiry, ToWorker, WorkerBirth } from './protocol.js'
import type { ThreadHandle } from './thread-handle.js'
import type { ThreadEvents } from './thread-runtime.js'

export interface Death {
  readonly thread: string
  /** The worker's, for marking its ring ends dead. */
  readonly threadId: number
  /** How it died. */
  readonly reason: string
  /** `own`: of what it did; `stall`: its loop stood still and the watchdog ended it; `killed`: from outside. */
  readonly cause: 'own' | 'stall' | 'killed'
}

/** The thread ended while an answer was awaited: the crew decides what follows. */
export class ThreadDied extends Error {
  override readonly name = 'ThreadDied'
  constructor (thread: string, reason: string) { super(`thread ${thread} died: ${reason}`) }
}

/** How much longer than its deadline a worker may take to say that it stopped. */
const graceMs = 2000

interface Waiting { readonly answers: (message: FromWorker) => boolean, readonly resolve: (message: FromWorker) => void, readonly reject: (error: Error) => void }

export class WorkerHost implements ThreadHandle {
  readonly thread: string
  readonly #worker: Worker
  readonly #threadId: number
  readonly #events: ThreadEvents
  #waiting: Waiting[] = []
  /** Questions under way, by their id. */
  readonly #asked = new Map<number, (answered: Answered) => void>()
  #nextId = 0
  #ending = false
  #dead: string | undefined
  #cause: Death['cause'] = 'own'
  readonly #exited: Promise<void>

  constructor (birth: WorkerBirth, events: ThreadEvents, onDeath: (death: Death) => void) {
    this.thread = birth.thread
    this.#events = events
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: birth, name: `tapio-${birth.thread}` })
    this.#threadId = this.#worker.threadId
    const { stallTimeoutMs } = birth.plan.service
    const watchdog = new Watchdog(birth.heartbeat, stallTimeoutMs, systemClock, () => { void this.#terminate('stall') })
    let crash = ''
    this.#worker.on('message', (message: FromWorker) => this.#onMessage(message))
    this.#worker.on('error', (error: unknown) => { crash = error instanceof Error ? `${error.name}: ${error.message}` : String(error) })
    this.#exited = new Promise(resolve => this.#worker.once('exit', code => {
      watchdog.stop()
      if (this.#cause === 'stall') crash = `its loop stood still for ${stallTimeoutMs} ms (service.stall_timeout)`
      this.#dead = crash === '' ? `exited with code ${code}` : crash
      for (const resolve of this.#asked.values()) resolve(this.#gone())
      this.#asked.clear()
      for (const w of this.#waiting) w.reject(new ThreadDied(this.thread, this.#dead))
      this.#waiting = []
      resolve()
      if (!this.#ending) onDeath({ thread: this.thread, threadId: this.#threadId, reason: this.#dead, cause: this.#cause })
    }))
  }

  async build (): Promise<void> { await this.#await(m => m.type === 'built') }

  async start (layer: Layer): Promise<void> {
    await this.#ask({ type: 'start', layer }, m => m.type === 'started' && m.layer === layer)
  }

  async stop (layer: Layer, deadlineMs: number): Promise<readonly string[]> {
    if (this.#dead !== undefined) return []
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<readonly string[]>(resolve => {
      timer = setTimeout(() => resolve([`thread ${this.thread} did not stop its ${layer} in time`]), deadlineMs + graceMs)
    })
    const answer = this.#ask({ type: 'stop', layer, deadlineMs }, m => m.type === 'stopped' && m.layer === layer)
      .then(m => m.type === 'stopped' ? m.errors : [], (error: unknown) => [error instanceof Error ? error.message : String(error)])
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
    }
  }

  abort (): void { this.#send({ type: 'abort' }) }

  async prepare (plan: Plan, rings: Readonly<Record<string, HeldRing>>): Promise<void> { await this.#ask({ type: 'prepare', plan, rings }, m => m.type === 'prepared') }

  async hold (layer: Layer, deadlineMs: number): Promise<readonly string[]> {
    const answer = await this.#ask({ type: 'hold', layer, deadlineMs }, m => m.type === 'held' && m.layer === layer)
    return answer.type === 'held' ? answer.errors : []
  }

  async takeOver (): Promise<void> { await this.#ask({ type: 'takeOver' }, m => m.type === 'tookOver') }

  async drop (deadlineMs: number): Promise<void> { await this.#ask({ type: 'drop', deadlineMs }, m => m.type === 'dropped') }

  setLogLevel (level: LogLevel): void { this.#send({ type: 'level', level }) }

  async ask (inquiry: Inquiry, stop: AbortSignal): Promise<Answered> {
    if (this.#dead !== undefined || stop.aborted) return this.#gone()
    const id = this.#nextId++
    this.#worker.postMessage({ type: 'ask', id, inquiry } satisfies ToWorker, owned(inquiry.argument))
    stop.addEventListener('abort', () => this.#asked.delete(id), { once: true })
    return await new Promise(resolve => { this.#asked.set(id, resolve) })
  }

  tap (id: number, selection: TapSelection): void { this.#send({ type: 'tap', id, selection }) }

  tapRead (id: number): void { this.#send({ type: 'tap_read', id }) }

  untap (id: number): void { this.#send({ type: 'untap', id }) }

  async end (): Promise<void> {
    this.#ending = true
    this.#send({ type: 'end' })
    const timer = setTimeout(() => { void this.#worker.terminate() }, graceMs)
    await this.#exited
    clearTimeout(timer)
  }

  /** Ends the worker wherever it is: for a thread that does not answer, and for fault tests. */
  kill (): Promise<void> { return this.#terminate('killed') }

  async #terminate (cause: Death['cause']): Promise<void> {
    this.#cause = cause
    await this.#worker.terminate()
  }

  /** For fault tests: an error that nobody catches, between two turns of its loop. */
  crash (): void { this.#send({ type: 'crash' }) }

  #send (message: ToWorker): void {
    if (this.#dead === undefined) this.#worker.postMessage(message)
  }

  #ask (message: ToWorker, answers: (m: FromWorker) => boolean): Promise<FromWorker> {
    const answer = this.#await(answers)
    this.#send(message)
    return answer
  }

  #await (answers: (m: FromWorker) => boolean): Promise<FromWorker> {
    if (this.#dead !== undefined) return Promise.reject(new ThreadDied(this.thread, this.#dead))
    return new Promise((resolve, reject) => { this.#waiting.push({ answers, resolve, reject }) })
  }

  #onMessage (message: FromWorker): void {
    switch (message.type) {
      case 'series': this.#events.series(message.series); return
      case 'status': this.#events.status(message.component, message.state, message.reason); return
      case 'gone': this.#events.gone(message.component); return
      case 'fail': this.#events.fail(message.component, message.reason); return
      case 'answer': this.#answer(message.id, message.answered); return
      case 'tapped': this.#events.tapped(message.id, message.report); return
      case 'finish': this.#events.finish(message.reason); return
      case 'inquire': this.#inquire(message.id, message.question, message.argument); return
      case 'error': this.#settle(() => true, w => w.reject(new Error(message.message))); return
      case 'built': case 'started': case 'stopped': case 'prepared': case 'held': case 'tookOver': case 'dropped': this.#settle(w => w.answers(message), w => w.resolve(message))
    }
  }

  #inquire (id: number, question: PeerQuestion, argument: unknown): void {
    const reply = (ok: boolean, answer: unknown): void => { this.#send({ type: 'replied', id, ok, answer }) }
    this.#events.inquire(question, argument as never).then(answer => { reply(true, answer) }, (error: unknown) => { reply(false, error instanceof Error ? error.message : String(error)) })
  }

  #answer (id: number, answered: Answered): void {
    this.#asked.get(id)?.(answered)
    this.#asked.delete(id)
  }

  #gone (): Answered { return { ok: false, why: 'gone', detail: `is gone: thread ${this.thread} has ended (${this.#dead ?? ''})` } }

  #settle (which: (w: Waiting) => boolean, act: (w: Waiting) => void): void {
    const at = this.#waiting.findIndex(which)
    const [waiting] = at < 0 ? [] : this.#waiting.splice(at, 1)
    if (waiting !== undefined) act(waiting)
  }
}

/** Bytes that fill memory of their own are handed over rather than copied. */
function owned (argument: unknown): ArrayBuffer[] {
  if (!(argument instanceof Uint8Array) || !(argument.buffer instanceof ArrayBuffer)) return []
  return argument.byteLength === argument.buffer.byteLength ? [argument.buffer] : []
}
