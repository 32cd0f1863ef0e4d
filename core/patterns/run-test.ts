/** A case of a pattern, run: objects and symptoms as written become a scene, and what is found is held against what is expected. */
import { Dependencies } from '../correlation/dependencies.js'
import { entityKey, entityText, type EntityRef } from '../correlation/entity.js'
import { layers, type Detail, type Layer } from '../correlation/symptom.js'
import { Symptoms } from '../correlation/symptoms.js'
import type { KubeObject } from '../kubernetes/objects.js'
import { clusterScoped } from '../topology/graph/declaration.js'
import { ClusterModel } from '../topology/cluster-model.js'
import { textAt } from '../topology/graph/plain.js'
import { durationText } from './shown.js'
import { defaultLimits, evaluate, Report } from './evaluate.js'
import { explain } from './explain.js'
import type { Finding } from './finding.js'
import { PatternLibrary } from './library.js'
import type { Pattern } from './pattern.js'
import type { Scene } from './scene.js'
import { subjectsOf } from './subjects.js'
import type { TestCase, TestExpectation, TestSymptom } from './test-case.js'

export interface TestResult {
  readonly pattern: string
  readonly name: string
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly passed: boolean
  /** What differs, one line each; empty when it passed. */
  readonly reasons: readonly string[]
}

const defaultNow = Date.parse('2026-01-01T12:00:00Z')
const maxExplained = 3

export function runTests (library: PatternLibrary): TestResult[] {
  return library.patterns.flatMap(pattern => pattern.tests.map(test => runTest(pattern, test)))
}

export function runTest (pattern: Pattern, test: TestCase): TestResult {
  const of = { pattern: pattern.id, name: test.name, file: pattern.file, line: test.at.line }
  const made = sceneOf(test)
  if (typeof made === 'string') return { ...of, passed: false, reasons: [made] }
  const report = new Report()
  const subjects = [...subjectsOf(made, pattern.kinds)]
  const found = evaluate(new PatternLibrary([pattern], []), made, subjects, report)
  const reasons = differences(test.expect, found, made)
  if (reasons.length > 0) reasons.push(...explained(pattern, test.expect, made, found, report))
  return { ...of, passed: reasons.length === 0, reasons }
}

/** A text says what is wrong with the case. */
export function sceneOf (test: TestCase): Scene | string {
  const nowMs = test.now === undefined ? defaultNow : Date.parse(test.now)
  if (Number.isNaN(nowMs)) return `\`now\` is no time: ${String(test.now)}`
  const objects = changed(test.objects, test.change ?? new Map())
  if (typeof objects === 'string') return objects
  const model = new ClusterModel()
  for (const object of objects) {
    const [kind, name] = [textAt(object, 'kind'), textAt(object, 'metadata', 'name')]
    if (kind === '' || name === '') return `an object has no ${kind === '' ? 'kind' : 'metadata.name'}: ${JSON.stringify(object).slice(0, 80)}`
    model.put(kind, object as KubeObject, nowMs)
  }
  const symptoms = new Symptoms()
  for (const symptom of test.symptoms ?? []) see(symptoms, symptom, nowMs)
  const dependencies = new Dependencies()
  for (const { caller, callee, calls = 1, errors = 0 } of test.calls ?? []) dependencies.note(entityNamed(caller), entityNamed(callee), nowMs, calls, errors)
  return { model, symptoms, dependencies, nowMs }
}

function see (symptoms: Symptoms, { sign, entity, message = [''], detail = {}, ago = 30_000, for: lastsMs = 0, count = 1, severity = 17, role = 'trouble', layer }: TestSymptom, nowMs: number): void {
  const [head] = sign.split('.', 1)
  const of: Layer = layer ?? (layers.includes(head as Layer) ? head as Layer : 'k8s')
  const base = { sign, layer: of, role, entity: entityNamed(entity), detail: detail as Detail, severity, confidence: 1 }
  message.forEach((text, i) => {
    symptoms.see({ ...base, timeMs: nowMs - ago - lastsMs, evidence: { eventId: '', source: 'test', name: sign, message: text }, count: i === 0 ? Math.max(1, count - (message.length - 1) - (lastsMs > 0 ? 1 : 0)) : 1 })
  })
  if (lastsMs > 0) symptoms.see({ ...base, timeMs: nowMs - ago, evidence: { eventId: '', source: 'test', name: sign, message: message[0] ?? '' }, count: count > 1 ? 1 : 0 })
}

