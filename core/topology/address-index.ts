/**
 * Whose an address is, beside the pods' own (pod-index.ts): a Service's cluster, external and load balancer addresses, a node's,
 * and those that endpoints name without a pod being known. As it is now, no history. Bounded.
 */
import type { KubeObject } from '../kubernetes/objects.js'
import type { NodeRef } from './graph/view.js'

interface Addressed extends KubeObject {
  readonly spec?: { readonly clusterIP?: unknown, readonly clusterIPs?: unknown, readonly externalIPs?: unknown }
  readonly status?: { readonly addresses?: unknown, readonly loadBalancer?: { readonly ingress?: unknown } }
  readonly endpoints?: unknown
}

const maxAddresses = 200_000
/** More endpoints than an EndpointSlice may have (1000). */
const maxOfObject = 2000

export class AddressIndex {
  readonly #holders = new Map<string, NodeRef>()
  /** By `Kind/namespace/name`: the addresses it said last. */
  readonly #said = new Map<string, readonly string[]>()
  /** Addresses that had no room. */
  refused = 0

  get size (): number { return this.#holders.size }

  put (kind: string, object: KubeObject): void {
    const found = addressesOf(kind, object as Addressed)
    if (found === undefined) return
    this.remove(kind, object)
    if (found.length > 0) this.#said.set(keyOf(kind, object), found.map(([address]) => address))
    for (const [address, holder] of found) {
      if (this.#holders.size >= maxAddresses && !this.#holders.has(address)) this.refused++
      else this.#holders.set(address, holder)
    }
  }

  remove (kind: string, object: KubeObject): void {
    const key = keyOf(kind, object)
    for (const address of this.#said.get(key) ?? []) this.#holders.delete(address)
    this.#said.delete(key)
  }

  /** Undefined: nobody's that is known. */
  find (address: string): NodeRef | undefined { return this.#holders.get(address) }
}

function keyOf (kind: string, { metadata = {} }: KubeObject): string { return `${kind}/${metadata.namespace ?? ''}/${metadata.name ?? ''}` }

/** Undefined: objects of this kind have none. */
function addressesOf (kind: string, object: Addressed): [string, NodeRef][] | undefined {
  switch (kind) {
    case 'Service': return serviceAddresses(object)
    case 'Node': return fields(object.status?.addresses).filter(a => a.type !== 'Hostname').flatMap(a => text(a.address)).map(a => [a, refOf(kind, object)])
    case 'EndpointSlice': return fields(object.endpoints).flatMap(endpointAddresses)
    default: return undefined
  }
}

function serviceAddresses (service: Addressed): [string, NodeRef][] {
  const { clusterIP, clusterIPs, externalIPs } = service.spec ?? {}
  const balancer = fields(service.status?.loadBalancer?.ingress).flatMap(i => [...text(i.ip), ...text(i.hostname)])
  const all = [...text(clusterIP), ...list(clusterIPs), ...list(externalIPs), ...balancer]
  return [...new Set(all)].filter(a => a !== 'None').map(a => [a, refOf('Service', service)])
}

function endpointAddresses ({ addresses, targetRef }: Readonly<Record<string, unknown>>): [string, NodeRef][] {
  const { kind, namespace = '', name } = (targetRef ?? {}) as { readonly kind?: unknown, readonly namespace?: unknown, readonly name?: unknown }
  if (typeof kind !== 'string' || typeof name !== 'string' || typeof namespace !== 'string') return []
  return list(addresses).map(a => [a, { kind, namespace, name }])
}

function refOf (kind: string, { metadata = {} }: KubeObject): NodeRef { return { kind, namespace: metadata.namespace ?? '', name: metadata.name ?? '' } }

function text (value: unknown): string[] { return typeof value === 'string' && value !== '' ? [value] : [] }

function list (value: unknown): string[] { return Array.isArray(value) ? value.slice(0, maxOfObject).flatMap(text) : [] }

function fields (value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.slice(0, maxOfObject).filter((v): v is Readonly<Record<string, unknown>> => typeof v === 'object' && v !== null) : []
}
