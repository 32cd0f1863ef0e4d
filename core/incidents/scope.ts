/**
 * What belongs to what at a time: the workload of a pod, and whom a fault of an object reaches. Answers are kept until the model
 * changes; every walk is bounded.
 */
import type { Dependencies } from '../correlation/dependencies.js'
import { entityKey, type EntityKey, type EntityRef, uniqueEntities } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import type { ClusterModel } from '../topology/cluster-model.js'
import { objectAt, textAt, textsAt } from '../topology/graph/plain.js'
import type { GraphNode, GraphView } from '../topology/graph/view.js'

/** How far from the object: 0 itself, 1 what it is made of or carries, 2 who uses that, 3 who calls those. */
export type Reach = ReadonlyMap<EntityKey, number>

interface Selecting { readonly name: string, readonly pairs: readonly (readonly [key: string, value: unknown])[] }

const workloadKinds: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicaSet', 'ReplicationController'])
/** A node may carry 500 pods, a Service be called by as many. */
const maxReach = 2000
const maxOwners = 5
/** A pod that was deleted still has events coming. */
const lookBackMs = [10_000, 60_000, 300_000, 1_200_000]
const clearAfterMs = 10_000

export class Scope {
  readonly #workloads = new Map<EntityKey, EntityRef>()
  readonly #reach = new Map<EntityKey, Reach>()
  readonly #around = new Map<EntityKey, readonly EntityRef[]>()
  #clusterIps: Map<string, EntityRef> | undefined
  /** Services with a selector by their namespace, in the order of the model's. */
  #selectors: Map<string, Selecting[]> | undefined
  #version = -1
  #view: GraphView
  #before: readonly GraphView[] = []
  #clearedMs = -Infinity

