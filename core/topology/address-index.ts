/**
 * Whose an address is, beside the pods' own (pod-index.ts): a Service's cluster, external and load balancer addresses, a node's,
 * and those that endpoints name without a pod being known. As it is now, no history. Bounded.
 */
import type { KubeObject } from '../kubernetes/objects.js'
import { objectAt, textAt, valueAt } from './graph/plain.js'
import type { NodeRef } from './graph/view.js'

const maxAddresses = 200_000
/** More endpoints than an EndpointSlice may have (1000). */
const maxOfObject = 2000

export class AddressIndex {
  readonly #holders = new Map<string, NodeRef>()
  /** By `Kind/namespace/name`: what it said last. */
  readonly #said = new Map<string, readonly (readonly [string, NodeRef])[]>()
  /** Addresses that had no room. */
  refused = 0

  get size (): number { return this.#holders.size }

  put (kind: string, object: KubeObject): void {
    const found = addressesOf(kind, object)
    if (found === undefined) return
    this.remove(kind, object)
    if (found.length > 0) this.#said.set(keyOf(kind, object), found)
    for (const [address, holder] of found) {
      const known = this.#holders.get(address)
      // An endpoint on its node's network has the node's address, which is the node's.
      if (known !== undefined && kind === 'EndpointSlice' && known.kind !== holder.kind) continue
      if (known === undefined && this.#holders.size >= maxAddresses) this.refused++
      else this.#holders.set(address, holder)
    }
  }

  remove (kind: string, object: KubeObject): void {
    const key = keyOf(kind, object)
    for (const [address, holder] of this.#said.get(key) ?? []) if (this.#holders.get(address) === holder) this.#holders.delete(address)
    this.#said.delete(key)
  }

  /** Undefined: nobody's that is known. */
  find (address: string): NodeRef | undefined { return this.#holders.get(address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address) }
}

function keyOf (kind: string, object: KubeObject): string { return `${kind}/${textAt(object, 'metadata', 'namespace')}/${textAt(object, 'metadata', 'name')}` }

/** Undefined: objects of this kind have none. */
function addressesOf (kind: string, object: KubeObject): [string, NodeRef][] | undefined {
  switch (kind) {
    case 'Service': return serviceAddresses(object)
    case 'Node': return fields(valueAt(object, 'status', 'addresses')).filter(a => a.type !== 'Hostname').flatMap(a => text(a.address)).map(a => [a, refOf(kind, object)])
    case 'EndpointSlice': return fields(valueAt(object, 'endpoints')).flatMap(endpointAddresses)
    default: return undefined
  }
}

function serviceAddresses (service: KubeObject): [string, NodeRef][] {
  const { clusterIP, clusterIPs, externalIPs } = objectAt(service, 'spec')
  const balancer = fields(valueAt(service, 'status', 'loadBalancer', 'ingress')).flatMap(i => [...text(i.ip), ...text(i.hostname)])
  const all = [...text(clusterIP), ...list(clusterIPs), ...list(externalIPs), ...balancer]
  return [...new Set(all)].filter(a => a !== 'None').map(a => [a, refOf('Service', service)])
}

function endpointAddresses ({ addresses, targetRef }: Readonly<Record<string, unknown>>): [string, NodeRef][] {
  const { kind, namespace = '', name } = (targetRef ?? {}) as { readonly kind?: unknown, readonly namespace?: unknown, readonly name?: unknown }
  if (typeof kind !== 'string' || typeof name !== 'string' || typeof namespace !== 'string') return []
  return list(addresses).map(a => [a, { kind, namespace, name }])
}

function refOf (kind: string, object: KubeObject): NodeRef { return { kind, namespace: textAt(object, 'metadata', 'namespace'), name: textAt(object, 'metadata', 'name') } }

function text (value: unknown): string[] { return typeof value === 'string' && value !== '' ? [value] : [] }

function list (value: unknown): string[] { return Array.isArray(value) ? value.slice(0, maxOfObject).flatMap(text) : [] }

function fields (value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.slice(0, maxOfObject).filter((v): v is Readonly<Record<string, unknown>> => typeof v === 'object' && v !== null) : []
}
