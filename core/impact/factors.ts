/** The factors of `infrastructureWeights`, each a function of the topology: 0 to 1. */
import type { Dependencies } from '../correlation/dependencies.js'
import type { EntityRef } from '../correlation/entity.js'
import { spreadToCallers } from './callers.js'
import { budgetSign } from './cascade-risk.js'
import { Hits } from './hits.js'
import { isWorkload, resourceWeight } from './kinds.js'
import type { Neighbourhood } from './neighbourhood.js'
import { isControlPlane } from './nodes.js'
import { isSystem } from './production.js'
import type { Factors } from './weights.js'

/** Pods of one node, workload or Service that are looked at. */
const maxPods = 200
/** Callers of one entity that are looked at. */
const maxCallers = 300

export function factorsOf (entity: EntityRef, now: Neighbourhood, dependencies: Dependencies, allPods: number): Factors {
  const pods = podsFor(entity, now)
  const dependants = serviceDependencies(entity, pods, now, dependencies)
  return {
    node_criticality: nodeCriticality(entity, pods, now, allPods),
    service_dependencies: dependants,
    resource_type: resourceWeight(entity.kind),
    cascade_risk: cascadeFactor(entity, pods, dependants, now, allPods),
    system_namespace: isSystem(entity, now.model) || (entity.kind === 'Node' && isControlPlane(now.object(entity))) ? 1 : 0
  }
}

/**
 * Of the most critical node it is on: 1 for a control plane's; else 1 - (1 - 2·share)(1 - .7·s/(s + 3)), share = its part of the
 * cluster's pods (half of them on one node is as bad as all), s = workloads whose only replica is there.
 */
export function nodeCriticality (entity: EntityRef, pods: readonly EntityRef[], now: Neighbourhood, allPods: number): number {
  const nodes = entity.kind === 'Node' ? [entity] : [...new Map(pods.slice(0, 10).map(p => now.nodeOf(p)).filter(n => n !== undefined).map(n => [n.name, n])).values()]
  return Math.max(0, ...nodes.map(node => {
    if (isControlPlane(now.object(node))) return 1
    const here = now.podsOn(node.name)
    const share = allPods > 0 ? Math.min(1, 2 * here.length / allPods) : 0
    const singletons = here.slice(0, maxPods).filter(pod => isSingleton(pod, now)).length
    return 1 - (1 - share) * (1 - 0.7 * singletons / (singletons + 3))
  }))
}

/** n / (n + 3), n = who uses it, directly or over others, each counted by what would arrive of its failure (callers.ts). */
export function serviceDependencies (entity: EntityRef, pods: readonly EntityRef[], now: Neighbourhood, dependencies: Dependencies): number {
  const hits = new Hits(maxCallers)
  const hit = (each: EntityRef, strength: number): void => { hits.offer({ entity: each, strength, isOwn: true, isLost: false, why: '', timeMs: now.timeMs }) }
  hit(entity, 1)
  // One of several replicas matters less; not less than a third, as those left carry its load.
  for (const pod of pods) for (const service of now.servicesOf(pod)) hit(service, entity.kind === 'Pod' ? Math.max(1 / 3, 1 / replicasBeside(pod, now)) : 1)
  const reached = spreadToCallers(hits, now, dependencies)
  return reached / (reached + 3)
}

/** 1 - (1 - alone)(1 - .5·dependants)(1 - .3·budgets): `alone` = 1 / replicas; of a node, twice its share of all pods. */
function cascadeFactor (entity: EntityRef, pods: readonly EntityRef[], dependants: number, now: Neighbourhood, allPods: number): number {
  const alone = entity.kind === 'Node' ? isControlPlane(now.object(entity)) ? 1 : Math.min(1, 2 * pods.length / Math.max(1, allPods)) : pods[0] === undefined ? 0 : entity.kind === 'Pod' ? 1 / replicasBeside(entity, now) : 1
  return 1 - (1 - alone) * (1 - 0.5 * dependants) * (1 - 0.3 * budgetSign(pods, now))
}

function podsFor (entity: EntityRef, now: Neighbourhood): readonly EntityRef[] {
  if (entity.kind === 'Pod') return [entity]
  if (entity.kind === 'Node') return now.podsOn(entity.name).slice(0, maxPods)
  if (entity.kind === 'Service') return now.podsBehind(entity).slice(0, maxPods)
  if (isWorkload(entity.kind)) return now.podsOf(entity).slice(0, maxPods)
  if ((entity.kind === 'Unit' || entity.kind === 'Process' || entity.kind === 'Interface') && entity.namespace !== undefined) return now.podsOn(entity.namespace).slice(0, maxPods)
  return now.dependantsOf(entity).filter(e => e.kind === 'Pod').slice(0, maxPods)
}

function isSingleton (pod: EntityRef, now: Neighbourhood): boolean {
  const workload = now.workloadOf(pod)
  return workload !== undefined && workload.kind !== 'DaemonSet' && workload.kind !== 'Job' && workload.kind !== 'CronJob' && replicasBeside(pod, now) === 1
}

/** Replicas there should be, this one counted. */
function replicasBeside (pod: EntityRef, now: Neighbourhood): number {
  const workload = now.workloadOf(pod)
  return workload === undefined ? 1 : Math.max(1, now.desiredOf(workload) ?? now.podsOf(workload).length)
}

