import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, retry } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { EventInput } from '../../core/data/builder.js'
import { concat } from '../../core/data/concat.js'
import { encodeBatch } from '../../core/data/codec.js'
import { decodeBatch } from '../../core/data/decode.js'
import { columnNames } from '../../core/data/columns.js'
import { Severity } from '../../core/data/enums.js'
import { randomBatch } from '../../core/data/testing/random-batch.js'
import { seeded } from '../../core/data/testing/random.js'
import { frameExportRequests } from '../../core/otlp/writer.js'
import type { FakeClock } from '../../core/testing/fake-clock.js'
import { deadlineIn } from '../../core/testing/services.js'
import { batchOf, containerId, logsBatch, nano, objectRow, oomKill, podRow, scene, serviceRow, spansBatch, startMs, tickRow, uid } from './testing/scene.js'

test('a kernel event of a known container is about its pod, and the row says so', async () => {
  const s = await scene()
  await s.send(podRow, oomKill)
  assert.equal(s.symptoms(), ['kernel.oom_kill Pod/shop/cart-abc-1 {"container":"main"}'])
  const row = s.bench.next.batches[0]?.at(1)
  assert.equal([row?.get('entityKind'), row?.get('entityNamespace'), row?.get('entityName'), row?.get('entityUid'), row?.get('symptom')], ['Pod', 'shop', 'cart-abc-1', uid, 'kernel.oom_kill'])
  assert.is(row?.get('symptomId'), [...s.engine.symptoms.all()][0]?.id)
  assert.ok((row?.get('confidence') ?? 0) > 0.6)
})

test('whose a row is, by whatever it says', async () => {
  const event = (more: EventInput): EventInput => ({ signal: 'events', type: 'network', name: 'tcp_connect_refused', source: 'ebpf', severity: Severity.error, ...more })
  const table: readonly (readonly [EventInput, string])[] = [
    [event({ resource: { 'k8s.pod.uid': uid } }), 'Pod/shop/cart-abc-1'],
    [event({ resource: { 'container.id': containerId } }), 'Pod/shop/cart-abc-1'],
    [event({ resource: { 'k8s.pod.name': 'x-0', 'k8s.namespace.name': 'shop' } }), 'Pod/shop/x-0'],
    [event({ sourceAddress: '10.0.0.7' }), 'Pod/shop/cart-abc-1'],
    [event({ sourceAddress: '::ffff:10.0.0.7' }), 'Pod/shop/cart-abc-1'],
    [event({ sourceAddress: '10.96.0.5' }), 'Service/shop/orders'],
    [event({ sourceAddress: '192.0.2.1' }), 'Address//192.0.2.1'],
    [event({ comm: 'curl' }), 'Process/n0/curl'],
    [event({ comm: 'kubelet', resource: { 'systemd.unit': 'kubelet.service', 'host.name': 'n7' } }), 'Unit/n7/kubelet.service'],
    [event({ entityKind: 'unit', entityName: 'docker.service' }), 'Unit/n0/docker.service'],
    [event({ interfaceName: 'eth0' }), 'Interface/n0/eth0'],
    [event({}), 'Node//n0'],
    [event({ source: 'plugin' }), 'Cluster//cluster'],
    [event({ source: 'plugin', resource: { 'k8s.node.name': 'n3' } }), 'Node//n3'],
    [event({ source: 'plugin', resource: { 'service.name': 'orders' } }), 'Service/shop/orders'],
    [event({ source: 'plugin', resource: { 'service.name': 'elsewhere', 'service.namespace': 'web' } }), 'Service/web/elsewhere'],
    [event({ source: 'plugin', resource: { 'k8s.namespace.name': 'shop', 'k8s.deployment.name': 'cart' } }), 'Deployment/shop/cart'],
    [event({ entityKind: 'Node', entityNamespace: 'default', entityName: 'n5' }), 'Node//n5'],
    [event({ resource: { 'container.id': 'b'.repeat(64) } }), `Container//${'b'.repeat(64)}`]
  ]
  for (const [input, expected] of table) {
    const s = await scene()
    await s.send(podRow, serviceRow('orders', '10.96.0.5'), input)
    assert.is(s.symptoms()[0]?.split(' ')[1], expected, JSON.stringify(input))
  }
})

