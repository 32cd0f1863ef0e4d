/**
 * What impact asks about the topology, at one time: whose pods, what they belong to, who reaches them. Answers are in the order
 * of their keys, so that nothing depends on the order in which objects came. Reads of the newest objects are hints about health:
 * the graph has history, objects have not.
 */
import { entityKey, type EntityKey, type EntityRef, uniqueEntities } from '../correlation/entity.js'
import type { KubeObject } from '../kubernetes/objects.js'
import type { ClusterModel } from '../topology/cluster-model.js'
import { kindIn } from '../topology/graph/declaration.js'
import type { EdgeKind } from '../topology/graph/edge-kinds.js'
import { listAt, textAt, valueAt } from '../topology/graph/plain.js'
import type { Direction, GraphNode, GraphView } from '../topology/graph/view.js'
import { grandOwner } from '../topology/workload.js'
import { isWorkload } from './kinds.js'

/** `done`: ended as it should. `unknown`: no object tells, which counts as ready. */
export type Health = 'ready' | 'unready' | 'done' | 'unknown'

/** Pod -> ReplicaSet -> Deployment -> somebody's own kind; a cycle of owners ends here too. */
const maxOwners = 5

interface Question { readonly code: string, readonly direction: Direction, readonly kinds: readonly EdgeKind[] }

/** `code` keeps answers apart. */
const ask = (direction: Direction, ...kinds: EdgeKind[]): Question => ({ code: `${direction} ${kinds.join()} `, direction, kinds })

const questions = {
  podsOn: ask('in', 'runs_on'),
  nodeOf: ask('out', 'runs_on'),
  ownersOf: ask('out', 'owner'),
  ownedBy: ask('in', 'owner'),
  slicesWith: ask('in', 'endpoint', 'unready_endpoint'),
  selectorsOf: ask('in', 'selects'),
  serviceOf: ask('out', 'endpoints_of'),
  slicesOf: ask('in', 'endpoints_of'),
  selected: ask('out', 'selects'),
  listedIn: ask('out', 'endpoint', 'unready_endpoint'),
  needing: ask('in', 'mounts_claim', 'config_env', 'config_volume', 'pull_secret', 'service_account'),
  boundTo: ask('in', 'binds', 'storage_class'),
  mounting: ask('in', 'mounts_claim'),
  restricted: ask('out', 'network_policy'),
  scaled: ask('out', 'scales'),
  budgets: ask('in', 'disruption_budget'),
  naming: ask('in', 'refers_to'),
  routing: ask('in', 'routes')
}

export class Neighbourhood {
  readonly #view: GraphView
  readonly #answers = new Map<string, readonly EntityRef[]>()
  readonly #tops = new Map<EntityKey, EntityRef>()