  constructor (readonly model: ClusterModel, readonly dependencies: Dependencies) { this.#view = model.graph.atMs(0) }

  /** Event time of what it knows: the same answers as long as this and the model are the same. */
  get asOfMs (): number { return this.#clearedMs }

  /** Before the questions of a tick. */
  at (timeMs: number): void {
    if (this.model.version === this.#version && timeMs - this.#clearedMs < clearAfterMs) return
    this.#version = this.model.version
    this.#clearedMs = timeMs
    // As it is now, whatever the clock of the events says; and as it was, for what is gone since.
    this.#view = this.model.graph.atMs(Number.MAX_VALUE)
    this.#before = lookBackMs.map(ms => this.model.graph.atMs(timeMs - ms))
    this.#workloads.clear()
    this.#reach.clear()
    this.#around.clear()
    this.#clusterIps = this.#selectors = undefined
  }

  /** The workload a person would name; the entity itself when it belongs to none. */
  workloadOf (entity: EntityRef): EntityRef {
    const key = entityKey(entity)
    const known = this.#workloads.get(key)
    if (known !== undefined) return known
    const found = this.#findWorkload(entity)
    if (this.#workloads.size >= 100_000) this.#workloads.clear()
    this.#workloads.set(key, found)
    return found
  }

  /** What trouble of it counts to: of a Service that has one workload behind it, that workload. */
  anchorOf (entity: EntityRef): EntityRef {
    if (entity.kind !== 'Service') return this.workloadOf(entity)
    const key = `anchor ${entityKey(entity)}`
    const known = this.#workloads.get(key)
    if (known !== undefined) return known
    const behind = uniqueEntities(this.#view.neighbours(entity, { kinds: ['selects'], direction: 'out' }).slice(0, 100).map(n => this.workloadOf(refOf(n))))
    const anchor = behind.length === 1 ? behind[0] as EntityRef : entity
    this.#workloads.set(key, anchor)
    return anchor
  }

  reachOf (subject: EntityRef): Reach {
    const key = entityKey(subject)
    let known = this.#reach.get(key)
    if (known === undefined) {
      known = this.#findReach(subject)
      if (this.#reach.size >= 5000) this.#reach.clear()
      this.#reach.set(key, known)
    }
    return known
  }

  /** How far `entity` is from the subject of `reach`; undefined = not reached. */
  distance (reach: Reach, entity: EntityRef): number | undefined {
    return reach.get(entityKey(entity)) ?? reach.get(entityKey(this.workloadOf(entity)))
  }

  /** What it runs on, is reached through, is limited by and needs, and who calls it: whose state its news may change. */
  around (entity: EntityRef): readonly EntityRef[] {
    const key = entityKey(entity)
    let known = this.#around.get(key)
    if (known === undefined) {
      known = this.#findAround(entity)
      if (this.#around.size >= 20_000) this.#around.clear()
      this.#around.set(key, known)
    }
    return known
  }

  #findAround (entity: EntityRef): EntityRef[] {
    const near = this.#view.neighbours(entity).filter(n => n.kind !== 'Pod' || entity.kind !== 'Node').slice(0, 100).map(refOf)
    const services = workloadKinds.has(entity.kind) ? this.#servicesOfWorkload(entity) : []
    return uniqueEntities([...near, ...services, ...near.map(n => this.workloadOf(n))])
  }

  /** The Service or Pod that a symptom's `peer` (`mysql:3306`, `mysql.shop.svc`, `10.0.0.7:80`) stands for. */
  peerOf ({ detail, entity }: Symptom): EntityRef | undefined {
    if (typeof detail.peer !== 'string') return undefined
    const host = detail.peer.replace(/^[a-z]+:\/\//, '').replace(/[:/].*$/, '')
    return /^[\d.]+$/.test(host) ? this.#ofAddress(host) : this.#ofHost(host, entity.namespace ?? '')
  }

  #ofHost (host: string, ownNamespace: string): EntityRef | undefined {
    const [name = '', namespace = ownNamespace] = host.split('.')
    const service = { kind: 'Service', namespace, name }
    return this.#view.node(service) === undefined ? undefined : service
  }

  #ofAddress (address: string): EntityRef | undefined {
    if (this.#clusterIps === undefined) {
      this.#clusterIps = new Map()
      for (const service of this.model.objects('Service')) {
        const address = textAt(service, 'spec', 'clusterIP')
        if (address !== '') this.#clusterIps.set(address, { kind: 'Service', namespace: textAt(service, 'metadata', 'namespace'), name: textAt(service, 'metadata', 'name') })
      }
    }
    const slot = this.model.pods.byIp(address)
    if (slot === undefined) return this.#clusterIps.get(address)
    const { namespace, name } = this.model.pods.facts(slot)
    return { kind: 'Pod', namespace, name }
  }

  #findWorkload (entity: EntityRef): EntityRef {
    let current = entity
    for (let i = 0; i < maxOwners; i++) {
      const owner = this.#ownerOf(current)
      if (owner === undefined) break
      current = refOf(owner)
    }
    if (current !== entity || !['Pod', 'ReplicaSet'].includes(entity.kind)) return current
    return this.#byName(entity) ?? entity
  }

  #ownerOf (entity: EntityRef): GraphNode | undefined {
    for (const view of [this.#view, ...(entity.kind === 'Pod' ? this.#before : [])]) {
      const owner = view.neighbours(entity, { kinds: ['owner'], direction: 'out' }).find(n => workloadKinds.has(n.kind))
      if (owner !== undefined) return owner
    }
    return undefined
  }

  /** A pod that is gone and that nobody saw: `<workload>-<hash>-<random>`, `<workload>-<number>`. */
  #byName ({ namespace = '', name }: EntityRef): EntityRef | undefined {
    const parts = name.split('-')
    for (let cut = 1; cut <= 2 && parts.length > cut; cut++) {
      const candidate = parts.slice(0, -cut).join('-')
      for (const kind of ['ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job']) {
        if (this.model.object({ kind, namespace, name: candidate }) === undefined) continue
        const found = { kind, namespace, name: candidate }
        return kind === 'ReplicaSet' ? this.workloadOf(found) : found
      }
    }
    return undefined
  }

  #findReach (subject: EntityRef): Reach {
    const reach = new Map<EntityKey, number>()
    const add = (entity: EntityRef, hops: number): void => { if (reach.size < maxReach && !reach.has(entityKey(entity))) reach.set(entityKey(entity), hops) }
    add(subject, 0)
    const pods = this.podsOf(subject)
    const workloads = uniqueEntities([...pods.map(p => this.workloadOf(p)), ...(workloadKinds.has(subject.kind) ? [this.workloadOf(subject)] : []), ...this.#usersOf(subject)])
    for (const pod of pods) add(pod, 1)
    for (const workload of workloads) {
      add(workload, 1)
      for (const made of this.#owned(workload)) add(made, 1)
      for (const pod of subject.kind === 'Node' ? [] : this.podsOf(workload)) add(pod, 1)
      for (const claim of this.#view.neighbours(workload, { kinds: ['mounts_claim'], direction: 'out' })) add(refOf(claim), 2)
    }
    const services = subject.kind === 'Service' ? [subject] : uniqueEntities([...pods.flatMap(p => this.#servicesOfPod(p)), ...workloads.flatMap(w => this.#servicesOfWorkload(w))])
    for (const service of services) {
      add(service, 2)
      for (const slice of this.#view.neighbours(service, { kinds: ['endpoints_of'], direction: 'in' })) add(refOf(slice), 2)
    }
    for (const service of subject.kind === 'Service' ? services : []) for (const pod of this.#view.neighbours(service, { kinds: ['selects'], direction: 'out' })) add(this.workloadOf(refOf(pod)), 1)
    const callers = uniqueEntities([...services, ...workloads].flatMap(callee => this.#callersOf(callee)))
    for (const caller of callers) add(caller, 3)
    // Telemetry names them by their Service as often as by their workload.
    for (const caller of callers) for (const service of workloadKinds.has(caller.kind) ? this.#servicesOfWorkload(caller) : []) add(service, 3)
    return reach
  }

  podsOf (subject: EntityRef): EntityRef[] {
    if (subject.kind === 'Pod') return [subject]
    if (subject.kind === 'Node') return this.#view.neighbours(subject, { kinds: ['runs_on'], direction: 'in' }).slice(0, maxReach).map(refOf)
    if (!workloadKinds.has(subject.kind)) return []
    return [subject, ...this.#owned(subject)].flatMap(owner => this.#view.neighbours(owner, { kinds: ['owner'], direction: 'in' })).filter(n => n.kind === 'Pod').slice(0, maxReach).map(refOf)
  }

  #owned (workload: EntityRef): EntityRef[] {
    return this.#view.neighbours(workload, { kinds: ['owner'], direction: 'in' }).filter(n => n.kind !== 'Pod').slice(0, 100).map(refOf)
  }

  /** Workloads that need a claim, a config, a secret, an account. */
  #usersOf (subject: EntityRef): EntityRef[] {
    // A policy speaks of the pods it restricts; all else is spoken of by those that need it.
    if (subject.kind === 'NetworkPolicy') return uniqueEntities(this.#view.neighbours(subject, { kinds: ['network_policy'], direction: 'out' }).slice(0, 200).map(n => this.workloadOf(refOf(n))))
    if (subject.kind === 'Node' || subject.kind === 'Service' || workloadKinds.has(subject.kind) || subject.kind === 'Pod') return []
    return this.#view.edgesOf(subject, { direction: 'in', kinds: ['mounts_claim', 'config_env', 'config_volume', 'pull_secret', 'service_account', 'tls_secret'] }).slice(0, 200).map(e => this.workloadOf(refOf(e.from)))
  }

  #servicesOfPod (pod: EntityRef): EntityRef[] {
    return this.#view.neighbours(pod, { kinds: ['selects'], direction: 'in' }).map(refOf)
  }

  /** Also those whose selector would match its pods, if it had any. */
  #servicesOfWorkload ({ kind, namespace = '', name }: EntityRef): EntityRef[] {
    const labels = textsAt(this.model.object({ kind, namespace, name }), 'spec', 'template', 'metadata', 'labels')
    const found: EntityRef[] = []
    for (const { name: service, pairs } of this.#selecting().get(namespace) ?? []) {
      if (pairs.every(([key, value]) => labels[key] === value)) found.push({ kind: 'Service', namespace, name: service })
      if (found.length >= 20) break
    }
    return found
  }

  /** Made once for as long as the model is the same: every workload in trouble asks. */
  #selecting (): ReadonlyMap<string, readonly Selecting[]> {
    if (this.#selectors !== undefined) return this.#selectors
    const all = this.#selectors = new Map<string, Selecting[]>()
    for (const service of this.model.objects('Service')) {
      const pairs = Object.entries(objectAt(service, 'spec', 'selector'))
      const namespace = textAt(service, 'metadata', 'namespace')
      if (pairs.length === 0) continue
      const known = all.get(namespace)
      const selecting = { name: textAt(service, 'metadata', 'name'), pairs }
      if (known === undefined) all.set(namespace, [selecting])
      else known.push(selecting)
    }
    return all
  }

  #callersOf (callee: EntityRef): EntityRef[] {
    const declared = this.#view.neighbours(callee, { kinds: ['refers_to', 'routes'], direction: 'in' }).slice(0, 500).map(refOf)
    const learned = this.dependencies.callers(callee).slice(0, 500).map(call => call.caller)
    return uniqueEntities([...declared, ...learned].flatMap(caller => [caller, this.workloadOf(caller)]))
  }
}

export function refOf ({ kind, namespace, name }: GraphNode): EntityRef { return namespace === '' ? { kind, name } : { kind, namespace, name } }
