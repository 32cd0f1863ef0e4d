/**
 * What is on its way and not acknowledged, in order (go back N): the batches of one epoch with their sequences. When something
 * leaves the line without an acknowledgement, those behind it begin a new epoch, since a server accepts no gap; it knows events
 * that it has by their ids.
 */
import { randomBytes } from 'node:crypto'
import type { Ack, Welcome } from '../../core/wire/messages.js'
import { renumber } from '../../core/wire/messages.js'

/** What became of one batch here: the server's answer, or that it must be made or offered anew. */
export type Answer = Ack | { readonly kind: 'again' } | { readonly kind: 'gave_up', readonly reason: string }

export interface Waiting {
  sequence: number
  readonly message: Buffer
  readonly rows: number
  /** On how many connections it was sent. */
  sent: number
  readonly answer: (answer: Answer) => void
}

export class Window {
  epoch = newEpoch()
  #acked = 0
  #next = 1
  #line: Waiting[] = []

  /** The last sequence of the epoch that the server has acknowledged. */
  get acked (): number { return this.#acked }
  get waiting (): readonly Waiting[] { return this.#line }
  get rows (): number { return this.#line.reduce((n, w) => n + w.rows, 0) }

  /** Puts a batch at the end of the line. */
  add (message: Buffer, rows: number, answer: (answer: Answer) => void): Waiting {
    const waiting = { sequence: this.#next++, message, rows, sent: 0, answer }
    renumber(message, waiting.sequence)
    this.#line.push(waiting)
    return waiting
  }

  /** Sequences are acknowledged in order, so one speaks for all before it. False: it is about nothing that was sent. */
  acknowledge (ack: Ack): boolean {
    if (ack.sequence >= this.#next) return false
    while (this.#line[0] !== undefined && this.#line[0].sequence <= ack.sequence) {
      const waiting = this.#line.shift() as Waiting
      waiting.answer(waiting.sequence === ack.sequence ? ack : { kind: 'ack', sequence: waiting.sequence, count: 0, reason: '' })
    }
    this.#acked = Math.max(this.#acked, ack.sequence)
    return true
  }

  /** What the server has of this epoch, after a connection was lost. False: it speaks of what was never sent. */
  resume ({ taken, rejections }: Welcome): boolean {
    if (taken >= this.#next) return false
    for (const ack of [...rejections].sort((a, b) => a.sequence - b.sequence)) if (ack.sequence > this.#acked && ack.sequence <= taken) this.acknowledge(ack)
    return this.acknowledge({ kind: 'ack', sequence: taken, count: 0, reason: '' })
  }

  /** Answers everything that waits, and begins anew. */
  clear (answer: Answer): void {
    const line = this.#line
    this.#line = []
    this.epoch = newEpoch()
    this.#acked = 0
    this.#next = 1
    for (const waiting of line) waiting.answer(answer)
  }
}

/** Random, so that a restarted collector is told from one that came back. */
function newEpoch (): string {
  return randomBytes(12).toString('base64url')
}
