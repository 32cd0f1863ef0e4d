/** What a replay did, counted while it runs. Rows, unless said otherwise. */
import type { Damage } from './survey.js'

export class ReplayReport {
  batches = 0
  delivered = 0
  /** The other side said again that it will never take them: they stay where they are. */
  rejected = 0
  readonly reasons = new Map<string, number>()
  /** Looked at and not wanted. */
  notChosen = 0
  /** Delivered, and not noted: another replay would send them again. Why, with how many. */
  readonly notNoted = new Map<string, number>()
  /** Why it ended before its time; '' = it did not. */
  gaveUp = ''
  readonly damage: Damage[] = []
  damagedBytes = 0
  /** Files that are delivered to the last batch and were removed or moved. */
  filesGone = 0
  /** What is left is known only when everything was read. */
  interrupted = false
  /** What could not be done with files, for people. */
  readonly troubles: string[] = []

  reject (reason: string, rows: number): void {
    this.rejected += rows
    add(this.reasons, reason, rows)
  }

  unnoted (why: string, rows: number): void { if (rows > 0) add(this.notNoted, why, rows) }

  damaged (damage: Damage): void {
    this.damagedBytes += damage.bytes
    if (this.damage.length < maxKept) this.damage.push(damage)
  }
}

const maxKept = 1000

function add (counts: Map<string, number>, key: string, rows: number): void {
  const kept = counts.has(key) || counts.size < maxKept ? key : 'other reasons'
  counts.set(kept, (counts.get(kept) ?? 0) + rows)
}
