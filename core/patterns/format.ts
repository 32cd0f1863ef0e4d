/** The format of pattern files: every key, its shape and meaning. README and JSON Schema come from here. */
import { compilePattern } from '../match/regex.js'
import { layers } from '../correlation/symptom.js'
import { edgeKinds } from '../topology/graph/edge-kinds.js'
import { reaches } from './scope.js'
import { optional, required, type Fields, type Shape } from './shape.js'

export const maxPatternsPerFile = 500
export const maxConditions = 50
const maxTests = 100

const text: Shape = { is: 'text' }
const expr: Shape = { is: 'expr' }
const words: Shape = { is: 'words' }
const duration: Shape = { is: 'duration' }
const many = (of: Shape, max = maxConditions): Shape => ({ is: 'list', of, max })
const oneOrMany = (of: Shape, max = maxConditions): Shape => ({ is: 'list', of, max, orOne: true })
const matching = (what: string, pattern: RegExp, help: string): Shape => ({ is: 'checked', what, check: value => pattern.test(value) ? undefined : help })

export const sign: Shape = matching('a sign', /^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*(\.?\*)?$/, 'a sign is `layer.what_happened`, or `k8s.*` for all that begin so')

const reachNames = [...Object.keys(reaches), ...edgeKinds.map(k => `related:${k.name}`)]
const reach: Shape = { is: 'checked', what: 'where to look', check: value => reachNames.includes(value) ? undefined : 'there is no such place to look', words: reachNames }

const regex: Shape = {
  is: 'checked', what: 'a regular expression',
  check: value => { const compiled = compilePattern(value); return typeof compiled === 'string' ? compiled : undefined }
}

const scalar: Shape = { is: 'plain' }
export const textTestFields: Fields = {
  equals: optional(scalar, 'exactly this'),
  in: optional({ is: 'list', of: scalar, max: 100 }, 'one of these'),
  contains: optional(text, 'has this part'),
  regex: optional(regex, 'RE2 expression, found anywhere unless anchored'),
  min: optional({ is: 'number' }, 'a number, at least'),
  max: optional({ is: 'number' }, 'a number, at most'),
  not: optional({ is: 'flag' }, 'true turns the test around')
}
const valueTest: Shape = { is: 'either', of: [{ is: 'map', fields: textTestFields }, scalar] }
const bounds: Shape = { is: 'map', fields: { min: optional({ is: 'number', min: 0 }, 'at least'), max: optional({ is: 'number', min: 0 }, 'at most') } }

const symptomTests: Fields = {
  sign: required(oneOrMany(sign, 30), 'its sign, a list of signs, or a prefix `k8s.*`'),
  of: optional(oneOrMany(reach, 10), 'where to look; default `own`'),
  message: optional(valueTest, 'of some message of the symptom'),
  detail: optional({ is: 'dict', of: valueTest }, 'of its details, by name'),
  severity: optional(valueTest, 'SeverityNumber: 13 is WARN, 17 ERROR'),
  kind: optional(oneOrMany(text, 10), 'of its entity'),
  role: optional(oneOrMany({ is: 'enum', of: ['trouble', 'change', 'recovery', 'finding'] }, 4), 'of the symptom'),
  within: optional(duration, 'its last event is at most so long ago'),
  before: optional(duration, 'its first event is at least so long ago'),
  where: optional(expr, 'expression with `it`, the symptom')
}

export const symptomFields: Fields = {
  ...symptomTests,
  count: optional(bounds, 'events of all symptoms that fit'),
  symptoms: optional(bounds, 'how many symptoms fit'),
  entities: optional(bounds, 'how many entities have one that fits')
}

export const rateFields: Fields = {
  ...symptomTests,
  per: optional(duration, 'the time that `min` and `max` are about; default 1m'),
  min: required({ is: 'number', min: 0 }, 'events in `per`, at least'),
  max: optional({ is: 'number', min: 0 }, 'events in `per`, at most')
}

