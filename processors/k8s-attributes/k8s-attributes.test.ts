import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../core/component/clock.js'
import type { Processor } from '../../core/component/component.js'
import { parseOptions } from '../../core/config/options.js'
import type { Attributes } from '../../core/data/attributes.js'
import type { EventBatch } from '../../core/data/batch.js'
import { EventIds } from '../../core/data/ids.js'
import { Resource } from '../../core/data/resource.js'
import { otlpRecord, resourceEnvelope as envelopeOf } from '../../core/data/testing/otlp-record.js'
import { readExportRequest } from '../../core/otlp/reader.js'
import { Writer } from '../../core/otlp/values.js'
import { frameExportRequests } from '../../core/otlp/writer.js'
import { containerIdOf, makePod, uuidOf, type PodOptions } from '../../core/testing/api-server/pods.js'
import { ApiServerStandIn } from '../../core/testing/api-server/server.js'
import { RecordingHost, deadlineIn, testBench, type TestBench } from '../../core/testing/services.js'
import { factory } from './factory.js'

const kind = '/pods'

/** An export request with one span for every resource, as a client sends it. */
function request (resources: readonly Attributes[]): Buffer {
  const span = otlpRecord(1, { 'http.route': '/cart' })
  const scope = Writer.create().uint32(18).bytes(span).finish()
  const w = Writer.create()
  for (const resource of resources) w.uint32(10).bytes(Buffer.concat([envelopeOf(resource, 'unknown field'), Writer.create().uint32(18).bytes(scope).finish()]))
  return Buffer.from(w.finish())
}

function received (resources: readonly Attributes[], address?: string): EventBatch {
  const result = readExportRequest('traces', request(resources), { ids: new EventIds(), observedTimeUnixNano: 1n })
  if (!result.ok) throw new Error(result.error)
  return address === undefined ? result.batch : result.batch.withOrigin({ address })
}

interface Cluster { readonly server: ApiServerStandIn, readonly address: string, put(name: string, options?: PodOptions): void }

async function withCluster (use: (cluster: Cluster) => Promise<void>): Promise<void> {
  const server = new ApiServerStandIn()
  const address = await server.start()
  try {
    await use({ server, address, put: (name, options = {}) => { server.store.put(kind, makePod(name, { uid: uuidOf(name), ...options })) } })
  } finally {
    await server.stop()
  }
}

type Bench = TestBench & { readonly processor: Processor }

function make (options: object): Bench {
  const checked = parseOptions({ schema: factory.schema }, options)
  if (!checked.ok) throw new Error(JSON.stringify(checked))
  const bench = testBench('processor', 'k8s_attributes', checked.value, { clock: systemClock })
  return { ...bench, processor: undefined as never }
}

async function withProcessor (cluster: Cluster, options: object, use: (send: (resources: readonly Attributes[], address?: string) => Promise<Attributes[]>, bench: Bench) => Promise<void>): Promise<void> {
  const bench = make({ auth_type: 'none', api_server: cluster.address, wait_for_metadata: true, ...options })
  const processor = await factory.create(bench.services) as Processor
  await processor.start?.(new RecordingHost())
  try {
    await use(async (resources, address) => {
      await processor.consume(received(resources, address))
      const batch = bench.next.batches.at(-1) as EventBatch
      assert.is.not(batch.unread, undefined, 'records were read')
      return sentResources(batch)
    }, { ...bench, processor })
  } finally {
    await processor.stop?.(deadlineIn(1000))
  }
}

/** The resources of the requests as they would leave. */
function sentResources (batch: EventBatch): Attributes[] {
  return frameExportRequests(batch).flatMap(framed => {
    const again = readExportRequest('traces', Buffer.concat(framed.chunks), { ids: new EventIds(), observedTimeUnixNano: 1n })
    if (!again.ok) throw new Error(again.error)
    return again.batch.layout.resource.length === 0 ? [] : [...again.batch.layout.resource].map(r => again.batch.resources[r]?.attributes ?? {})
  })
}

