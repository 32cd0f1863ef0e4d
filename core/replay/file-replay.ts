/** One file on its way: which of its batches are delivered, and what becomes of it at the end. */
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import type { Letter } from '../data/letter.js'
import { directoryMode } from '../files/safe-open.js'
import type { Claimed } from './claim.js'
import { Notes } from './notes.js'
import type { Found } from './read.js'
import type { ReplayReport } from './report.js'
import type { Rest } from './rest.js'

/** What becomes of a file that is delivered to its last batch. `keep`: it stays, with its notes. */
export type WhenDelivered = { readonly kind: 'keep' } | { readonly kind: 'delete' } | { readonly kind: 'move', readonly directory: string }

export type FoundBatch = Extract<Found, { kind: 'batch' }>

export class FileReplay {
  /** Batches that must come again. */
  #left = 0
  #isDamaged = false

  private constructor (readonly file: string, readonly place: Claimed, readonly notes: Notes, readonly size: number, readonly rest: Rest, readonly report: ReplayReport) {}

  /** undefined: the process that writes there has removed it since it was listed. */
  static async open (file: string, place: Claimed, rest: Rest, report: ReplayReport): Promise<FileReplay | undefined> {
    const found = await stat(file).catch((error: NodeJS.ErrnoException) => { if (error.code === 'ENOENT' && place.isQueue && !place.isOurs) return undefined; throw error })
    return found === undefined ? undefined : new FileReplay(file, place, await Notes.read(file, place.isQueue), found.size, rest, report)
  }

  /** A stretch that cannot be read. The end of a file that another process is writing is only not there yet. */
  damaged ({ offset, bytes, reason }: Extract<Found, { kind: 'damage' }>): void {
    this.#isDamaged = true
    if (this.place.isQueue && !this.place.isOurs && offset + bytes >= this.size) return
    this.report.damaged({ file: this.file, offset, bytes, reason })
  }

  /** Nothing of it is sent. */
  leave (found: FoundBatch): void {
    this.#left++
    this.report.notChosen += found.batch.count
  }

  /** `mask` says which rows were sent; they were answered with `outcome`. */
  async settle (found: FoundBatch, mask: Uint8Array | 'all', outcome: Exclude<Outcome, { status: 'retry' | 'refused' }>, sent: EventBatch): Promise<void> {
    const { report } = this
    const rejected = outcome.status === 'rejected' ? Math.min(outcome.count, sent.count) : 0
    const delivered = sent.count - rejected
    report.batches++
    report.delivered += delivered
    report.notChosen += found.batch.count - sent.count
    if (outcome.status === 'rejected') report.reject(outcome.reason, rejected)
    if (delivered === 0) { this.#left++; return }
    if (delivered < found.batch.count && !await this.#keepRest(found, mask, outcome, sent)) { this.#left++; return }
    this.notes.add(found.offset, delivered)
  }

  /** After the last batch. `isWhole`: the file was read to its end. */
  async close (isWhole: boolean, whenDelivered: WhenDelivered): Promise<void> {
    await this.notes.close()
    this.report.unnoted(`beside ${this.file} nothing can be noted: ${this.notes.fault}`, this.notes.lostRows)
    if (!isWhole || this.#left > 0 || this.#isDamaged || whenDelivered.kind === 'keep') return
    try {
      if (whenDelivered.kind === 'delete') await rm(this.file)
      else await moveTo(this.file, whenDelivered.directory)
      await this.notes.remove()
      this.report.filesGone++
    } catch (error) {
      this.report.troubles.push(`${this.file} is delivered, but it stays: ${(error as Error).message}`)
    }
  }

  /** What of a batch must come again becomes batches of its own. False: it cannot, and the whole batch comes again. */
  async #keepRest (found: FoundBatch, mask: Uint8Array | 'all', outcome: Outcome, sent: EventBatch): Promise<boolean> {
    const delivered = sent.count - (outcome.status === 'rejected' ? Math.min(outcome.count, sent.count) : 0)
    if (outcome.status === 'rejected' && outcome.rows === undefined) {
      this.report.unnoted('the other side did not say which rows it rejected: their batches stay whole', delivered)
      return false
    }
    if (!this.place.isOurs) {
      this.report.unnoted(`${this.place.path}: only whole batches can be noted ${this.place.isQueue ? 'while another process writes there' : 'in a recording'}`, delivered)
      return false
    }
    try {
      if (mask !== 'all') await this.rest.put(found.batch.filter(mask.map(cell => 1 - cell)), found.letter)
      if (outcome.status === 'rejected') await this.rest.put(only(sent, outcome.rows as Uint32Array), this.#again(found, outcome.reason, outcome.count))
      return true
    } catch (error) {
      this.report.unnoted(`what is left of a batch cannot be written: ${(error as Error).message}`, delivered)
      return false
    }
  }

  /** What waited in a queue becomes no dead letter by a replay. */
  #again ({ letter }: FoundBatch, reason: string, rejected: number): Letter | undefined {
    return letter === undefined ? undefined : { ...letter, reason, atMs: Math.round(this.rest.clock.unixMs()), rejected }
  }
}

function only (batch: EventBatch, rows: Uint32Array): EventBatch {
  const mask = new Uint8Array(batch.count)
  for (const row of rows) mask[row] = 1
  return batch.filter(mask)
}

async function moveTo (file: string, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: directoryMode })
  const target = join(directory, basename(file))
  if (await stat(target).then(() => true, () => false)) throw new Error(`${target} is there already`)
  await rename(file, target).catch((error: NodeJS.ErrnoException) => { throw error.code === 'EXDEV' ? new Error(`${directory} is on another disk: name a directory on the same one, or use --delete`) : error })
}
