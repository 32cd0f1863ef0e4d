/**
 * Conditions of OTTL as conditions on rows (core/match): a list of which any must hold, each a map of fields that must all match. What
 * has no place in that form throws `Untranslatable`; nothing is translated in part.
 */
import type { Condition, Matcher } from '../../match/schema.js'
import { fieldOf, readPath, type Path } from './paths.js'
import { Tokens, tokensOf, Untranslatable, type Token } from './tokens.js'

export { Untranslatable } from './tokens.js'

type Tree =
  | { readonly op: 'and' | 'or', readonly parts: readonly Tree[] }
  | { readonly op: 'not', readonly part: Tree }
  | { readonly op: 'compare', readonly path: Path, readonly sign: string, readonly value: Operand }
  | { readonly op: 'match', readonly path: Path, readonly pattern: string }
  | { readonly op: 'constant', readonly value: boolean }

type Operand = string | number | boolean | null

/** Alternatives after everything is multiplied out. */
const maxAlternatives = 32
const maxDepth = 40

export function conditionsOf (text: string, context: string): readonly Condition[] {
  return alternatives(parse(new Tokens(tokensOf(text))), false, context)
}

function parse (tokens: Tokens): Tree {
  const tree = readOr(tokens, 0)
  if (!tokens.isAtEnd) throw new Untranslatable(`\`${String(tokens.next?.value)}\` is not read here`)
  return tree
}

function readOr (tokens: Tokens, depth: number): Tree {
  if (depth > maxDepth) throw new Untranslatable('it is nested too deep')
  const parts = [readAnd(tokens, depth)]
  while (tokens.accept('or')) parts.push(readAnd(tokens, depth))
  return parts.length === 1 ? parts[0] as Tree : { op: 'or', parts }
}

function readAnd (tokens: Tokens, depth: number): Tree {
  const parts = [readNot(tokens, depth)]
  while (tokens.accept('and')) parts.push(readNot(tokens, depth))
  return parts.length === 1 ? parts[0] as Tree : { op: 'and', parts }
}

function readNot (tokens: Tokens, depth: number): Tree {
  if (depth > maxDepth) throw new Untranslatable('it is nested too deep')
  if (tokens.accept('not')) return { op: 'not', part: readNot(tokens, depth + 1) }
  if (tokens.accept('(')) {
    const tree = readOr(tokens, depth + 1)
    tokens.expect(')')
    return tree
  }
  if (tokens.accept('true')) return { op: 'constant', value: true }
  if (tokens.accept('false')) return { op: 'constant', value: false }
  if (tokens.accept('IsMatch')) return readMatch(tokens)
  return readComparison(tokens)
}

function readMatch (tokens: Tokens): Tree {
  tokens.expect('(')
  const path = readPath(tokens)
  tokens.expect(',')
  const pattern = tokens.take()
  if (pattern.kind !== 'text') throw new Untranslatable('`IsMatch` has a pattern that is no text')
  tokens.expect(')')
  return { op: 'match', path, pattern: pattern.value }
}

const turned: Readonly<Record<string, string>> = { '==': '==', '!=': '!=', '<': '>', '>': '<', '<=': '>=', '>=': '<=' }

function readComparison (tokens: Tokens): Tree {
  const first = operandOf(tokens.next)
  if (first !== undefined) {
    tokens.take()
    const sign = turned[readSign(tokens)] as string
    return { op: 'compare', path: readPath(tokens), sign, value: first }
  }
  const path = readPath(tokens)
  if (tokens.next?.kind === 'sign' && tokens.next.value === '(') throw new Untranslatable(`the function \`${path.text}\` has no counterpart`)
  const sign = readSign(tokens)
  const value = operandOf(tokens.next)
  if (value === undefined) throw new Untranslatable(`\`${path.text}\` is compared with what is no fixed value`)
  tokens.take()
  return { op: 'compare', path, sign, value }
}

function readSign (tokens: Tokens): string {
  const { value } = tokens.take()
  if (typeof value !== 'string' || !Object.hasOwn(turned, value)) throw new Untranslatable(`a comparison is expected, found \`${String(value)}\``)
  return value
}

