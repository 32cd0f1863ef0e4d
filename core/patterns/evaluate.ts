/** Patterns asked about subjects: what holds becomes a finding. Deterministic: the same scene and subjects give the same findings in the same order. */
import { entityKey, entityText, type EntityRef } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import type { Action, Reason } from '../incidents/incident.js'
import { textAt } from '../topology/graph/plain.js'
import type { NodeRef } from '../topology/graph/view.js'
import { Ask } from './ask.js'
import { holds, type Condition } from './condition.js'
import { within } from './current.js'
import type { Finding } from './finding.js'
import type { PatternLibrary } from './library.js'
import { meter } from './meter.js'
import type { Pattern } from './pattern.js'
import type { Scene } from './scene.js'
import { Scope } from './scope.js'
import { say, sayCommand } from './words.js'
import { keyOf, refOf, workloadKinds, World } from './world.js'

export interface Limits {
  /** Of one call: a turn of a loop is one, a call of a function three, a condition ten; 100 ns or so each. */
  readonly maxSteps: number
  /** Findings of one pattern in one call. */
  readonly maxOfPattern: number
  /** Combinations of `for`. */
  readonly maxCombinations: number
}

export const defaultLimits: Limits = { maxSteps: 3_000_000, maxOfPattern: 200, maxCombinations: 500 }

/** How a call went; give one to be told. */
export class Report {
  /** Conditions asked. */
  asked = 0
  /** Patterns passed over for a subject because a sign they need is nowhere. */
  skipped = 0
  /** Expressions that failed, by pattern: how often, and the first message. */
  readonly errors = new Map<string, { count: number, readonly message: string }>()
  /** Patterns that found more than the limit. */
  readonly flooding = new Set<string>()
  /** Subjects that were not asked about: the budget was used up. */
  readonly left: NodeRef[] = []

  noteError (pattern: string, message: string): void {
    const known = this.errors.get(pattern)
    if (known === undefined) this.errors.set(pattern, { count: 1, message })
    else known.count++
  }
}

export const maxScore = 0.99
const stepsOfCondition = 10

/** What holds for the subjects, by subject, best first. */
export function evaluate (library: PatternLibrary, scene: Scene, subjects: Iterable<NodeRef>, report = new Report(), limits = defaultLimits): Finding[] {
  const world = new World(scene)
  return within(world, () => new Evaluation(library, world, report, limits).run(subjects))
}

class Evaluation {
  readonly #found = new Map<string, Finding>()
  readonly #ofPattern = new Map<string, number>()
  readonly #possible = new Map<string, readonly Pattern[]>()
  readonly #startSteps = meter.spent

  constructor (readonly library: PatternLibrary, readonly world: World, readonly report: Report, readonly limits: Limits) {}

  run (subjects: Iterable<NodeRef>): Finding[] {
    const seen = new Set<string>()
    for (const ref of subjects) {
      const key = keyOf(ref)
      if (seen.has(key)) continue
      seen.add(key)
      if (this.#isSpent()) this.report.left.push(ref)
      else this.#ask(ref)
    }
    return [...this.#found.values()].sort(bySubject)
  }

  #isSpent (): boolean { return meter.spent - this.#startSteps > this.limits.maxSteps }

  #ask (ref: NodeRef): void {
    const patterns = this.#possibleOf(ref.kind)
    if (patterns.length === 0) return
    const scope = new Scope(this.world, ref)
    this.world.askedNamespace = scope.namespace
    const isWorkload = lazily(() => this.#isWorkload(scope))
    for (const pattern of patterns) {
      if (!pattern.kinds.includes(ref.kind) && !isWorkload()) continue
      if (this.report.flooding.has(pattern.id)) continue
      const finding = askPattern(pattern, scope, this.report, this.limits)
      if (finding !== undefined) this.#keep(pattern, finding)
    }
  }

  /** Without those that need a sign which is nowhere. */
  #possibleOf (kind: string): readonly Pattern[] {
    let possible = this.#possible.get(kind)
    if (possible === undefined) {
      const signs = [...this.world.index.signs()]
      const all = this.library.ofKind(kind)
      possible = all.filter(pattern => pattern.needs.every(needs => signs.some(needs)))
      this.#possible.set(kind, possible)
    }
    this.report.skipped += this.library.ofKind(kind).length - possible.length
    return possible
  }

  /** What nobody made on behalf of another. */
  #isWorkload ({ ref, subject, isKnown }: Scope): boolean {
    if (ref.kind === 'Deployment' || ref.kind === 'StatefulSet' || ref.kind === 'DaemonSet' || ref.kind === 'CronJob') return true
    return isKnown && (ref.kind === 'Pod' || workloadKinds.includes(ref.kind)) && this.world.owner(subject) === undefined
  }

