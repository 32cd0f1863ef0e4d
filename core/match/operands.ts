/** Reads what stands in a matcher into the terms of a field: names to numbers, durations to nanoseconds. */
import { parseDuration } from '../config/units.js'
import { Severity, severityName, type SeverityName } from '../data/enums.js'
import type { Field } from './fields.js'
import type { Matcher, Scalar } from './schema.js'

/** Inside this room: becomes a config fault. */
export class OperandError extends Error {}

/** A scalar or a list is short for `equals`. */
export function asMatcher (written: Scalar | readonly Scalar[] | Matcher): Matcher {
  return typeof written === 'object' && !Array.isArray(written) ? written as Matcher : { equals: written as Scalar | Scalar[] }
}

export function equalsList (matcher: Matcher): readonly Scalar[] | undefined {
  const { equals } = matcher
  return equals === undefined ? undefined : Array.isArray(equals) ? equals : [equals]
}

/** Names that OpenTelemetry and syslog users write, beside Tapio's own. */
const severityAliases: Readonly<Record<string, number>> = { warn: Severity.warning, fatal: Severity.critical, err: Severity.error }

function severityStart (name: string): number {
  const lower = name.toLowerCase()
  if (Object.hasOwn(Severity, lower)) return Severity[lower as SeverityName]
  const alias = severityAliases[lower]
  if (alias === undefined) throw new OperandError(`"${name.slice(0, 40)}" is not a severity: one of ${Object.keys(Severity).join(', ')}, or a number from 0 to 24`)
  return alias
}

/** The numbers a severity covers: a name covers all numbers up to the next name (`error` is 17 to 20), a number itself. */
export function severityRange (value: Scalar): readonly [number, number] {
  if (typeof value === 'number') return [value, value]
  const from = severityStart(String(value))
  let to = from
  while (to < 24 && severityName(to + 1) === severityName(from)) to++
  return [from, to]
}

/** A word's number, or the number itself. */
export function wordNumber (words: readonly string[], value: Scalar): number {
  const at = typeof value === 'number' ? value : words.indexOf(String(value).toLowerCase())
  if (!(at >= 0 && at <= 255)) throw new OperandError(`"${String(value).slice(0, 40)}" is not one of ${words.join(', ')}`)
  return at
}

/** An operand of a numeric field in the column's own unit. */
export function numberOf (field: Field, value: Scalar): number {
  if (field.kind === 'duration') return durationNano(value)
  if (field.kind === 'time') return timeNano(value)
  const number = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
  if (!Number.isFinite(number)) throw new OperandError(`expected a number, found "${String(value).slice(0, 40)}"`)
  return number
}

function durationNano (value: Scalar): number {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined
  if (ms === undefined) throw new OperandError(`expected a duration such as 200ms, found "${String(value).slice(0, 40)}"`)
  return ms * 1e6
}

function timeNano (value: Scalar): number {
  const ms = typeof value === 'string' ? Date.parse(value) : NaN
  if (Number.isNaN(ms)) throw new OperandError(`expected a time such as 2026-01-31T12:00:00Z, found "${String(value).slice(0, 40)}"`)
  return ms * 1e6
}

/** Lower-case hex of exactly `width` bytes. */
export function hexOf (value: Scalar, width: number): Buffer {
  const text = String(value).toLowerCase()
  if (text.length !== width * 2 || !/^[0-9a-f]+$/.test(text)) throw new OperandError(`expected ${width * 2} hex digits, found "${text.slice(0, 40)}"`)
  return Buffer.from(text, 'hex')
}
