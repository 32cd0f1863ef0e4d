/** A pattern as written, to one that can be asked. */
import type { FaultList } from '../config/faults.js'
import { listed, nearest } from '../config/suggest.js'
import type { SourceText } from '../config/source.js'
import { child, entry, type KeyPath, type MapNode, type Span, type TreeNode } from '../config/tree.js'
import type { Layer } from '../correlation/symptom.js'
import type { Risk, Urgency } from '../incidents/incident.js'
import { Compiler } from './compiler.js'
import { compileCondition } from './conditions.js'
import { Expressions, type Expression } from './expression.js'
import type { Pattern, PatternAction, WeightedCondition } from './pattern.js'
import type { Located, RawCondition } from './read.js'
import { variables } from './scope.js'
import { signTest } from './sign-test.js'
import type { TestCase } from './test-case.js'

export interface Vocabulary {
  /** Signs that exist; left out: those of core/correlation/signs.ts. Findings of other patterns (`finding.<id>`) are signs too. */
  readonly signs?: readonly string[]
}

interface RawPattern {
  readonly id?: string
  readonly cause?: string
  readonly layer?: Layer
  readonly subject?: readonly string[]
  readonly rank?: 'root' | 'symptom'
  readonly let?: ReadonlyMap<string, Located | undefined>
  readonly for?: ReadonlyMap<string, Located | undefined>
  readonly when?: readonly (RawCondition | undefined)[]
  readonly score?: number
  readonly evidence?: readonly ({ readonly when?: RawCondition, readonly weight?: number, readonly says?: Located } | undefined)[]
  readonly explains?: readonly (string | undefined)[]
  readonly subject_is?: Located
  readonly since?: Located
  readonly title?: Located
  readonly why?: Located
  readonly actions?: readonly (RawAction | undefined)[]
  readonly refs?: readonly string[]
  readonly tests?: readonly (RawTest | undefined)[]
}

interface RawAction { readonly urgency?: Urgency, readonly text?: Located, readonly command?: Located, readonly risk?: Risk, readonly expect?: Located, readonly when?: RawCondition }
type RawTest = Omit<TestCase, 'at' | 'objects'> & { readonly use?: readonly string[], readonly objects?: readonly unknown[] }

export interface PatternSource { readonly raw: unknown, readonly node: TreeNode, readonly path: KeyPath, readonly source: SourceText, readonly fixtures: ReadonlyMap<string, readonly unknown[]> }

/** Faults are added to `faults`; the pattern is only good when none were. */
export function compilePattern (from: PatternSource, vocabulary: Vocabulary, faults: FaultList): Pattern {
  const raw = (from.raw ?? {}) as RawPattern
  const at = entry(from.node, 'id')?.value.at ?? from.node.at
  const names = boundNames(raw, from, faults)
  const compiler = new Compiler(from.source, at, new Expressions([...Object.keys(variables), ...(raw.let ?? new Map()).keys(), ...(raw.for ?? new Map()).keys(), ...names, 'it']), faults)
  const when = (raw.when ?? []).map(c => compileCondition(c, compiler))
  const id = raw.id ?? ''
  checkSigns(from, vocabulary, faults)
  return {
    id, cause: raw.cause ?? (id.split('.').at(-1) ?? id).replaceAll('-', '_'), layer: raw.layer ?? 'k8s', kinds: raw.subject ?? [], rank: raw.rank ?? 'root',
    names, lets: named(raw.let, compiler), loops: named(raw.for, compiler),
    when, quick: when.filter(c => c.isQuick), slow: when.filter(c => !c.isQuick), needs: when.map(c => c.needs).filter(n => n !== undefined),
    score: raw.score ?? 0, evidence: (raw.evidence ?? []).map(e => weighted(e, compiler)), explains: (raw.explains ?? []).filter(s => s !== undefined),
    subjectIs: compiler.expression(raw.subject_is), since: compiler.expression(raw.since), title: compiler.words(raw.title), why: compiler.words(raw.why),
    actions: (raw.actions ?? []).map(a => actionOf(a ?? {}, compiler)), refs: raw.refs ?? [],
    tests: (raw.tests ?? []).map((test, i) => testOf(test, child(child(from.node, 'tests'), i), from, faults)), file: from.source.name, at
  }
}

function named (map: ReadonlyMap<string, Located | undefined> | undefined, compiler: Compiler): [string, Expression][] {
  return [...map ?? []].flatMap(([name, located]) => {
    const expression = compiler.expression(located)
    return expression === undefined ? [] : [[name, expression] as [string, Expression]]
  })
}

