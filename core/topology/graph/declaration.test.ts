import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { declarationOf, kindIn } from './declaration.js'

const meta = { name: 'cart-0', namespace: 'shop' }

const said = (kind: string, object: object): string[] => declarationOf(kind, object).references
  .map(r => `${r.kind}${r.optional === true ? '?' : ''} ${r.to.kind} ${r.to.namespace === '' ? '' : `${r.to.namespace}/`}${r.to.name}`)

const spec = {
  nodeName: 'node-1',
  serviceAccountName: 'cart',
  imagePullSecrets: [{ name: 'registry' }],
  volumes: [
    { name: 'data', persistentVolumeClaim: { claimName: 'cart-data' } },
    { name: 'scratch', ephemeral: { volumeClaimTemplate: {} } },
    { name: 'conf', configMap: { name: 'cart-conf', optional: true } },
    { name: 'cert', secret: { secretName: 'cart-cert' } },
    { name: 'all', projected: { sources: [{ configMap: { name: 'ca' } }, { secret: { name: 'key' } }, { serviceAccountToken: {} }] } }
  ],
  containers: [{
    envFrom: [{ configMapRef: { name: 'env' } }, { secretRef: { name: 'env', optional: true } }],
    env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'one', key: 'a' } } }, { name: 'B', valueFrom: { secretKeyRef: { name: 'two', key: 'b' } } }, { name: 'REDIS_ADDR', value: 'redis:6379' }],
    args: ['--db=postgres://db.data.svc/x']
  }],
  initContainers: [{ envFrom: [{ configMapRef: { name: 'init' } }] }]
}

const template = [
  'service_account ServiceAccount shop/cart', 'pull_secret Secret shop/registry', 'mounts_claim PersistentVolumeClaim shop/cart-data', 'config_volume? ConfigMap shop/cart-conf',
  'config_volume Secret shop/cart-cert', 'config_volume ConfigMap shop/ca', 'config_volume Secret shop/key', 'config_env ConfigMap shop/env', 'config_env? Secret shop/env',
  'config_env ConfigMap shop/one', 'config_env Secret shop/two', 'mention Service shop/redis', 'mention Service data/db', 'config_env ConfigMap shop/init'
]

test('a pod names its node, account, secrets, volumes, configuration and the services in its environment', () => {
  const expected = ['runs_on Node node-1', ...template]
  expected.splice(4, 0, 'mounts_claim PersistentVolumeClaim shop/cart-0-scratch')
  assert.equal(said('Pod', { metadata: meta, spec }), expected)
})

