/**
 * Whose a row is, whatever layer it comes from: what its columns say, else the pod of its resource (by uid, name, container or
 * address), else the workload, Service, unit, interface, process or node. What is named by a container, pod uid or address
 * that nobody knows yet `waits` for that.
 */
import { isIP } from 'node:net'
import { entityKey, type EntityRef } from '../../core/correlation/entity.js'
import type { Attributes } from '../../core/data/attributes.js'
import type { Resource } from '../../core/data/resource.js'
import type { ClusterModel } from '../../core/topology/cluster-model.js'
import { textAt } from '../../core/topology/graph/plain.js'
import type { PodFacts } from '../../core/topology/pod-facts.js'
import { Learned } from './learned.js'

export interface Whose {
  readonly entity: EntityRef
  /** '' when nobody knows. */
  readonly node: string
  readonly container: string
  /** What must become known to say better: `uid:…`, `container:…`, `address:…`. */
  readonly waits?: string
}

/** What the columns of a row say. */
export interface Said {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly interfaceName: string
  /** Of the socket's own side. */
  readonly address: string
  readonly comm: string
  /** Rows of this machine that do not say which it is. */
  readonly isLocal: boolean
}

const clusterWide: ReadonlySet<string> = new Set(['Node', 'Namespace', 'PersistentVolume', 'StorageClass', 'Cluster'])
const workloadKeys = [['k8s.statefulset.name', 'StatefulSet'], ['k8s.daemonset.name', 'DaemonSet'], ['k8s.deployment.name', 'Deployment'], ['k8s.cronjob.name', 'CronJob'], ['k8s.job.name', 'Job'], ['k8s.replicaset.name', 'ReplicaSet'], ['k8s.service.name', 'Service']] as const
/** Where an application's own name for itself is looked for. */
const serviceKinds = ['Service', 'Deployment', 'StatefulSet', 'DaemonSet'] as const

/** What is known of a resource, over batches: its attributes are not decoded again. */
export interface Memo { version: number, plain: Whose | undefined, local: Whose | undefined }

export class Resolver {
  readonly learned = new Learned()
  readonly #facts = new Map<number, { readonly version: number, readonly facts: PodFacts }>()
  readonly #memos = new Map<string, Memo>()
  readonly #saids = new Map<string, Whose>()
  readonly #services = new Map<string, { readonly version: number, readonly entity: EntityRef }>()

  constructor (readonly model: ClusterModel, readonly localNode: string) {}

  /** The same as long as all answers are. */
  get version (): number { return this.model.version + this.learned.version }