test('what comes before its pod is known waits for it, and joins what comes after', async () => {
  const s = await scene()
  await s.send(oomKill)
  assert.equal(s.symptoms(), [`kernel.oom_kill Pod//${uid} {}`])
  await s.send(podRow, tickRow(5000), tickRow(7000))
  assert.equal(s.symptoms(), ['kernel.oom_kill Pod/shop/cart-abc-1 {}'])
})

test('an identity may come from a resource that names both', async () => {
  const s = await scene()
  await s.send(oomKill, { ...tickRow(100), resource: { 'k8s.pod.uid': uid, 'k8s.pod.name': 'cart-9', 'k8s.namespace.name': 'shop' } }, tickRow(5000), tickRow(7000))
  assert.equal(s.symptoms(), ['kernel.oom_kill Pod/shop/cart-9 {}'])
})

test('after late_binding nobody waits any longer', async () => {
  const s = await scene({ late_binding: 10_000 })
  await s.send(oomKill, tickRow(15_000), tickRow(17_000), { ...podRow, timeUnixNano: nano(startMs + 18_000), observedTimeUnixNano: nano(startMs + 18_000) }, tickRow(20_000), tickRow(22_000))
  assert.equal(s.symptoms(), [`kernel.oom_kill Pod//${uid} {}`])
  assert.is(s.bench.meter.values.get('context_waiting_identities'), 0)
})

test('the whole machine out of memory is told of its node as well', async () => {
  const s = await scene()
  await s.send(podRow, { ...oomKill, attributes: { 'linux.oom.constraint': 'none' } })
  assert.equal(s.symptoms(), ['kernel.oom_kill Pod/shop/cart-abc-1 {"scope":"machine","container":"main"}', 'node.memory_exhausted Node//n1 {}'])
})

test('rows of a dump: Kubernetes, logs, alerts, units', async () => {
  const s = await scene()
  const pod = { entityKind: 'Pod', entityNamespace: 'shop', entityName: 'cart-0' }
  await s.send(
    { signal: 'events', type: 'kubernetes', source: 'snapshot', name: 'CrashLoopBackOff', severity: Severity.high, ...pod, attributes: { 'tapio.k8s.change': 'container_waiting' }, resource: { 'k8s.container.name': 'main' } },
    { signal: 'logs', type: 'log', source: 'snapshot', severity: Severity.error, message: 'dial tcp 10.0.0.9:3306: connect: connection refused', ...pod },
    { signal: 'logs', type: 'log', source: 'snapshot', severity: Severity.error, message: '0 errors found', ...pod },
    { signal: 'events', type: 'metric', source: 'snapshot', name: 'HighLatency', severity: Severity.warning, ...pod },
    { signal: 'events', type: 'metric', source: 'snapshot', name: 'Watchdog', severity: Severity.info, ...pod },
    { signal: 'events', type: 'system', source: 'snapshot', name: 'UnitFailed', severity: Severity.error, entityKind: 'Unit', entityName: 'kubelet.service', message: 'kubelet.service is failed (Result: exit-code)', resource: { 'host.name': 'n1' } },
    { signal: 'events', type: 'network', source: 'plugin', name: 'odd_thing', severity: Severity.error, ...pod },
    { signal: 'events', type: 'network', source: 'plugin', name: 'odd_thing', severity: Severity.warning, ...pod }
  )
  assert.equal(s.symptoms(), [
    'k8s.crash_loop Pod/shop/cart-0 {"container":"main"}', 'net.connection_refused Pod/shop/cart-0 {"peer":"10.0.0.9:3306"}', 'app.alert Pod/shop/cart-0 {"alert":"HighLatency"}',
    'node.unit_failed Unit/n1/kubelet.service {"result":"exit-code"}', 'net.error Pod/shop/cart-0 {"event":"odd_thing"}'
  ])
})

const resource = { 'service.name': 'cart', 'k8s.pod.uid': uid }

