/** What `systemctl status UNIT` prints: the state of a unit, and the end of its journal. */
import type { SeverityName } from '../../core/data/enums.js'

export interface UnitStatus {
  readonly unit: string
  /** `active (running)`, `failed (Result: exit-code)`, `activating (auto-restart)`. */
  readonly state: string
  /** As written: local time with the name of a zone, which says nothing without its offset. */
  readonly since: string
  /** How long that was before the text was printed; NaN when it does not say. */
  readonly agoMs: number
  readonly journal: readonly string[]
}

const active = /^Active: (.+?)(?: since \S+ (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)[^;]*; (.+?) ago)?$/
const heading = /^(?:[●○×↻*] )?(\S+\.(?:service|socket|timer|mount|scope|slice))(?: |$)/
/** Longer lines are no part of the head, and the expressions above are slow on hostile ones. */
const maxHeadLine = 512
/** `Nov 17 18:00:57 host unit[1]: text`, or the hint that journal lines were cut. */
const journalLine = /^[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d /

export function readUnitStatus (text: string, fallbackUnit: string): UnitStatus | undefined {
  const lines = text.split('\n')
  const head = lines.filter(line => line.length <= maxHeadLine).map(line => line.trim())
  const match = head.map(line => active.exec(line)).find(m => m !== null)
  if (match === undefined || match === null) return undefined
  const unit = head.map(line => heading.exec(line)?.[1]).find(name => name !== undefined) ?? fallbackUnit
  return { unit, state: match[1] as string, since: match[2] ?? '', agoMs: duration(match[3] ?? ''), journal: lines.filter(line => journalLine.test(line)) }
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, day: 86_400_000, days: 86_400_000, week: 604_800_000, weeks: 604_800_000, month: 2_629_800_000, months: 2_629_800_000, year: 31_557_600_000, years: 31_557_600_000 }

/** `3 days`, `0h 35min`, `1min 5s`. */
function duration (text: string): number {
  const parts = [...text.matchAll(/(\d+) ?([a-z]+)/g)]
  return parts.length === 0 ? NaN : parts.reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit as string] ?? NaN), 0)
}

/** How far ahead of UTC the machine's clock is written, from the same moment in both; undefined when the text is too coarse for that. */
export function offsetOf ({ since, agoMs }: UnitStatus, collectedMs: number): number | undefined {
  if (since === '' || Number.isNaN(agoMs) || agoMs > 86_400_000) return undefined
  const quarters = Math.round((Date.parse(`${since.replace(' ', 'T')}Z`) - (collectedMs - agoMs)) / 900_000)
  return Math.abs(quarters) <= 14 * 4 ? quarters * 15 : undefined
}

export function severityOf (state: string): SeverityName {
  if (state.startsWith('failed')) return 'error'
  if (state.startsWith('activating') || state.startsWith('deactivating')) return 'warning'
  return state.startsWith('active') ? 'info' : 'warning'
}

/** The word for it: `UnitFailed`. */
export function reasonOf (state: string): string {
  const word = state.replace(/[^a-z].*$/, '')
  return `Unit${word.charAt(0).toUpperCase()}${word.slice(1)}`
}
