/**
 * One graph of a thread gives way to another, layer by layer, driven by the runtime over all threads at once:
 *
 *  1. `hold`, in the order of flow: what stays and sends to something that does not is held at its outlet; what does not stay drains
 *     and stops. Batches on their way to it wait at its inlet.
 *  2. The graph after is started, exporters first.
 *  3. `takeOver`: outlets and inlets are turned and opened. Or, when something did not start, `drop`.
 *
 * Nothing is handed to a component that has stopped, and nothing that waits is given up: it waits where its sender bounds it.
 */
import type { Deadline } from '../component/component.js'
import type { Layer } from './layers.js'
import type { Made } from './made.js'
import type { Disturbance } from './plan-diff.js'
import type { ThreadGraph } from './thread-graph.js'

/** Share of what is left of a drain that batches under way may take; the rest is the component's own, for what it holds. */
const underWayShare = 0.8

export class ThreadExchange {
  readonly #staying: ReadonlySet<Made>

  constructor (readonly before: ThreadGraph, readonly after: ThreadGraph, readonly disturbed: Disturbance) {
    this.#staying = new Set(after.all)
  }

  /** Resolves with what did not stop cleanly, shortly after the deadline at the latest. */
  async hold (layer: Layer, deadline: Deadline): Promise<readonly string[]> {
    const inFlow = [...this.before.made[layer]].reverse()
    const leaving = inFlow.filter(made => !this.#staying.has(made))
    // What has no one in front of it in this layer needs no order.
    const isChain = layer === 'processors' || layer === 'early'
    if (!isChain) this.#close(inFlow)
    const errors = isChain ? await inTurn(leaving, made => this.#retire(made, deadline)) : await Promise.all(leaving.map(made => this.#retire(made, deadline)))
    // Only now: what drained passed through them.
    if (isChain) this.#close(inFlow)
    return errors.filter(error => error !== undefined)
  }

  /** The graph after takes over. Returns the names that are gone. */
  takeOver (): readonly string[] {
    this.after.takeOver()
    const names = new Set(this.after.all.map(made => made.name))
    const left = this.before.all.filter(made => !this.#staying.has(made)).map(made => made.name)
    const fresh = new Set(this.after.all.filter(made => !this.before.all.includes(made)).map(made => made.name))
    for (const name of new Set(left)) if (names.has(name) && !fresh.has(name)) this.after.all.find(made => made.name === name)?.announceAgain()
    return [...new Set(left)].filter(name => !names.has(name))
  }

  /** Stops what of the graph after is not of the graph before: it never got anything. Returns the names that are gone. */
  async drop (deadline: Deadline): Promise<readonly string[]> {
    const fresh = await this.after.drop(deadline)
    const names = new Set(this.before.all.map(made => made.name))
    return [...new Set(fresh.map(made => made.name))].filter(name => !names.has(name))
  }

  async #retire (made: Made, deadline: Deadline): Promise<string | undefined> {
    made.parts.inlet.pause()
    await made.parts.inlet.idle(AbortSignal.timeout(Math.max(0, Math.ceil((deadline.atMs - performance.now()) * underWayShare))))
    return made.stop(deadline)
  }

  #close (members: readonly Made[]): void {
    for (const made of members) {
      if (this.#staying.has(made) && this.#isDisturbed(made)) for (const outlet of made.outlets) outlet.close()
    }
  }

  #isDisturbed ({ parts: { layer, name, pipeline } }: Made): boolean {
    switch (layer) {
      case 'receivers': return this.disturbed.receiver(name.slice('receiver/'.length))
      case 'early': return this.disturbed.early(pipeline)
      // Connectors belong to no pipeline: what they start is told by those that end in them.
      case 'processors': return pipeline === '' || this.disturbed.late(pipeline)
      default: return false
    }
  }
}

async function inTurn<T, R> (items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const item of items) results.push(await work(item))
  return results
}
