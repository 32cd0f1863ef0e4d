import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makePod, uuidOf } from '../../core/testing/api-server/pods.js'
import { resourceNames } from '../../core/kubernetes/watchable.js'
import { startReceiver, withCluster, type Running } from './start-for-test.js'

const pods = '/pods'
const conditions = (...all: [string, string, string?][]): object[] => all.map(([type, status, reason]) => ({ type, status, reason }))
const killed = { containerStatuses: [{ name: 'main', restartCount: 1, lastState: { terminated: { containerID: 'containerd://1', exitCode: 137, reason: 'OOMKilled' } }, state: { running: { startedAt: '2026-01-01T00:01:00Z' } } }] }
const podWith = (name: string, status: object): ReturnType<typeof makePod> => { const pod = makePod(name, { uid: uuidOf(name) }); return { ...pod, status: { ...pod.status, ...status } } }

async function withReceiver (options: object, use: (running: Running) => Promise<void>, cluster: Parameters<typeof startReceiver>[0]): Promise<void> {
  const running = await startReceiver(cluster, options)
  try {
    await use(running)
  } finally {
    await running.stop()
  }
}

test('what is found at the start is no news, but what is wrong with it is told; then every change', () => withCluster(async cluster => {
  const { server } = cluster
  server.store.put(pods, makePod('fine', { uid: uuidOf('fine') }))
  server.store.put(pods, podWith('stuck', { phase: 'Pending', containerStatuses: [{ name: 'main', restartCount: 0, state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } } }] }))
  await withReceiver({ resources: ['pods'] }, async running => {
    await running.watching(1)
    await running.until('the stuck pod', () => running.told().length > 0)
    assert.equal(running.told(), ['Pod/stuck container_waiting ImagePullBackOff'])
    server.store.put(pods, podWith('fine', killed))
    await running.until('the kill', () => running.told().some(t => t.includes('OOMKilled')))
    const oom = running.rows().find(r => r.get('name') === 'OOMKilled')
    assert.equal([oom?.get('returnCode'), oom?.get('source'), oom?.get('entityNamespace'), oom?.get('action')], [137, 'kubernetes', 'shop', 'MODIFIED'])
    assert.equal([oom?.resource.attributes['k8s.pod.name'], oom?.resource.attributes['k8s.container.name'], oom?.resource.attributes['k8s.node.name']], ['fine', 'main', 'node-1'])
    const raw = JSON.parse(Buffer.from(oom?.raw ?? []).toString()) as { metadata: { name: string } }
    assert.is(raw.metadata.name, 'fine')
    server.store.put(pods, makePod('late', { uid: uuidOf('late') }))
    server.store.delete(pods, 'shop/stuck')
    await running.until('the end', () => running.told().includes('Pod/stuck deleted PodDeleted'))
    assert.ok(running.told().includes('Pod/late created PodCreated'))
  }, cluster)
}))

test('Events: fresh ones at the start, each again only when it has come again', () => withCluster(async cluster => {
  const { server } = cluster
  const event = (name: string, count: number, lastTimestamp: string): object => ({ metadata: { name, namespace: 'shop', uid: uuidOf(name) }, regarding: { kind: 'Pod', namespace: 'shop', name: 'cart-0' }, reason: 'BackOff', type: 'Warning', note: 'Back-off restarting failed container', deprecatedCount: count, deprecatedLastTimestamp: lastTimestamp })
  const now = (): string => new Date().toISOString()
  server.store.put('events.k8s.io/events', event('old', 1, '2026-01-01T00:00:00Z'))
  server.store.put('events.k8s.io/events', event('fresh', 2, now()))
  await withReceiver({ resources: ['events'] }, async running => {
    await running.watching(1)
    server.store.put('events.k8s.io/events', event('old', 1, '2026-01-01T00:00:00Z'))
    server.store.put('events.k8s.io/events', event('old', 5, now()))
    await running.until('both', () => running.rows().length >= 2)
    assert.equal(running.rows().map(r => [r.get('entityName'), r.get('name'), r.attribute('k8s.event.name'), r.attribute('k8s.event.count')]), [['cart-0', 'BackOff', 'fresh', 2n], ['cart-0', 'BackOff', 'old', 5n]])
  }, cluster)
}))

