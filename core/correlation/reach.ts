/** From where trouble may have come to a symptom: all places that relations.ts leads to from its entity, within a time. */
import { entityKey, type EntityRef } from './entity.js'
import { behind, calleesOf, policiesOf, type CallWorld } from './callees.js'
import { controlPlanePlace, dnsPlace, hostPlace, isOfHost, nodesPlace, type Place } from './place.js'
import { relations, type Relation, type RelationName } from './relations.js'
import type { Symptom } from './symptom.js'
import { startOf, walk, type Stop } from './walk.js'

export interface Reach {
  readonly place: Place
  readonly relation: RelationName
  readonly distance: number
  /** From what suffers to what may be to blame; the last is left out when the place stands for many. */
  readonly path: readonly EntityRef[]
  readonly sinceMs: number
  readonly untilMs: number
}

/** How much farther than a callee those are that do its work. */
const behindDistance = 1.5

export function reachesOf (world: CallWorld, symptom: Symptom, wanted: ReadonlySet<RelationName>): Reach[] {
  const { entity } = symptom
  const self = startOf(entity)
  const found = [...wanted].flatMap(name => {
    const relation: Relation = relations[name]
    if (relation.ways === undefined) return special[name]?.(world, symptom, self) ?? []
    return relation.ways.filter(w => w.from.includes(entity.kind)).flatMap(w => walk(world.view, self, w, world.limit, world.onCut).map(stop => reachOf(name, stop, w.distance)))
  })
  return capped(found, world)
}

type Special = (world: CallWorld, symptom: Symptom, self: Stop) => Reach[]

const special: Partial<Readonly<Record<RelationName, Special>>> = {
  same: (_, __, self) => [reachOf('same', self, 1)],
  host: hosts,
  limits: (world, { entity }) => entity.namespace === undefined || entity.namespace === '' ? [] : limits(world, entity),
  calls: (world, symptom) => calleesOf(world, symptom).flatMap(stop => [reachOf('calls', stop, 1), ...behind(world, stop).map(b => reachOf('calls', b, behindDistance))]),
  calls_policy: (world, symptom) => calleesOf(world, symptom).flatMap(stop => [stop, ...behind(world, stop)]).flatMap(stop => policiesOf(world, stop)).map(stop => reachOf('calls_policy', stop, 1)),
  cluster_nodes: (_, __, self) => [atPlace('cluster_nodes', nodesPlace, self)],
  cluster_dns: (_, __, self) => [atPlace('cluster_dns', dnsPlace, self)],
  control_plane: (_, __, self) => [atPlace('control_plane', controlPlanePlace, self)]
}

function hosts (world: CallWorld, { entity }: Symptom, self: Stop): Reach[] {
  if (entity.kind === 'Node') return [atPlace('host', hostPlace(entity.name), self)]
  if (isOfHost(entity)) {
    const node: EntityRef = { kind: 'Node', name: entity.namespace as string }
    return [atPlace('host', hostPlace(node.name), self), reachOf('host', { ...self, entity: node, path: [entity, node] }, 1)]
  }
  const nodes = relations.node.ways?.filter(w => w.from.includes(entity.kind)).flatMap(w => walk(world.view, self, w, world.limit, world.onCut)) ?? []
  return nodes.map(node => atPlace('host', hostPlace(node.entity.name), node))
}

function limits (world: CallWorld, { namespace = '', kind, name }: EntityRef): Reach[] {
  const own = startOf({ kind, namespace, name })
  const at: Stop = { ...own, entity: { kind: 'Namespace', name: namespace } }
  const found = walk(world.view, at, { from: ['Namespace'], steps: [{ edges: ['limits'], direction: 'in' }], distance: 1 }, world.limit, world.onCut)
  return found.filter(stop => stop.entity.kind !== kind || stop.entity.name !== name).map(stop => reachOf('limits', stop, 1))
}

function reachOf (relation: RelationName, { entity, path, sinceMs, untilMs }: Stop, distance: number): Reach {
  return { place: entityKey(entity), relation, distance, path, sinceMs, untilMs }
}

function atPlace (relation: RelationName, place: Place, { path, sinceMs, untilMs }: Stop): Reach { return { place, relation, distance: 1, path, sinceMs, untilMs } }

function capped (reaches: Reach[], { limit, onCut }: CallWorld): Reach[] {
  if (reaches.length <= limit) return reaches
  onCut(reaches.length - limit)
  // The nearest first; the sort is stable, so ties stay in the order of the table and the graph.
  return reaches.sort((a, b) => a.distance - b.distance).slice(0, limit)
}
