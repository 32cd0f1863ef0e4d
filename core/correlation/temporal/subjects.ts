/** What a symptom belongs to, at its time: itself, the workloads above it, the Services in front of it; and the node it is on. */
import type { Engine } from '../engine.js'
import { entityKey, entityOfKey, type EntityKey } from '../entity.js'
import { isOfHost } from '../place.js'
import { relations, workloads, type Way } from '../relations.js'
import type { Symptom } from '../symptom.js'
import { startOf, walk } from '../walk.js'

export interface Subjects {
  /** Sharing one of these is being one thing; its own entity first. */
  readonly keys: readonly EntityKey[]
  /** The one that a person would name, over the lives of pods: the outermost workload. */
  readonly main: EntityKey
  /** '' when it is on none. Sharing a node is nothing in common unless one of the two is that node's. */
  readonly node: EntityKey
}

const most = 16
const above: Way = { from: [], steps: [{ edges: ['owner'], direction: 'out', to: workloads, repeat: 2 }], distance: 1 }
const infront: Way = { from: [], steps: [{ edges: ['selects'], direction: 'in', to: ['Service'] }], distance: 1 }
const nodeWay = relations.node.ways?.[0] as Way
const ignore = (): void => undefined

export function subjectsOf (engine: Engine, { entity, firstMs }: Symptom, skewMs: number): Subjects {
  const own = entityKey(entity)
  if (entity.kind === 'Node') return { keys: [own], main: own, node: own }
  if (isOfHost(entity)) return { keys: [own], main: own, node: entityKey({ kind: 'Node', name: entity.namespace as string }) }
  const view = engine.model.graph.during(firstMs - skewMs, firstMs + skewMs)
  const self = startOf(entity)
  const owners = walk(view, self, above, most, ignore).map(s => entityKey(s.entity))
  const isPod = entity.kind === 'Pod'
  const services = isPod ? walk(view, self, infront, most, ignore).map(s => entityKey(s.entity)) : []
  const node = isPod ? walk(view, self, nodeWay, 1, ignore).map(s => entityKey(s.entity))[0] ?? '' : ''
  return { keys: [own, ...owners, ...services], main: owners.at(-1) ?? own, node }
}

/** Whether the two have something to do with each other: one thing, one's node, or one calls the other. */
export function areRelated (engine: Engine, a: Subjects, b: Subjects): boolean {
  if (a.keys.some(key => b.keys.includes(key))) return true
  if (a.node !== '' && a.node === b.node && (isOfNode(a) || isOfNode(b))) return true
  return calls(engine, a, b) || calls(engine, b, a)
}

const isOfNode = ({ keys, node }: Subjects): boolean => keys[0] === node || isOfHost(entityOfKey(keys[0] as EntityKey))

function calls ({ dependencies }: Engine, caller: Subjects, callee: Subjects): boolean {
  for (const key of caller.keys) for (const call of dependencies.callees(entityOfKey(key))) if (callee.keys.includes(entityKey(call.callee))) return true
  return false
}