test('what is forbidden is said once, the older API is tried, and the rest goes on', () => withCluster(async cluster => {
  const { server } = cluster
  for (const id of ['/secrets', '/nodes', 'events.k8s.io/events']) server.faults.forbidden.add(id)
  server.store.put('/events', { metadata: { name: 'e1', namespace: 'shop', uid: 'e1' }, involvedObject: { kind: 'Node', name: 'node-1' }, reason: 'Rebooted', message: 'has rebooted', type: 'Warning', lastTimestamp: new Date().toISOString() } as object)
  await withReceiver({}, async running => {
    // secrets and nodes have none.
    await running.watching(resourceNames.length - 2)
    await running.until('the Event of the older API', () => running.told().includes('Node/node-1 event Rebooted'))
    const left = running.logger.lines.filter(l => l.message.includes('left out'))
    assert.equal(left.map(l => l.fields?.['resource']).sort(), ['nodes', 'secrets'])
    assert.match(String(left[0]?.fields?.['reason']), 'is forbidden')
    await running.until('the gauge', () => running.meter.values.get('kubernetes_denied') === 2)
    server.store.put(pods, makePod('late', { uid: uuidOf('late') }))
    await running.until('the rest', () => running.told().includes('Pod/late created PodCreated'))
  }, cluster)
}))

test('values of Secrets and ConfigMaps are not asked for, and what looks like a secret does not leave', () => withCluster(async cluster => {
  const { server } = cluster
  await withReceiver({ resources: ['secrets', 'configmaps', 'deployments'], objects: 'all' }, async running => {
    await running.watching(3)
    server.store.put('/secrets', { metadata: { name: 's', namespace: 'shop' }, data: { password: 'aHVudGVyMg==' } } as object)
    server.store.put('/configmaps', { metadata: { name: 'c', namespace: 'shop' }, data: { config: 'hunter2' } } as object)
    const env = [{ name: 'DB_PASSWORD', value: 'hunter2' }, { name: 'AUTH_ADDRESS', value: 'auth:8080' }, { name: 'DB_URL', value: 'postgres://shop:hunter2@db/cart' }]
    server.store.put('apps/deployments', { metadata: { name: 'd', namespace: 'shop', managedFields: [{}], annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'hunter2' } }, spec: { template: { spec: { containers: [{ name: 'main', env, args: ['--token', 'hunter2'] }] } } } } as object)
    await running.until('all three', () => running.rows().length >= 3)
    const out = running.rows().map(r => Buffer.from(r.raw ?? []).toString()).join('\n') + JSON.stringify(running.told())
    assert.not.match(out, /hunter2|aHVudGVyMg|managedFields|"data"/)
    assert.match(out, 'auth:8080')
    assert.equal(server.requests.filter(r => r.path.endsWith('/secrets')).length > 0, true)
  }, cluster)
}))

test('namespaces, exclusions and selectors ask the server for less', () => withCluster(async cluster => {
  const { server } = cluster
  for (const namespace of ['a', 'b', 'kube-system']) server.store.put(pods, makePod('p', { namespace, uid: uuidOf(namespace), labels: { app: namespace } }))
  const bad = { phase: 'Failed', reason: 'Evicted' }
  const fail = (): void => { for (const namespace of ['a', 'b', 'kube-system']) { const pod = makePod('p', { namespace, uid: uuidOf(namespace), labels: { app: namespace } }); server.store.put(pods, { ...pod, status: { ...pod.status, ...bad } } as object) } }
  const seen = (running: Running): (string | undefined)[] => running.rows().filter(r => r.get('name') === 'Evicted').map(r => r.get('entityNamespace'))
  await withReceiver({ resources: ['pods', 'nodes'], namespaces: ['a', 'b'] }, async running => {
    await running.watching(3)
    fail()
    await running.until('both', () => seen(running).length === 2)
    assert.equal([...new Set(server.requests.map(r => r.path))].sort(), ['/api/v1/namespaces/a/pods', '/api/v1/namespaces/b/pods', '/api/v1/nodes'])
  }, cluster)
  await withReceiver({ resources: ['pods'], exclude_namespaces: ['kube-system'], selectors: { pods: { label: 'app!=b' } } }, async running => {
    await running.until('the one', () => seen(running).length === 1)
    assert.equal(seen(running), ['a'])
    assert.is(server.requests.at(-1)?.query.get('fieldSelector'), 'metadata.namespace!=kube-system')
  }, cluster)
}))