  constructor (readonly model: ClusterModel, readonly timeMs: number) { this.#view = model.graph.atMs(timeMs) }

  exists (entity: EntityRef): boolean { return this.#view.node(entity)?.exists === true }

  object (entity: EntityRef): KubeObject | undefined { return this.model.object(entity) }

  podsOn (node: string): readonly EntityRef[] { return this.#ask({ kind: 'Node', name: node }, questions.podsOn) }

  nodeOf (pod: EntityRef): EntityRef | undefined { return this.#ask(pod, questions.nodeOf)[0] }

  /** What a person would name: a Deployment rather than its ReplicaSet. Undefined for a pod on its own, or a node's static one. */
  workloadOf (entity: EntityRef): EntityRef | undefined {
    if (isWorkload(entity.kind)) return this.#topOf(entity)
    const owner = this.#ownerSaid(entity) ?? this.#ask(entity, questions.ownersOf).find(o => isWorkload(o.kind))
    if (owner === undefined) return undefined
    return this.#guessedOwner(owner, entity) ?? this.#topOf(owner)
  }

  /** Pods that a workload's controllers own. */
  podsOf (workload: EntityRef): readonly EntityRef[] {
    const found = new Map<string, EntityRef>()
    let level: readonly EntityRef[] = [workload]
    for (let hop = 0; hop < maxOwners && level.length > 0; hop++) {
      const owned = level.flatMap(o => this.#ask(o, questions.ownedBy))
      for (const pod of owned) if (pod.kind === 'Pod') found.set(entityKey(pod), pod)
      level = owned.filter(o => isWorkload(o.kind))
    }
    return sorted([...found.values()])
  }

  servicesOf (pod: EntityRef): readonly EntityRef[] {
    const slices = this.#ask(pod, questions.slicesWith)
    return sorted(uniqueEntities([...this.#ask(pod, questions.selectorsOf), ...slices.flatMap(slice => this.#ask(slice, questions.serviceOf))]))
  }

  /** Pods behind a Service: those it selects, and those its EndpointSlices list. */
  podsBehind (service: EntityRef): readonly EntityRef[] {
    const slices = this.#ask(service, questions.slicesOf)
    return sorted(uniqueEntities([...this.#ask(service, questions.selected), ...slices.flatMap(slice => this.#ask(slice, questions.listedIn))]))
  }

  serviceOfSlice (slice: EntityRef): EntityRef | undefined { return this.#ask(slice, questions.serviceOf)[0] }

  /** Pods and workloads that need a claim, volume, class, ConfigMap, Secret or ServiceAccount, over what lies between. */
  dependantsOf (resource: EntityRef): readonly EntityRef[] {
    const direct = this.#ask(resource, questions.needing)
    const between = this.#ask(resource, questions.boundTo).filter(e => e.kind === 'PersistentVolumeClaim')
    return sorted(uniqueEntities([...direct, ...between.flatMap(claim => this.#ask(claim, questions.mounting))])).filter(e => e.kind === 'Pod' || isWorkload(e.kind))
  }

  restrictedBy (policy: EntityRef): readonly EntityRef[] { return this.#ask(policy, questions.restricted) }

  scaledBy (autoscaler: EntityRef): readonly EntityRef[] { return this.#ask(autoscaler, questions.scaled) }

  budgetsOf (pod: EntityRef): readonly EntityRef[] { return this.#ask(pod, questions.budgets) }

  /** Who names the Service in its environment or arguments. */
  referrersOf (service: EntityRef): readonly EntityRef[] { return this.#ask(service, questions.naming) }

  ingressesOf (service: EntityRef): readonly EntityRef[] { return this.#ask(service, questions.routing) }

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

  /** A pod's owner never changes, so its newest object says it at a tenth of the cost of the graph. */
  #ownerSaid (pod: EntityRef): EntityRef | undefined {
    const said = this.object(pod)?.metadata?.ownerReferences
    const owner = Array.isArray(said) ? (said as readonly unknown[]).find(o => valueAt(o, 'controller') === true) : undefined
    const [kind, name] = [kindIn(textAt(owner, 'apiVersion'), textAt(owner, 'kind')), textAt(owner, 'name')]
    return !isWorkload(kind) || name === '' ? undefined : { kind, name, ...(pod.namespace === undefined ? {} : { namespace: pod.namespace }) }
  }

  /** Many pods have one owner. */
  #topOf (workload: EntityRef): EntityRef {
    const key = entityKey(workload)
    const known = this.#tops.get(key)
    if (known !== undefined) return known
    let top = workload
    const seen = new Set([key])
    while (seen.size <= maxOwners) {
      const owner = this.#ask(top, questions.ownersOf).find(o => isWorkload(o.kind))
      if (owner === undefined || seen.has(entityKey(owner))) break
      seen.add(entityKey(owner))
      top = owner
    }
    this.#tops.set(key, top)
    return top
  }

  /** Of a ReplicaSet or Job that is itself not known: by the rules its name was made by. */
  #guessedOwner (top: EntityRef, entity: EntityRef): EntityRef | undefined {
    if ((top.kind !== 'ReplicaSet' && top.kind !== 'Job') || this.#ask(top, questions.ownersOf).length > 0 || this.exists(top)) return undefined
    const hash = textAt(this.object(entity), 'metadata', 'labels', 'pod-template-hash')
    const owner = grandOwner({ kind: top.kind, name: top.name, uid: '' }, hash)
    return owner === undefined ? undefined : { ...owner, ...(top.namespace === undefined ? {} : { namespace: top.namespace }) }
  }

  #ask (entity: EntityRef, { code, direction, kinds }: Question): readonly EntityRef[] {
    const key = code + entityKey(entity)
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = sorted(this.#view.neighbours(entity, { direction, kinds }).map(refOf))
    this.#answers.set(key, answer)
    return answer
  }
}

function refOf ({ kind, namespace, name }: GraphNode): EntityRef { return namespace === '' ? { kind, name } : { kind, namespace, name } }

function sorted (entities: readonly EntityRef[]): readonly EntityRef[] {
  if (entities.length < 2) return entities
  const keyed = entities.map(e => [entityKey(e), e] as const)
  return keyed.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, e]) => e)
}
