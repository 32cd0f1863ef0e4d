/** Whether what arrived is what was sent, record by record. */
import { canonicalRecords, type RecordSignal } from './canonical.js'

export const recordSignals: readonly RecordSignal[] = ['traces', 'metrics', 'logs']

/** Requests of each signal. */
export type Requests = Readonly<Record<RecordSignal, readonly Uint8Array[]>>

export interface Outcome {
  /** What was compared, in numbers, for a person. */
  readonly compared: string
  /** The first difference, for a person; undefined when there is none. */
  readonly difference?: string
}

export function compare (sent: Requests, arrived: Requests): Outcome {
  const counts: Record<RecordSignal, number> = { traces: 0, metrics: 0, logs: 0 }
  let difference: string | undefined
  for (const signal of recordSignals) {
    const [wanted, found] = [canonicalRecords(signal, sent[signal]), canonicalRecords(signal, arrived[signal])]
    counts[signal] = wanted.length
    difference ??= differenceOf(signal, wanted, found)
  }
  const compared = `${counts.traces} spans, ${counts.metrics} metrics, ${counts.logs} log records`
  return difference === undefined ? { compared } : { compared, difference }
}

/** Lists that are equal in number are compared one by one; both are sorted. */
export function differenceOf (signal: RecordSignal, wanted: readonly string[], found: readonly string[]): string | undefined {
  if (wanted.length === 0) return `no ${signal} record was sent: nothing was compared`
  const have = new Set(found)
  const missing = wanted.filter(text => !have.has(text))
  if (missing.length === 0 && wanted.length === found.length) return undefined
  const want = new Set(wanted)
  const alien = found.filter(text => !want.has(text))
  return `${signal}: ${wanted.length} sent, ${found.length} arrived; ${missing.length} of them not as sent, e.g.\n  sent    ${around(missing[0], alien[0])}\n  arrived ${around(alien[0], missing[0])}`
}

/** The stretch of `text` where it begins to differ from `other`. */
function around (text = '(nothing)', other = ''): string {
  let at = 0
  while (at < text.length && text[at] === other[at]) at++
  return `…${text.slice(Math.max(0, at - 120), at + 160)}…`
}

export function countRecords (requests: Requests): number {
  return recordSignals.reduce((n, signal) => n + canonicalRecords(signal, requests[signal]).length, 0)
}