  of (attributes: Attributes, said: Said, timeMs: number): Whose {
    const node = text(attributes, 'k8s.node.name') || text(attributes, 'host.name') || (said.isLocal ? this.localNode : '')
    const container = text(attributes, 'k8s.container.name')
    if (said.kind !== '' && said.name !== '') return { entity: this.#said(said, node), node, container }
    return this.#podOf(attributes, said, node, timeMs) ?? { ...this.#otherOf(attributes, said, node), node, container }
  }

  /** `of` what names its entity, the same reference while the answer is the same, as what is known of an entity is found by that. */
  said (attributes: Attributes, said: Said, timeMs: number): Whose {
    const whose = this.of(attributes, said, timeMs)
    const key = `${entityKey(whose.entity)}|${whose.entity.uid ?? ''}|${whose.node}|${whose.container}`
    const known = this.#saids.get(key)
    if (known !== undefined) return known
    if (this.#saids.size >= maxSaid) this.#saids.clear()
    this.#saids.set(key, whose)
    return whose
  }

  /** The pod of that identity (`uid:…`, `container:…`, `address:…`) if it is known by now. */
  identified (identity: string, timeMs: number): EntityRef | undefined {
    const colon = identity.indexOf(':')
    const [kind, value] = [identity.slice(0, colon), identity.slice(colon + 1)]
    if (kind === 'address') return this.byAddress(value, timeMs)
    const slot = kind === 'uid' ? this.model.pods.byUid(value) : this.model.pods.byContainer(value)?.slot
    return slot === undefined ? this.learned.find(identity) : podEntity(this.#factsOf(slot))
  }

  byAddress (address: string, timeMs: number): EntityRef | undefined {
    const slot = this.model.pods.byIp(address, timeMs)
    return slot === undefined ? this.model.addresses.find(address) : podEntity(this.#factsOf(slot))
  }

  /** Of an equal resource that came before; at the first one, remembers who is who. */
  memo (resource: Resource): Memo {
    const { key } = resource
    let memo = this.#memos.get(key)
    if (memo === undefined) {
      this.learn(resource.attributes)
      memo = { version: -1, plain: undefined, local: undefined }
      if (this.#memos.size >= maxMemos) this.#memos.clear()
      if (key.length <= maxMemoKey) this.#memos.set(key, memo)
    }
    return memo
  }

  /** Whom `host:port` means for somebody in `namespace`; undefined: nobody that is known. */
  peer (peer: string, namespace: string, timeMs: number): EntityRef | undefined {
    const host = hostOf(peer)
    if (host === '' || isLoopback(host)) return undefined
    if (isIP(host) !== 0) return this.byAddress(host, timeMs)
    const [first = '', second = namespace, third = 'svc'] = host.split('.')
    if (third !== 'svc' || first === '') return undefined
    // `mysql-0.mysql.data.svc`: a pod behind a headless Service.
    return this.#findService(second, first)
  }

  /** Pods are many and short-lived: it is their workload that calls. */
  callerOf ({ entity }: Whose, timeMs: number): EntityRef { return this.#workloadOf(entity, timeMs) ?? entity }

  /** What is called is the Service in front, else the workload. */
  calleeOf (entity: EntityRef, timeMs: number): EntityRef {
    if (entity.kind !== 'Pod') return entity
    const service = this.model.graph.atMs(timeMs).neighbours(entity, { kinds: ['selects'], direction: 'in' }).find(n => n.kind === 'Service')
    return service === undefined ? this.#workloadOf(entity, timeMs) ?? entity : { kind: 'Service', namespace: service.namespace, name: service.name }
  }

  #workloadOf ({ kind, namespace = '', name, uid = '' }: EntityRef, timeMs: number): EntityRef | undefined {
    if (kind !== 'Pod') return undefined
    const slot = (uid === '' ? undefined : this.model.pods.byUid(uid)) ?? this.model.pods.byName(namespace, name, timeMs)
    if (slot === undefined) return undefined
    const { workload, owner } = this.#factsOf(slot)
    const above = workload ?? owner
    return above === undefined ? undefined : { kind: above.kind, namespace, name: above.name }
  }

  /** Remembers who is who from a resource that says both. */
  learn (attributes: Attributes): void {
    const [name, namespace] = [text(attributes, 'k8s.pod.name'), text(attributes, 'k8s.namespace.name')]
    if (name === '' || namespace === '') return
    const uid = text(attributes, 'k8s.pod.uid')
    const pod: EntityRef = { kind: 'Pod', namespace, name, ...(uid === '' ? {} : { uid }) }
    if (uid !== '') this.learned.add(`uid:${uid}`, pod)
    const container = text(attributes, 'container.id')
    if (container !== '') this.learned.add(`container:${container}`, pod)
  }

  #podOf (attributes: Attributes, { address }: Said, node: string, timeMs: number): Whose | undefined {
    const [uid, id, name] = [text(attributes, 'k8s.pod.uid'), text(attributes, 'container.id'), text(attributes, 'k8s.pod.name')]
    const { pods } = this.model
    const byId = id === '' ? undefined : pods.byContainer(id)
    const ip = text(attributes, 'k8s.pod.ip') || address
    const slot = (uid === '' ? undefined : pods.byUid(uid)) ?? byId?.slot ?? (ip === '' || uid !== '' || id !== '' || name !== '' ? undefined : pods.byIp(ip, timeMs))
    const container = text(attributes, 'k8s.container.name')
    if (slot !== undefined) {
      const facts = this.#factsOf(slot)
      const inside = facts.containers[byId?.slot === slot ? byId.container : facts.containers.length === 1 ? 0 : -1]?.name ?? ''
      return { entity: podEntity(facts), node: facts.node || node, container: container || inside }
    }
    const namespace = text(attributes, 'k8s.namespace.name')
    if (name !== '') return { entity: { kind: 'Pod', namespace, name, ...(uid === '' ? {} : { uid }) }, node, container }
    const identity = uid !== '' ? `uid:${uid}` : id !== '' ? `container:${id}` : ''
    if (identity === '') return undefined
    const learned = this.learned.find(identity)
    if (learned !== undefined) return { entity: learned, node, container }
    return { entity: uid === '' ? { kind: 'Container', name: id } : { kind: 'Pod', name: uid, uid }, node, container, waits: identity }
  }

  #otherOf (attributes: Attributes, { interfaceName, address, comm }: Said, node: string): Pick<Whose, 'entity' | 'waits'> {
    const namespace = text(attributes, 'k8s.namespace.name')
    for (const [key, kind] of workloadKeys) if (text(attributes, key) !== '') return { entity: { kind, namespace, name: text(attributes, key) } }
    const service = text(attributes, 'service.name')
    if (service !== '') return { entity: this.#serviceEntity(namespace || text(attributes, 'service.namespace'), service) }
    const ofUnit = text(attributes, 'systemd.unit')
    if (ofUnit !== '') return { entity: { kind: 'Unit', namespace: node, name: ofUnit } }
    const holder = address === '' ? undefined : this.model.addresses.find(address)
    if (holder !== undefined) return { entity: holder }
    if (comm !== '') return { entity: { kind: 'Process', namespace: node, name: comm }, ...waitsFor(address) }
    if (interfaceName !== '') return { entity: { kind: 'Interface', namespace: node, name: interfaceName } }
    if (address !== '') return { entity: { kind: 'Address', name: address }, ...waitsFor(address) }
    return { entity: node === '' ? { kind: 'Cluster', name: 'cluster' } : { kind: 'Node', name: node } }
  }

  /** Alerts name an application without its namespace. */
  #said (said: Said, node: string): EntityRef {
    const isBare = said.namespace === '' && (serviceKinds as readonly string[]).includes(said.kind)
    return (isBare ? this.#findService('', said.name) : undefined) ?? saidEntity(said, node)
  }

  /** The object an application's name means: that of its namespace, else the only one of that name. */
  #serviceEntity (namespace: string, name: string): EntityRef {
    const key = `${namespace}/${name}`
    const known = this.#services.get(key)
    if (known?.version === this.model.version) return known.entity
    const entity = this.#findService(namespace, name) ?? { kind: 'Service', ...(namespace === '' ? {} : { namespace }), name }
    if (this.#services.size >= maxServices) this.#services.clear()
    this.#services.set(key, { version: this.model.version, entity })
    return entity
  }

  #findService (namespace: string, name: string): EntityRef | undefined {
    for (const kind of serviceKinds) {
      if (namespace !== '') {
        if (this.model.object({ kind, namespace, name }) !== undefined) return { kind, namespace, name }
        continue
      }
      const all = [...this.model.objects(kind)].filter(o => textAt(o, 'metadata', 'name') === name)
      if (all.length === 1) return { kind, namespace: textAt(all[0], 'metadata', 'namespace'), name }
    }
    return undefined
  }

  #factsOf (slot: number): PodFacts {
    const version = this.model.pods.version(slot)
    const known = this.#facts.get(slot)
    if (known?.version === version) return known.facts
    const facts = this.model.pods.facts(slot)
    if (this.#facts.size >= maxFacts) this.#facts.clear()
    this.#facts.set(slot, { version, facts })
    return facts
  }
}

const maxServices = 10_000
/** Of pods a few each: from the kernel, of their logs, of their spans. */
const maxMemos = 50_000
const maxSaid = 20_000
/** A resource this large is somebody's mistake. */
const maxMemoKey = 4096
const maxFacts = 20_000

function saidEntity ({ kind, namespace, name, uid }: Said, node: string): EntityRef {
  if (kind === 'unit' || kind === 'Unit') return { kind: 'Unit', namespace: node, name }
  return { kind, ...(clusterWide.has(kind) ? {} : { namespace }), name, ...(uid === '' ? {} : { uid }) }
}

export function podEntity ({ namespace, name, uid }: PodFacts): EntityRef { return { kind: 'Pod', namespace, name, uid } }

/** An address of this machine's own, or of nobody, is no pod's. */
function waitsFor (address: string): { readonly waits?: string } { return address === '' || isLoopback(address) ? {} : { waits: `address:${address}` } }

function isLoopback (host: string): boolean { return host.startsWith('127.') || host === '::1' || host === '0.0.0.0' || host === '::' || host === 'localhost' }

/** Of `host:port`, `[::1]:port`, `scheme://host:port/path` or `host`. */
export function hostOf (peer: string): string {
  const plain = peer.slice(0, 512).replace(/^[a-z][a-z0-9+.-]{0,20}:\/\//i, '').replace(/[/?].*$/, '').replace(/\.(?=:|$)/, '').toLowerCase()
  if (plain.startsWith('[')) return plain.slice(1, Math.max(1, plain.indexOf(']')))
  return isIP(plain) === 6 ? plain : plain.replace(/:.*$/, '')
}

export function text (attributes: Attributes, key: string): string {
  const value = attributes[key]
  return typeof value === 'string' ? value : ''
}
