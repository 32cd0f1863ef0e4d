/** Conditions as written, to conditions that can be asked. */
import { entityText } from '../correlation/entity.js'
import type { Role, Symptom } from '../correlation/symptom.js'
import type { Ask } from './ask.js'
import { compareValues } from './compare.js'
import type { Compiler } from './compiler.js'
import { holds, type Answer, type Condition } from './condition.js'
import { regexOf } from './expression.js'
import type { Located, RawCondition } from './read.js'
import type { Reach } from './scope.js'
import { shown } from './shown.js'
import { signTest } from './sign-test.js'
import { matching, type SymptomTest, type ValueTest } from './symptom-test.js'

type Bounds = { readonly min?: number, readonly max?: number } | undefined
type Fields = Readonly<Record<string, unknown>>

const never: Pick<Condition, 'answer'> = { answer: () => ({ holds: false }) }

export function compileCondition (raw: RawCondition | undefined, compiler: Compiler): Condition {
  const at = raw?.at ?? compiler.at
  const basics = { at, as: raw?.as, says: raw?.says === undefined ? undefined : compiler.words(raw.says), isQuick: false, needs: undefined, parts: [] }
  // Faults were said: it is never asked.
  if (raw === undefined || raw.body === undefined) return { ...basics, ...never, text: raw?.kind ?? '?' }
  return { ...basics, ...compile(raw, compiler) }
}

type Compiled = Pick<Condition, 'text' | 'answer'> & Partial<Pick<Condition, 'isQuick' | 'needs' | 'parts'>>

function compile ({ kind, body, as }: RawCondition, compiler: Compiler): Compiled {
  switch (kind) {
    case 'expr': return expr(body as Located, as !== undefined, compiler)
    case 'symptom': return symptom(body as Fields, compiler)
    case 'absent': return absent(body as Fields, compiler)
    case 'rate': return rate(body as Fields, compiler)
    case 'sequence': return sequence(body as Fields, compiler)
    case 'compare': return compare(body as Fields, compiler)
    case 'all': return all(body as readonly RawCondition[], compiler)
    case 'any': return any(body as readonly RawCondition[], compiler)
    case 'not': return not(body as RawCondition, compiler)
    default: return { ...never, text: kind }
  }
}

function expr (located: Located, binds: boolean, compiler: Compiler): Compiled {
  const expression = compiler.expression(located)
  const text = `expr: ${short(located.text)}`
  if (expression === undefined) return { ...never, text }
  return {
    text,
    answer: ask => {
      let failed = ''
      const value = ask.value(expression, message => { failed = message })
      return { holds: binds ? isSomething(value) : value === true, value, why: () => failed === '' ? `gives ${shown(value)}` : `fails: ${failed}` }
    }
  }
}

/** What `as` takes for found. */
function isSomething (value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false
  if (Array.isArray(value)) return value.length > 0
  return !(typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0)
}

function symptom (fields: Fields, compiler: Compiler): Compiled {
  const test = symptomTest(fields, compiler)
  const [count, symptoms, entities] = [fields.count as Bounds, fields.symptoms as Bounds, fields.entities as Bounds]
  const allowsNone = [count, symptoms, entities].some(b => b?.max === 0)
  return {
    ...quick(test, !allowsNone),
    text: `symptom: ${testText(test)}`,
    answer: ask => {
      const found = matching(test, ask)
      const events = found.reduce((total, s) => total + s.count, 0)
      const names = new Set(found.map(s => entityText(s.entity)))
      const fit = (found.length > 0 || allowsNone) && isWithin(events, count) && isWithin(found.length, symptoms) && isWithin(names.size, entities)
      return { holds: fit, value: found[0] === undefined ? null : ask.view(found[0]), symptoms: found, why: () => seen(found, test, ask, ` (${events} events about ${names.size} entities)`) }
    }
  }
}

function absent (fields: Fields, compiler: Compiler): Compiled {
  const test = symptomTest(fields, compiler)
  return {
    isQuick: test.where === undefined,
    text: `absent: ${testText(test)}`,
    answer: ask => {
      const found = matching(test, ask)
      return { holds: found.length === 0, why: () => seen(found, test, ask) }
    }
  }
}

