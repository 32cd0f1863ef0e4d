/** What something calls: hosts in its environment, calls seen in traces and connections, and the peer that a symptom names. */
import type { ClusterModel } from '../topology/cluster-model.js'
import type { GraphView } from '../topology/graph/view.js'
import type { Dependencies } from './dependencies.js'
import { entityKey, type EntityKey, type EntityRef } from './entity.js'
import { hostOf, isSelf, peerEntity } from './peers.js'
import { relations, workloads, type Step, type Way } from './relations.js'
import type { Symptom } from './symptom.js'
import { startOf, walk, type Stop } from './walk.js'

export interface CallWorld {
  readonly view: GraphView
  readonly dependencies: Dependencies
  readonly model: ClusterModel
  readonly limit: number
  readonly onCut: (places: number) => void
}

/** Pods of a workload or Service that are asked what they call: their template is the same. */
const maxParts = 16

const isWorkload = (kind: string): boolean => (workloads as readonly string[]).includes(kind)
const waysOf = (name: 'parts' | 'owner' | 'backends' | 'serving', kind: string): readonly Way[] => (relations[name].ways ?? []).filter(w => w.from.includes(kind))
const selectors: Way = { from: ['Pod'], steps: [{ edges: ['selects'], direction: 'in', to: ['Service'] }], distance: 1 }
const references: Way = { from: [], steps: [{ edges: ['refers_to'], direction: 'out' }], distance: 1 }
const policies: Step = { edges: ['network_policy'], direction: 'in' }

/** The thing itself at other levels: a pod's workload and Services, a Service's pods and workloads. */
export function levelsOf (world: CallWorld, entity: EntityRef): Stop[] {
  const self = startOf(entity)
  const ways = entity.kind === 'Pod' ? [...waysOf('owner', 'Pod'), selectors] : isWorkload(entity.kind) ? [...waysOf('parts', entity.kind), ...waysOf('owner', entity.kind)] : entity.kind === 'Service' ? [...waysOf('backends', 'Service'), ...waysOf('serving', 'Service')] : []
  return unique([self, ...ways.flatMap(w => walk(world.view, self, w, maxParts, world.onCut))])
}

/** What the one with `symptom` calls; of one that names a peer only that. */
export function calleesOf (world: CallWorld, symptom: Symptom): Stop[] {
  const { entity, detail } = symptom
  const peer = detail.peer
  if (typeof peer === 'string' && peer !== '') {
    if (isSelf(hostOf(peer))) return []
    return [callee(startOf(entity), peerEntity(world.model, peer, entity.namespace ?? '', symptom.firstMs) ?? { kind: 'Address', name: peer })]
  }
  return unique(levelsOf(world, entity).flatMap(level => directCallees(world, level))).filter(stop => entityKey(stop.entity) !== entityKey(entity))
}

function directCallees (world: CallWorld, level: Stop): Stop[] {
  const referred = walk(world.view, level, references, world.limit, world.onCut)
  const learned = [...world.dependencies.callees(level.entity)].map(call => callee(level, call.callee))
  if (learned.length > world.limit) world.onCut(learned.length - world.limit)
  return [...referred, ...learned.slice(0, world.limit)]
}

/** Those behind `stop` that do its work. */
export function behind (world: CallWorld, stop: Stop): Stop[] {
  const { kind } = stop.entity
  const names = kind === 'Service' ? ['backends', 'serving'] as const : kind === 'Pod' ? ['owner'] as const : isWorkload(kind) ? ['parts'] as const : []
  return unique(names.flatMap(name => waysOf(name, kind)).flatMap(w => walk(world.view, stop, w, world.limit, world.onCut)))
}

export function policiesOf (world: CallWorld, stop: Stop): Stop[] {
  return stop.entity.kind === 'Pod' ? walk(world.view, stop, { from: ['Pod'], steps: [policies], distance: 1 }, world.limit, world.onCut) : []
}

/** Who calls whom has no dates: a call seen once says how a program is made. */
function callee (from: Stop, { kind, namespace, name }: EntityRef): Stop {
  const entity: EntityRef = namespace === undefined || namespace === '' ? { kind, name } : { kind, namespace, name }
  return { ...from, entity, path: [...from.path, entity] }
}

function unique (stops: readonly Stop[]): Stop[] {
  const first = new Map<EntityKey, Stop>()
  for (const stop of stops) if (!first.has(entityKey(stop.entity))) first.set(entityKey(stop.entity), stop)
  return [...first.values()]
}
