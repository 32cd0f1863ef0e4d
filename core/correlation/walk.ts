/** Going a way of relations.ts through a view of the graph. Bounded, and safe in cycles: no object is on a path twice. */
import type { GraphEdge, GraphView } from '../topology/graph/view.js'
import { entityKey, type EntityKey, type EntityRef } from './entity.js'
import type { Step, Way } from './relations.js'

/** A place that was reached, and when the way to it held: over [`sinceMs`, `untilMs`). */
export interface Stop {
  readonly entity: EntityRef
  /** From where the walk began to `entity`, both included. */
  readonly path: readonly EntityRef[]
  readonly sinceMs: number
  readonly untilMs: number
}

/** Objects on the way that say nothing to a reader. */
const between: ReadonlySet<string> = new Set(['EndpointSlice', 'Endpoints'])

export function startOf (entity: EntityRef): Stop { return { entity, path: [entity], sinceMs: -Infinity, untilMs: Infinity } }

/** All stops of the last step; at most `limit`, the number cut is given to `onCut`. */
export function walk (view: GraphView, from: Stop, { steps }: Way, limit: number, onCut: (places: number) => void): Stop[] {
  let stops: Stop[] = [from]
  for (const step of steps) {
    stops = stepFrom(view, stops, step)
    if (stops.length > limit) {
      onCut(stops.length - limit)
      stops = stops.slice(0, limit)
    }
    if (stops.length === 0) return stops
  }
  return stops
}

function stepFrom (view: GraphView, from: readonly Stop[], step: Step): Stop[] {
  const found = new Map<EntityKey, Stop>()
  let edge: readonly Stop[] = from
  for (let times = step.repeat ?? 1; times > 0 && edge.length > 0; times--) {
    const next: Stop[] = []
    for (const stop of edge) for (const reached of neighboursOf(view, stop, step)) if (keep(found, reached)) next.push(reached)
    edge = next
  }
  return [...found.values()]
}

function neighboursOf (view: GraphView, stop: Stop, { edges, direction, to }: Step): Stop[] {
  const found: Stop[] = []
  for (const edge of view.edgesOf(stop.entity, { kinds: edges, direction })) {
    const other = direction === 'out' ? edge.to : edge.from
    if (to !== undefined && !to.includes(other.kind)) continue
    const reached = arrival(stop, edge, other)
    if (reached !== undefined) found.push(reached)
  }
  return found
}

function arrival (stop: Stop, edge: GraphEdge, { kind, namespace, name }: EntityRef): Stop | undefined {
  const sinceMs = Math.max(stop.sinceMs, edge.sinceMs)
  const untilMs = Math.min(stop.untilMs, edge.untilMs)
  if (sinceMs >= untilMs || stop.path.some(e => e.name === name && e.kind === kind && (e.namespace ?? '') === (namespace ?? ''))) return undefined
  const entity: EntityRef = (namespace ?? '') === '' ? { kind, name } : { kind, namespace: namespace as string, name }
  return { entity, path: between.has(kind) ? stop.path : [...stop.path, entity], sinceMs, untilMs }
}

/** Of several ways to one place the one that held longest. True: it is new. */
function keep (found: Map<EntityKey, Stop>, stop: Stop): boolean {
  const key = entityKey(stop.entity)
  const known = found.get(key)
  if (known !== undefined && known.untilMs - known.sinceMs >= stop.untilMs - stop.sinceMs) return false
  found.set(key, stop)
  return known === undefined
}
