/**
 * Stands between a processor and what follows it, and knows of each batch that the processor was given whether it has been passed on: so a
 * batch is never lost with a failure, and never sent twice. A batch and what is made of it share their memory, by which they are known.
 */
import type { Consumer } from '../../component/component.js'
import { accepted, type Outcome } from '../../component/outcome.js'
import type { EventBatch } from '../../data/batch.js'

/** A batch in the hands of the processor. */
export interface Call {
  readonly memory: object
  /** What became of it behind the processor; undefined: not passed on yet. */
  passed: Outcome | Promise<Outcome> | undefined
  /** It went on without the processor, or must not go on at all: what the processor makes of it goes nowhere. */
  isOver: boolean
  /** Time that what follows took, not the processor. */
  nextMs: number
}

/** The same for all batches made of one by columns, attributes, resources or rows. */
function memoryOf (batch: EventBatch): object { return batch.raw.buffers.length > 0 ? batch.raw.buffers : batch.columns.timeUnixNano }

export class GuardedNext implements Consumer {
  /** Weak: one whose processor never answers ends with its memory. */
  readonly #calls = new WeakMap<object, Call>()
  #current: Call | undefined

  constructor (readonly next: Consumer, readonly nowMs: () => number) {}

  /** The processor is given `batch`; `end` when its outcome is known. `isOver`: nothing of it goes on. */
  begin (batch: EventBatch, isOver = false): Call {
    const call: Call = { memory: memoryOf(batch), passed: undefined, isOver, nextMs: 0 }
    this.#calls.set(call.memory, call)
    this.#current = call
    return call
  }

  /** `consume` of the processor has returned; its promise may be under way. */
  returned (): void { this.#current = undefined }

  end (call: Call): void { if (this.#calls.get(call.memory) === call) this.#calls.delete(call.memory) }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    // None: rows of the processor's own, links and incidents.
    const memory = memoryOf(batch)
    const call = this.#current?.memory === memory ? this.#current : this.#calls.get(memory)
    if (call?.isOver === true) return accepted
    const startedMs = this.nowMs()
    const outcome = this.next.consume(batch)
    if (call === undefined) return outcome
    call.nextMs += this.nowMs() - startedMs
    call.passed ??= outcome
    return outcome
  }
}