/** `Pod/shop/cart-1`; `Node/worker-1` for what has no namespace. */
export function entityNamed (text: string): EntityRef {
  const [kind = '', second = '', ...rest] = text.split('/')
  const isPlain = rest.length === 0
  const [namespace, name] = isPlain ? ['', second] : [second, rest.join('/')]
  return namespace === '' || clusterScoped.has(kind) ? { kind, name } : { kind, namespace, name }
}

function changed (objects: readonly unknown[], changes: ReadonlyMap<string, unknown>): unknown[] | string {
  const byKey = new Map<string, unknown>()
  // A later one with the same name replaces the earlier one.
  for (const object of objects) byKey.set(objectKey(object), object)
  for (const [name, change] of changes) {
    const key = entityKey(entityNamed(name))
    if (!byKey.has(key)) return `\`change\` names an object that is not there: ${name}`
    if (change === null) byKey.delete(key)
    else byKey.set(key, patched(byKey.get(key), change, 0))
  }
  return [...byKey.values()]
}

function objectKey (object: unknown): string {
  const [kind, namespace, name] = [textAt(object, 'kind'), textAt(object, 'metadata', 'namespace'), textAt(object, 'metadata', 'name')]
  return entityKey(clusterScoped.has(kind) ? { kind, name } : { kind, namespace, name })
}

/** RFC 7386. */
function patched (target: unknown, patch: unknown, depth: number): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch) || depth > 40) return patch
  const result: Record<string, unknown> = typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = patched(result[key], value, depth + 1)
  }
  return result
}

function differences (expected: TestExpectation | 'none', found: readonly Finding[], { nowMs }: Scene): string[] {
  const blamed = found.map(f => entityText(f.subject))
  if (expected === 'none') return found.length === 0 ? [] : [`expected nothing, found it for ${blamed.join(', ')}`]
  const wanted = (expected.subjects ?? (expected.subject === undefined ? undefined : [expected.subject]))?.map(s => entityText(entityNamed(s)))
  if (found.length === 0) return [`expected it${wanted === undefined ? '' : ` for ${wanted.join(', ')}`}, found nothing`]
  const missing = (wanted ?? []).filter(w => !blamed.includes(w)).map(w => `expected it for ${w}, found it for ${blamed.join(', ')}`)
  const extra = wanted === undefined ? [] : blamed.filter(b => !wanted.includes(b)).map(b => `found it for ${b} too`)
  const judged = found.filter(f => wanted === undefined || wanted.includes(entityText(f.subject)))
  return [...missing, ...extra, ...judged.flatMap(f => detailsOf(expected, f, nowMs))]
}

function detailsOf ({ score, title, why, command = [], reason = [], since }: TestExpectation, finding: Finding, nowMs: number): string[] {
  const commands = finding.actions.map(a => a.command ?? '')
  const reasons = [...finding.for, ...finding.against].map(r => r.text)
  const lacks = (what: string, text: string, part: string | undefined): string[] => part === undefined || text.includes(part) ? [] : [`expected the ${what} to have "${part}", it is "${text}"`]
  return [
    ...(score?.min !== undefined && finding.score < score.min ? [`expected a score of at least ${score.min}, found ${finding.score}`] : []),
    ...(score?.max !== undefined && finding.score > score.max ? [`expected a score of at most ${score.max}, found ${finding.score}`] : []),
    ...lacks('title', finding.title, title), ...lacks('why', finding.explanation, why),
    ...command.filter(part => !commands.some(c => c.includes(part))).map(part => `expected a command with "${part}", found ${commands.map(c => `"${c}"`).join(', ') || 'none'}`),
    ...reason.filter(part => !reasons.some(r => r.includes(part))).map(part => `expected a reason with "${part}", found ${reasons.map(r => `"${r}"`).join(', ') || 'none'}`),
    ...(since !== undefined && Math.abs(nowMs - finding.sinceMs - since) > 1 ? [`expected it to be ${durationText(since)} old, found ${durationText(nowMs - finding.sinceMs)}`] : [])
  ]
}

/** Which conditions held and which did not, for the subjects the case is about. */
function explained (pattern: Pattern, expected: TestExpectation | 'none', scene: Scene, found: readonly Finding[], report: Report): string[] {
  const refs = expected !== 'none' && found.length === 0 ? [...subjectsOf(scene, pattern.kinds)].slice(0, maxExplained) : found.slice(0, 1).map(f => f.subject)
  const lines = refs.flatMap(ref => [`asked about ${entityText(ref)}:`, ...explain(pattern, scene, ref, defaultLimits).map(line => `  ${line}`)])
  if (refs.length === 0) lines.push(`there is no ${pattern.kinds.join(' or ')} to ask about`)
  const failed = report.errors.get(pattern.id)
  return failed === undefined ? lines : [...lines, `expressions failed ${failed.count} times; first: ${failed.message}`]
}
