/**
 * From what works worse to who uses it: learned from traces and connections, named in environments, routed by ingresses. Hardest hit
 * first, each once (Dijkstra over damped strengths), so cycles end by themselves; a chain of calls is told for about three steps.
 */
import type { Call, Dependencies } from '../correlation/dependencies.js'
import { entityKey, entityText, type EntityKey, type EntityRef } from '../correlation/entity.js'
import { HardestFirst } from './hardest-first.js'
import { toldFrom, type Hits } from './hits.js'
import { categoryOf, isWorkload } from './kinds.js'
import type { Neighbourhood } from './neighbourhood.js'

/** What of a strength arrives at a caller. */
const damping = { named: 0.6, routed: 0.8, called: 0.6, failingCalls: 0.9 } as const
/** Calls not seen for this long are over. */
const callMemoryMs = 3_600_000
const maxExpanded = 2000
const maxCallersOfOne = 500

export interface Caller { readonly entity: EntityRef, readonly share: number, readonly how: string }

/** Returns how many dependants the failures reach, each counted by the strength that arrives. */
export function spreadToCallers (hits: Hits, callers: Callers): number {
  const { now, dependencies } = callers
  const waiting = new HardestFirst()
  for (const { entity, strength } of hits.all()) if (isCallable(entity, dependencies)) waiting.offer(entityKey(entity), strength)
  const done = new Set<EntityKey>()
  const arrived = new Map<EntityKey, number>()
  while (waiting.size > 0 && done.size < maxExpanded) {
    const key = waiting.take() as EntityKey
    const hit = hits.byKey(key)
    if (hit === undefined || done.has(key)) continue
    done.add(key)
    for (const { entity, share, how } of callers.of(hit.entity)) {
      const strength = hit.strength * share
      if (strength < toldFrom) continue
      for (const each of callers.togetherWith(entity)) {
        const eachKey = entityKey(each)
        if (done.has(eachKey)) continue
        arrived.set(eachKey, Math.max(arrived.get(eachKey) ?? 0, strength))
        const isHarder = hits.offer({ entity: each, strength, isOwn: false, isLost: false, timeMs: now.timeMs, why: `${how} ${entityText(hit.entity)} (${hit.why})`.slice(0, maxWhy) })
        if (isHarder && isCallable(each, dependencies)) waiting.offer(eachKey, hits.byKey(eachKey)?.strength ?? strength)
      }
    }
  }
  let reached = 0
  for (const strength of arrived.values()) reached += strength
  return reached
}

/** A chain of reasons grows with every step. */
const maxWhy = 240

/** Who calls whom at one time; asked again and again by spreading from many entities, found out once. */
export class Callers {
  readonly #of = new Map<EntityKey, readonly Caller[]>()
  readonly #together = new Map<EntityKey, readonly EntityRef[]>()

  constructor (readonly now: Neighbourhood, readonly dependencies: Dependencies) {}

  /** Those who use `entity` directly, in the order of their keys. */
  of (entity: EntityRef): readonly Caller[] {
    const key = entityKey(entity)
    const known = this.#of.get(key) ?? callersOf(entity, this.now, this.dependencies)
    this.#of.set(key, known)
    return known
  }

  /** A workload and the Services in front of it are one thing to its users. */
  togetherWith (entity: EntityRef): readonly EntityRef[] {
    const key = entityKey(entity)
    const known = this.#together.get(key) ?? togetherWith(entity, this.now)
    this.#together.set(key, known)
    return known
  }
}

function callersOf (entity: EntityRef, now: Neighbourhood, dependencies: Dependencies): Caller[] {
  const isService = entity.kind === 'Service'
  const best = new Map<EntityKey, Caller>()
  const add = (user: EntityRef, share: number, how: string): void => {
    const top = now.workloadOf(user) ?? user
    const key = entityKey(top)
    if ((best.get(key)?.share ?? 0) < share) best.set(key, { entity: top, share, how })
  }
  for (const ingress of isService ? now.ingressesOf(entity) : []) add(ingress, damping.routed, 'routes to')
  for (const user of isService ? now.referrersOf(entity) : []) add(user, damping.named, 'refers to')
  for (const call of dependencies.callers(entity)) if (isCurrent(call, now.timeMs)) add(call.caller, callShare(call), 'calls')
  return [...best].sort(([a], [b]) => a < b ? -1 : 1).slice(0, maxCallersOfOne).map(([, caller]) => caller)
}

function isCurrent ({ firstMs, lastMs }: Call, timeMs: number): boolean { return firstMs <= timeMs && lastMs >= timeMs - callMemoryMs }

/** The more of its calls fail, the more it is known to suffer. */
function callShare ({ calls, errors }: Call): number {
  const failing = calls > 0 ? Math.min(1, errors / calls) : 0
  return damping.called + (damping.failingCalls - damping.called) * failing
}

function togetherWith (entity: EntityRef, now: Neighbourhood): EntityRef[] {
  if (isWorkload(entity.kind)) return [entity, ...now.podsOf(entity).slice(0, 1).flatMap(pod => [...now.servicesOf(pod)])]
  if (entity.kind !== 'Service') return [entity]
  const workload = now.podsBehind(entity).slice(0, 1).map(pod => now.workloadOf(pod))[0]
  return workload === undefined ? [entity] : [entity, workload]
}

/** Pods are many, and seldom called by themselves. */
function isCallable (entity: EntityRef, dependencies: Dependencies): boolean {
  const category = categoryOf(entity.kind)
  return category === 'services' || category === 'workloads' || dependencies.callers(entity).length > 0
}