test('spans and logs that nobody has read stay unread, and say the same as if they were', async () => {
  const make = (): EventBatch[] => [
    spansBatch(resource, [{ id: '1', kind: 2, error: '' }, { id: '2', kind: 3, error: 'connect ECONNREFUSED', attributes: { 'server.address': 'orders', 'server.port': 80 } }, { id: '3', kind: 1 }, { id: '4', kind: 2, error: '', exception: 'too many open files' }]),
    logsBatch(resource, [{ severity: 17, body: 'write: no space left on device' }, { severity: 9, body: 'too many open files' }, { severity: 0, body: 'panic: boom' }, { severity: 17, body: 'odd' }])
  ]
  const told: unknown[] = []
  for (const isRead of [false, true]) {
    const s = await scene({ enrich: false })
    await s.send(podRow)
    for (const batch of make()) {
      if (isRead) assert.ok(batch.columns.signal.length > 0)
      await s.processor.consume(batch)
      assert.is(s.bench.next.batches.at(-1), batch)
      assert.is(batch.unread === undefined, isRead)
    }
    told.push([...s.engine.symptoms.all()])
    if (!isRead) {
      assert.equal(s.symptoms(), ['app.span_error', 'net.connection_refused', 'app.too_many_files', 'app.no_space', 'app.panic', 'app.log_error'].map(sign => `${sign} Pod/shop/cart-abc-1 {${sign === 'net.connection_refused' ? '"peer":"orders:80",' : ''}"container":"main"}`))
    }
  }
  assert.equal(told[1], told[0])
})

test('OTLP resources get attributes of their pods, and nothing else is another byte', async () => {
  const s = await scene()
  await s.send(podRow)
  const before = spansBatch({ 'container.id': containerId, 'k8s.node.name': 'said' }, [{ id: '1', kind: 2 }, { id: '2', kind: 2, error: 'x' }])
  const stranger = spansBatch({ 'service.name': 'x' }, [{ id: '1', kind: 2 }])
  await s.processor.consume(before)
  await s.processor.consume(stranger)
  const [, after, same] = s.bench.next.batches
  assert.is(same, stranger)
  assert.equal(after?.resources.at(-1)?.attributes['k8s.pod.name'], 'cart-abc-1')
  assert.equal(after?.resources.at(-1)?.attributes['k8s.node.name'], 'said')
  const records = (batch: EventBatch | undefined): string[] => batch === undefined ? [] : Array.from({ length: batch.count }, (_, i) => Buffer.from(batch.at(i).raw ?? []).toString('hex'))
  assert.equal(records(after), records(before))
  assert.is(frameExportRequests(after as EventBatch).length, 1)
})

test('who calls whom, from spans in any order, from peers, and from connections that failed', async () => {
  const s = await scene()
  await s.send(podRow, serviceRow('orders', '10.96.0.5'), serviceRow('pay', '10.96.0.6'))
  await s.processor.consume(spansBatch({ 'service.name': 'pay', 'k8s.namespace.name': 'shop' }, [{ id: 'b', parent: 'a', kind: 2 }]))
  await s.processor.consume(spansBatch(resource, [{ id: 'a', kind: 3 }, { id: 'c', kind: 3, error: 'x', attributes: { 'server.address': 'orders.shop.svc.cluster.local', 'server.port': 80 } }]))
  await s.send({ signal: 'events', type: 'network', name: 'tcp_connect_refused', source: 'ebpf', severity: Severity.error, sourceAddress: '10.0.0.7', sourcePort: 40000, destinationAddress: '10.96.0.5', destinationPort: 80 })
  assert.equal(s.calls('pay'), ['Deployment/shop/cart 1/0'])
  assert.equal(s.calls('orders'), ['Deployment/shop/cart 2/2'])
})

test('requests that take many times as long as they did are slow; what is usual is learned', async () => {
  const s = await scene({ enrich: false })
  const timed = (n: number, ms: number): EventBatch => spansBatch({ 'service.name': 'cart' }, Array.from({ length: n }, (_, i) => ({ id: String(i), kind: 2, ms })))
  await s.processor.consume(timed(40, 2000))
  await s.processor.consume(timed(20, 15_000))
  assert.equal(s.symptoms(), [])
  await s.processor.consume(timed(1, 60_000))
  assert.equal(s.symptoms(), ['app.slow Service//cart {"operation":"op"}'])
})