const cart: PodOptions = { ip: '10.0.0.7', owner: { kind: 'ReplicaSet', name: 'cart-7d9f8' }, labels: { 'pod-template-hash': '7d9f8', 'app.kubernetes.io/name': 'cart', team: 'shop' }, annotations: { 'example.com/on-call': 'ana' } }
const usual = {
  'k8s.namespace.name': 'shop', 'k8s.pod.name': 'cart-1', 'k8s.pod.uid': uuidOf('cart-1'), 'k8s.pod.start_time': '2026-01-01T00:00:00Z', 'k8s.deployment.name': 'cart',
  'k8s.node.name': 'node-1', 'container.image.name': 'registry.example/shop/cart', 'container.image.tag': '1.2.3'
}

test('a pod is found by uid, by address, and by the connection, in this order', () => withCluster(async cluster => {
  cluster.put('cart-1', cart)
  cluster.put('other', { ip: '10.0.0.8' })
  await withProcessor(cluster, {}, async send => {
    assert.equal(await send([{ 'service.name': 's', 'k8s.pod.uid': uuidOf('cart-1') }], '10.0.0.8'), [{ 'service.name': 's', ...usual }])
    assert.equal(await send([{ 'service.name': 's', 'k8s.pod.ip': '10.0.0.7' }], '10.0.0.8'), [{ 'service.name': 's', 'k8s.pod.ip': '10.0.0.7', ...usual }])
    assert.equal(await send([{ 'service.name': 's' }], '::ffff:10.0.0.7'), [{ 'service.name': 's', ...usual }])
    assert.equal(await send([{ 'service.name': 's', 'k8s.pod.uid': uuidOf('gone') }], '10.0.0.7'), [{ 'service.name': 's', ...usual, 'k8s.pod.uid': uuidOf('gone') }])
    assert.equal(await send([{}], '10.0.0.7'), [usual], 'a resource that says nothing')
    assert.equal(await send([{ 'service.name': 's' }], '10.9.9.9'), [{ 'service.name': 's' }])
    assert.equal(await send([{ 'service.name': 's' }]), [{ 'service.name': 's' }])
  })
}))

test('every name of `extract`, labels and annotations, and what is there already', () => withCluster(async cluster => {
  cluster.put('cart-1', cart)
  const metadata = ['k8s.pod.ip', 'k8s.replicaset.name', 'k8s.replicaset.uid', 'k8s.statefulset.name', 'k8s.container.name', 'container.id']
  const extract = { metadata, labels: [{ key: 'team' }, { tag_name: 'app', key: 'app.kubernetes.io/name' }, { tag_name: 'l.$1', key_regex: 'pod-(.*)' }], annotations: [{ tag_name: 'note.$$1', key_regex: 'example\\.com/(.*)' }, { key: 'absent' }] }
  await withProcessor(cluster, { extract }, async send => {
    const given = { 'k8s.pod.uid': uuidOf('cart-1'), app: 'mine', 'k8s.container.name': '' }
    assert.equal(await send([given]), [{
      ...given, 'k8s.pod.ip': '10.0.0.7', 'k8s.replicaset.name': 'cart-7d9f8', 'k8s.replicaset.uid': uuidOf('cart-7d9f8'), 'k8s.container.name': 'main', 'container.id': containerIdOf('cart-1'),
      'k8s.pod.labels.team': 'shop', 'l.template-hash': '7d9f8', 'note.on-call': 'ana'
    }])
  })
}))

test('several sources must fit the same pod, and the next rule is tried when they do not', () => withCluster(async cluster => {
  cluster.put('cart-1', cart)
  const from = 'resource_attribute'
  const rules = [
    { sources: [{ from, name: 'k8s.namespace.name' }, { from, name: 'k8s.pod.name' }, { from, name: 'k8s.node.name' }] },
    { sources: [{ from: 'connection' }, { from, name: 'k8s.namespace.name' }] },
    { sources: [{ from, name: 'container.id' }] }
  ]
  await withProcessor(cluster, { pod_association: rules, extract: { metadata: ['k8s.pod.uid'] } }, async send => {
    const found = { 'k8s.pod.uid': uuidOf('cart-1') }
    const cases: [Attributes, string | undefined, boolean][] = [
      [{ 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'cart-1', 'k8s.node.name': 'node-1' }, undefined, true],
      [{ 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'cart-1', 'k8s.node.name': 'node-2' }, undefined, false],
      [{ 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'cart-1' }, undefined, false],
      [{ 'k8s.namespace.name': 'shop' }, '10.0.0.7', true],
      [{ 'k8s.namespace.name': 'bank' }, '10.0.0.7', false],
      [{ 'k8s.namespace.name': 'bank', 'container.id': containerIdOf('cart-1') }, '10.0.0.7', true]
    ]
    for (const [attributes, address, expected] of cases) assert.equal(await send([attributes], address), [expected ? { ...attributes, ...found } : attributes], JSON.stringify(attributes))
  })
}))