  /** Several subjects may blame the same object. */
  #keep (pattern: Pattern, finding: Finding): void {
    const key = `${pattern.id}|${keyOf(finding.subject)}`
    const known = this.#found.get(key)
    if (known !== undefined) { this.#found.set(key, merged(known, finding)); return }
    const count = (this.#ofPattern.get(pattern.id) ?? 0) + 1
    this.#ofPattern.set(pattern.id, count)
    if (count > this.limits.maxOfPattern) this.report.flooding.add(pattern.id)
    else this.#found.set(key, finding)
  }
}

function lazily (compute: () => boolean): () => boolean {
  let value: boolean | undefined
  return () => value ??= compute()
}

function bySubject (a: Finding, b: Finding): number {
  const [x, y] = [keyOf(a.subject), keyOf(b.subject)]
  return x !== y ? (x < y ? -1 : 1) : b.score - a.score || (a.pattern < b.pattern ? -1 : 1)
}

/** The surer one, with the symptoms of both. */
function merged (a: Finding, b: Finding): Finding {
  const best = b.score > a.score ? b : a
  const since = [a.sinceMs, b.sinceMs].filter(t => !Number.isNaN(t))
  const asked = unique([...a.asked ?? [], ...b.asked ?? []])
  return { ...best, ...(asked.length === 0 ? {} : { asked }), symptoms: [...new Set([...a.symptoms, ...b.symptoms])].sort(), sinceMs: since.length === 0 ? NaN : Math.min(...since) }
}

/** A node may be blamed for all of its pods: some are enough. */
const maxAsked = 1000

function unique (refs: readonly EntityRef[]): EntityRef[] {
  return [...new Map(refs.map(ref => [entityKey(ref), ref])).values()].slice(0, maxAsked)
}

/** Undefined: it does not hold. To be called `within` the scope's world. */
export function askPattern (pattern: Pattern, scope: Scope, report: Report, limits: Limits): Finding | undefined {
  const ask = held(pattern, scope, report, limits)
  return ask === undefined ? undefined : findingOf(pattern, ask)
}

function held (pattern: Pattern, scope: Scope, report: Report, { maxCombinations }: Limits): Ask | undefined {
  const ask = new Ask(scope, pattern.names, message => report.noteError(pattern.id, message))
  const isTrue = (condition: Condition, of: Ask): boolean => {
    report.asked++
    meter.spent += stepsOfCondition
    return holds(condition, of)
  }
  if (!pattern.quick.every(c => isTrue(c, ask))) return undefined
  for (const combination of combinations(pattern, ask, maxCombinations)) {
    if (pattern.slow.every(c => isTrue(c, combination))) return combination
  }
  return undefined
}

/** The names of `let` and `for`, bound: one without `for`. */
export function * combinations (pattern: Pattern, ask: Ask, max: number): Generator<Ask> {
  let left = max
  function * from (loop: number, outer: Ask): Generator<Ask> {
    const next = pattern.loops[loop]
    if (next === undefined) { left--; yield outer.child(); return }
    const items = outer.value(next[1])
    for (const item of Array.isArray(items) ? items as unknown[] : []) {
      if (left <= 0) return
      const inner = outer.child()
      inner.bind(next[0], item)
      // Values that depend on the item are others.
      for (const [name, expression] of pattern.lets) inner.bindLazy(name, expression)
      yield * from(loop + 1, inner)
    }
  }
  for (const [name, expression] of pattern.lets) ask.bindLazy(name, expression)
  yield * from(0, ask)
}

function findingOf (pattern: Pattern, ask: Ask): Finding {
  const { onError, context } = ask
  const reasons = [...whenReasons(pattern, ask), ...evidenceReasons(pattern, ask)]
  const score = Math.min(maxScore, Math.max(0, pattern.score + reasons.reduce((sum, { adds }) => sum + adds, 0)))
  const actions = pattern.actions.filter(a => a.when === undefined || holds(a.when, ask)).map(({ urgency, text, command, risk, expect }): Action => ({
    urgency, text: say(text, context, onError), ...(command === undefined ? {} : { command: sayCommand(command, context, onError) }), risk, ...(expect === undefined ? {} : { expect: say(expect, context, onError) })
  }))
  const subject = blamed(pattern, ask)
  const { ref } = ask.scope
  return {
    ...(keyOf(ref) === keyOf(subject) ? {} : { asked: [entityOf(ref, ask.scope.subject)] }),
    pattern: pattern.id, cause: pattern.cause, layer: pattern.layer, rank: pattern.rank, subject, score: rounded(score),
    title: say(pattern.title, context, onError), explanation: say(pattern.why, context, onError),
    for: reasons.filter(r => r.reason.weight >= 0).map(r => r.reason), against: reasons.filter(r => r.reason.weight < 0).map(r => r.reason),
    explainsSigns: pattern.explains, symptoms: [...ask.symptoms].map(s => s.id).sort(), actions, sinceMs: since(pattern, ask)
  }
}

interface Weighed { readonly reason: Reason, readonly adds: number }

/** The conditions that speak share the score. */
function whenReasons (pattern: Pattern, ask: Ask): Weighed[] {
  const told = pattern.when.flatMap(condition => {
    const symptoms = ask.answerOf(condition)?.symptoms ?? []
    const text = condition.says === undefined ? symptomText(symptoms) : say(condition.says, ask.context, ask.onError)
    return text === '' ? [] : [{ text, symptoms }]
  })
  return told.map(({ text, symptoms }) => ({ reason: reason(text, pattern.score / told.length, symptoms), adds: 0 }))
}

function evidenceReasons (pattern: Pattern, ask: Ask): Weighed[] {
  return pattern.evidence.flatMap(({ when, weight, says }) => {
    if (!holds(when, ask)) return []
    const symptoms = ask.answerOf(when)?.symptoms ?? []
    const text = says !== undefined ? say(says, ask.context, ask.onError) : when.says !== undefined ? say(when.says, ask.context, ask.onError) : symptomText(symptoms)
    return [{ reason: reason(text === '' ? when.text : text, weight, symptoms), adds: weight }]
  })
}

function reason (text: string, weight: number, symptoms: readonly Symptom[]): Reason {
  return { text, weight: rounded(weight), ...(symptoms.length === 0 ? {} : { symptoms: symptoms.slice(0, 20).map(s => s.id) }) }
}

const maxMessage = 240

function symptomText (symptoms: readonly Symptom[]): string {
  const [first] = symptoms
  if (first === undefined) return ''
  const message = first.evidence.at(-1)?.message ?? ''
  const more = symptoms.length > 1 ? ` (and ${symptoms.length - 1} more)` : ''
  return `${entityText(first.entity)}: ${message === '' ? first.sign : message.length > maxMessage ? `${message.slice(0, maxMessage - 1)}…` : message}${more}`
}

const rounded = (n: number): number => Math.round(n * 1000) / 1000

function blamed ({ subjectIs }: Pattern, ask: Ask): EntityRef {
  const other = subjectIs === undefined ? undefined : ask.value(subjectIs)
  const ref = refOf(other)
  return ref.kind === '' || ref.name === '' ? entityOf(ask.scope.ref, ask.scope.subject) : entityOf(ref, other)
}

function entityOf ({ kind, namespace = '', name }: NodeRef, thing: unknown): EntityRef {
  const uid = textAt(thing, 'metadata', 'uid')
  return { kind, ...(namespace === '' ? {} : { namespace }), name, ...(uid === '' ? {} : { uid }) }
}

function since ({ since: expression }: Pattern, ask: Ask): number {
  const said = expression === undefined ? undefined : ask.value(expression)
  const timeMs = typeof said === 'string' ? Date.parse(said) : typeof said === 'number' || typeof said === 'bigint' ? Number(said) : NaN
  if (!Number.isNaN(timeMs)) return timeMs
  const firsts = [...ask.symptoms].map(s => s.firstMs)
  return firsts.length === 0 ? NaN : Math.min(...firsts)
}
