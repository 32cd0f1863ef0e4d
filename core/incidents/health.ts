/** Whether an object is well now, as it says itself: then what was wrong with it is over. */
import type { EntityRef } from '../correlation/entity.js'
import type { KubeObject } from '../kubernetes/objects.js'
import type { ClusterModel } from '../topology/cluster-model.js'
import type { Scope } from './scope.js'

interface Condition { readonly type?: string, readonly status?: string }
interface Observed extends KubeObject {
  readonly spec?: { readonly replicas?: number }
  readonly status?: { readonly phase?: string, readonly replicas?: number, readonly readyReplicas?: number, readonly updatedReplicas?: number, readonly unavailableReplicas?: number, readonly desiredNumberScheduled?: number, readonly numberReady?: number, readonly conditions?: readonly Condition[], readonly containerStatuses?: readonly { readonly ready?: boolean }[] }
}

export class Health {
  constructor (readonly model: ClusterModel, readonly scope: Scope) {}

  /** False also when nothing is known of it. */
  isWell (entity: EntityRef): boolean {
    switch (entity.kind) {
      case 'Pod': case 'ReplicaSet': case 'Deployment': case 'StatefulSet': case 'DaemonSet': return this.#isWorkloadWell(entity)
      case 'Node': return this.#object(entity)?.status?.conditions?.some(c => c.type === 'Ready' && c.status === 'True') === true
      case 'PersistentVolumeClaim': return this.#object(entity)?.status?.phase === 'Bound'
      default: return false
    }
  }

  #isWorkloadWell (entity: EntityRef): boolean {
    const own = entity.kind === 'Pod' ? this.#object(entity) : undefined
    if (own !== undefined) return isPodReady(own)
    const workload = this.scope.workloadOf(entity)
    const object = this.#object(workload)
    if (object === undefined) return false
    if (workload.kind === 'Pod') return isPodReady(object)
    const { spec, status } = object
    const wanted = status?.desiredNumberScheduled ?? spec?.replicas ?? 1
    // In the middle of a rollout the old pods are still well.
    if (status?.updatedReplicas !== undefined && status.updatedReplicas < wanted) return false
    if ((status?.unavailableReplicas ?? 0) > 0) return false
    const ready = status?.numberReady ?? status?.readyReplicas
    return ready !== undefined ? ready >= wanted : this.#countReady(workload) >= wanted
  }

  /** Reduced objects come without counts. */
  #countReady (workload: EntityRef): number {
    let ready = 0
    for (const pod of this.scope.podsOf(workload)) {
      const object = this.#object(pod)
      if (object !== undefined && isPodReady(object)) ready++
    }
    return ready
  }

  #object (entity: EntityRef): Observed | undefined { return this.model.object(entity) }
}

function isPodReady ({ status }: Observed): boolean {
  const ready = status?.conditions?.find(c => c.type === 'Ready')
  if (ready !== undefined) return ready.status === 'True'
  return status?.phase === 'Running' && (status.containerStatuses ?? []).every(c => c.ready === true)
}
