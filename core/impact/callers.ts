/**
 * From what works worse to who uses it: learned from traces and connections, named in environments, routed by ingresses. Hardest hit
 * first, each once (Dijkstra over damped strengths), so cycles end by themselves; a chain of calls is told for about three steps.
 */
import type { Call, Dependencies } from '../correlation/dependencies.js'
import { entityKey, entityText, type EntityKey, type EntityRef } from '../correlation/entity.js'
import { toldFrom, type Hit, type Hits } from './hits.js'
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
export function spreadToCallers (hits: Hits, now: Neighbourhood, dependencies: Dependencies): number {
  const done = new Set<EntityKey>()
  const waiting = new Set([...hits.all()].filter(h => isCallable(h.entity, dependencies)).map(h => entityKey(h.entity)))
  const arrived = new Map<EntityKey, number>()
  for (let expanded = 0; expanded < maxExpanded; expanded++) {
    const hit = hardest(waiting, hits)
    if (hit === undefined) break
    const key = entityKey(hit.entity)
    waiting.delete(key)
    done.add(key)
    for (const { entity, share, how } of callersOf(hit.entity, now, dependencies)) {
      const strength = hit.strength * share
      if (strength < toldFrom) continue
      for (const each of togetherWith(entity, now)) {
        const eachKey = entityKey(each)
        if (done.has(eachKey) || eachKey === key) continue
        arrived.set(eachKey, Math.max(arrived.get(eachKey) ?? 0, strength))
        hits.offer({ entity: each, strength, isOwn: false, isLost: false, timeMs: now.timeMs, why: `${how} ${entityText(hit.entity)} (${hit.why})`.slice(0, maxWhy) })
        if (isCallable(each, dependencies)) waiting.add(eachKey)
      }
    }
  }
  return [...arrived.values()].reduce((sum, s) => sum + s, 0)
}

/** A chain of reasons grows with every step. */
const maxWhy = 240

/** Those who use `entity` directly, in the order of their keys. */
export function callersOf (entity: EntityRef, now: Neighbourhood, dependencies: Dependencies): Caller[] {
  const named = entity.kind === 'Service' ? now.referrersOf(entity).map(e => ({ entity: e, share: damping.named, how: 'refers to' })) : []
  const routed = entity.kind === 'Service' ? now.ingressesOf(entity).map(e => ({ entity: e, share: damping.routed, how: 'routes to' })) : []
  const called = dependencies.callers(entity).filter(c => isCurrent(c, now.timeMs)).map(c => ({ entity: c.caller, share: callShare(c), how: 'calls' }))
  const best = new Map<EntityKey, Caller>()
  for (const caller of [...named, ...routed, ...called]) {
    const top = { ...caller, entity: caller.entity.kind === 'Ingress' ? caller.entity : now.workloadOf(caller.entity) ?? caller.entity }
    const key = entityKey(top.entity)
    if ((best.get(key)?.share ?? 0) < top.share) best.set(key, top)
  }
  return [...best].sort(([a], [b]) => a < b ? -1 : 1).slice(0, maxCallersOfOne).map(([, caller]) => caller)
}

function isCurrent ({ firstMs, lastMs }: Call, timeMs: number): boolean { return firstMs <= timeMs && lastMs >= timeMs - callMemoryMs }

/** The more of its calls fail, the more it is known to suffer. */
function callShare ({ calls, errors }: Call): number {
  const failing = calls > 0 ? Math.min(1, errors / calls) : 0
  return damping.called + (damping.failingCalls - damping.called) * failing
}

/** A workload and the Services in front of it are one thing to its users. */
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

/** Of the same strength: the smaller key. */
function hardest (waiting: ReadonlySet<EntityKey>, hits: Hits): Hit | undefined {
  let [best, bestKey]: [Hit | undefined, EntityKey] = [undefined, '']
  for (const key of waiting) {
    const hit = hits.byKey(key)
    if (hit === undefined || hit.strength < toldFrom) continue
    if (best === undefined || hit.strength > best.strength || (hit.strength === best.strength && key < bestKey)) [best, bestKey] = [hit, key]
  }
  return best
}
