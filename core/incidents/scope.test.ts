import * as assert from 'uvu/assert'
import { test } from 'uvu'
import { Dependencies } from '../correlation/dependencies.js'
import { Engine } from '../correlation/engine.js'
import { entityOfKey } from '../correlation/entity.js'
import type { KubeObject } from '../kubernetes/objects.js'
import { Health } from './health.js'
import { Scope } from './scope.js'
import { see, startMs } from './testing/scene.js'

const shop = (kind: string, name: string, more: object = {}, owner?: readonly [string, string]): KubeObject => ({
  kind, metadata: { namespace: 'shop', name, uid: `${kind}-${name}`, creationTimestamp: new Date(startMs - 3_600_000).toISOString(), ...(owner === undefined ? {} : { ownerReferences: [{ kind: owner[0], name: owner[1], controller: true }] }) }, ...more
} as KubeObject)

function cluster (): { readonly engine: Engine, readonly scope: Scope } {
  const engine = new Engine()
  const labels = { app: 'web' }
  const objects: readonly KubeObject[] = [
    shop('Deployment', 'web', { spec: { replicas: 1, template: { metadata: { labels }, spec: {} } } }),
    shop('ReplicaSet', 'web-5d4', {}, ['Deployment', 'web']),
    { ...shop('Pod', 'web-5d4-x1', { spec: { nodeName: 'n1' }, status: { phase: 'Running', podIP: '10.1.0.7', conditions: [{ type: 'Ready', status: 'True' }] } }, ['ReplicaSet', 'web-5d4']), metadata: { ...shop('Pod', 'web-5d4-x1', {}, ['ReplicaSet', 'web-5d4']).metadata, labels } } as KubeObject,
    shop('Service', 'web', { spec: { selector: labels, clusterIP: '10.96.0.9', ports: [{ port: 80 }] } }),
    shop('Deployment', 'front', { spec: { template: { metadata: { labels: { app: 'front' } }, spec: { containers: [{ name: 'main', env: [{ name: 'WEB', value: 'web:80' }] }] } } } }),
    { kind: 'Node', metadata: { name: 'n1' } } as KubeObject
  ]
  for (const object of objects) engine.model.put(object.kind as string, object, startMs)
  const scope = new Scope(engine.model, engine.dependencies)
  scope.at(startMs)
  return { engine, scope }
}

test('the workload of a pod, also of one that is gone or was never seen', () => {
  const { engine, scope } = cluster()
  const web = { kind: 'Deployment', namespace: 'shop', name: 'web' }
  assert.equal(scope.workloadOf(entityOfKey('Pod/shop/web-5d4-x1')), web)
  assert.equal(scope.workloadOf(entityOfKey('Pod/shop/web-5d4-zzzzz')), web)
  assert.equal(scope.workloadOf(entityOfKey('Node//n1')), { kind: 'Node', name: 'n1' })
  engine.model.remove('Pod', shop('Pod', 'web-5d4-x1'), startMs + 1000)
  scope.at(startMs + 60_000)
  assert.equal(scope.workloadOf(entityOfKey('Pod/shop/web-5d4-x1')), web)
})

test('owners in a circle end', () => {
  const { engine, scope } = cluster()
  engine.model.put('ReplicaSet', shop('ReplicaSet', 'a', {}, ['ReplicaSet', 'b']), startMs)
  engine.model.put('ReplicaSet', shop('ReplicaSet', 'b', {}, ['ReplicaSet', 'a']), startMs)
  scope.at(startMs + 20_000)
  assert.ok(['a', 'b'].includes(scope.workloadOf(entityOfKey('ReplicaSet/shop/a')).name))
  assert.ok(scope.reachOf(entityOfKey('ReplicaSet/shop/a')).size > 0)
})

test('a fault reaches what it is made of, who is reached through it, and who calls that', () => {
  const { scope } = cluster()
  const reach = scope.reachOf(entityOfKey('Node//n1'))
  const distance = (key: string): number | undefined => scope.distance(reach, entityOfKey(key))
  assert.equal(['Node//n1', 'Pod/shop/web-5d4-x1', 'Deployment/shop/web', 'Service/shop/web', 'Deployment/shop/front', 'Pod/shop/other-1'].map(distance), [0, 1, 1, 2, 3, undefined])
})

test('a peer is the Service or pod that the text means', () => {
  const { engine, scope } = cluster()
  const peer = (text: string): string | undefined => {
    const found = scope.peerOf(see(engine, 'net.connection_refused', 'Pod/shop/front-1', { detail: { peer: text } }))
    return found === undefined ? undefined : `${found.kind}/${found.name}`
  }
  assert.equal(['web:80', 'web.shop.svc.cluster.local:80', '10.96.0.9:80', '10.1.0.7:8080', 'elsewhere.example:443', '192.0.2.1:1'].map(peer), ['Service/web', 'Service/web', 'Service/web', 'Pod/web-5d4-x1', undefined, undefined])
})

test('trouble of a Service counts to the one workload behind it', () => {
  const { scope } = cluster()
  assert.is(scope.anchorOf(entityOfKey('Service/shop/web')).kind, 'Deployment')
  assert.is(scope.anchorOf(entityOfKey('Service/shop/none')).kind, 'Service')
})

test('what is well: by its own state, and by that of its workload when it is gone', () => {
  const { engine, scope } = cluster()
  const health = new Health(engine.model, scope)
  assert.ok(health.isWell(entityOfKey('Pod/shop/web-5d4-x1')))
  assert.ok(health.isWell(entityOfKey('Pod/shop/web-5d4-gone1')))
  assert.not(health.isWell(entityOfKey('Pod/shop/unknown-1')))
  assert.not(health.isWell(entityOfKey('Node//n1')))
  engine.model.put('Deployment', shop('Deployment', 'web', { spec: { replicas: 3 }, status: { readyReplicas: 3, updatedReplicas: 1, unavailableReplicas: 1 } }), startMs)
  assert.not(health.isWell(entityOfKey('Deployment/shop/web')))
})

test('without a cluster everything is itself', () => {
  const engine = new Engine()
  const scope = new Scope(engine.model, new Dependencies())
  scope.at(startMs)
  assert.equal(scope.workloadOf({ kind: 'Pod', namespace: 'a', name: 'b-c-d' }), { kind: 'Pod', namespace: 'a', name: 'b-c-d' })
  assert.is(scope.reachOf({ kind: 'Node', name: 'n' }).size, 1)
})

test.run()