function rate (fields: Fields, compiler: Compiler): Compiled {
  const test = symptomTest(fields, compiler)
  const [perMs, min, max = Infinity] = [(fields.per as number | undefined) ?? 60_000, fields.min as number, fields.max as number | undefined]
  return {
    ...quick(test, true),
    text: `rate: ${testText(test)} at least ${min} in ${perMs / 1000}s`,
    answer: ask => {
      const found = matching(test, ask)
      const events = found.reduce((total, s) => total + s.count, 0)
      const spanMs = Math.max(...found.map(s => s.lastMs)) - Math.min(...found.map(s => s.firstMs))
      // Fewer than `per` seen counts as one `per`: three at once are no thousand a minute.
      const observed = found.length === 0 ? 0 : events * perMs / Math.max(spanMs, perMs)
      return { holds: found.length > 0 && observed >= min && observed <= max, value: Math.round(observed * 10) / 10, symptoms: found, why: () => `${seen(found, test, ask)}, rate ${Math.round(observed * 10) / 10}` }
    }
  }
}

function sequence (fields: Fields, compiler: Compiler): Compiled {
  const steps = (fields.steps as readonly (Fields | undefined)[]).map(step => symptomTest(step ?? {}, compiler))
  const withinMs = (fields.within as number | undefined) ?? 600_000
  const first = steps[0]
  return {
    ...(first === undefined ? {} : quick(first, true)),
    isQuick: steps.every(step => step.where === undefined),
    text: `sequence: ${steps.map(s => s.signs.join('|')).join(' -> ')}`,
    answer: ask => {
      const found = steps.map(step => matching(step, ask))
      const chain = inOrder(found, withinMs)
      return { holds: chain !== undefined, value: chain?.map(s => ask.view(s)) ?? null, symptoms: chain ?? [], why: () => `found ${found.map(f => f.length).join(', ')} of the steps` }
    }
  }
}

/** The first chain: each step's earliest symptom that begins no earlier than the one before, the last within the time. */
function inOrder (found: readonly (readonly Symptom[])[], withinMs: number): Symptom[] | undefined {
  for (const start of found[0] ?? []) {
    const chain = [start]
    for (const candidates of found.slice(1)) {
      const next = candidates.find(s => s.firstMs >= (chain.at(-1) as Symptom).firstMs && !chain.includes(s))
      if (next === undefined) break
      chain.push(next)
    }
    if (chain.length === found.length && (chain.at(-1) as Symptom).firstMs - start.firstMs <= withinMs) return chain
  }
  return undefined
}

function compare (fields: Fields, compiler: Compiler): Compiled {
  const [left, right] = [compiler.expression(fields.left as Located | undefined), compiler.expression(fields.right as Located | undefined)]
  const op = fields.op as string | undefined
  const text = `compare: ${short((fields.left as Located | undefined)?.text ?? '')} ${op ?? ''} ${short((fields.right as Located | undefined)?.text ?? '')}`
  if (left === undefined || right === undefined || op === undefined) return { ...never, text }
  return {
    text,
    answer: ask => {
      let failed = ''
      const onFailure = (message: string): void => { failed = message }
      const [a, b] = [ask.value(left, onFailure), ask.value(right, onFailure)]
      const isFailed = a === undefined || b === undefined
      return { holds: !isFailed && compareValues(a, op, b, regexOf), value: a, why: () => isFailed ? `fails: ${failed}` : `left is ${shown(a)}, right is ${shown(b)}` }
    }
  }
}

function all (raw: readonly RawCondition[], compiler: Compiler): Compiled {
  const parts = raw.map(part => compileCondition(part, compiler))
  return {
    parts, isQuick: parts.every(p => p.isQuick), needs: parts.find(p => p.needs !== undefined)?.needs, text: `all: ${parts.map(p => p.text).join(', ')}`,
    answer: ask => joined(parts, ask, part => !part, false)
  }
}

function any (raw: readonly RawCondition[], compiler: Compiler): Compiled {
  const parts = raw.map(part => compileCondition(part, compiler))
  const needs = parts.map(p => p.needs)
  return {
    parts, isQuick: parts.every(p => p.isQuick), text: `any: ${parts.map(p => p.text).join(', ')}`,
    needs: parts.length === 0 || needs.includes(undefined) ? undefined : sign => needs.some(n => n?.(sign) === true),
    answer: ask => joined(parts, ask, part => part, true)
  }
}

