/** From pods to what they make up: how many replicas a workload or Service has left decides whether it failed, is degraded or at risk. */
import { entityKey, type EntityKey, type EntityRef } from '../correlation/entity.js'
import { degradedFrom, type Hit, type Hits } from './hits.js'
import { categoryOf } from './kinds.js'
import type { Neighbourhood } from './neighbourhood.js'

export interface Replicas {
  readonly entity: EntityRef
  readonly desired: number
  /** Of the desired ones: not there, not ready, or lost by this trouble. */
  readonly lost: number
  /** There, ready, and in trouble. */
  readonly impaired: number
  /** There, ready, and standing on something in trouble. */
  readonly atRisk: number
  /** Lost at some time, whether or not others took their place. */
  readonly everLost: number
}

/** Counts for what the hit pods belong to, and for workloads and Services hit by themselves; offers each its hit. In order of keys. */
export function countReplicas (hits: Hits, whereFrom: (hit: Hit) => Neighbourhood, now: Neighbourhood): Replicas[] {
  const { workloads, services } = groups(hits, whereFrom)
  const counted: Replicas[] = []
  for (const group of [workloads, services]) {
    for (const [, { entity, pods }] of [...group].sort(([a], [b]) => a < b ? -1 : 1)) {
      const replicas = group === workloads ? countWorkload(entity, pods, hits, now) : countService(entity, pods, hits, now)
      if (replicas.desired === 0 && replicas.everLost === 0) continue
      counted.push(replicas)
      hits.offer(hitOf(replicas, now.timeMs))
    }
  }
  return counted
}

interface Group { readonly entity: EntityRef, readonly pods: EntityRef[] }
type Groups = Map<EntityKey, Group>

/** `pods`: the hit ones, dead ones among them. */
function groups (hits: Hits, whereFrom: (hit: Hit) => Neighbourhood): { readonly workloads: Groups, readonly services: Groups } {
  const [workloads, services]: [Groups, Groups] = [new Map(), new Map()]
  for (const hit of [...hits.all()]) {
    const { entity } = hit
    if (categoryOf(entity.kind) === 'services') join(services, entity)
    else if (entity.kind === 'Pod') {
      const then = whereFrom(hit)
      const workload = then.workloadOf(entity)
      if (workload !== undefined) join(workloads, workload, entity)
      for (const service of then.servicesOf(entity)) join(services, service, entity)
    } else if (categoryOf(entity.kind) === 'workloads') {
      join(workloads, entity)
      const then = whereFrom(hit)
      for (const pod of then.podsOf(entity).slice(0, 1)) for (const service of then.servicesOf(pod)) join(services, service)
    }
  }
  return { workloads, services }
}

function join (to: Groups, entity: EntityRef, pod?: EntityRef): void {
  const key = entityKey(entity)
  const known = to.get(key) ?? { entity, pods: [] }
  to.set(key, known)
  if (pod !== undefined && !known.pods.some(p => p.name === pod.name)) known.pods.push(pod)
}

function countWorkload (entity: EntityRef, hitPods: readonly EntityRef[], hits: Hits, now: Neighbourhood): Replicas {
  const pods = now.podsOf(entity)
  return count(entity, pods, hitPods, now.desiredOf(entity) ?? Math.max(pods.length, hitPods.length), hits, now)
}

/** What a Service should have behind it is what the workloads behind it should have. */
function countService (entity: EntityRef, hitPods: readonly EntityRef[], hits: Hits, now: Neighbourhood): Replicas {
  const pods = now.podsBehind(entity)
  const workloads = new Map<EntityKey, EntityRef>()
  for (const pod of pods) {
    const workload = now.workloadOf(pod)
    if (workload !== undefined) workloads.set(entityKey(workload), workload)
  }
  let desired = 0
  for (const workload of workloads.values()) desired += now.desiredOf(workload) ?? 0
  return count(entity, pods, hitPods, desired === 0 ? Math.max(pods.length, hitPods.length) : Math.max(desired, pods.length === 0 ? 0 : 1), hits, now)
}

function count (entity: EntityRef, pods: readonly EntityRef[], hitPods: readonly EntityRef[], desired: number, hits: Hits, now: Neighbourhood): Replicas {
  let [healthy, impaired, atRisk] = [0, 0, 0]
  for (const pod of pods) {
    const [hit, health] = [hits.get(pod), now.healthOf(pod)]
    if (health === 'unready' || health === 'done' || hit?.isLost === true) continue
    healthy++
    if (hit?.isOwn === true || (hit?.strength ?? 0) >= degradedFrom) impaired++
    else if (hit !== undefined) atRisk++
  }
  const everLost = hitPods.filter(pod => hits.get(pod)?.isLost === true).length
  return { entity, desired, lost: Math.max(0, desired - healthy), impaired, atRisk, everLost }
}

/** Nothing left: 1. Some lost: .5 to .95 by share. Impaired only: .4 to .9. At risk only: below `degradedFrom`. */
function hitOf ({ entity, desired, lost, impaired, atRisk, everLost }: Replicas, timeMs: number): Hit {
  const [left, noun] = [desired - lost, entity.kind === 'Service' ? 'endpoints' : 'replicas']
  const of = (n: number): string => `${n} of ${desired} ${noun}`
  const made = (strength: number, isLost: boolean, why: string): Hit => ({ entity, strength, isOwn: false, isLost, why, timeMs })
  if (desired > 0 && left <= 0) return made(1, true, `${of(0)} left`)
  if (lost > 0) return made(Math.min(0.94, 0.5 + 0.5 * lost / desired), false, `${of(left)} left`)
  if (everLost > 0) return made(degradedFrom, false, `lost ${everLost} ${noun}, and has all ${desired} again`)
  if (impaired > 0) return made(0.4 + 0.5 * impaired / desired, false, `${of(impaired)} in trouble`)
  return made(Math.min(0.49, 0.2 + 0.25 * atRisk / Math.max(1, desired)), false, `${of(atRisk)} at risk`)
}
