/** Numbers, times and levels as people read them. */
import type { EntityRef } from '../correlation/entity.js'
import type { Action, Affected, Level } from '../incidents/incident.js'
import type { Layer } from '../correlation/symptom.js'

export const layerTags: Readonly<Record<Layer, string>> = { kernel: 'KERNEL', node: 'NODE', net: 'NET', k8s: 'K8S', app: 'APP' }
export const urgencyWords: Readonly<Record<Action['urgency'], string>> = { immediate: 'IMMEDIATE', short_term: 'SHORT-TERM', investigate: 'INVESTIGATE' }
export const stateWords: Readonly<Record<Affected['state'], string>> = { failed: 'Failed', degraded: 'Degraded', at_risk: 'At risk' }
export const levelWords: Readonly<Record<Level, string>> = { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low' }

/** The original's words for a confidence from 0 to 1: the first whose bound is reached. */
const confidences: readonly (readonly [from: number, words: string])[] = [[0.95, 'Very High'], [0.8, 'High'], [0.6, 'Medium'], [0.4, 'Low']]

export function confidenceWords (confidence: number): string {
  return confidences.find(([from]) => confidence >= from)?.[1] ?? 'Very Low'
}

/** `87 %`; one decimal where rounding would say 100 % of what is less. */
export function percent (share: number): string {
  if (!Number.isFinite(share)) return 'unknown'
  const value = share * 100
  const whole = Math.round(value)
  if (whole !== 100 || value >= 100) return `${whole} %`
  return `${Math.min(99.9, Math.round(value * 10) / 10)} %`
}

/** As exact as a target is written: `99.95 %`. */
export function exactPercent (share: number): string { return Number.isFinite(share) ? `${Math.round(share * 100_000) / 1000} %` : 'unknown' }

export function count (n: number, one: string, many = `${one}s`): string { return `${number(n)} ${n === 1 ? one : many}` }

/** Digits in groups: `12,000`. Not the locale's: the same incident reads the same everywhere. */
export function number (n: number): string { return String(n).replace(/\B(?=(\d{3})+$)/g, ',') }

/** Where its kind is said beside it: `shop/cart-0`. */
export function nameText ({ namespace = '', name }: EntityRef): string { return namespace === '' ? name : `${namespace}/${name}` }

/** What a list of names ends with: nothing, or `… 3 more`. */
export function moreNames (left: number): string[] { return left === 0 ? [] : [`… ${number(left)} more`] }

const units: readonly (readonly [ms: number, long: string, short: string])[] = [[86_400_000, 'day', 'd'], [3_600_000, 'hour', 'h'], [60_000, 'minute', 'min'], [1000, 'second', 's']]

/** The two largest units. Below ten seconds with tenths, rounded so that 59.97 s is a minute. */
function parts (ms: number): [amount: number, long: string, short: string][] {
  if (ms < 9950) return [[Math.round(ms / 100) / 10, 'second', 's']]
  let rest = Math.round(ms / 1000) * 1000
  const found: [number, string, string][] = []
  for (const [size, long, short] of units) {
    const amount = Math.floor(rest / size)
    rest -= amount * size
    if (amount > 0) found.push([amount, long, short])
    else if (found.length > 0) break
  }
  return found.slice(0, 2)
}

/** `12 seconds`, `2 minutes 5 seconds`. */
export function longDuration (ms: number): string {
  return Number.isFinite(ms) ? parts(Math.max(0, ms)).map(([amount, long]) => `${amount} ${long}${amount === 1 ? '' : 's'}`).join(' ') : 'unknown'
}

/** `12 s`, `2 min 5 s`. */
export function shortDuration (ms: number): string {
  return Number.isFinite(ms) ? parts(Math.max(0, ms)).map(([amount, , short]) => `${amount} ${short}`).join(' ') : 'unknown'
}

/** `+1.2 s` after the start, `-0.3 s` before it: clocks of two machines differ. */
export function offset (ms: number): string { return `${ms < 0 ? '-' : '+'}${shortDuration(Math.abs(ms))}` }

/** `2026-11-30 20:05:03 UTC`; without seconds `2026-11-30 20:05`. */
export function dateTime (ms: number): string { return isTime(ms) ? `${isoSeconds(ms)} UTC` : 'unknown' }
export function dateMinute (ms: number): string { return isTime(ms) ? isoSeconds(ms).slice(0, 16) : 'unknown' }

/** Beyond what a Date holds, a time is nonsense, but no reason to fail. */
const isTime = (ms: number): boolean => Math.abs(ms) <= 8.64e15
const isoSeconds = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
