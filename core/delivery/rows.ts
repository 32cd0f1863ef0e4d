/** Row numbers across a processor that passes on only some rows, so that a rejection names the rows its sender knows. */
import { rejected, type Outcome, type Rejected } from '../component/outcome.js'

/** The rows whose cell in `mask` is 0 or not 0, ascending. */
export function rowsWhere (mask: Uint8Array, set: boolean): Uint32Array {
  let count = 0
  for (let row = 0; row < mask.length; row++) if ((mask[row] !== 0) === set) count++
  const rows = new Uint32Array(count)
  for (let row = 0, at = 0; row < mask.length; row++) if ((mask[row] !== 0) === set) rows[at++] = row
  return rows
}

/** The outcome of a part in row numbers of the whole: row i of the part was row `rowsOf()[i]`. */
export function inWhole (outcome: Outcome, rowsOf: () => Uint32Array): Outcome {
  if (outcome.status !== 'rejected' || outcome.rows === undefined) return outcome
  const whole = rowsOf()
  return rejected(outcome.reason, outcome.count, outcome.rows.map(row => whole[row] ?? row))
}

/** Several rejections of one batch as one. A row that two of them name counts once; unknown rows make all unknown. */
export function mergeRejections (parts: readonly Rejected[]): Rejected {
  const [first] = parts
  if (first !== undefined && parts.length === 1) return first
  const reason = [...new Set(parts.map(p => p.reason))].join('; ')
  if (parts.some(p => p.rows === undefined)) return rejected(reason, parts.reduce((n, p) => n + p.count, 0))
  const rows = Uint32Array.from(new Set(parts.flatMap(p => [...p.rows as Uint32Array]))).sort()
  return rejected(reason, rows.length, rows)
}
