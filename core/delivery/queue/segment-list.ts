/** The files of a queue, oldest first; the last may be the writer's. A file leaves the list at once, and the disk in a moment. */
import type { Segment } from './segment.js'
import { removeSegment } from './segment-files.js'

export class SegmentList {
  readonly #segments: Segment[] = []
  readonly #work = new Set<Promise<void>>()

  get all (): readonly Segment[] { return this.#segments }
  /** Of all files. */
  get bytes (): number { return this.#segments.reduce((sum, s) => sum + s.bytes, 0) }
  /** Without files that are delivered and wait for more to come. */
  get undeliveredBytes (): number { return this.#segments.reduce((sum, s) => sum + (s.isDelivered ? 0 : s.bytes), 0) }
  get waiting (): number { return this.#segments.reduce((sum, s) => sum + s.waiting, 0) }
  get underWay (): number { return this.#segments.reduce((sum, s) => sum + s.underWay, 0) }

  add (segment: Segment): void { this.#segments.push(segment) }

  /** The oldest that something waits in. */
  get next (): Segment | undefined { return this.#segments.find(s => s.waiting > 0) }
  get unread (): Segment | undefined { return this.#segments.find(s => !s.isLoaded) }
  /** The oldest that something waits in or is under way from. */
  get undelivered (): Segment | undefined { return this.#segments.find(s => !s.isDelivered) }

  /** All that are delivered, without `spared`. */
  removeDelivered (spared: Segment | undefined): void {
    for (const segment of this.#segments.filter(s => s.isDelivered && s !== spared)) this.remove(segment)
  }

  remove (segment: Segment, after: Promise<unknown> = Promise.resolve()): void {
    segment.isGone = true
    this.forget(segment)
    this.track(after.then(() => segment.close('dropped')).then(() => removeSegment(segment.directory, segment.number)))
  }

  /** False: it was forgotten before. */
  forget (segment: Segment): boolean {
    const at = this.#segments.indexOf(segment)
    if (at >= 0) this.#segments.splice(at, 1)
    return at >= 0
  }

  /** A file that cannot be removed is found again by the next life, with nothing in it to deliver. */
  track (work: Promise<unknown>): void {
    const tracked = work.then(() => undefined).catch(() => undefined).finally(() => { this.#work.delete(tracked) })
    this.#work.add(tracked)
  }

  /** Resolves when what is being removed is gone. */
  async settled (): Promise<void> { await Promise.all(this.#work) }
}