test('a pipeline that is full stops the reading; when it takes again, nothing is missing', () => withCluster(async cluster => {
  const { server } = cluster
  let release: () => void = () => undefined
  const gate = new Promise<void>(resolve => { release = resolve })
  const running = await startReceiver(cluster, { resources: ['pods'], max_queue_size: '1MiB', max_batch_rows: 10 })
  running.next.answer = async () => { await gate; return { status: 'accepted' } }
  try {
    await running.watching(1)
    const all = 6000
    for (let i = 0; i < all; i++) server.store.put(pods, makePod(`p-${i}`, { uid: uuidOf(String(i)), annotations: { text: 'x'.repeat(2000) } }))
    await running.until('the stop', () => (running.meter.values.get('kubernetes_queued') ?? 0) > 300)
    const queued = running.meter.values.get('kubernetes_queued') ?? 0
    assert.ok(queued < all / 2, `${queued} queued of ${all}`)
    release()
    await running.until('all', () => running.rows().length === all)
    assert.is(new Set(running.told()).size, all)
  } finally {
    release()
    await running.stop()
  }
}))

test('an object of no shape is passed over and counted, the rest goes on', () => withCluster(async cluster => {
  const { server } = cluster
  await withReceiver({ resources: ['pods'] }, async running => {
    await running.watching(1)
    server.store.put(pods, { metadata: { name: 'odd', namespace: 'shop' }, status: { conditions: 7, containerStatuses: 'none' }, spec: { containers: { a: 1 } } } as object)
    server.store.put(pods, podWith('fine', killed))
    await running.until('the next', () => running.told().includes('Pod/fine created PodCreated'))
    assert.is(running.meter.values.get('kubernetes_malformed{kind="Pod"}'), 1)
  }, cluster)
}))

test('a node whose lease is not renewed is told, once, while others are heard', () => withCluster(async cluster => {
  const { server } = cluster
  const leases = 'coordination.k8s.io/leases'
  const renew = (name: string): void => { server.store.put(leases, { metadata: { name, namespace: 'kube-node-lease' }, spec: { leaseDurationSeconds: 1, renewTime: new Date().toISOString() } } as object) }
  for (const name of ['node-1', 'node-2']) renew(name)
  await withReceiver({ resources: ['leases'], heartbeat_grace: '0' }, async running => {
    await running.watching(1)
    const beat = setInterval(() => { renew('node-2') }, 100)
    try {
      await running.until('the silence', () => running.told().includes('Node/node-1 heartbeat_lost HeartbeatLost'))
      renew('node-1')
      await running.until('the voice', () => running.told().includes('Node/node-1 heartbeat_resumed HeartbeatResumed'))
    } finally {
      clearInterval(beat)
    }
    assert.is(running.told().filter(t => t.includes('heartbeat_lost')).length, 1)
    assert.equal(running.rows().find(r => r.get('name') === 'HeartbeatLost')?.get('severity'), 21)
  }, cluster)
}))

test('no access is said, and the receiver stops in peace', async () => {
  await withCluster(async cluster => {
    const running = await startReceiver({ ...cluster, address: cluster.address }, { auth_type: 'kubeConfig', api_server: undefined, kubeconfig: '/does/not/exist' })
    assert.match(running.status.events.at(-1) ?? '', /^permanent: .*\/does\/not\/exist/)
    await running.stop()
  })
})

test('conditions of a node and Pending pods without a node are told with their reasons', () => withCluster(async cluster => {
  const { server } = cluster
  server.store.put('/nodes', { metadata: { name: 'node-1' }, status: { conditions: conditions(['Ready', 'True'], ['MemoryPressure', 'False']) } } as object)
  await withReceiver({ resources: ['nodes', 'pods'] }, async running => {
    await running.watching(2)
    server.store.put('/nodes', { metadata: { name: 'node-1' }, status: { conditions: conditions(['Ready', 'Unknown', 'NodeStatusUnknown'], ['MemoryPressure', 'True', 'KubeletHasInsufficientMemory']) } } as object)
    server.store.put(pods, podWith('new', { phase: 'Pending', conditions: conditions(['PodScheduled', 'False', 'Unschedulable']) }))
    await running.until('all', () => running.rows().length >= 4)
    assert.equal([...running.told()].sort(), ['Node/node-1 node_condition KubeletHasInsufficientMemory', 'Node/node-1 node_condition NodeStatusUnknown', 'Pod/new created PodCreated', 'Pod/new pod_unschedulable Unschedulable'])
  }, cluster)
}))

test.run()