export const sequenceFields: Fields = {
  steps: required(many({ is: 'map', fields: symptomTests }, 10), 'symptoms, each beginning no earlier than the one before'),
  within: optional(duration, 'from the first to the last; default 10m')
}

export const compareOps = ['==', '!=', '<', '<=', '>', '>=', 'in', 'not_in', 'subset_of', 'not_subset_of', 'matches', 'not_matches'] as const
export const compareFields: Fields = {
  left: required(expr, 'an expression'),
  op: required({ is: 'enum', of: compareOps }, 'how: `in` a list or the keys of a map, `subset_of` of a list or a map, `matches` an RE2 expression'),
  right: required(expr, 'an expression')
}

/** One of the first group, with what the second group adds. */
export const conditionFields: Fields = {
  expr: optional(expr, 'CEL; must be true. With `as`: anything but null, false and empty'),
  symptom: optional({ is: 'map', fields: symptomFields }, 'there is such a symptom'),
  absent: optional({ is: 'map', fields: symptomTests }, 'there is no such symptom'),
  rate: optional({ is: 'map', fields: rateFields }, 'such symptoms come at least so often'),
  sequence: optional({ is: 'map', fields: sequenceFields }, 'such symptoms came in this order'),
  compare: optional({ is: 'map', fields: compareFields }, 'two values'),
  all: optional(many({ is: 'condition' }), 'all hold'),
  any: optional(many({ is: 'condition' }), 'one holds'),
  not: optional({ is: 'condition' }, 'it does not hold')
}
export const conditionKinds = Object.keys(conditionFields)

export const conditionExtras: Fields = {
  as: optional(matching('a name', /^[a-z][A-Za-z0-9_]*$/, 'a name is lower case first, then letters, digits and _'), 'name of what was found (the first symptom, the value), for later conditions and words'),
  says: optional(words, 'why it speaks for the cause, when it holds')
}

const action: Shape = {
  is: 'map',
  fields: {
    urgency: required({ is: 'enum', of: ['immediate', 'short_term', 'investigate'] }, 'when to do it'),
    text: required(words, 'an imperative'),
    command: optional(words, 'ready to run; values are quoted for a shell'),
    risk: optional({ is: 'enum', of: ['none', 'low', 'medium', 'high'] }, 'what it can break; default `none` (it only reads)'),
    expect: optional(words, 'what will be seen when it worked'),
    when: optional({ is: 'condition' }, 'leave the action out unless this holds')
  }
}

const evidence: Shape = {
  is: 'map',
  fields: {
    when: required({ is: 'condition' }, 'a condition'),
    weight: required({ is: 'number', min: -1, max: 1 }, 'added to the score when it holds'),
    says: optional(words, 'in words')
  }
}

const entity = matching('an entity', /^[A-Za-z][A-Za-z0-9.]*\/[^/]*(\/.+)?$/, 'an entity is Kind/namespace/name, or Kind/name')

const testSymptom: Shape = {
  is: 'map',
  fields: {
    sign: required(sign, 'its sign'),
    entity: required(entity, '`Pod/shop/cart-1`, `Node/worker-1`, `Unit/worker-1/kubelet.service`'),
    message: optional(oneOrMany(text, 8), 'one or more'),
    detail: optional({ is: 'plain' }, 'a map'),
    ago: optional(duration, 'since its last event; default 30s'),
    for: optional(duration, 'from its first event to the last; default 0'),
    count: optional({ is: 'number', min: 1 }, 'events; default 1'),
    severity: optional({ is: 'number', min: 0, max: 24 }, 'default 17'),
    role: optional({ is: 'enum', of: ['trouble', 'change', 'recovery', 'finding'] }, 'default trouble'),
    layer: optional({ is: 'enum', of: layers }, 'default: what the sign begins with')
  }
}

