/**
 * What impact asks about the topology, at one time: whose pods, what they belong to, who reaches them. Answers are in the order
 * of their keys, so that nothing depends on the order in which objects came. Reads of the newest objects are hints about health:
 * the graph has history, objects have not.
 */
import { entityKey, type EntityRef } from '../correlation/entity.js'
import type { KubeObject } from '../kubernetes/objects.js'
import type { ClusterModel } from '../topology/cluster-model.js'
import type { EdgeKind } from '../topology/graph/edge-kinds.js'
import { listAt, textAt, valueAt } from '../topology/graph/plain.js'
import type { Direction, GraphNode, GraphView } from '../topology/graph/view.js'
import { grandOwner } from '../topology/workload.js'
import { isWorkload } from './kinds.js'

/** `done`: ended as it should. `unknown`: no object tells, which counts as ready. */
export type Health = 'ready' | 'unready' | 'done' | 'unknown'

/** Pod -> ReplicaSet -> Deployment -> somebody's own kind; a cycle of owners ends here too. */
const maxOwners = 5

export class Neighbourhood {
  readonly #view: GraphView
  readonly #answers = new Map<string, readonly EntityRef[]>()

  constructor (readonly model: ClusterModel, readonly timeMs: number) { this.#view = model.graph.atMs(timeMs) }

  exists (entity: EntityRef): boolean { return this.#view.node(entity)?.exists === true }

  object (entity: EntityRef): KubeObject | undefined { return this.model.object(entity) }

  podsOn (node: string): readonly EntityRef[] { return this.#ask({ kind: 'Node', name: node }, 'in', ['runs_on']) }

  nodeOf (pod: EntityRef): EntityRef | undefined { return this.#ask(pod, 'out', ['runs_on'])[0] }

  /** What a person would name: a Deployment rather than its ReplicaSet. Undefined for a pod on its own, or a node's static one. */
  workloadOf (entity: EntityRef): EntityRef | undefined {
    let [top, at]: [EntityRef | undefined, EntityRef] = [isWorkload(entity.kind) ? entity : undefined, entity]
    for (let hop = 0; hop < maxOwners; hop++) {
      const owner = this.#ask(at, 'out', ['owner']).find(o => isWorkload(o.kind))
      if (owner === undefined) break
      top = at = owner
    }
    return top === undefined ? undefined : this.#guessedOwner(top, entity) ?? top
  }

  /** Pods that a workload's controllers own. */
  podsOf (workload: EntityRef): readonly EntityRef[] {
    const found = new Map<string, EntityRef>()
    let level: readonly EntityRef[] = [workload]
    for (let hop = 0; hop < maxOwners && level.length > 0; hop++) {
      const owned = level.flatMap(o => this.#ask(o, 'in', ['owner']))
      for (const pod of owned) if (pod.kind === 'Pod') found.set(entityKey(pod), pod)
      level = owned.filter(o => isWorkload(o.kind))
    }
    return sorted([...found.values()])
  }

  servicesOf (pod: EntityRef): readonly EntityRef[] {
    const slices = this.#ask(pod, 'in', ['endpoint', 'unready_endpoint'])
    return sorted(unique([...this.#ask(pod, 'in', ['selects']), ...slices.flatMap(slice => this.#ask(slice, 'out', ['endpoints_of']))]))
  }

  /** Pods behind a Service: those it selects, and those its EndpointSlices list. */
  podsBehind (service: EntityRef): readonly EntityRef[] {
    const slices = this.#ask(service, 'in', ['endpoints_of'])
    return sorted(unique([...this.#ask(service, 'out', ['selects']), ...slices.flatMap(slice => this.#ask(slice, 'out', ['endpoint', 'unready_endpoint']))]))
  }

  serviceOfSlice (slice: EntityRef): EntityRef | undefined { return this.#ask(slice, 'out', ['endpoints_of'])[0] }

  /** Pods and workloads that need a claim, volume, class, ConfigMap, Secret or ServiceAccount, over what lies between. */
  dependantsOf (resource: EntityRef): readonly EntityRef[] {
    const direct = this.#ask(resource, 'in', ['mounts_claim', 'config_env', 'config_volume', 'pull_secret', 'service_account'])
    const between = this.#ask(resource, 'in', ['binds', 'storage_class']).filter(e => e.kind === 'PersistentVolumeClaim')
    return sorted(unique([...direct, ...between.flatMap(claim => this.#ask(claim, 'in', ['mounts_claim']))])).filter(e => e.kind === 'Pod' || isWorkload(e.kind))
  }

  restrictedBy (policy: EntityRef): readonly EntityRef[] { return this.#ask(policy, 'out', ['network_policy']) }

  scaledBy (autoscaler: EntityRef): readonly EntityRef[] { return this.#ask(autoscaler, 'out', ['scales']) }

  budgetsOf (pod: EntityRef): readonly EntityRef[] { return this.#ask(pod, 'in', ['disruption_budget']) }

  /** Who names the Service in its environment or arguments. */
  referrersOf (service: EntityRef): readonly EntityRef[] { return this.#ask(service, 'in', ['refers_to']) }

  ingressesOf (service: EntityRef): readonly EntityRef[] { return this.#ask(service, 'in', ['routes']) }

  healthOf (pod: EntityRef): Health {
    const object = this.object(pod)
    const phase = textAt(object, 'status', 'phase')
    if (phase === 'Succeeded') return 'done'
    if (phase === 'Failed' || phase === 'Pending' || textAt(object, 'metadata', 'deletionTimestamp') !== '') return 'unready'
    const ready = listAt(object, 'status', 'conditions').find(c => textAt(c, 'type') === 'Ready')
    if (ready === undefined) return 'unknown'
    return textAt(ready, 'status') === 'True' ? 'ready' : 'unready'
  }

  /** How many pods a workload wants; undefined when its object does not say. */
  desiredOf (workload: EntityRef): number | undefined {
    const object = this.object(workload)
    if (object === undefined) return undefined
    const wanted = workload.kind === 'DaemonSet' ? valueAt(object, 'status', 'desiredNumberScheduled') : valueAt(object, 'spec', 'replicas')
    if (typeof wanted === 'number' && Number.isFinite(wanted) && wanted >= 0) return wanted
    return workload.kind === 'Deployment' || workload.kind === 'StatefulSet' || workload.kind === 'ReplicaSet' ? 1 : undefined
  }

  /** Of a ReplicaSet or Job that is itself not known: by the rules its name was made by. */
  #guessedOwner (top: EntityRef, entity: EntityRef): EntityRef | undefined {
    if (entity.kind !== 'Pod' || (top.kind !== 'ReplicaSet' && top.kind !== 'Job') || this.exists(top)) return undefined
    const hash = textAt(this.object(entity), 'metadata', 'labels', 'pod-template-hash')
    const owner = grandOwner({ kind: top.kind, name: top.name, uid: '' }, hash)
    return owner === undefined ? undefined : { ...owner, ...(top.namespace === undefined ? {} : { namespace: top.namespace }) }
  }

  #ask (entity: EntityRef, direction: Direction, kinds: readonly EdgeKind[]): readonly EntityRef[] {
    const question = `${direction}${kinds.join()}|${entityKey(entity)}`
    const known = this.#answers.get(question)
    if (known !== undefined) return known
    const answer = sorted(this.#view.neighbours(entity, { direction, kinds }).map(refOf))
    this.#answers.set(question, answer)
    return answer
  }
}

function refOf ({ kind, namespace, name }: GraphNode): EntityRef { return namespace === '' ? { kind, name } : { kind, namespace, name } }

function unique (entities: readonly EntityRef[]): EntityRef[] { return [...new Map(entities.map(e => [entityKey(e), e])).values()] }

function sorted (entities: readonly EntityRef[]): EntityRef[] {
  const keyed = entities.map(e => [entityKey(e), e] as const)
  return keyed.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, e]) => e)
}
