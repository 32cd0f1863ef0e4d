/** What became of a replay, for people or programs, and as an exit code. */
import type { ReplayReport } from '../../replay/report.js'
import { printable } from '../../story/printable.js'
import { count, number, shortDuration } from '../../story/words.js'
import { jsonText } from '../client/documents.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { damageLines } from './list.js'

export interface ReportOptions { readonly to: string, readonly elapsedMs: number, readonly asJson: boolean }

const maxReasons = 10

export function showReport (report: ReplayReport, { to, elapsedMs, asJson }: ReportOptions, io: CommandIo): ExitName {
  const { reasons, notNoted } = report
  if (asJson) io.out(jsonText({ ...report, to, elapsedMs: Math.round(elapsedMs), reasons: Object.fromEntries(reasons), notNoted: Object.fromEntries(notNoted) }))
  else io.out(`${lines(report, to, elapsedMs).join('\n')}\n`)
  if (report.interrupted) return 'interrupted'
  return report.rejected > 0 || report.gaveUp !== '' ? 'undelivered' : 'ok'
}

function lines (r: ReplayReport, to: string, elapsedMs: number): string[] {
  const nothing = r.batches === 0 && r.gaveUp === '' && !r.interrupted
  return [
    nothing ? `Nothing to send${r.notChosen > 0 ? ` that fits; ${count(r.notChosen, 'event')} do not` : ''}.` : `Delivered ${count(r.delivered, 'event')} in ${count(r.batches, 'batch', 'batches')} to ${printable(to)} in ${shortDuration(elapsedMs)}.`,
    ...(r.interrupted ? ['Ended before all was sent: the same command goes on from here.'] : []),
    ...(r.gaveUp === '' ? [] : [`Given up, what is left stays where it is: ${printable(r.gaveUp)}`]),
    ...(r.rejected === 0 ? [] : [`Rejected again, and still there: ${count(r.rejected, 'event')}`, ...[...r.reasons].slice(0, maxReasons).map(([reason, rows]) => `  ${number(rows)}: ${printable(reason, 300)}`)]),
    ...(r.notChosen === 0 || nothing ? [] : [`Not sent, because they do not fit what was asked for: ${count(r.notChosen, 'event')}`]),
    ...[...r.notNoted].slice(0, maxReasons).map(([why, rows]) => `Delivered, but a second replay would send them again: ${count(rows, 'event')} (${printable(why, 300)})`),
    ...(r.filesGone === 0 ? [] : [`Files that are delivered to the last batch, and gone: ${number(r.filesGone)}`]),
    ...r.troubles.slice(0, maxReasons).map(trouble => printable(trouble, 600)),
    ...damageLines(r.damage)
  ]
}
