/** Nodes as impact sees them. */
import type { EntityRef } from '../correlation/entity.js'
import type { KubeObject } from '../kubernetes/objects.js'
import type { ClusterModel } from '../topology/cluster-model.js'
import { objectAt, textAt } from '../topology/graph/plain.js'

/** By name. */
export function nodesOf (model: ClusterModel): EntityRef[] {
  return [...model.objects('Node')].map(n => textAt(n, 'metadata', 'name')).filter(n => n !== '').sort().map(name => ({ kind: 'Node', name }))
}

export function isControlPlane (node: KubeObject | undefined): boolean {
  const labels = objectAt(node, 'metadata', 'labels')
  return Object.hasOwn(labels, 'node-role.kubernetes.io/control-plane') || Object.hasOwn(labels, 'node-role.kubernetes.io/master')
}
