/** Whether an object is well now, as it says itself: then what was wrong with it is over. */
import type { EntityRef } from '../correlation/entity.js'
import type { KubeObject } from '../kubernetes/objects.js'
import type { ClusterModel } from '../topology/cluster-model.js'
import { listAt, textAt, valueAt } from '../topology/graph/plain.js'
import type { Scope } from './scope.js'

export class Health {
  constructor (readonly model: ClusterModel, readonly scope: Scope) {}

  /** False also when nothing is known of it. */
  isWell (entity: EntityRef): boolean {
    switch (entity.kind) {
      case 'Pod': case 'ReplicaSet': case 'Deployment': case 'StatefulSet': case 'DaemonSet': return this.#isWorkloadWell(entity)
      case 'Node': return conditionOf(this.model.object(entity), 'Ready') === 'True'
      case 'PersistentVolumeClaim': return textAt(this.model.object(entity), 'status', 'phase') === 'Bound'
      default: return false
    }
  }

  #isWorkloadWell (entity: EntityRef): boolean {
    const own = entity.kind === 'Pod' ? this.model.object(entity) : undefined
    if (own !== undefined) return isPodReady(own)
    const workload = this.scope.workloadOf(entity)
    const object = this.model.object(workload)
    if (object === undefined) return false
    if (workload.kind === 'Pod') return isPodReady(object)
    const wanted = countAt(object, 'status', 'desiredNumberScheduled') ?? countAt(object, 'spec', 'replicas') ?? 1
    // In the middle of a rollout the old pods are still well.
    if ((countAt(object, 'status', 'updatedReplicas') ?? wanted) < wanted) return false
    if ((countAt(object, 'status', 'unavailableReplicas') ?? 0) > 0) return false
    const ready = countAt(object, 'status', 'numberReady') ?? countAt(object, 'status', 'readyReplicas')
    return ready !== undefined ? ready >= wanted : this.#countReady(workload) >= wanted
  }

  /** Reduced objects come without counts. */
  #countReady (workload: EntityRef): number {
    let ready = 0
    for (const pod of this.scope.podsOf(workload)) {
      const object = this.model.object(pod)
      if (object !== undefined && isPodReady(object)) ready++
    }
    return ready
  }
}

/** A pod that is being deleted is well no more, whatever it says. */
function isPodReady (pod: KubeObject): boolean {
  if (textAt(pod, 'metadata', 'deletionTimestamp') !== '') return false
  const ready = conditionOf(pod, 'Ready')
  if (ready !== undefined) return ready === 'True'
  return textAt(pod, 'status', 'phase') === 'Running' && listAt(pod, 'status', 'containerStatuses').every(c => valueAt(c, 'ready') === true)
}

/** Of conditions that contradict each other the first that is not good. */
function conditionOf (object: KubeObject | undefined, type: string): string | undefined {
  const said = listAt(object, 'status', 'conditions').filter(c => textAt(c, 'type') === type).map(c => textAt(c, 'status'))
  return said.find(status => status !== 'True') ?? said[0]
}

function countAt (object: KubeObject, ...path: readonly string[]): number | undefined {
  const value = valueAt(object, ...path)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