/** Asks one after the other until one `ends` it; the answer is then `atEnd`. */
function joined (parts: readonly Condition[], ask: Ask, ends: (part: boolean) => boolean, atEnd: boolean): Answer {
  for (const part of parts) if (ends(holds(part, ask))) return { holds: atEnd, why: () => `${part.text} ${atEnd ? 'holds' : 'does not hold'}` }
  return { holds: !atEnd, why: () => atEnd ? 'none holds' : 'all hold' }
}

function not (raw: RawCondition, compiler: Compiler): Compiled {
  const part = compileCondition(raw, compiler)
  return {
    parts: [part], isQuick: part.isQuick, text: `not: ${part.text}`,
    answer: ask => {
      const answer = part.answer(ask.child())
      return { holds: !answer.holds, why: () => answer.why?.() ?? '' }
    }
  }
}

function quick (test: SymptomTest, isNeeded: boolean): Pick<Condition, 'isQuick' | 'needs'> {
  return { isQuick: test.where === undefined, needs: isNeeded ? test.isSign : undefined }
}

export function symptomTest (fields: Fields, compiler: Compiler): SymptomTest {
  const signs = (fields.sign as readonly (string | undefined)[] | undefined ?? []).filter(s => s !== undefined)
  return {
    signs, isSign: signTest(signs), of: (fields.of as readonly Reach[] | undefined) ?? ['own'],
    message: optionalTest(fields.message), severity: optionalTest(fields.severity),
    detail: [...(fields.detail as ReadonlyMap<string, unknown> | undefined) ?? []].map(([name, test]) => [name, valueTest(test)] as const),
    kinds: (fields.kind as readonly string[] | undefined) ?? [], roles: (fields.role as readonly Role[] | undefined) ?? [],
    withinMs: (fields.within as number | undefined) ?? Infinity, beforeMs: (fields.before as number | undefined) ?? -Infinity,
    where: fields.where === undefined ? undefined : compiler.expression(fields.where as Located)
  }
}

const optionalTest = (test: unknown): ValueTest | undefined => test === undefined ? undefined : valueTest(test)

/** A plain value is `equals`. */
function valueTest (test: unknown): ValueTest {
  if (typeof test !== 'object' || test === null) return value => same(value, test)
  const { equals, in: among, contains, regex, min, max, not: turned } = test as { equals?: unknown, in?: readonly unknown[], contains?: string, regex?: string, min?: number, max?: number, not?: boolean }
  const pattern = regex === undefined ? undefined : regexOf(regex)
  const isIt: ValueTest = value =>
    (equals === undefined || same(value, equals)) && (among === undefined || among.some(a => same(value, a))) &&
    (contains === undefined || String(value ?? '').includes(contains)) && (pattern === undefined || pattern.test(String(value ?? '').slice(0, 8192))) &&
    (min === undefined || Number(value) >= min) && (max === undefined || Number(value) <= max)
  return turned === true ? value => !isIt(value) : isIt
}

/** 137 and '137' are the same to whoever writes YAML. */
const same = (a: unknown, b: unknown): boolean => a === b || (a !== undefined && a !== null && b !== null && String(a) === String(b))

const isWithin = (value: number, bounds: Bounds): boolean => value >= (bounds?.min ?? -Infinity) && value <= (bounds?.max ?? Infinity)

const testText = ({ signs, of }: SymptomTest): string => `${signs.join('|')}${of.length === 1 && of[0] === 'own' ? '' : ` of ${of.join(', ')}`}`

function seen (found: readonly Symptom[], test: SymptomTest, ask: Ask, more = ''): string {
  if (found.length > 0) return `found ${found.slice(0, 3).map(s => `${s.sign} on ${entityText(s.entity)}`).join(', ')}${found.length > 3 ? ` and ${found.length - 3} more` : ''}${more}`
  const near = new Set<string>()
  for (const reach of test.of) for (const s of ask.scope.reach(reach)) near.add(s.sign)
  return near.size === 0 ? 'there are no symptoms within reach' : `within reach are only ${[...near].sort().slice(0, 8).join(', ')}`
}

const short = (text: string): string => { const line = text.replace(/\s+/g, ' ').trim(); return line.length > 110 ? `${line.slice(0, 109)}…` : line }
