/** The cluster of the correlation bench: 10,000 pods of 1000 Deployments behind 1000 Services, on 200 nodes, as their objects. */
import type { Engine } from '../../../core/correlation/engine.js'
import type { KubeObject } from '../../../core/kubernetes/objects.js'
import { uuidOf } from '../../../core/testing/api-server/pods.js'

export const podCount = 10_000
export const serviceCount = 1000
export const nodeCount = 200
export const podsOfService = podCount / serviceCount

export const namespaceOf = (service: number): string => `team-${service % 40}`
export const serviceName = (service: number): string => `workload-${service}`
export const podName = (pod: number): string => `workload-${pod % serviceCount}-7d9f8b6c5-${pod.toString(36).padStart(5, 'x')}`
export const podUid = (pod: number): string => uuidOf(`bench pod ${pod}`)
export const podAddress = (pod: number): string => `10.${8 + (pod >> 16)}.${(pod >> 8) & 255}.${pod & 255}`
export const podsOfNode = podCount / nodeCount
/** The i-th pod of a node. */
export const podOf = (node: number, i: number): number => (node * podsOfService + i % podsOfService + Math.floor(i / podsOfService) * nodeCount * podsOfService) % podCount
export const nodeOf = (pod: number): string => `node-${Math.floor(pod / podsOfService) % nodeCount}`
export const serviceAddress = (service: number): string => `10.96.${service >> 8}.${service & 255}`

export function feed (engine: Engine, atMs: number): void {
  for (const [kind, object] of objects(atMs)) engine.model.put(kind, object, atMs)
}

/** In the order of a list: what others refer to first. */
export function * objects (atMs: number): Generator<readonly [kind: string, object: KubeObject]> {
  const make = (kind: string, namespace: string, name: string, rest: object, metadata: object = {}): readonly [string, KubeObject] =>
    [kind, { kind, metadata: { name, uid: uuidOf(`${kind}/${namespace}/${name}`), creationTimestamp: new Date(atMs - 3_600_000).toISOString(), ...(namespace === '' ? {} : { namespace }), ...metadata }, ...rest } as KubeObject]
  for (let i = 0; i < nodeCount; i++) yield make('Node', '', `node-${i}`, { status: { allocatable: { cpu: '16', memory: '64Gi', pods: '110' }, conditions: [{ type: 'Ready', status: 'True' }] } })
  for (let i = 0; i < serviceCount; i++) {
    const labels = { app: serviceName(i) }
    const template = { metadata: { labels }, spec: podSpec(i) }
    yield make('Deployment', namespaceOf(i), serviceName(i), { spec: { replicas: podsOfService, selector: { matchLabels: labels }, template }, status: { replicas: podsOfService, readyReplicas: podsOfService } })
    yield make('ReplicaSet', namespaceOf(i), `${serviceName(i)}-7d9f8b6c5`, { spec: { replicas: podsOfService, template } }, { ownerReferences: [{ kind: 'Deployment', name: serviceName(i), controller: true }] })
    yield make('Service', namespaceOf(i), serviceName(i), { spec: { selector: labels, clusterIP: serviceAddress(i), ports: [{ port: 80, targetPort: 8080 }] } })
  }
  for (let i = 0; i < podCount; i++) {
    const service = i % serviceCount
    yield make('Pod', namespaceOf(service), podName(i), { spec: { nodeName: nodeOf(i), ...podSpec(service) }, status: { phase: 'Running', podIP: podAddress(i), conditions: [{ type: 'Ready', status: 'True' }] } },
      { uid: podUid(i), labels: { app: serviceName(service), 'pod-template-hash': '7d9f8b6c5' }, ownerReferences: [{ kind: 'ReplicaSet', name: `${serviceName(service)}-7d9f8b6c5`, controller: true }] })
  }
}

/** Each calls two others, as its environment says. */
function podSpec (service: number): object {
  const env = [1, 7].map(step => ({ name: `HOST_${step}_URL`, value: `http://${serviceName((service + step * 40) % serviceCount)}:80` }))
  return { containers: [{ name: 'main', image: 'registry.example/app:1', env, ports: [{ containerPort: 8080 }], resources: { requests: { cpu: '200m', memory: '512Mi' }, limits: { memory: '512Mi' } } }] }
}