test('a resource is patched once and used again until its pod changes', () => withCluster(async cluster => {
  cluster.put('cart-1', cart)
  await withProcessor(cluster, { extract: { metadata: ['k8s.node.name'] } }, async (send, bench) => {
    const misses = (): number => bench.meter.values.get('k8s_cache_misses') ?? 0
    const given = [{ 'k8s.pod.uid': uuidOf('cart-1') }, { 'k8s.pod.uid': uuidOf('late') }]
    assert.equal((await send(given)).map(r => r['k8s.node.name']), ['node-1', undefined])
    await send(given)
    assert.is(misses(), 2)
    cluster.put('late', { node: 'node-2' })
    cluster.put('cart-1', { ...cart, node: 'node-3' })
    await eventually('both changes', async () => (await send(given)).map(r => r['k8s.node.name']).join() === 'node-3,node-2')
    cluster.server.store.delete(kind, 'shop/cart-1')
    assert.equal((await send(given)).map(r => r['k8s.node.name']), ['node-3', 'node-2'], 'late telemetry of a deleted pod')
  })
}))

test('everything but the added attributes leaves as it came', () => withCluster(async cluster => {
  cluster.put('cart-1', cart)
  await withProcessor(cluster, { extract: { metadata: ['k8s.node.name'] } }, async (_send, { processor, next }) => {
    const resources = [{ 'k8s.pod.uid': uuidOf('cart-1'), n: 1n << 60n }, { 'k8s.pod.uid': 'nobody' }]
    await processor.consume(received(resources))
    const [framed] = frameExportRequests(next.batches[0] as EventBatch)
    const expected = Buffer.from(request([{ ...resources[0] as Attributes, 'k8s.node.name': 'node-1' }, resources[1] as Attributes]))
    assert.is(Buffer.concat(framed?.chunks ?? []).toString('hex'), expected.toString('hex'))
    await processor.consume(received([{ a: 1 }]))
    const untouched = next.batches[1] as EventBatch
    assert.ok(untouched.raw.complete, 'a batch without a known pod is still the whole request')
  })
}))

test('the cache holds no more than it may', () => withCluster(async cluster => {
  cluster.put('cart-1', cart)
  await withProcessor(cluster, { max_cache_size: 65536 }, async (send, bench) => {
    for (let i = 0; i < 300; i++) await send([{ 'k8s.pod.uid': uuidOf('cart-1'), i }])
    const before = bench.meter.values.get('k8s_cache_misses')
    await send([{ 'k8s.pod.uid': uuidOf('cart-1'), i: 299 }])
    assert.is(bench.meter.values.get('k8s_cache_misses'), before, 'the youngest are kept')
    await send([{ 'k8s.pod.uid': uuidOf('cart-1'), i: 0 }])
    assert.is(bench.meter.values.get('k8s_cache_misses'), (before ?? 0) + 1, 'the oldest are not')
  })
}))

test('filters ask the server for less, and processors with the same options share one watch', () => withCluster(async cluster => {
  cluster.put('cart-1', cart)
  process.env['TAPIO_TEST_NODE'] = 'node-1'
  const options = { filter: { node_from_env_var: 'TAPIO_TEST_NODE', namespace: 'shop' } }
  await withProcessor(cluster, options, () => withProcessor(cluster, { ...options, max_cache_size: 100_000 }, async send => {
    assert.is((await send([{ 'k8s.pod.uid': uuidOf('cart-1') }]))[0]?.['k8s.pod.name'], 'cart-1')
    await eventually('a watch', () => Promise.resolve(cluster.server.watches.size === 1))
    assert.equal([...new Set(cluster.server.requests.map(r => `${r.path} ${r.query.get('fieldSelector')}`))], ['/api/v1/namespaces/shop/pods spec.nodeName=node-1'])
    assert.is(cluster.server.requests.length, 2)
  }))
  await eventually('the end of the watch', () => Promise.resolve(cluster.server.watches.size === 0))
}))

