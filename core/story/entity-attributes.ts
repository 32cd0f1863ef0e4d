/** An entity under OpenTelemetry's names (semantic conventions 1.37), and as Tapio names it. */
import type { EntityRef } from '../correlation/entity.js'

export type PlainAttributes = Readonly<Record<string, string | number | boolean>>

/** Kinds whose name (and uid) have a convention: `k8s.<lower-case kind>.name`. */
const kubernetesKinds = new Set(['Pod', 'Node', 'Namespace', 'Service', 'Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicationController', 'HorizontalPodAutoscaler', 'ResourceQuota'])
const shortNames: Readonly<Record<string, string>> = { HorizontalPodAutoscaler: 'hpa' }

/** Kinds that live on a node, whose name is their namespace. */
const onNodes: Readonly<Record<string, string>> = { Unit: 'systemd.unit', Process: 'process.executable.name', Interface: 'network.interface.name' }

export function entityAttributes (entity: EntityRef): PlainAttributes {
  const { kind, namespace = '', name, uid = '' } = entity
  const own = { 'tapio.entity.kind': kind, ...(namespace !== '' && { 'tapio.entity.namespace': namespace }), 'tapio.entity.name': name }
  return { ...own, ...conventional(kind, namespace, name, uid) }
}

function conventional (kind: string, namespace: string, name: string, uid: string): PlainAttributes {
  const onNode = onNodes[kind]
  if (onNode !== undefined) return { [onNode]: name, ...(namespace !== '' && { 'host.name': namespace }) }
  if (kind === 'Container') return { 'container.id': name }
  if (kind === 'Address') return addressOf(name)
  const place = namespace === '' ? {} : { 'k8s.namespace.name': namespace }
  if (!kubernetesKinds.has(kind)) return place
  const short = shortNames[kind] ?? kind.toLowerCase()
  return { ...place, [`k8s.${short}.name`]: name, ...(uid !== '' && { [`k8s.${short}.uid`]: uid }) }
}

function addressOf (name: string): PlainAttributes {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(name) ?? []
  return host === undefined ? { 'server.address': name } : { 'server.address': host.replace(/^\[(.*)\]$/, '$1'), 'server.port': Number(port) }
}
