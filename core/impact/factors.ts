/** The factors of `infrastructureWeights`, each a function of the topology: 0 to 1. */
import type { Dependencies } from '../correlation/dependencies.js'
import { entityKey, type EntityKey, type EntityRef } from '../correlation/entity.js'
import { Callers, spreadToCallers } from './callers.js'
import { budgetSign } from './cascade-risk.js'
import { Hits } from './hits.js'
import { isWorkload, resourceWeight } from './kinds.js'
import type { Neighbourhood } from './neighbourhood.js'
import { isControlPlane } from './nodes.js'
import { isSystem } from './production.js'
import type { Factors } from './weights.js'

/** Pods of one node, workload or Service that are looked at. */
const maxPods = 200
const maxNodesOfOne = 10
/** Callers of one entity that are looked at. */
const maxCallers = 100

/** What was found out about nodes and Services that many entities share: kept for as long as a place's weight is. */
export interface Known { readonly criticality: Map<string, number>, readonly reach: Map<EntityKey, number> }

export const nothingKnown = (): Known => ({ criticality: new Map(), reach: new Map() })

/** The factors at the time of `now`. */
export class Factoring {
  readonly #callers: Callers

  /** `allPods`: how many the cluster has. */
  constructor (readonly now: Neighbourhood, dependencies: Dependencies, readonly allPods: number, readonly known = nothingKnown()) { this.#callers = new Callers(now, dependencies) }

  factorsOf (entity: EntityRef): Factors {
    const { now } = this
    const pods = podsFor(entity, now)
    const dependants = this.serviceDependencies(entity, pods)
    return {
      node_criticality: this.nodeCriticality(entity, pods),
      service_dependencies: dependants,
      resource_type: resourceWeight(entity.kind),
      cascade_risk: cascadeFactor(entity, pods, dependants, now, this.allPods),
      system_namespace: isSystem(entity, now.model) || (entity.kind === 'Node' && isControlPlane(now.object(entity))) ? 1 : 0
    }
  }

  /** Of the most critical node it is on: `criticalityOf`. */
  nodeCriticality (entity: EntityRef, pods: readonly EntityRef[]): number {
    const nodes = entity.kind === 'Node' ? [entity] : pods.slice(0, maxNodesOfOne).map(pod => this.now.nodeOf(pod)).filter(node => node !== undefined)
    return Math.max(0, ...nodes.map(node => remembered(this.known.criticality, node.name, () => criticalityOf(node, this.now, this.allPods))))
  }

  /**
   * n / (n + 3), n = who uses it or the Services in front of it, directly or over others, each counted by what would arrive of its failure
   * (callers.ts). One of several replicas matters less, but not less than a third: those left carry its load.
   */
  serviceDependencies (entity: EntityRef, pods: readonly EntityRef[]): number {
    const services = new Map<EntityKey, { readonly service: EntityRef, readonly share: number }>()
    for (const pod of pods) {
      const share = entity.kind === 'Pod' || entity.kind === 'Node' ? Math.max(1 / 3, 1 / replicasBeside(pod, this.now)) : 1
      for (const service of this.now.servicesOf(pod)) services.set(entityKey(service), { service, share })
    }
    services.delete(entityKey(entity))
    let reached = this.#reachOf(entity)
    for (const { service, share } of services.values()) reached += share * this.#reachOf(service)
    return reached / (reached + 3)
  }

  #reachOf (entity: EntityRef): number {
    return remembered(this.known.reach, entityKey(entity), () => {
      const hits = new Hits(maxCallers)
      hits.offer({ entity, strength: 1, isOwn: true, isLost: false, why: '', timeMs: this.now.timeMs })
      return spreadToCallers(hits, this.#callers)
    })
  }
}

function remembered (memory: Map<string, number>, key: string, make: () => number): number {
  const known = memory.get(key) ?? make()
  memory.set(key, known)
  return known
}

/**
 * 1 for a node of the control plane; else 1 - (1 - 2·share)(1 - .7·s/(s + 3)), share = its part of the cluster's pods (half of them on one
 * node is as bad as all), s = workloads whose only replica is there.
 */
function criticalityOf (node: EntityRef, now: Neighbourhood, allPods: number): number {
  if (isControlPlane(now.object(node))) return 1
  const here = now.podsOn(node.name)
  const share = allPods > 0 ? Math.min(1, 2 * here.length / allPods) : 0
  const singletons = here.slice(0, maxPods).filter(pod => isSingleton(pod, now)).length
  return 1 - (1 - share) * (1 - 0.7 * singletons / (singletons + 3))
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

