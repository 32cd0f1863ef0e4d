/**
 * One name for what belongs together, so that an answer is not wrong for naming a pod's Deployment instead of the pod: a workload, its
 * ReplicaSets, pods and Service are one home, a node and its units, interfaces and processes another; anything else is its own.
 */
import { entityKey, type EntityRef } from '../../core/correlation/entity.js'
import type { World } from './world/world.js'

const ofNode: ReadonlySet<string> = new Set(['Unit', 'Process', 'Interface'])

export class Homes {
  readonly #homes = new Map<string, string>()
  readonly #nodes: ReadonlySet<string>
  readonly #uids = new Map<string, EntityRef>()
  readonly #containers = new Map<string, EntityRef>()

  constructor (world: World) {
    this.#nodes = new Set(world.nodes.map(n => n.name))
    for (const app of world.apps) {
      const home = `app:${app.namespace}/${app.name}`
      for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet']) this.#homes.set(`${kind}/${app.namespace}/${app.name}`, home)
      if (app.service !== undefined) this.#homes.set(`Service/${app.namespace}/${app.service.metadata.name}`, home)
      for (const pod of app.pods) {
        const ref = { kind: 'Pod', namespace: app.namespace, name: pod.name }
        this.#homes.set(entityKey(ref), home)
        this.#uids.set(pod.uid, ref)
        if (pod.containerId !== '') this.#containers.set(pod.containerId, ref)
        if (pod.replicaSet !== undefined) this.#homes.set(`ReplicaSet/${app.namespace}/${pod.replicaSet.metadata.name}`, home)
      }
    }
  }

  of (entity: EntityRef): string {
    const { kind, namespace = '', name } = entity
    const own = this.#homes.get(entityKey(entity))
    if (own !== undefined) return own
    if (kind === 'Node') return `node:${name}`
    if (ofNode.has(kind) && this.#nodes.has(namespace)) return `node:${namespace}`
    return entityKey(entity)
  }

  podOf (uid: string): EntityRef | undefined { return this.#uids.get(uid) }
}
