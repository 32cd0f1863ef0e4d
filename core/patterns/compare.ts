/** `compare`: two values of expressions. */
import type { TextPattern } from '../match/regex.js'

export function compareValues (a: unknown, op: string, b: unknown, regexOf: (source: string) => TextPattern): boolean {
  switch (op) {
    case '==': return equal(a, b)
    case '!=': return !equal(a, b)
    case '<': return ordered(a, b, d => d < 0)
    case '<=': return ordered(a, b, d => d <= 0)
    case '>': return ordered(a, b, d => d > 0)
    case '>=': return ordered(a, b, d => d >= 0)
    case 'in': return isIn(a, b)
    case 'not_in': return !isIn(a, b)
    case 'subset_of': return isSubset(a, b)
    case 'not_subset_of': return !isSubset(a, b)
    case 'matches': return regexOf(String(b)).test(String(a).slice(0, 8192))
    case 'not_matches': return !regexOf(String(b)).test(String(a).slice(0, 8192))
    default: return false
  }
}

const isNumber = (v: unknown): v is number | bigint => typeof v === 'number' || typeof v === 'bigint'
const isMap = (v: unknown): v is Readonly<Record<string, unknown>> => typeof v === 'object' && v !== null && !Array.isArray(v)

export function equal (a: unknown, b: unknown): boolean {
  if (isNumber(a) && isNumber(b)) return Number(a) === Number(b)
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => equal(v, b[i]))
  if (isMap(a) && isMap(b)) {
    const keys = Object.keys(a)
    return keys.length === Object.keys(b).length && keys.every(k => Object.hasOwn(b, k) && equal(a[k], b[k]))
  }
  return a === b
}

/** Numbers by size, texts by code unit; anything else has no order. */
function ordered (a: unknown, b: unknown, holds: (difference: number) => boolean): boolean {
  if (isNumber(a) && isNumber(b)) return holds(Number(a) - Number(b))
  return typeof a === 'string' && typeof b === 'string' && holds(a < b ? -1 : a > b ? 1 : 0)
}

/** In a list, the keys of a map, or a text. */
function isIn (a: unknown, b: unknown): boolean {
  if (Array.isArray(b)) return b.some(v => equal(a, v))
  if (typeof b === 'string') return typeof a === 'string' && b.includes(a)
  return isMap(b) && typeof a === 'string' && Object.hasOwn(b, a)
}

/** All items of a list in the other, all pairs of a map in the other. */
function isSubset (a: unknown, b: unknown): boolean {
  if (Array.isArray(a)) return a.every(v => isIn(v, b))
  return isMap(a) && isMap(b) && Object.entries(a).every(([k, v]) => Object.hasOwn(b, k) && equal(v, b[k]))
}
