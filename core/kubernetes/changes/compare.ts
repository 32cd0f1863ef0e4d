/** What the functions of all kinds are made of: times, texts, and two states of the same thing beside each other. */
import type { Finding } from './change.js'
import type { Condition } from './types.js'

/** Longest text of an object (a message, a value) that goes into a finding. */
const maxText = 512

export function shortened (text: string, max = maxText): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`
}

export function timeOf (text: string | null | undefined): number | undefined {
  const ms = typeof text === 'string' ? Date.parse(text) : NaN
  return Number.isNaN(ms) ? undefined : ms
}

/** A time as part of a finding: nothing when there is none. */
export function at (text: string | null | undefined): { readonly timeMs?: number } {
  const timeMs = timeOf(text)
  return timeMs === undefined ? {} : { timeMs }
}

/** `: text`, or nothing. */
export function because (text: string | undefined): string {
  return text === undefined || text === '' ? '' : `: ${shortened(text.trim())}`
}

export function plural (count: number, what: string): string { return `${count} ${what}${count === 1 ? '' : 's'}` }

/** The same for equal values, whatever the order of their keys. */
export function stable (value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? ''
  if (Array.isArray(value)) return `[${value.map(stable).join(',')}]`
  const entries = Object.entries(value).filter(([, v]) => v !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${stable(v)}`).join(',')}}`
}

/** Members with a name, by it. */
export function byName<T extends { readonly name?: string }> (all: readonly T[] | undefined): ReadonlyMap<string, T> {
  return new Map((all ?? []).map(item => [item.name ?? '', item]))
}

/** Both states of everything that is in either, in the order after the change. */
export function paired<T> (before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): [string, T | undefined, T | undefined][] {
  const gone = [...before.keys()].filter(key => !after.has(key))
  return [...after.keys(), ...gone].map(key => [key, before.get(key), after.get(key)])
}

/** A change of one value from -> to; nothing when it is the same or was not known before. */
export function valueChange (change: string, reason: string, what: string, from: unknown, to: unknown): Finding[] {
  const [was, is] = [asText(from), asText(to)]
  return was === is ? [] : [{ change, reason, message: `${what} ${was || '(none)'} -> ${is || '(none)'}`, from: was, to: is }]
}

export function asText (value: unknown): string {
  if (value === undefined || value === null) return ''
  return shortened(typeof value === 'object' ? stable(value) : String(value))
}

export interface ConditionPair { readonly type: string, readonly before: Condition | undefined, readonly after: Condition }

/** Conditions whose status or reason is another one than before. Without a `before` object: all of them. */
export function changedConditions (before: readonly Condition[] | undefined, after: readonly Condition[] | undefined): ConditionPair[] {
  const known = new Map((before ?? []).map(c => [c.type ?? '', c]))
  return (after ?? []).map(c => ({ type: c.type ?? '', before: known.get(c.type ?? ''), after: c }))
    .filter(({ before: was, after: is }) => was?.status !== is.status || was?.reason !== is.reason)
}