const testCall: Shape = {
  is: 'map',
  fields: {
    caller: required(entity, 'an entity'), callee: required(entity, 'an entity'),
    calls: optional({ is: 'number', min: 1 }, 'default 1'), errors: optional({ is: 'number', min: 0 }, 'default 0')
  }
}

export const expectFields: Fields = {
  subject: optional(entity, 'the one that is blamed'),
  subjects: optional(many(entity, 100), 'all that are blamed'),
  score: optional(bounds, 'between 0 and 1'),
  title: optional(text, 'part of the title'),
  why: optional(text, 'part of the explanation'),
  command: optional(oneOrMany(text, 10), 'parts of commands'),
  reason: optional(oneOrMany(text, 10), 'parts of reasons for or against'),
  since: optional(duration, 'how long ago it began')
}

const test: Shape = {
  is: 'map',
  fields: {
    name: required(text, 'what the case is'),
    use: optional(oneOrMany(text, 20), 'names of `fixtures` of this file'),
    objects: optional(many({ is: 'plain' }, 500), 'Kubernetes objects'),
    change: optional({ is: 'dict', of: { is: 'plain' } }, 'by entity, a merge patch (RFC 7386) of an object above; null removes it'),
    symptoms: optional(many(testSymptom, 500), 'what is seen'),
    calls: optional(many(testCall, 500), 'who calls whom'),
    now: optional(text, 'RFC 3339; default 2026-01-01T12:00:00Z'),
    expect: required({ is: 'either', of: [{ is: 'map', fields: expectFields }, { is: 'enum', of: ['none'] }] }, '`none`, or what is found')
  }
}

export const patternFields: Fields = {
  id: required(matching('an id', /^[a-z0-9]+([._-][a-z0-9]+)*$/, 'an id is lower case words joined by dots and dashes'), 'unique over all files'),
  cause: optional(matching('a cause', /^[a-z][a-z0-9_]*$/, 'a cause is lower_snake_case'), 'what programs compare; default: the last word of the id'),
  layer: required({ is: 'enum', of: layers }, 'where the cause is'),
  subject: required(oneOrMany(matching('a kind', /^([A-Z][A-Za-z0-9.]*|workload)$/, 'a kind as Kubernetes writes it, or `workload`'), 20), 'kinds it is asked about; `workload`: Deployment, StatefulSet, DaemonSet, Job, CronJob, bare ReplicaSet, Pod without an owner'),
  rank: optional({ is: 'enum', of: ['root', 'symptom'] }, '`root` (default) may be a root cause; `symptom` is worth telling, but something causes it'),
  let: optional({ is: 'dict', of: expr }, 'names for values, each may use those before it; null when it fails'),
  for: optional({ is: 'dict', of: expr }, 'names that go through lists: the first combination for which `when` holds'),
  when: required(many({ is: 'condition' }), 'all must hold'),
  score: required({ is: 'number', min: 0, max: 1 }, 'how sure, when `when` holds'),
  evidence: optional(many(evidence), 'what makes it surer or less sure; the score stays within 0 and 0.99'),
  explains: optional(many(sign), 'signs this accounts for, on the subject and on what depends on it'),
  subject_is: optional(expr, 'the object to blame, when it is not the subject'),
  since: optional(expr, 'when it began: milliseconds or an RFC 3339 text; default: the first of the symptoms found'),
  title: required(words, 'one line'),
  why: required(words, 'some sentences: what is wrong and why that follows'),
  actions: optional(many(action, 20), 'what to do'),
  refs: optional(many(matching('a URL', /^https?:\/\/\S+$/, 'an http(s) URL'), 10), 'where to read on'),
  tests: optional(many(test, maxTests), 'cases that `tapio test` runs')
}

export const fileFields: Fields = {
  version: required({ is: 'number', min: 1, max: 1 }, 'of the format: 1'),
  fixtures: optional({ is: 'dict', of: many({ is: 'plain' }, 500) }, 'objects that tests share, by name'),
  patterns: required(many({ is: 'map', fields: patternFields }, maxPatternsPerFile), 'the patterns')
}
