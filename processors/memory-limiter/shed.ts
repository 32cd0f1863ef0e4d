/** Which rows pass while memory is short, and what the others are counted as. */
import type { DropRemedies, DropRemedy } from '../../core/component/remedy.js'
import type { EventBatch } from '../../core/data/batch.js'
import { Severity, Signal } from '../../core/data/enums.js'
import { worthOf } from '../../core/data/severe.js'

/** Links and incidents: what Tapio found out is worth more than what it was found out from. */
const ownFindings = /^tapio\./

export const shedDrops = {
  shed_debug: 'memory was short and the source cannot wait: rows less severe than info',
  shed_info: 'the same: info, or without a severity',
  shed_warning: 'the same: warning',
  shed_error: 'the same: error'
} as const

const shedRemedy: DropRemedy = { options: ['limit_mib', 'limit_percentage', 'spike_limit_mib', 'shed.enabled'], action: 'Give the process more memory (the cgroup\'s limit, `limit_mib`), or less to do: see what holds rows with `tapio graph --live`.' }
export const shedRemedies: DropRemedies = Object.fromEntries(Object.keys(shedDrops).map(reason => [reason, shedRemedy]))
type ShedReason = keyof typeof shedDrops

/** Whether all rows are events: other signals come from clients and files, which have them still. */
export function isOfEvents (batch: EventBatch): boolean { return batch.oneSignal === Signal.events }

/** 1 for each row that stays. */
export function keptRows (batch: EventBatch, floor: number): Uint8Array {
  const { columns: { severity, name }, count } = batch
  const keep = new Uint8Array(count)
  for (let row = 0; row < count; row++) keep[row] = worthOf(severity[row] ?? 0) >= floor || ownFindings.test(batch.text(name, row)) ? 1 : 0
  return keep
}

/** Rows by reason, of those that do not stay. */
export function shedCounts ({ columns: { severity }, count }: EventBatch, keep: Uint8Array): ReadonlyMap<ShedReason, number> {
  const counts = new Map<ShedReason, number>()
  for (let row = 0; row < count; row++) {
    if (keep[row] !== 0) continue
    const reason = reasonOf(worthOf(severity[row] ?? 0))
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return counts
}

function reasonOf (worth: number): ShedReason {
  if (worth < Severity.info) return 'shed_debug'
  if (worth < Severity.warning) return 'shed_info'
  return worth < Severity.error ? 'shed_warning' : 'shed_error'
}
