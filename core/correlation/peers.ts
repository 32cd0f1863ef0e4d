/** What a peer named in a message or seen in a packet (`cart.shop:8080`, `10.96.0.7:80`) is in the cluster. */
import type { ClusterModel } from '../topology/cluster-model.js'
import { textAt } from '../topology/graph/plain.js'
import type { EntityRef } from './entity.js'

/** Undefined: nobody in the cluster that is known. `namespace`: of who names the peer; '' = unknown. */
export function peerEntity (model: ClusterModel, peer: string, namespace: string, atMs: number): EntityRef | undefined {
  const host = hostOf(peer)
  if (host === '') return undefined
  return isAddress(host) ? byAddress(model, host, atMs) : byName(model, host, namespace)
}

/** The host of `host:port`, `[::1]:port`, `http://host:port/path` or `host`, in lower case. */
export function hostOf (peer: string): string {
  const plain = peer.slice(0, 512).replace(/^[a-z+]+:\/\//i, '').replace(/[/?].*$/, '').toLowerCase()
  if (plain.startsWith('[')) return plain.slice(1, Math.max(1, plain.indexOf(']')))
  // More than one colon and no bracket: a bare IPv6 address.
  return plain.indexOf(':') === plain.lastIndexOf(':') ? plain.replace(/:.*$/, '') : plain
}

export const isAddress = (host: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || host.includes(':')

/** The program itself, or something in its pod. */
export const isSelf = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')

function byAddress (model: ClusterModel, address: string, atMs: number): EntityRef | undefined {
  const slot = model.pods.byIp(address, atMs)
  if (slot === undefined) return model.addresses.find(address)
  const { namespace, name } = model.pods.facts(slot)
  return { kind: 'Pod', namespace, name }
}

/** `cart`, `cart.shop`, `cart.shop.svc.cluster.local`; `mysql-0.mysql.data.svc`: a pod, through its headless Service. */
function byName (model: ClusterModel, host: string, namespace: string): EntityRef | undefined {
  const labels = host.replace(/\.$/, '').split('.')
  const [first = '', second = namespace, third = ''] = labels
  if (first === '' || (third !== '' && third !== 'svc' && labels[3] !== 'svc' && labels.length > 3)) return undefined
  const service = { kind: 'Service', namespace: second, name: first }
  if (second !== '' && isKnown(model, service)) return service
  const pod = { kind: 'Pod', namespace: labels[2] ?? namespace, name: first }
  if (labels.length > 1 && isKnown(model, pod)) return pod
  return labels.length === 1 && namespace === '' ? onlyService(model, first) : undefined
}

/** Also one that was deleted, as long as the graph's history or somebody's environment speaks of it. */
function isKnown (model: ClusterModel, entity: EntityRef): boolean {
  return model.object(entity) !== undefined || model.graph.during(-Infinity, Infinity).node(entity) !== undefined
}

/** Who names it does not say where it is: it is the one of that name when there is but one. */
function onlyService (model: ClusterModel, name: string): EntityRef | undefined {
  let found: EntityRef | undefined
  for (const service of model.objects('Service')) {
    if (textAt(service, 'metadata', 'name') !== name) continue
    if (found !== undefined) return undefined
    found = { kind: 'Service', namespace: textAt(service, 'metadata', 'namespace'), name }
  }
  return found
}
