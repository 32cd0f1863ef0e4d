/** Objects and what joins them. */
import { entityKey, type EntityRef } from '../../correlation/entity.js'
import { edgeKinds, type EdgeKind } from '../../topology/graph/edge-kinds.js'
import { listAt, objectAt, textAt, textsAt, valueAt } from '../../topology/graph/plain.js'
import { labelSelector, matches } from '../../topology/graph/selector.js'
import { world } from '../current.js'
import { meter } from '../meter.js'
import { signTest } from '../sign-test.js'
import { viewOf, type SymptomView } from '../symptom-view.js'
import { keyOf, refOf, templateOf, type Thing } from '../world.js'
import { define, list, text, type PatternFunctions } from './define.js'

const edgeNames: ReadonlySet<string> = new Set(edgeKinds.map(k => k.name))

export const objectFunctions: PatternFunctions = {
  object: define('kind, namespace, name', 'the object, null when it does not exist', (kind, namespace, name) => world().object({ kind: text(kind), namespace: text(namespace), name: text(name) }) ?? null),
  all: define('kind', 'all objects of a kind', kind => charged(world().all(text(kind)))),
  inNamespace: define('kind, namespace', 'all objects of a kind in a namespace', (kind, namespace) => charged(world().inNamespace(text(kind), text(namespace)))),
  exists: define('object', 'whether the object is stored: false for what is only named', o => world().object(refOf(o)) !== undefined),
  related: define('object, edge', 'what the object speaks of by edges of that kind (topology/README.md); stored ones only', (o, edge) => world().related(refOf(o), edgeKind(edge), 'out')),
  relatedIn: define('object, edge', 'what speaks of the object by edges of that kind', (o, edge) => world().related(refOf(o), edgeKind(edge), 'in')),
  missing: define('object, edge', 'what the object speaks of and nobody made: `{kind, namespace, name}`', (o, edge) => world().neighbours(refOf(o), edgeKind(edge), 'out').filter(n => !n.exists).map(({ kind, namespace = '', name }) => ({ kind, namespace, name }))),
  owner: define('object', 'what owns it, null when nothing does', o => world().owner(o) ?? null),
  workload: define('object', 'the owner of its owners: the Deployment of a pod; itself when nothing owns it', o => o === null ? null : world().workload(o)),
  podsOf: define('object', 'pods of a workload, Service, Node, Namespace; of anything else those that use it', o => charged(world().pods(refOf(o)))),
  servicesOf: define('object', 'Services that select its pods', o => world().services(refOf(o))),
  templateOf: define('object', 'the pod template of a workload; a Pod itself', o => templateOf(o) ?? null),
  labelsMatch: define('labels, selector', 'whether a LabelSelector (matchLabels, matchExpressions) takes the labels', (labels, selector) => labelsMatch(labels, selector)),
  matchesLabels: define('object, labels', 'whether the object (or map of labels) has all these labels', (o, labels) => matchesLabels(o, labels)),
  ageMs: define('object', 'since its creation', o => world().nowMs - Date.parse(textAt(o, 'metadata', 'creationTimestamp'))),
  condition: define('object, type', 'the entry of `status.conditions`, null when it has none', (o, type) => listAt(o, 'status', 'conditions').find(c => valueAt(c, 'type') === type) ?? null),
  symptoms: define('object, sign', 'symptoms about the object (no others) with a sign as in `symptom`', (o, sign) => symptomsOf(o, sign)),
  refTo: define('kind, namespace, name', 'what stands for an object, for `subject_is`', (kind, namespace, name) => world().thing({ kind: text(kind), namespace: text(namespace), name: text(name) })),
  calls: define('object', 'what it calls: `{entity, calls, errors}`, as traces and connections showed', o => callsOf(o, 'out')),
  callers: define('object', 'who calls it: `{entity, calls, errors}`', o => callsOf(o, 'in')),
  sameObject: define('a, b', 'whether both are the same kind, namespace and name', (a, b) => keyOf(refOf(a)) === keyOf(refOf(b)))
}

function charged (things: readonly Thing[]): readonly Thing[] {
  meter.spend(Math.ceil(things.length / 100))
  return things
}

function edgeKind (value: unknown): EdgeKind {
  if (!edgeNames.has(text(value))) throw new Error(`no kind of edge: ${text(value).slice(0, 40)}`)
  return value as EdgeKind
}

export function labelsMatch (labels: unknown, selector: unknown): boolean {
  const parsed = labelSelector(selector)
  return parsed !== undefined && matches(parsed, new Map(Object.entries(textsAt(labels))))
}

export function matchesLabels (o: unknown, wanted: unknown): boolean {
  const labels = valueAt(o, 'metadata') === undefined ? objectAt(o) : objectAt(o, 'metadata', 'labels')
  return Object.entries(objectAt(wanted)).every(([key, value]) => labels[key] === value)
}

function symptomsOf (o: unknown, sign: unknown): SymptomView[] {
  const isIt = signTest(list(sign).length > 0 ? list(sign).map(text) : [text(sign)])
  return [...world().about(refOf(o) as EntityRef)].filter(s => isIt(s.sign)).sort((a, b) => a.firstMs - b.firstMs || (a.id < b.id ? -1 : 1)).map(s => viewOf(s, world().nowMs))
}

function callsOf (o: unknown, direction: 'in' | 'out'): unknown[] {
  const { dependencies } = world().scene
  if (dependencies === undefined) return []
  const calls = direction === 'out' ? [...dependencies.callees(refOf(o))] : dependencies.callers(refOf(o))
  return calls.map(({ caller, callee, calls, errors }) => ({ entity: { ...direction === 'out' ? callee : caller }, calls, errors }))
    .sort((a, b) => entityKey(a.entity) < entityKey(b.entity) ? -1 : 1)
}
