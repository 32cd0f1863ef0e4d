/** What a peer named in a message or seen in a packet (`cart.shop:8080`, `10.96.0.7:80`) is in the cluster. */
import type { KubeObject } from '../kubernetes/objects.js'
import type { ClusterModel } from '../topology/cluster-model.js'
import { listAt, textAt } from '../topology/graph/plain.js'
import { entityOfKey, type EntityRef } from './entity.js'

interface Holder { readonly entity: EntityRef, readonly sinceMs: number, untilMs: number }

/** Former holders of one address that are kept. */
const maxHolders = 4

export class Peers {
  readonly #model: ClusterModel
  readonly #holders = new Map<string, Holder[]>()
  readonly #addressesOf = new Map<string, readonly string[]>()
  readonly #maxAddresses: number
  #version = 0

  constructor (model: ClusterModel, maxAddresses = 200_000) {
    this.#model = model
    this.#maxAddresses = maxAddresses
  }

  /** Takes in what changed in the model; `nowMs` is the event time. */
  refresh (nowMs: number): void {
    if (this.#model.version === this.#version) return
    const keys = this.#model.changedSince(this.#version)
    this.#version = this.#model.version
    for (const key of keys) if (key.startsWith('Pod/') || key.startsWith('Service/')) this.#update(key, nowMs)
  }

  /** Who is behind `peer` for a program in `namespace`, at `atMs`; undefined: nobody in the cluster. */
  find (peer: string, namespace: string, atMs: number): EntityRef | undefined {
    const host = hostOf(peer)
    if (host === '') return undefined
    return isAddress(host) ? this.#holderAt(host, atMs) : this.#named(host, namespace)
  }

  #named (host: string, namespace: string): EntityRef | undefined {
    const [first = '', second = namespace, third = ''] = host.replace(/\.$/, '').split('.')
    if (first === '' || second === '' || (third !== '' && third !== 'svc' && third !== 'pod')) return undefined
    const service = { kind: 'Service', namespace: second, name: first }
    if (this.#model.graph.atMs(Infinity).node(service) !== undefined || this.#model.object(service) !== undefined) return service
    // `mysql-0.mysql.data.svc`: a pod of a StatefulSet, through its headless Service.
    const labels = host.split('.')
    const pod = { kind: 'Pod', namespace: labels[2] ?? namespace, name: first }
    return this.#model.object(pod) === undefined ? undefined : pod
  }

  #holderAt (address: string, atMs: number): EntityRef | undefined {
    const holders = this.#holders.get(address) ?? []
    return (holders.find(h => h.sinceMs <= atMs && atMs < h.untilMs) ?? holders.at(-1))?.entity
  }

  #update (key: string, nowMs: number): void {
    const entity = entityOfKey(key)
    const object = this.#model.object(entity)
    const [before, now] = [this.#addressesOf.get(key) ?? [], object === undefined ? [] : addressesOf(object)]
    for (const address of before) if (!now.includes(address)) this.#leave(address, key, nowMs)
    for (const address of now) if (!before.includes(address)) this.#take(address, entity, object as KubeObject, nowMs)
    if (now.length === 0) this.#addressesOf.delete(key)
    else this.#addressesOf.set(key, now)
  }

  #take (address: string, entity: EntityRef, object: KubeObject, nowMs: number): void {
    const known = this.#holders.get(address)
    if (known === undefined && this.#holders.size >= this.#maxAddresses) this.#holders.delete(this.#holders.keys().next().value as string)
    const createdMs = Date.parse(textAt(object, 'metadata', 'creationTimestamp'))
    const holders = [...known ?? [], { entity, sinceMs: Number.isNaN(createdMs) ? nowMs : createdMs, untilMs: Infinity }].slice(-maxHolders)
    this.#holders.set(address, holders)
  }

  #leave (address: string, key: string, nowMs: number): void {
    const { kind, namespace, name } = entityOfKey(key)
    for (const holder of this.#holders.get(address) ?? []) {
      const { entity } = holder
      if (entity.kind === kind && entity.name === name && entity.namespace === namespace) holder.untilMs = Math.min(holder.untilMs, nowMs)
    }
  }
}

/** The host of `host:port`, `[::1]:port`, `http://host:port/path` or `host`. */
export function hostOf (peer: string): string {
  const plain = peer.slice(0, 512).replace(/^[a-z+]+:\/\//i, '').replace(/[/?].*$/, '').toLowerCase()
  if (plain.startsWith('[')) return plain.slice(1, Math.max(1, plain.indexOf(']')))
  // More than one colon and no bracket: a bare IPv6 address.
  return plain.indexOf(':') === plain.lastIndexOf(':') ? plain.replace(/:.*$/, '') : plain
}

const isAddress = (host: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || host.includes(':')

function addressesOf (object: KubeObject): readonly string[] {
  const pod = [textAt(object, 'status', 'podIP'), ...listAt(object, 'status', 'podIPs').map(ip => textAt(ip, 'ip'))]
  const service = [textAt(object, 'spec', 'clusterIP'), ...listAt(object, 'spec', 'clusterIPs').filter(ip => typeof ip === 'string'), ...listAt(object, 'spec', 'externalIPs').filter(ip => typeof ip === 'string')]
  // A pod on the host's network has its node's address: no sign of that pod.
  const own = textAt(object, 'spec', 'hostNetwork') !== '' || (object as { spec?: { hostNetwork?: unknown } }).spec?.hostNetwork === true ? service : [...pod, ...service]
  return [...new Set(own.map(ip => ip.toLowerCase()).filter(ip => ip !== '' && ip !== 'none'))]
}