/** Rows of every source in an order in which everything depends on what came before. */
function story (): EventInput[] {
  const rows: EventInput[] = [podRow, oomKill, serviceRow('orders', '10.96.0.5')]
  for (let i = 0; i < 300; i++) {
    const at = { timeUnixNano: nano(startMs + i * 137), observedTimeUnixNano: nano(startMs + i * 137 + 20) }
    const id = (i % 7).toString(16).repeat(64)
    rows.push(
      { ...oomKill, ...at, resource: { 'container.id': id } },
      { signal: 'logs', type: 'log', source: 'x', severity: Severity.error, message: `request ${i} failed: connection refused`, resource: { 'service.name': `s${i % 3}` }, ...at },
      { ...tickRow(i * 137), ...(i % 50 === 49 ? { resource: { 'container.id': id, 'k8s.pod.name': `p${i}`, 'k8s.namespace.name': 'shop' } } : {}) }
    )
  }
  return rows
}

test('the same rows make the same symptoms, however they were cut into batches', async () => {
  const rows = story()
  const tell = async (cuts: (left: number) => number): Promise<string> => {
    const s = await scene()
    for (let at = 0; at < rows.length;) {
      const n = cuts(rows.length - at)
      await s.send(...rows.slice(at, at + n))
      at += n
    }
    await s.processor.stop?.(deadlineIn(1000))
    return JSON.stringify([[...s.engine.symptoms.all()], s.engine.symptoms.changedSince(0).map(x => x.id)])
  }
  const whole = await tell(left => left)
  assert.ok(whole.length > 1000)
  for (const seed of [1, 2, 3]) {
    const random = seeded(seed)
    assert.is(await tell(left => Math.min(left, 1 + random.below(40))), whole)
  }
})

test('absurd times neither move time nor make symptoms of other days', async () => {
  const s = await scene()
  for (const timeUnixNano of [2n ** 63n, 2n ** 64n - 1n, nano(startMs + 86_400_000 * 400), 1n, 0n]) await s.send({ ...oomKill, timeUnixNano })
  assert.ok(s.engine.nowMs <= startMs + 3_600_000)
  for (const symptom of s.engine.symptoms.all()) assert.ok(symptom.lastMs <= startMs + 3_600_000, String(symptom.lastMs))
})

test('a flood of one reason stays within bounds and leaves the others alone', async () => {
  const s = await scene()
  const flood = Array.from({ length: 12_000 }, (_, i): EventInput => ({ signal: 'events', type: 'kubernetes', source: 'kubernetes', name: 'FailedScheduling', severity: Severity.high, entityKind: 'Pod', entityNamespace: 'shop', entityName: `p${i}`, attributes: { 'tapio.k8s.change': 'event', 'tapio.k8s.event.type': 'Warning' } }))
  await s.send(...flood, podRow, oomKill)
  assert.ok(s.engine.symptoms.size <= 10_001, String(s.engine.symptoms.size))
  assert.ok(s.symptoms().some(text => text.startsWith('kernel.oom_kill')))
  assert.is(s.bench.next.rows, 12_002)
  assert.is(s.bench.meter.values.get('context_symptoms_refused'), 2000)
  await s.send(...Array.from({ length: 12_000 }, (_, i): EventInput => ({ ...oomKill, resource: { 'container.id': i.toString(16).padStart(64, '0') } })))
  assert.ok((s.bench.meter.values.get('context_waiting_identities') ?? Infinity) <= 10_000)
})

test('any rows pass through in order, unharmed, and nothing throws', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const batch = randomBatch(seeded(seed), 40, { raw: true })
    const s = await scene({ mark: ['events', 'traces', 'logs'], confidence: { signals: ['events', 'traces', 'metrics', 'logs', 'profiles'] } })
    await s.send(podRow)
    const outcome = await s.processor.consume(batch)
    assert.equal(outcome, accepted)
    const passed = s.bench.next.batches[1] as EventBatch
    assert.is(passed.count, batch.count)
    for (let row = 0; row < batch.count; row++) {
      const [before, after] = [batch.at(row), passed.at(row)]
      assert.equal([after.get('id'), after.get('message'), after.get('timeUnixNano'), after.signal], [before.get('id'), before.get('message'), before.get('timeUnixNano'), before.signal])
      assert.equal(after.raw, before.raw)
    }
    const decoded = decodeBatch(encodeBatch(passed))
    assert.ok(decoded.ok)
    const said = (of: EventBatch): unknown[] => [...of].map(row => columnNames.map(name => of.columns[name] === undefined ? undefined : row.get(name as 'name')))
    if (decoded.ok) assert.equal(said(decoded.batch), said(passed))
  }
})