test('a workload names what its pods will need; a ReplicaSet with an owner leaves it to that', () => {
  for (const kind of ['Deployment', 'DaemonSet', 'Job', 'ReplicaSet', 'ReplicationController']) assert.equal(said(kind, { metadata: meta, spec: { template: { spec } } }), template, kind)
  assert.equal(said('CronJob', { metadata: meta, spec: { jobTemplate: { spec: { template: { spec } } } } }), template)
  assert.equal(said('StatefulSet', { metadata: meta, spec: { serviceName: 'cart', template: { spec } } }), [...template, 'governed_by Service shop/cart'])
  assert.equal(said('ReplicaSet', { metadata: { ...meta, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' }] }, spec: { template: { spec } } }), ['owner Deployment shop/cart'])
})

test('each kind names its part', () => {
  const cases: [string, object, string[]][] = [
    ['EndpointSlice', { metadata: { ...meta, labels: { 'kubernetes.io/service-name': 'cart' } }, endpoints: [{ targetRef: { kind: 'Pod', name: 'a' } }, { conditions: { ready: false }, targetRef: { kind: 'Pod', name: 'b', namespace: 'x' } }, { addresses: ['10.0.0.1'] }] },
      ['endpoints_of Service shop/cart', 'endpoint Pod shop/a', 'unready_endpoint Pod x/b']],
    ['Endpoints', { metadata: { name: 'cart', namespace: 'shop' }, subsets: [{ addresses: [{ targetRef: { kind: 'Pod', name: 'a' } }], notReadyAddresses: [{ targetRef: { kind: 'Pod', name: 'b' } }] }] },
      ['endpoints_of Service shop/cart', 'endpoint Pod shop/a', 'unready_endpoint Pod shop/b']],
    ['Ingress', { metadata: meta, spec: { defaultBackend: { service: { name: 'web' } }, tls: [{ secretName: 'cert' }], rules: [{ http: { paths: [{ backend: { service: { name: 'cart' } } }, { backend: { serviceName: 'old' } }] } }] } },
      ['routes Service shop/web', 'routes Service shop/cart', 'routes Service shop/old', 'tls_secret Secret shop/cert']],
    ['HorizontalPodAutoscaler', { metadata: meta, spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' } } }, ['scales Deployment shop/cart']],
    ['PersistentVolumeClaim', { metadata: meta, spec: { volumeName: 'pv-1', storageClassName: 'fast' } }, ['binds PersistentVolume pv-1', 'storage_class StorageClass fast']],
    ['PersistentVolume', { metadata: { name: 'pv-1' }, spec: { claimRef: { namespace: 'shop', name: 'cart-data' }, storageClassName: 'fast' } }, ['claimed_by PersistentVolumeClaim shop/cart-data', 'storage_class StorageClass fast']],
    ['ServiceAccount', { metadata: meta, imagePullSecrets: [{ name: 'registry' }] }, ['pull_secret Secret shop/registry']],
    ['ResourceQuota', { metadata: meta }, ['limits Namespace shop']],
    ['LimitRange', { metadata: meta }, ['limits Namespace shop']],
    ['Service', { metadata: meta, spec: { externalName: 'db.data.svc.cluster.local' } }, ['mention Service data/db']],
    ['Pod', { metadata: { ...meta, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'node-1' }] } }, ['owner Node node-1']],
    ['Job', { metadata: { ...meta, ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly' }] } }, ['owner CronJob shop/nightly']],
    ['Route', { metadata: { ...meta, ownerReferences: [{ apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 's' }] } }, ['owner Service.serving.knative.dev shop/s']]
  ]
  for (const [kind, object, expected] of cases) assert.equal(said(kind, object), expected, kind)
})

test('kinds of others do not pass for Kubernetes\' own', () => {
  assert.equal([kindIn('v1', 'Service'), kindIn('apps/v1', 'Deployment'), kindIn('networking.k8s.io/v1', 'Ingress'), kindIn('serving.knative.dev/v1', 'Service')], ['Service', 'Deployment', 'Ingress', 'Service.serving.knative.dev'])
})

test('objects of any shape are read without an exception', () => {
  const shapes: unknown[] = [null, 7, 'text', [], {}, { a: 1 }, [null], [[]], [{ name: 7 }], [{ configMapRef: 'x', valueFrom: [] }]]
  const kinds = ['Pod', 'Deployment', 'StatefulSet', 'CronJob', 'Service', 'NetworkPolicy', 'PodDisruptionBudget', 'EndpointSlice', 'Endpoints', 'Ingress', 'HorizontalPodAutoscaler', 'PersistentVolumeClaim', 'PersistentVolume', 'ServiceAccount', 'ResourceQuota', 'Other', 'constructor']
  for (const kind of kinds) {
    for (const shape of shapes) {
      const parts = { containers: shape, volumes: shape, env: shape, rules: shape, tls: shape, selector: shape, podSelector: shape, scaleTargetRef: shape, claimRef: shape }
      for (const object of [shape, { metadata: shape, spec: shape }, { metadata: { labels: shape, ownerReferences: shape, name: shape }, spec: { ...parts, template: { spec: { ...parts, containers: [{ env: shape, envFrom: shape, args: shape }] } } }, endpoints: shape, subsets: shape }]) {
        assert.ok(Array.isArray(declarationOf(kind, object).references))
      }
    }
  }
})

test.run()
