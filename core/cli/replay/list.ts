/** `tapio dead-letters`: what exporters could not deliver. Also what a dry run of `tapio replay` shows. */
import { PlaceError, findPlaces } from '../../replay/places.js'
import { survey, type Damage, type ReasonCount, type Span, type Survey } from '../../replay/survey.js'
import { printable } from '../../story/printable.js'
import { count, dateTime, number } from '../../story/words.js'
import { columns, left, right } from '../client/columns.js'
import { jsonText } from '../client/documents.js'
import { bytesText } from '../client/figures.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { prepare } from '../prepare.js'
import { Progress } from '../progress.js'
import type { SourceFlags } from './commands.js'
import { choiceOf, sourcesOf } from './sources.js'

export async function listLetters (paths: readonly string[], options: SourceFlags, io: CommandIo): Promise<ExitName> {
  let wanted = paths
  if (paths.length === 0) {
    if (options.config.length === 0) { io.err('tapio dead-letters: give directories, or --config FILE for those of its exporters\n'); return 'usage' }
    const prepared = await prepare({ config: options.config, set: options.set, isPart: true }, io)
    if (prepared === undefined) return 'config'
    wanted = sourcesOf(prepared.config, options.queues === true).map(s => s.path)
    if (wanted.length === 0) { io.err('tapio dead-letters: no exporter of the configuration has a `dead_letter.directory`\n'); return 'failure' }
  }
  return showSurveys(wanted, options, io, 'tapio dead-letters')
}

/** A directory of a configuration that is not there yet holds nothing. */
export async function showSurveys (paths: readonly string[], options: SourceFlags, io: CommandIo, doing: string): Promise<ExitName> {
  const progress = new Progress(io, doing)
  const interrupts = io.interrupts?.()
  const signal = interrupts?.signal ?? new AbortController().signal
  try {
    const found: Survey[] = []
    let before = 0
    for (const place of await findPlaces(paths)) {
      const one = await survey(place, { choice: choiceOf(options), again: options.again === true, signal, onProgress: rows => { progress.tell(before + rows) } })
      before += one.rows
      found.push(one)
    }
    progress.end()
    io.out(options.output === 'json' ? jsonText(found.map(asJson)) : `${text(found).join('\n')}\n`)
    return 'ok'
  } catch (error) {
    progress.end()
    if (signal.aborted) return 'interrupted'
    if (!(error instanceof PlaceError)) throw error
    io.err(`${doing}: ${printable(error.message, 2000)}\n`)
    return 'failure'
  } finally {
    interrupts?.release()
  }
}

function text (surveys: readonly Survey[]): string[] {
  const head = ['PATH', 'WHAT', 'EVENTS', 'BATCHES', 'SIZE', 'SIGNALS', 'FIRST', 'LAST']
  const table = columns([
    head.map((name, i) => i >= 2 && i <= 4 ? right(name) : left(name)),
    ...surveys.map(s => [left(printable(s.path, 128)), left(s.kind), right(number(s.rows)), right(number(s.batches)), right(bytesText(s.bytes)), left(Object.keys(s.signals).sort().join(' ')), left(s.time === undefined ? '' : dateTime(s.time.firstMs)), left(s.time === undefined ? '' : dateTime(s.time.lastMs))])
  ])
  return [...table, ...surveys.flatMap(notesOf)]
}

function notesOf (s: Survey): string[] {
  const lines = [
    ...s.reasons.map(reasonLine),
    ...(s.delivered > 0 ? [`${count(s.delivered, 'batch', 'batches')} delivered by an earlier replay: the files go when Tapio starts next, or with tapio replay --delete`] : []),
    ...damageLines(s.damage),
    ...(s.inUseBy === undefined ? [] : [`in use by ${s.inUseBy}${s.kind === 'queue' ? ', which delivers it' : ''}`])
  ]
  return lines.length === 0 ? [] : ['', `${printable(s.path, 128)}:`, ...lines.map(line => `  ${line}`)]
}

function reasonLine ({ reason, exporter, rows, batches, firstMs, lastMs }: ReasonCount): string {
  const when = firstMs === lastMs ? `on ${dateTime(firstMs)}` : `from ${dateTime(firstMs)} to ${dateTime(lastMs)}`
  return `${count(rows, 'event')} in ${count(batches, 'batch', 'batches')} rejected ${exporter === '' ? '' : `by exporter ${printable(exporter, 64)} `}${when}: ${printable(reason, 300)}`
}

const maxDamageLines = 10

export function damageLines (damage: readonly Damage[]): string[] {
  const shown = damage.slice(0, maxDamageLines).map(d => `damaged: ${count(d.bytes, 'byte')} at ${d.offset} of ${printable(d.file, 256)}: ${printable(d.reason, 200)}`)
  return damage.length > maxDamageLines ? [...shown, `… and ${number(damage.length - maxDamageLines)} more damaged places (-o json names them)`] : shown
}

function asJson ({ time, reasons, inUseBy, ...rest }: Survey): object {
  return { ...rest, time: time === undefined ? null : spanJson(time), reasons: reasons.map(({ firstMs, lastMs, ...one }) => ({ ...one, ...spanJson({ firstMs, lastMs }) })), inUseBy: inUseBy ?? null }
}

const spanJson = ({ firstMs, lastMs }: Span): object => ({ first: isoTime(firstMs), last: isoTime(lastMs) })

/** Beyond what a Date holds, a time is nonsense, but no reason to fail. */
function isoTime (ms: number): string { return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms) }