const nameForm = /^[a-z][A-Za-z0-9_]*$/
/** Words of CEL, and names that expressions have anyway. */
const taken: ReadonlySet<string> = new Set([...Object.keys(variables), 'it', 'in', 'true', 'false', 'null', 'as', 'for', 'let', 'if', 'else', 'var', 'void', 'while', 'return', 'namespace', 'package', 'import', 'const', 'continue', 'break', 'function', 'loop', 'optional', 'cel'])

/** Names of `as`, in all conditions. `let` and `for` are checked on the way. */
function boundNames (raw: RawPattern, from: PatternSource, faults: FaultList): string[] {
  const names = new Set<string>()
  for (const key of ['let', 'for'] as const) {
    for (const name of raw[key]?.keys() ?? []) checkName(name, entry(child(from.node, key), name)?.key ?? from.node.at, [...from.path, key, name], faults)
  }
  const visit = (condition: RawCondition | undefined): void => {
    if (condition === undefined) return
    if (condition.as !== undefined) {
      checkName(condition.as, condition.at, [...condition.path, 'as'], faults)
      names.add(condition.as)
    }
    if (condition.kind === 'all' || condition.kind === 'any') for (const part of condition.body as readonly RawCondition[] | undefined ?? []) visit(part)
    if (condition.kind === 'not') visit(condition.body as RawCondition | undefined)
  }
  for (const condition of [...raw.when ?? [], ...(raw.evidence ?? []).map(e => e?.when), ...(raw.actions ?? []).map(a => a?.when)]) visit(condition)
  return [...names]
}

function checkName (name: string, at: Span, path: KeyPath, faults: FaultList): void {
  if (taken.has(name)) faults.error('PAT004', at, path, `the name \`${name}\` is taken: it is a word or variable of expressions`)
  else if (!nameForm.test(name)) faults.error('CFG036', at, path, `\`${name.slice(0, 40)}\` must be a name: lower case first, then letters, digits and _`)
}

function weighted (raw: { readonly when?: RawCondition, readonly weight?: number, readonly says?: Located } | undefined, compiler: Compiler): WeightedCondition {
  return { when: compileCondition(raw?.when, compiler), weight: raw?.weight ?? 0, says: raw?.says === undefined ? undefined : compiler.words(raw.says) }
}

function actionOf ({ urgency = 'investigate', text, command, risk = 'none', expect, when }: RawAction, compiler: Compiler): PatternAction {
  return {
    urgency, risk, text: compiler.words(text), command: command === undefined ? undefined : compiler.words(command),
    expect: expect === undefined ? undefined : compiler.words(expect), when: when === undefined ? undefined : compileCondition(when, compiler)
  }
}

function testOf (raw: RawTest | undefined, node: TreeNode | undefined, from: PatternSource, faults: FaultList): TestCase {
  const at = node?.at ?? from.node.at
  const shared = (raw?.use ?? []).flatMap((name, i) => {
    const objects = from.fixtures.get(name)
    if (objects !== undefined) return objects
    const known = [...from.fixtures.keys()]
    const use = child(node, 'use')
    faults.error('PAT007', child(use, i)?.at ?? use?.at ?? at, from.path, `there are no \`fixtures\` called \`${String(name).slice(0, 60)}\``, { suggestion: nearest(String(name), known), allowed: listed(known) })
    return []
  })
  const { use: _use, objects = [], ...rest } = raw ?? { name: '', expect: 'none' as const }
  return { ...rest, objects: [...shared, ...objects], at }
}

/** Every sign in the pattern against those that exist. */
function checkSigns (from: PatternSource, { signs }: Vocabulary, faults: FaultList): void {
  if (signs === undefined) return
  const exact = new Set(signs)
  const exists = (sign: string): boolean => sign.startsWith('finding.') || (sign.endsWith('*') ? signs.some(signTest([sign])) : exact.has(sign))
  const visit = (node: TreeNode | undefined, path: KeyPath, isSign: boolean): void => {
    if (node === undefined) return
    if (node.kind === 'list') node.items.forEach((item, i) => visit(item, [...path, i], isSign))
    if (node.kind === 'map') visitMap(node, path)
    if (node.kind !== 'scalar' || !isSign || typeof node.value !== 'string' || exists(node.value)) return
    faults.error('PAT003', node.at, path, `no sign \`${node.value.slice(0, 60)}\` is known`, { suggestion: nearest(node.value, signs) })
  }
  const visitMap = ({ entries }: MapNode, path: KeyPath): void => {
    // Objects of tests have words of their own.
    for (const [key, { value }] of entries) if (key !== 'objects' && key !== 'change') visit(value, [...path, key], key === 'sign' || key === 'explains')
  }
  visit(from.node, from.path, false)
}
