/**
 * A running graph goes over to another plan, on all threads at once. What both plans have goes on running. All that can fail without
 * harm comes first: components are created beside the old ones. Then, in the order of flow, what leaves is drained and stopped and what
 * stays is held; then what is new is started, exporters first; then all threads take over. Whatever does not start brings the old plan
 * back, made anew where it had been stopped.
 */
import { performance } from 'node:perf_hooks'
import type { Logger } from '../telemetry/logger.js'
import type { ThreadHandle } from '../threads/thread-handle.js'
import type { WorkerCrew } from '../threads/worker-crew.js'
import { flowOrder, layers, type Layer } from './layers.js'
import { planDiff, type PlanDiff } from './plan-diff.js'
import type { FindFactory, Plan } from './plan.js'
import type { RingPlan } from './plan-rings.js'
import type { Rings } from './rings.js'

export interface PlanChangeOptions {
  readonly find: FindFactory
  readonly rings: Rings
  readonly crew: WorkerCrew
  readonly logger: Logger
  /** Those of the plan in force; changed in place. */
  readonly threads: ThreadHandle[]
  /** A thread is there from now on. */
  joined(thread: ThreadHandle): void
  /** A thread has ended with all that was in it. */
  left(thread: string): void
}

/** `rejected`: nothing has changed. `rolled_back`: the old plan runs again. `failed`: it does not. */
export type PlanChanged =
  | { readonly status: 'applied', readonly diff: PlanDiff, readonly undelivered: number, readonly errors: readonly string[] }
  | { readonly status: 'rejected' | 'rolled_back' | 'failed', readonly reason: string, readonly undelivered: number }

/** Share of the drain that processors may use, so that exporters have time to flush what they got. */
const processorsShare = 0.8
/** For all components of a layer to start, or to stop again: somebody waits behind. */
const startMs = 30_000
const dropMs = 5000

export class PlanChange {
  readonly #kept: Map<string, ReadonlySet<string>>
  readonly diff: PlanDiff

  constructor (readonly options: PlanChangeOptions, readonly before: Plan, readonly after: Plan) {
    this.diff = planDiff(before, after, options.find)
    this.#kept = new Map(this.diff.kept)
  }

  async run (drainMs: number): Promise<PlanChanged> {
    const { crew } = this.options
    crew.changing()
    let inForce = this.before
    try {
      const changed = await this.#run(drainMs)
      if (changed.status === 'applied') inForce = this.after
      return changed
    } finally {
      crew.changed(inForce, thread => this.#kept.get(thread) ?? new Set())
    }
  }

  async #run (drainMs: number): Promise<PlanChanged> {
    const { rings, threads } = this.options
    rings.prepare(this.after)
    const added = [...this.diff.threads].filter(([, change]) => change === 'added').map(([thread]) => this.options.crew.handle(thread, this.after))
    try {
      await allDone([...threads.map(t => t.prepare(this.after, rings.of(t.thread))), ...added.map(t => t.build())])
    } catch (error) {
      await this.#drop(added)
      return { status: 'rejected', reason: messageOf(error), undelivered: 0 }
    }
    const errors = await this.#hold(drainMs)
    try {
      for (const layer of layers) await within(startMs, `starting ${layer}`, allDone([...threads, ...added].map(t => t.start(layer))))
    } catch (error) {
      return this.#undo(added, messageOf(error))
    }
    return { status: 'applied', diff: this.diff, undelivered: await this.#takeOver(added), errors }
  }

  /** Layer by layer on all threads, as a stop does it; rings that do not stay are closed when nobody writes into them any more. */
  async #hold (drainMs: number): Promise<readonly string[]> {
    const { rings, threads } = this.options
    const endMs = performance.now() + drainMs
    const errors: string[] = []
    for (const layer of flowOrder) {
      if (layer === 'processors') rings.closeLeaving(ring => isIntoProcess(this.before, ring))
      if (layer === 'exporters') rings.closeLeaving(() => true)
      const byMs = endMs - (isBehind(layer) ? 0 : drainMs * (1 - processorsShare))
      const found = await allDone(threads.map(t => t.hold(layer, Math.max(0, byMs - performance.now()))))
      errors.push(...found.flat())
    }
    return errors
  }

  /** Returns how many rows were given up. */
  async #takeOver (added: readonly ThreadHandle[]): Promise<number> {
    const { rings, threads, crew, joined, left } = this.options
    await allDone([...threads, ...added].map(t => t.takeOver()))
    const undelivered = rings.takeOver(ring => hasEntry(this.after, ring))
    threads.push(...added)
    added.forEach(joined)
    for (const [thread, change] of this.diff.threads) {
      if (change !== 'removed') continue
      threads.splice(threads.findIndex(t => t.thread === thread), 1)
      await crew.remove(thread)
      left(thread)
    }
    return undelivered
  }

  async #undo (added: readonly ThreadHandle[], reason: string): Promise<PlanChanged> {
    const { rings, threads, logger } = this.options
    logger.warn('a new configuration did not come up; the old one is brought back', { reason })
    await this.#drop(added)
    rings.prepare(this.before)
    try {
      await allDone(threads.map(t => t.prepare(this.before, rings.of(t.thread))))
      for (const layer of layers) await within(startMs, `starting ${layer} again`, allDone(threads.map(t => t.start(layer))))
    } catch (error) {
      return { status: 'failed', reason: `${reason}; and the old configuration did not come up again: ${messageOf(error)}`, undelivered: 0 }
    }
    await allDone(threads.map(t => t.takeOver()))
    return { status: 'rolled_back', reason, undelivered: rings.takeOver(ring => hasEntry(this.before, ring)) }
  }

  async #drop (added: readonly ThreadHandle[]): Promise<void> {
    const { rings, threads, crew, left } = this.options
    await allDone([...threads, ...added].map(t => t.drop(dropMs)))
    for (const { thread } of added) {
      await crew.remove(thread)
      left(thread)
    }
    rings.drop()
  }
}

/** Whether a ring leads into the process stage. */
export function isIntoProcess (plan: Plan, { pipeline, side }: RingPlan): boolean {
  return side === 'in' && plan.pipelines.some(p => p.id === pipeline && p.hasProcess)
}

const isBehind = (layer: Layer): boolean => layer === 'exporters' || layer === 'extensions'

/** Whether by `plan` the thread that reads a ring has a place for its rows (ThreadGraph.entry). */
function hasEntry (plan: Plan, ring: RingPlan): boolean {
  const p = plan.pipelines.find(q => q.id === ring.pipeline)
  if (p === undefined) return false
  if (ring.side === 'in' && p.hasProcess) return p.processThreads.includes(ring.consumer)
  return ring.consumer === plan.deliverThread || p.processThreads.includes(ring.consumer)
}

/** All answers; rejects with the first that failed, when all are known. */
async function allDone<T> (work: readonly Promise<T>[]): Promise<T[]> {
  const done = await Promise.allSettled(work)
  for (const one of done) if (one.status === 'rejected') throw one.reason
  return done.map(one => (one as PromiseFulfilledResult<T>).value)
}

async function within<T> (timeoutMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => { timer = setTimeout(() => reject(new Error(`${what} took longer than ${timeoutMs / 1000} s`)), timeoutMs) })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)
