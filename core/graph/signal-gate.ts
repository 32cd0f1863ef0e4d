/**
 * Pipelines named after a signal take only that signal. A receiver may feed several: each gets its rows, and rows that no
 * pipeline takes are rejected, because accepting what goes nowhere would be a silent loss.
 */
import type { Consumer } from '../component/component.js'
import { accepted, rejected, type Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import { Signal, signals, type SignalName } from '../data/enums.js'

/** Passes on the rows of one signal; the others are not its business. */
export class SignalGate implements Consumer {
  readonly #wanted: number

  constructor (readonly signal: SignalName, readonly target: Consumer) { this.#wanted = Signal[signal] }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const own = rowsOf(batch, s => s === this.#wanted)
    if (own === batch) return this.target.consume(batch)
    if (own.count === 0) return accepted
    const answer = this.target.consume(own)
    return answer instanceof Promise ? answer.then(withoutRows) : withoutRows(answer)
  }
}

/** In front of gates: `open` is true when some target takes every signal. */
export class SignalCheck implements Consumer {
  readonly #wanted: ReadonlySet<number>

  constructor (readonly taken: readonly SignalName[], readonly target: Consumer, readonly onReject: (rows: number) => void) {
    this.#wanted = new Set(taken.map(s => Signal[s]))
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const own = rowsOf(batch, s => this.#wanted.has(s))
    if (own === batch) return this.target.consume(batch)
    const others = batch.count - own.count
    this.onReject(others)
    const refusal = rejected(`no pipeline takes these signals; there are pipelines for ${this.taken.join(', ')}`, others)
    if (own.count === 0) return refusal
    const answer = this.target.consume(own)
    return answer instanceof Promise ? answer.then(o => add(o, refusal)) : add(answer, refusal)
  }
}

/** `retry` and `refused` stand for the rows that could have been taken; the others are rejected at the next try. */
function add (outcome: Outcome, refusal: Extract<Outcome, { status: 'rejected' }>): Outcome {
  if (outcome.status === 'accepted') return refusal
  return outcome.status === 'rejected' ? rejected(outcome.reason, outcome.count + refusal.count) : outcome
}

/** Row numbers of a part of a batch mean nothing to whoever sent the whole. */
function withoutRows (outcome: Outcome): Outcome {
  return outcome.status === 'rejected' ? rejected(outcome.reason, outcome.count) : outcome
}

/** The batch itself when all rows are wanted: the usual case, as batches rarely mix signals. */
function rowsOf (batch: EventBatch, wanted: (signal: number) => boolean): EventBatch {
  const one = batch.oneSignal
  if (one !== undefined && wanted(one)) return batch
  const column = batch.layout.signal
  const verdict = signals.map((_name, s) => wanted(s))
  const keep = new Uint8Array(batch.count)
  let all = true
  for (let row = 0; row < batch.count; row++) {
    keep[row] = verdict[column[row] as number] === true ? 1 : 0
    if (keep[row] === 0) all = false
  }
  return all ? batch : batch.filter(keep)
}
