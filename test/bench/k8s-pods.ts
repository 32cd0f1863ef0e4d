/** Pods like those of a large cluster: replicas of 20 of 500 workloads on 200 nodes, 5 KB of JSON each. */
import type { Pod } from '../../core/kubernetes/objects.js'
import { makePod, uuidOf } from '../../core/testing/api-server/pods.js'

/** What a list brings and nobody here reads: managed fields, volumes, tolerations, conditions, environment. */
const bulk = { managedFields: Array.from({ length: 12 }, (_, i) => ({ manager: `controller-${i}`, operation: 'Update', fieldsV1: { 'f:metadata': { 'f:labels': { '.': {}, [`f:label-${i}`]: {} } }, 'f:spec': { 'f:containers': { 'k:{"name":"main"}': { 'f:env': {}, 'f:image': {}, 'f:resources': {} } } } } })) }

export function clusterPod (i: number): Pod {
  const workload = `workload-${i % 500}`
  const hash = (0x10000000 + i % 500).toString(36)
  const pod = makePod(`${workload}-${hash}-${i.toString(36).padStart(5, 'x')}`, {
    namespace: `team-${i % 40}`, uid: uuidOf(`pod ${i}`), node: `node-${i % 200}.example.internal`, ip: `10.${i >> 16}.${i >> 8 & 255}.${i & 255}`,
    owner: { kind: 'ReplicaSet', name: `${workload}-${hash}` }, image: `registry.example.com/team/${workload}:1.${i % 500}.0`,
    labels: { 'app.kubernetes.io/name': workload, 'pod-template-hash': hash, team: `team-${i % 40}` }
  })
  return { ...pod, metadata: { ...pod.metadata, ...bulk } }
}