/** `SEVERITY_NUMBER_WARN`, `SPAN_KIND_SERVER`, `STATUS_CODE_ERROR` as numbers or words that the fields take. */
function operandOf (token: Token | undefined): Operand | undefined {
  if (token === undefined || token.kind === 'sign') return undefined
  if (token.kind !== 'word') return token.value
  if (token.value === 'true' || token.value === 'false') return token.value === 'true'
  if (token.value === 'nil') return null
  const severity = /^SEVERITY_NUMBER_(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)([234]?)$/.exec(token.value)
  if (severity !== null) return ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].indexOf(severity[1] as string) * 4 + Number(severity[2] || 1)
  const word = /^(?:SPAN_KIND|STATUS_CODE)_([A-Z]+)$/.exec(token.value)
  return word === null ? undefined : (word[1] as string).toLowerCase()
}

/** The tree with negations moved to its leaves, multiplied out. */
function alternatives (tree: Tree, isNegated: boolean, context: string): readonly Condition[] {
  if (tree.op === 'not') return alternatives(tree.part, !isNegated, context)
  if (tree.op === 'constant') throw new Untranslatable('it always or never holds')
  if (tree.op === 'match') return matched(tree.path, tree.pattern, isNegated, context)
  if (tree.op === 'compare') return compared(tree.path, isNegated ? opposite[tree.sign] as string : tree.sign, tree.value, context)
  const parts = tree.parts.map(part => alternatives(part, isNegated, context))
  const isAny = (tree.op === 'or') !== isNegated
  const all = isAny ? parts.flat() : parts.reduce((left, right) => bounded(left.length * right.length) && left.flatMap(a => right.map(b => joined(a, b))), [{}] as readonly Condition[])
  bounded(all.length)
  return all
}

function bounded (count: number): true {
  if (count > maxAlternatives) throw new Untranslatable(`it has more than ${maxAlternatives} alternatives`)
  return true
}

const opposite: Readonly<Record<string, string>> = { '==': '!=', '!=': '==', '<': '>=', '>=': '<', '>': '<=', '<=': '>' }

function matched (path: Path, pattern: string, isNegated: boolean, context: string): readonly Condition[] {
  if (isNegated) throw new Untranslatable(`conditions cannot say that \`${path.text}\` does not match a pattern`)
  return [{ [fieldOf(path, context)]: { regex: pattern } }]
}

function compared (path: Path, sign: string, value: Operand, context: string): readonly Condition[] {
  const field = fieldOf(path, context)
  if (value === null) {
    if (sign !== '==' && sign !== '!=') throw new Untranslatable(`\`${path.text}\` is compared with nil`)
    return [{ [field]: { exists: sign === '!=' } }]
  }
  if (sign === '==') return [{ [field]: value }]
  if (sign === '!=') throw new Untranslatable(`conditions cannot say that \`${path.text}\` is something else than a value`)
  if (typeof value !== 'number') throw new Untranslatable(`\`${path.text}\` is compared in order with what is no number`)
  // Bounds are included here: a severity is a whole number, so the next one says the same.
  if (sign !== '<=' && sign !== '>=' && field !== 'severity') throw new Untranslatable(`conditions include their bounds, so \`${path.text} ${sign} ${value}\` cannot be said`)
  const bound: Matcher = sign === '<' ? { max: value - 1 } : sign === '>' ? { min: value + 1 } : sign === '<=' ? { max: value } : { min: value }
  // A record without a severity is number 0 in OTTL, and has no value here.
  return field === 'severity' && bound.max !== undefined ? [{ [field]: bound }, { [field]: { exists: false } }] : [{ [field]: bound }]
}

/** Both at once. A field that is in both must have tests that stand beside each other. */
function joined (a: Condition, b: Condition): Condition {
  const all: Record<string, Condition[string]> = { ...a }
  for (const [field, matcher] of Object.entries(b)) {
    const before = all[field]
    all[field] = before === undefined ? matcher : both(field, before, matcher)
  }
  return all
}

function both (field: string, a: Condition[string], b: Condition[string]): Matcher {
  const [left, right] = [asMatcher(a), asMatcher(b)]
  if (Object.keys(left).some(test => test in right)) throw new Untranslatable(`\`${field}\` is tested twice in one condition`)
  return { ...left, ...right }
}

const asMatcher = (value: Condition[string]): Matcher => typeof value === 'object' && !Array.isArray(value) ? value as Matcher : { equals: value as string }
