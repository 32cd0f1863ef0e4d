/** Guarantees: a workload lacks pods when its controller could not make them, also while old pods run on; never when all are there. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sceneWith, valueOf } from '../testing.js'

const pod = (name: string, owner: string, kind = 'ReplicaSet', phase = 'Running'): object =>
  ({ kind: 'Pod', metadata: { name, namespace: 'shop', ownerReferences: [{ kind, name: owner, controller: true }] }, spec: {}, status: { phase } })
const set = { kind: 'ReplicaSet', metadata: { name: 'web-1', namespace: 'shop', ownerReferences: [{ kind: 'Deployment', name: 'web', controller: true }] } }
const deployment = (replicas: unknown, status: object = {}): object => ({ kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' }, spec: { replicas }, status })
const of = (kind: string, name: string, spec: object = {}, status: object = {}): object => ({ kind, metadata: { name, namespace: 'shop' }, spec, status })

const deploymentCases: readonly (readonly [string, readonly object[], boolean])[] = [
  ['no pod is there', [deployment(1)], true],
  ['all are there', [deployment(1), set, pod('web-1-a', 'web-1')], false],
  ['one of two is there', [deployment(2), set, pod('web-1-a', 'web-1')], true],
  ['one has failed', [deployment(1), set, pod('web-1-a', 'web-1', 'ReplicaSet', 'Failed')], true],
  ['none is wanted', [deployment(0, { conditions: [{ type: 'ReplicaFailure', status: 'True' }] })], false],
  ['the old ones run', [deployment(1, { replicas: 1 }), set, pod('web-1-a', 'web-1')], true],
  ['the new ones run', [deployment(1, { replicas: 1, updatedReplicas: 1 }), set, pod('web-1-a', 'web-1')], false],
  ['the controller says that it cannot', [deployment(1, { replicas: 1, updatedReplicas: 1, conditions: [{ type: 'ReplicaFailure', status: 'True' }] }), set, pod('web-1-a', 'web-1')], true],
  ['the number is odd', [deployment('x'), set, pod('web-1-a', 'web-1')], false]
]
for (const [name, objects, expected] of deploymentCases) {
  test(name, () => { assert.is(valueOf('lacksPods(subject)', sceneWith(objects), 'Deployment/shop/web'), expected) })
}

for (const [name, object, wanted, lacks] of [
  ['a DaemonSet on three nodes', of('DaemonSet', 'x', {}, { desiredNumberScheduled: 3 }), 3, true],
  ['a StatefulSet', of('StatefulSet', 'x', { replicas: 2 }), 2, true],
  ['a Job', of('Job', 'x', { parallelism: 4 }), 4, true],
  ['a Job that is done', of('Job', 'x', {}, { conditions: [{ type: 'Complete', status: 'True' }] }), 0, false]
] as const) {
  const kind = (object as { kind: string }).kind
  test(name, () => {
    const scene = sceneWith([object])
    assert.equal([valueOf('wantedPods(subject)', scene, `${kind}/shop/x`), valueOf('lacksPods(subject)', scene, `${kind}/shop/x`)], [wanted, lacks])
  })
}

test.run()
