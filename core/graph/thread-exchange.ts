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
    const left = this.before.all.filter(made => !this.#staying.has(made))
    this.after.takeOver()
    return gone(left, this.after)
  }

  /** Stops what of the graph after is not of the graph before: it never got anything. Returns the names that are gone. */
  async drop (deadline: Deadline): Promise<readonly string[]> {
    const dropped = await this.after.drop(deadline)
    return gone(dropped.filter(made => made.isAnnounced), this.before)
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

/** Names of `left` that are not in `now`; those that are, in another place, are seen as what they are again. */
function gone (left: readonly Made[], now: ThreadGraph): string[] {
  const names = [...new Set(left.map(made => made.name))]
  for (const made of now.all) if (made.runs && names.includes(made.name)) made.announceAgain()
  return names.filter(name => !now.all.some(made => made.name === name))
}
