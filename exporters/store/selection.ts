/** Which rows of a batch the store keeps, and which are documents of Tapio's own. */
import type { EventBatch } from '../../core/data/batch.js'
import { RawEncoding, Severity } from '../../core/data/enums.js'
import type { StoreExporterConfig } from './config.js'

export interface Selection {
  /** Rows to append as events. */
  readonly events: EventBatch
  /** Rows that carry an incident or a link. */
  readonly incidents: readonly number[]
  readonly links: readonly number[]
  readonly notKept: number
}

export type Rules = Pick<StoreExporterConfig, 'keep' | 'min_severity' | 'sample_ratio'>

export function select (batch: EventBatch, rules: Rules): Selection {
  const keep = new Uint8Array(batch.count).fill(1)
  const incidents = takeNamed(batch, 'tapio.incident', keep)
  const links = takeNamed(batch, 'tapio.link', keep)
  const notKept = rules.keep === 'all' ? 0 : cutOrdinary(batch, rules, keep)
  return { events: batch.filter(keep), incidents, links, notKept }
}

function takeNamed (batch: EventBatch, name: string, keep: Uint8Array): number[] {
  // Without reading rows nobody has read: what came over OTLP is none of Tapio's own.
  const { rawEncoding } = batch.layout
  if (rawEncoding === undefined || !rawEncoding.includes(RawEncoding.tapioJson)) return []
  const rows: number[] = []
  for (let row = 0; row < batch.count; row++) {
    if (rawEncoding[row] !== RawEncoding.tapioJson || batch.text(batch.columns.name, row) !== name) continue
    keep[row] = 0
    rows.push(row)
  }
  return rows
}

function cutOrdinary (batch: EventBatch, { min_severity, sample_ratio }: Rules, keep: Uint8Array): number {
  const { severity, symptom } = batch.columns
  const minSeverity = min_severity === 'none' ? 256 : Severity[min_severity]
  let cut = 0
  for (let row = 0; row < batch.count; row++) {
    if (keep[row] === 0 || (symptom?.[row] ?? 0) !== 0 || (severity[row] as number) >= minSeverity) continue
    if (sample_ratio > 0 && isSampled(batch, row, sample_ratio)) continue
    keep[row] = 0
    cut++
  }
  return cut
}

/** By the last 7 bytes of the trace id, as OpenTelemetry's consistent sampling has it: all rows of a trace or none. */
function isSampled ({ columns: { traceId, id } }: EventBatch, row: number, ratio: number): boolean {
  const inTrace = traceId !== undefined && !isZero(traceId, row)
  const bytes = inTrace ? traceId : id
  if (bytes === undefined) return false
  let number = 0
  for (let i = row * 16 + 9; i < row * 16 + 16; i++) number = number * 256 + (bytes[i] as number)
  // Ids of events count up: only those of traces are random as they are.
  return (inTrace ? number : Math.imul(number >>> 0, 0x9e3779b1) >>> 0) / (inTrace ? 2 ** 56 : 2 ** 32) < ratio
}

function isZero (column: Uint8Array, row: number): boolean {
  for (let i = row * 16; i < row * 16 + 16; i++) if (column[i] !== 0) return false
  return true
}
