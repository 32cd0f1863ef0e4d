/**
 * Where a symptom is looked for: at its entity, and at places that stand for more than one object, so that what may come from
 * "the node's services" or "the cluster's DNS" is found without going through them.
 */
import { entityKey, type EntityRef } from './entity.js'
import type { Symptom } from './symptom.js'

export type Place = string

/** Units, processes and interfaces of a node have its name as their namespace. */
const ofHost: ReadonlySet<string> = new Set(['Unit', 'Process', 'Interface'])

export const hostPlace = (node: string): Place => `@host/${node}`
export const nodesPlace: Place = '@nodes'
export const dnsPlace: Place = '@dns'
export const controlPlanePlace: Place = '@control-plane'

export function isOfHost ({ kind, namespace = '' }: EntityRef): boolean { return ofHost.has(kind) && namespace !== '' }

const dnsName = /^(kube-dns|coredns|node-local-dns)(-|$)/
const controlPlaneName = /^(kube-apiserver|kube-scheduler|kube-controller-manager|etcd|cloud-controller-manager)(-|$)/

export function placesOf ({ entity }: Symptom): Place[] {
  const { kind, namespace = '', name } = entity
  const places = [entityKey(entity)]
  if (isOfHost(entity)) places.push(hostPlace(namespace))
  if (kind === 'Node') places.push(nodesPlace)
  if (namespace === 'kube-system' && dnsName.test(name)) places.push(dnsPlace)
  if (namespace === 'kube-system' && controlPlaneName.test(name)) places.push(controlPlanePlace)
  return places
}
