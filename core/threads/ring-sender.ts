/**
 * The writing end of an edge between threads, as a Consumer: encodes a batch once, straight into a ring slot.
 *
 * With several rings (replicas of the next stage) it takes turns and passes a full one by. When all are full it waits for
 * room, then answers `retry` (the sender keeps the batch: back-pressure) or drops and counts, by policy.
 */
import type { Consumer } from '../component/component.js'
import { accepted, refused, rejected, retry, type Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import { prepareBatch, type EncodedBatch } from '../data/codec.js'
import type { RingProducer } from './ring.js'

export interface SenderOptions {
  readonly whenFull: 'retry' | 'drop'
  readonly enqueueTimeoutMs: number
  /** Told of rows this edge gave up, with the reason. */
  readonly onDrop: (reason: string, rows: number) => void
}

type Attempt = 'written' | 'full' | 'too_large' | 'closed'

export class RingSender implements Consumer {
  /** The rings are about to be closed for others: a batch that finds them closed is to come again, and then goes there. */
  leaving = false
  #turn = 0

  /** `serials`: the numbers of the rings. */
  constructor (readonly rings: readonly RingProducer[], readonly options: SenderOptions, readonly serials: readonly number[] = []) {}

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const encoded = prepareBatch(batch)
    const attempt = this.#offer(encoded)
    switch (attempt) {
      case 'written': return accepted
      case 'too_large': return this.#split(batch)
      case 'closed': return this.#closed()
      case 'full': return this.options.whenFull === 'drop' ? this.#drop(batch) : this.#waitAndOffer(encoded)
    }
  }

  /** Tries every ring once, from the one whose turn it is. */
  #offer (encoded: EncodedBatch): Attempt {
    let answer: Attempt = 'closed'
    for (let i = 0; i < this.rings.length; i++) {
      const ring = this.rings[(this.#turn + i) % this.rings.length] as RingProducer
      const slot = ring.claim(encoded.byteLength, encoded.rows)
      if (typeof slot !== 'string') {
        encoded.writeTo(slot)
        ring.commit()
        this.#turn = (this.#turn + i + 1) % this.rings.length
        return 'written'
      }
      if (slot === 'too_large') return 'too_large'
      if (slot === 'full') answer = 'full'
    }
    return answer
  }

  async #waitAndOffer (encoded: EncodedBatch): Promise<Outcome> {
    const deadlineMs = performance.now() + this.options.enqueueTimeoutMs
    for (;;) {
      const remainingMs = deadlineMs - performance.now()
      if (remainingMs <= 0) return retry('the pipeline is full', this.options.enqueueTimeoutMs)
      await Promise.any(this.rings.map(r => r.waitForSpace(encoded.byteLength, remainingMs)))
      const attempt = this.#offer(encoded)
      if (attempt === 'written') return accepted
      if (attempt === 'closed') return this.#closed()
    }
  }

  #closed (): Outcome { return this.leaving ? retry('the configuration is changing', 10) : refused('shutting down') }

  #drop (batch: EventBatch): Outcome {
    this.options.onDrop('ring_full', batch.count)
    return accepted
  }

  /** A batch that is larger than a slot goes as two halves; a single row that is has nowhere to go. */
  async #split (batch: EventBatch): Promise<Outcome> {
    if (batch.count === 1) {
      this.options.onDrop('record_too_large', 1)
      return rejected('one record is larger than the ring between two threads can hold; raise buffer_size', 1)
    }
    const middle = batch.count >>> 1
    const first = await this.#insist(batch.slice(0, middle))
    if (first.status === 'retry' || first.status === 'refused') return first
    const second = await this.#insist(batch.slice(middle, batch.count))
    if (first.status === 'rejected' && second.status === 'rejected') return rejected(first.reason, first.count + second.count)
    return first.status === 'rejected' ? first : second
  }

  /** Half a batch that has been written cannot be taken back, so the other half waits for as long as it takes. */
  async #insist (half: EventBatch): Promise<Outcome> {
    for (;;) {
      const outcome = await this.consume(half)
      if (outcome.status !== 'retry') return outcome
    }
  }
}
