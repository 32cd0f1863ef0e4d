/** A matcher as a function of one value. Absent values are the caller's business: they match only `exists: false`. */
import type { AttributeValue } from '../data/attributes.js'
import { severityName } from '../data/enums.js'
import type { Field } from './fields.js'
import { equalsList, numberOf, OperandError, severityRange, wordNumber } from './operands.js'
import { compilePattern, type TextPattern } from './regex.js'
import type { Matcher, Scalar } from './schema.js'

export type NumberTest = (value: number) => boolean
export type TextTest = (value: string) => boolean
export type ValueTest = (value: AttributeValue) => boolean

/** Throws OperandError when the matcher uses a test the field does not have. */
export function allow (matcher: Matcher, what: string, tests: readonly (keyof Matcher)[]): void {
  const used = (Object.keys(matcher) as (keyof Matcher)[]).filter(k => matcher[k] !== undefined)
  if (used.length === 0) throw new OperandError('expected at least one of equals, regex, min, max, exists')
  for (const key of used) if (!tests.includes(key)) throw new OperandError(`\`${key}\` does not apply to ${what}; use ${tests.map(t => `\`${t}\``).join(', ')}`)
  if (matcher.exists === false && used.length > 1) throw new OperandError('`exists: false` stands alone: an absent value matches nothing else')
}

export function pattern (matcher: Matcher): TextPattern | undefined {
  if (matcher.regex === undefined) return undefined
  const compiled = compilePattern(matcher.regex)
  if (typeof compiled === 'string') throw new OperandError(compiled)
  return compiled
}

export function numberTest (field: Field, matcher: Matcher): NumberTest {
  // A confidence of 0.8 is stored as the nearest f32, so the operand must be too.
  const narrow = field.kind === 'number' && field.column === 'confidence' ? Math.fround : (n: number) => n
  const read = (value: Scalar): number => narrow(numberOf(field, value))
  const list = equalsList(matcher)?.map(read)
  const set = list === undefined ? undefined : new Set(list)
  const min = matcher.min === undefined ? -Infinity : read(matcher.min)
  const max = matcher.max === undefined ? Infinity : read(matcher.max)
  return value => value >= min && value <= max && (set === undefined || set.has(value))
}

export function textTest (matcher: Matcher): TextTest {
  const list = equalsList(matcher)
  const set = list === undefined ? undefined : new Set(list.map(String))
  const regex = pattern(matcher)
  return value => (set === undefined || set.has(value)) && (regex === undefined || regex.test(value))
}

/** Attribute values of any kind; lists and maps only match `exists`. */
export function valueTest (matcher: Matcher): ValueTest {
  const list = equalsList(matcher)
  const set = list === undefined ? undefined : new Set(list)
  const regex = pattern(matcher)
  const ranged = matcher.min !== undefined || matcher.max !== undefined
  const [min, max] = [matcher.min ?? -Infinity, matcher.max ?? Infinity]
  if (typeof min !== 'number' || typeof max !== 'number') throw new OperandError('`min` and `max` of an attribute are numbers')
  return value => {
    const plain = typeof value === 'bigint' ? Number(value) : value
    if (set !== undefined && !set.has(plain as Scalar)) return false
    if (regex !== undefined && !(typeof plain === 'string' && regex.test(plain))) return false
    return !ranged || (typeof plain === 'number' && plain >= min && plain <= max)
  }
}

/** One verdict per cell value of a one-byte column with names. */
export function wordTable (words: readonly string[], matcher: Matcher): Uint8Array {
  const wanted = equalsList(matcher)?.map(v => wordNumber(words, v))
  const regex = pattern(matcher)
  return Uint8Array.from({ length: 256 }, (_, n) => Number((wanted === undefined || wanted.includes(n)) && (regex === undefined || regex.test(words[n] ?? ''))))
}

export function severityTable (matcher: Matcher): Uint8Array {
  const wanted = equalsList(matcher)?.map(severityRange)
  const regex = pattern(matcher)
  // Unspecified is not "below info": only a name, a number or a minimum that says so includes it.
  const min = matcher.min !== undefined ? severityRange(matcher.min)[0] : matcher.max !== undefined ? 1 : 0
  const max = matcher.max === undefined ? 255 : severityRange(matcher.max)[1]
  return Uint8Array.from({ length: 256 }, (_, n) => Number(n >= min && n <= max &&
    (wanted === undefined || wanted.some(([from, to]) => n >= from && n <= to)) &&
    (regex === undefined || regex.test(severityName(n)))))
}
