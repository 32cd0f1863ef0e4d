/** The part of the graph that runs on the thread of the runtime itself. */
import type { Layer } from '../graph/layers.js'
import type { TapSelection } from '../graph/tap.js'
import type { Answered } from '../graph/unanswered.js'
import type { Deadline } from '../component/component.js'
import type { Plan } from '../graph/plan.js'
import type { LogLevel } from '../telemetry/logger.js'
import type { HeldRing, Inquiry } from './protocol.js'
import type { ThreadHandle } from './thread-handle.js'
import { ThreadRuntime, type ThreadOptions } from './thread-runtime.js'

export class LocalThread implements ThreadHandle {
  readonly thread: string
  readonly #runtime: ThreadRuntime

  constructor (options: ThreadOptions) {
    this.thread = options.thread
    this.#runtime = new ThreadRuntime(options)
  }

  build (): Promise<void> { return this.#runtime.build() }

  start (layer: Layer): Promise<void> { return this.#runtime.start(layer) }

  async stop (layer: Layer, deadlineMs: number): Promise<readonly string[]> {
    return await this.#runtime.stop(layer, deadlineIn(deadlineMs))
  }

  prepare (plan: Plan, rings: Readonly<Record<string, HeldRing>>): Promise<void> { return this.#runtime.prepare(plan, rings) }

  async hold (layer: Layer, deadlineMs: number): Promise<readonly string[]> { return await this.#runtime.hold(layer, deadlineIn(deadlineMs)) }

  takeOver (): Promise<void> {
    this.#runtime.takeOver()
    return Promise.resolve()
  }

  async drop (deadlineMs: number): Promise<void> { await this.#runtime.drop(deadlineIn(deadlineMs)) }

  setLogLevel (level: LogLevel): void { this.#runtime.setLogLevel(level) }

  abort (): void { this.#runtime.abort() }

  ask (inquiry: Inquiry): Promise<Answered> { return this.#runtime.ask(inquiry) }

  tap (id: number, selection: TapSelection): void { this.#runtime.taps.begin(id, selection) }

  tapRead (id: number): void { this.#runtime.taps.read(id) }

  untap (id: number): void { this.#runtime.taps.end(id) }

  end (): Promise<void> {
    this.#runtime.close()
    return Promise.resolve()
  }
}

/** Threads do not share a monotonic zero: a deadline crosses them as what is left. */
export function deadlineIn (ms: number): Deadline {
  return { signal: AbortSignal.timeout(Math.ceil(ms)), atMs: performance.now() + ms }
}
