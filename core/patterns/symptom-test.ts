/** Which symptoms a condition means. */
import type { Role, Symptom } from '../correlation/symptom.js'
import type { Ask } from './ask.js'
import type { Expression } from './expression.js'
import type { Reach } from './scope.js'

export type ValueTest = (value: unknown) => boolean

export interface SymptomTest {
  readonly signs: readonly string[]
  readonly isSign: (sign: string) => boolean
  readonly of: readonly Reach[]
  readonly message: ValueTest | undefined
  readonly detail: readonly (readonly [string, ValueTest])[]
  readonly severity: ValueTest | undefined
  readonly kinds: readonly string[]
  readonly roles: readonly Role[]
  readonly withinMs: number
  readonly beforeMs: number
  readonly where: Expression | undefined
}

/** More than this are a flood: enough to count, and to name. */
const maxMatches = 1000

/** Those that fit, first ones first, ties by id. */
export function matching (test: SymptomTest, ask: Ask): Symptom[] {
  const found: Symptom[] = []
  for (const symptom of candidates(test, ask)) {
    if (fits(test, symptom, ask) && found.push(symptom) >= maxMatches) break
  }
  return found.sort((a, b) => a.firstMs - b.firstMs || (a.id < b.id ? -1 : 1))
}

function * candidates (test: SymptomTest, { scope }: Ask): Generator<Symptom> {
  const seen = new Set<Symptom>()
  for (const reach of test.of) {
    if (reach === 'any') { yield * ofSigns(test, scope.world.index.bySign); return }
    for (const symptom of scope.reach(reach)) if (!seen.has(symptom)) { seen.add(symptom); yield symptom }
  }
}

function * ofSigns ({ isSign }: SymptomTest, bySign: ReadonlyMap<string, readonly Symptom[]>): Generator<Symptom> {
  for (const [sign, symptoms] of bySign) if (isSign(sign)) yield * symptoms
}

function fits (test: SymptomTest, symptom: Symptom, ask: Ask): boolean {
  if (!test.isSign(symptom.sign)) return false
  const { nowMs } = ask.scope.world
  if (nowMs - symptom.lastMs > test.withinMs || nowMs - symptom.firstMs < test.beforeMs) return false
  if (test.roles.length > 0 && !test.roles.includes(symptom.role)) return false
  if (test.kinds.length > 0 && !test.kinds.includes(symptom.entity.kind)) return false
  if (test.severity !== undefined && !test.severity(symptom.severity)) return false
  if (!test.detail.every(([name, is]) => is(Object.hasOwn(symptom.detail, name) ? symptom.detail[name] : undefined))) return false
  if (test.message !== undefined && !symptom.evidence.some(e => test.message?.(e.message) === true)) return false
  return test.where === undefined || whereHolds(test.where, symptom, ask)
}

function whereHolds (where: Expression, symptom: Symptom, ask: Ask): boolean {
  const inner = ask.child()
  inner.bind('it', ask.view(symptom))
  return inner.value(where) === true
}
