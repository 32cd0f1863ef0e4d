/**
 * CEL as patterns use it: parsed and checked once, bounded in time, with numbers that mix. What differs from the language:
 *  - `matches` is RE2 (linear in the text); the library's own is JavaScript's, which backtracks.
 *  - `has(a.b.c)` is false when `a.b` is missing; the language makes that an error.
 *  - numbers of JSON are doubles; `+ - * / %` mix them with integers, and text + number is text.
 */
import { Environment, ParseError, EvaluationError, TypeError as CelTypeError, type ParseResult } from '@marcbachmann/cel-js'
import { compilePattern, type TextPattern } from '../match/regex.js'
import { functions } from './functions/index.js'
import { meter } from './meter.js'

export const maxExpressionLength = 4000
/** Steps of loops in one evaluation; one is some 100 ns. */
export const maxSteps = 200_000

export interface Expression {
  readonly source: string
  /** Throws what the evaluation throws: callers count it. */
  run(context: object): unknown
}

/** Where in the text, in characters. */
export interface ExpressionFault { readonly message: string, readonly start: number, readonly end: number }

export const isFault = (value: Expression | ExpressionFault): value is ExpressionFault => 'message' in value

/** Expressions over the given variables and the functions of patterns. A name that is neither is a fault of the text. */
export class Expressions {
  readonly #environment: Environment

  constructor (variables: Iterable<string>) {
    this.#environment = base.clone()
    for (const name of new Set(variables)) if (!this.#environment.hasVariable(name)) this.#environment.registerVariable(name, 'dyn')
  }

  compile (source: string): Expression | ExpressionFault {
    if (source.length > maxExpressionLength) return { message: `an expression has at most ${maxExpressionLength} characters, found ${source.length}`, start: 0, end: 1 }
    try {
      const parsed = this.#environment.parse(source)
      rewrite(parsed.ast)
      const { valid, error } = parsed.check()
      return valid ? expression(source, parsed) : faultOf(error)
    } catch (error) {
      return faultOf(error)
    }
  }
}

function expression (source: string, parsed: ParseResult): Expression {
  return {
    source,
    run: context => {
      meter.begin(maxSteps)
      // Failures are common here (a field that is missing) and nobody reads where in the code they happened.
      const { stackTraceLimit } = Error
      Error.stackTraceLimit = 0
      try {
        return parsed(context as Record<string, unknown>) as unknown
      } finally {
        Error.stackTraceLimit = stackTraceLimit
      }
    }
  }
}

function faultOf (error: unknown): ExpressionFault {
  if (error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError) {
    const { start, end } = (error.range ?? { start: 0, end: 1 }) as { readonly start: number, readonly end: number }
    return { message: error.summary, start, end: Math.max(end, start + 1) }
  }
  return { message: error instanceof Error ? error.message : String(error), start: 0, end: 1 }
}

/** One cause of an evaluation's failure, without the source that the library adds. */
export function errorText (error: unknown): string {
  if (error instanceof EvaluationError) return error.summary
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] as string
}

interface AstNode { op: string, args: unknown }
const isNode = (value: unknown): value is AstNode => typeof value === 'object' && value !== null && 'op' in value && 'args' in value

const loops: ReadonlySet<unknown> = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

/** Before the check, which expands macros. Recursion is bounded by the parser's `maxDepth`. */
function rewrite (value: unknown): void {
  if (Array.isArray(value)) { for (const part of value) rewrite(part); return }
  if (!isNode(value)) return
  rewrite(value.args)
  if (!Array.isArray(value.args)) return
  const [name, first, last] = value.args as unknown[]
  if (value.op === 'rcall' && name === 'matches') value.args[0] = 'matchesRe2'
  if (value.op === 'rcall' && loops.has(name) && Array.isArray(last) && last.length > 1) last[1] = guarded(last[1])
  if (value.op === 'call' && name === 'has' && Array.isArray(first)) softenPath(first[0])
}

/** `step() ? body : null`: a loop over its limit fails at its next turn. */
function guarded (body: unknown): unknown {
  const { ast } = base.parse('step() ? 0 : dyn(null)')
  const parts = (ast as unknown as { args: unknown[] }).args
  parts[1] = body
  return ast
}

/** The parts of `has(a.b.c)` before the last become optional. */
function softenPath (node: unknown): void {
  if (!isNode(node) || !Array.isArray(node.args)) return
  for (let at: unknown = node.args[0]; isNode(at) && (at.op === '.' || at.op === '.?') && Array.isArray(at.args); at = at.args[0]) at.op = '.?'
}

/** Texts of patterns in expressions are few; those built from data would be many, hence the bound. */
const regexes = new Map<string, TextPattern>()
const maxRegexes = 1000

export function regexOf (source: string): TextPattern {
  const known = regexes.get(source)
  if (known !== undefined) return known
  const pattern = compilePattern(source)
  if (typeof pattern === 'string') throw new Error(`not a regular expression: ${pattern}`)
  if (regexes.size >= maxRegexes) regexes.clear()
  regexes.set(source, pattern)
  return pattern
}

/** Only the head of a long text is looked at. */
const maxSubject = 8192

const stepsOfCall = 3

/** Of fixed arity: gathering arguments would cost more than most functions do. */
function metered (parameters: number, run: (...args: unknown[]) => unknown): (a: unknown, b: unknown, c: unknown) => unknown {
  if (parameters === 1) return a => { meter.spend(stepsOfCall); return run(a) }
  if (parameters === 2) return (a, b) => { meter.spend(stepsOfCall); return run(a, b) }
  return (a, b, c) => { meter.spend(stepsOfCall); return run(a, b, c) }
}

const base = makeBase()

function makeBase (): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: false, homogeneousAggregateLiterals: false, enableOptionalTypes: true,
    limits: { maxAstNodes: 2000, maxDepth: 60, maxListElements: 200, maxMapEntries: 200, maxCallArguments: 16 }
  })
  const sync = { async: false } as const
  const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
    '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => a / b, '%': (a, b) => a % b
  }
  for (const [op, apply] of Object.entries(arithmetic)) {
    const mixed = (a: unknown, b: unknown): number => apply(Number(a), Number(b))
    environment.registerOperator(`double ${op} int: double`, mixed)
    environment.registerOperator(`int ${op} double: double`, mixed)
  }
  environment.registerOperator('double % double: double', (a: number, b: number) => a % b)
  for (const types of ['string + double', 'string + int', 'double + string', 'int + string']) {
    environment.registerOperator(`${types}: string`, (a: unknown, b: unknown) => `${String(a)}${String(b)}`)
  }
  environment.registerFunction('string.matchesRe2(string): bool', (text: string, source: string) => regexOf(source).test(text.slice(0, maxSubject)), sync)
  environment.registerFunction('step(): bool', () => meter.step(), sync)
  for (const [name, { parameters, run }] of Object.entries(functions)) {
    environment.registerFunction(`${name}(${parameters.map(() => 'dyn').join(', ')}): dyn`, metered(parameters.length, run), sync)
  }
  return environment
}
