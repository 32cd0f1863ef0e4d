/** What a batch holds beside what was delivered of it, written into its queue again as batches of their own before the old one is noted as delivered. */
import type { Clock } from '../component/clock.js'
import type { EventBatch } from '../data/batch.js'
import type { Letter } from '../data/letter.js'
import { freeNumber } from '../delivery/queue/segment-files.js'
import { SegmentWriter } from '../delivery/queue/segment-writer.js'

const segmentBytes = 64 << 20

export class Rest {
  #writer: Promise<SegmentWriter> | undefined

  constructor (readonly directory: string, readonly clock: Clock) {}

  /** On the disk. Rejects with an error that says why it is not. */
  async put (batch: EventBatch, letter: Letter | undefined): Promise<void> {
    const writer = await (this.#writer ??= this.#open())
    const result = await writer.write(batch, writer.encode(batch, letter))
    if (result.status === 'failed') throw new Error(`${this.directory}: ${result.reason}`)
  }

  async close (): Promise<void> { await (await this.#writer)?.close() }

  async #open (): Promise<SegmentWriter> {
    return new SegmentWriter({
      directory: this.directory, fsync: 'always', fsyncIntervalMs: 0, segmentBytes, clock: this.clock, firstNumber: await freeNumber(this.directory),
      onSegment: () => undefined, onWritten: () => undefined
    })
  }
}