test('objects of any shape are taken or counted', async () => {
  const s = await scene()
  const bad = ['null', '[]', '{', '{"kind":7}', '{"kind":"Pod"}', '{"kind":"Pod","metadata":null}', '{"kind":"Pod","metadata":{"name":"x"},"spec":7,"status":[]}', '{"kind":"Service","metadata":{"name":"x"},"spec":{"clusterIP":7,"externalIPs":{}}}', '{"kind":"Node","metadata":{"name":"x"},"status":{"addresses":[null,{"address":1}]}}', '{"kind":"EndpointSlice","metadata":{"name":"x"},"endpoints":[null,{"addresses":3,"targetRef":{"kind":1}}]}']
  await s.send(...bad.map(text => ({ ...objectRow('Pod', {}), raw: { encoding: 6, bytes: Buffer.from(text) } })), podRow)
  assert.ok(s.engine.model.object({ kind: 'Pod', namespace: 'shop', name: 'cart-abc-1' }) !== undefined)
})

test('a batch that comes again after `retry` is counted once', async () => {
  const s = await scene()
  const batch = batchOf([podRow, oomKill])
  s.bench.next.answer = () => retry('full')
  await s.processor.consume(batch)
  s.bench.next.answer = () => accepted
  await s.processor.consume(batch)
  assert.equal([...s.engine.symptoms.all()].map(x => x.count), [1])
  assert.is(s.bench.next.batches[0]?.at(1).get('symptom'), 'kernel.oom_kill')
})

test('correlation thinks when nothing comes, and a last time at the end', async () => {
  const s = await scene()
  const ticks: boolean[] = []
  s.engine.use('patterns', { tick: ({ isLast }) => { ticks.push(isLast) } })
  await s.send(oomKill)
  await (s.bench.clock as FakeClock).advance(2500)
  assert.equal(ticks, [false])
  await (s.bench.clock as FakeClock).advance(60_000)
  assert.equal(ticks, [false])
  await s.processor.stop?.(deadlineIn(1000))
  await s.processor.stop?.(deadlineIn(1000))
  assert.equal(ticks, [false, true])
  assert.is((s.bench.clock as FakeClock).pending, 0)
})

test('of rows of now, time goes on while nothing comes, and rows start it anew', async () => {
  const s = await scene()
  const clock = s.bench.clock as FakeClock
  const nowMs = clock.unixMs()
  const ticks: number[] = []
  s.engine.use('patterns', { tick: tick => { ticks.push(tick.nowMs - nowMs) } })
  await s.send({ ...oomKill, timeUnixNano: nano(nowMs), observedTimeUnixNano: nano(nowMs) })
  await clock.advance(6500)
  assert.equal(ticks, [2000, 4000, 6000])
  await s.send(tickRow(6500 + nowMs - startMs))
  await clock.advance(2100)
  assert.equal(ticks, [2000, 4000, 6000, 8500])
  await s.processor.stop?.(deadlineIn(1000))
  assert.is(clock.pending, 0)
})

test('batches joined or slices of others are read as they are', async () => {
  const s = await scene()
  const joined = concat([spansBatch(resource, [{ id: '1', kind: 2, error: '' }]), spansBatch({ 'service.name': 'b' }, [{ id: '2', kind: 2, error: '' }])])
  await s.processor.consume(joined)
  await s.processor.consume(batchOf([podRow, oomKill, tickRow(5)]).slice(1, 2))
  assert.equal(s.symptoms().map(t => t.split(' ')[0]), ['app.span_error', 'app.span_error', 'kernel.oom_kill'])
})

test('whoever asks sees the cluster as the rows told it', async () => {
  const s = await scene()
  await s.send(podRow)
  const view = await s.processor.answer?.('topology.view', { entity: { kind: 'Pod', namespace: 'shop', name: 'cart-abc-1' }, depth: 1, kinds: ['Node'], limit: 10 })
  assert.equal(view?.nodes, [{ entity: { kind: 'Node', name: 'n1' }, exists: false }, { entity: { kind: 'Pod', namespace: 'shop', name: 'cart-abc-1', uid }, exists: true }])
  assert.equal(view?.edges, [{ from: 1, to: 0, kind: 'runs_on' }])
})

test.run()