test('without access or rights rows pass, and health says why once', () => withCluster(async cluster => {
  cluster.server.faults.forbidden.add(kind)
  const cases: [object, string][] = [
    [{ auth_type: 'none', api_server: cluster.address }, 'recoverable: pods is forbidden'],
    [{ auth_type: 'kubeConfig', kubeconfig: '/nowhere/config' }, 'permanent: kubeconfig /nowhere/config cannot be read'],
    [{ auth_type: 'none', api_server: cluster.address, filter: { node_from_env_var: 'TAPIO_TEST_UNSET' } }, 'permanent: filter.node_from_env_var: TAPIO_TEST_UNSET is not set']
  ]
  for (const [options, expected] of cases) {
    const bench = make(options)
    const processor = await factory.create(bench.services) as Processor
    await processor.start?.(new RecordingHost())
    await eventually('a status', () => Promise.resolve(bench.status.events.length > 0))
    await processor.consume(received([{ a: 1 }]))
    await processor.stop?.(deadlineIn(1000))
    assert.is(bench.status.events.length, 1)
    assert.match(bench.status.events[0] ?? '', expected)
    assert.is(bench.logger.lines.filter(l => l.level === 'warn').length, 1)
    assert.is(bench.next.rows, 1)
  }
}))

test('with wait_for_metadata no access stops the start', async () => {
  const bench = make({ auth_type: 'kubeConfig', kubeconfig: '/nowhere/config', wait_for_metadata: true })
  const processor = await factory.create(bench.services) as Processor
  const fault = await Promise.resolve(processor.start?.(new RecordingHost())).then(() => '', (error: Error) => error.message)
  assert.match(fault, 'kubeconfig /nowhere/config cannot be read')
})

test('options that cannot work are faults', () => {
  const from = 'resource_attribute'
  const cases: [object, string][] = [
    [{ pod_association: [{ sources: [{ from, name: 'k8s.node.name' }] }] }, 'pod_association.0.sources: `k8s.node.name` cannot tell one pod from others; add one of k8s.pod.uid, k8s.pod.ip, container.id, connection, or both k8s.namespace.name and k8s.pod.name'],
    [{ pod_association: [{ sources: [{ from }] }] }, 'pod_association.0.sources.0: `from: resource_attribute` needs a `name`'],
    [{ extract: { labels: [{ key: 'a', key_regex: 'b' }] } }, 'extract.labels.0: needs `key` or `key_regex`, not both'],
    [{ extract: { annotations: [{ key_regex: '(' }] } }, 'extract.annotations.0.key_regex: error parsing regexp: missing closing ): `(`'],
    [{ filter: { node: 'a', node_from_env_var: 'B' } }, 'filter: give `node` or `node_from_env_var`, not both'],
    [{ api_server: 'http://h' }, 'api_server: `api_server` applies to `auth_type: none` only; elsewhere the address comes with the credentials']
  ]
  for (const [options, expected] of cases) {
    const checked = parseOptions({ schema: factory.schema }, options)
    if (!checked.ok) throw new Error(JSON.stringify(checked))
    assert.equal(factory.check?.(checked.value).map(f => `${f.path.join('.')}: ${f.message}`), [expected])
  }
})

test('a resource that did not come as OTLP is enriched too', () => withCluster(async cluster => {
  cluster.put('cart-1', cart)
  await withProcessor(cluster, { extract: { metadata: ['k8s.node.name'] } }, async (_send, { processor, next }) => {
    const batch = received([{ a: 1 }])
    await processor.consume(batch.withResources(batch.resources.map(() => new Resource(undefined, { 'k8s.pod.uid': uuidOf('cart-1') }))))
    assert.equal(next.batches[0]?.resources.at(-1)?.attributes, { 'k8s.pod.uid': uuidOf('cart-1'), 'k8s.node.name': 'node-1' })
  })
}))

async function eventually (what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!await holds()) {
    if (performance.now() > deadlineMs) throw new Error(`never came: ${what}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}

test.run()
