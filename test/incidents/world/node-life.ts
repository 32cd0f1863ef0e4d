/** Nodes: their conditions, and what the node lifecycle controller does with the pods of one that is not ready. */
import { changeOf, ChangeWriter, heartbeatLost } from '../../../core/kubernetes/changes/index.js'
import { alive } from './controllers.js'
import { objectRef } from './names.js'
import { setCondition, type ConditionPart } from './objects.js'
import { iso, type NodePart, type Pod } from './parts.js'
import { unready } from './pod-life.js'
import type { World } from './world.js'

export function nodeCondition (world: World, node: NodePart, type: string, status: string, reason: string, message: string): void {
  const { conditions } = node.object['status'] as { conditions: ConditionPart[] }
  setCondition(conditions, { type, status, reason, message, lastTransitionTime: iso(world.nowMs) })
  world.put(node.object)
}

export function podsOf (world: World, node: NodePart): Pod[] { return world.apps.flatMap(alive).filter(p => p.node === node) }

/** What the control plane says when a node's kubelet does not: `Unknown` when it is silent, `False` when it says so itself. */
export function becomesNotReady (world: World, node: NodePart, status: 'Unknown' | 'False', reason: string, message: string): void {
  nodeCondition(world, node, 'Ready', status, reason, message)
  world.event({ about: objectRef(node.object), type: 'Normal', reason: 'NodeNotReady', note: `Node ${node.name} status is now: NodeNotReady`, from: 'node-controller' })
  for (const pod of podsOf(world, node)) {
    world.sim.after(world.dice.between(100, 1500), () => {
      world.event({ about: objectRef(pod.object), type: 'Warning', reason: 'NodeNotReady', note: 'Node is not ready', from: 'node-controller' })
      unready(world, pod, 'NodeNotReady', 'node is not ready')
    })
  }
}

/** As the kubernetes receiver says by its own clock, when a lease has run out. */
export function heartbeatIsLost (world: World, node: NodePart, silentMs: number): void {
  const lease = { metadata: { name: node.name, namespace: 'kube-node-lease', uid: `lease-${node.object.metadata.uid}`, resourceVersion: '77', ownerReferences: [{ kind: 'Node', name: node.name, uid: node.object.metadata.uid }] }, spec: { leaseDurationSeconds: 40, renewTime: new Date(world.nowMs - silentMs).toISOString() } }
  const writer = new ChangeWriter({ source: 'kubernetes' })
  writer.add(changeOf('Lease', lease, heartbeatLost(lease, silentMs), world.nowMs))
  world.stream.add({ arrivalMs: world.nowMs + 100, timeMs: world.nowMs, layer: 'k8s', batch: writer.finish(BigInt(world.nowMs) * 1_000_000n) })
}
