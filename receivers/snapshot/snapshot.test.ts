import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Receiver } from '../../core/component/component.js'
import { accepted, retry } from '../../core/component/outcome.js'
import { RawEncoding } from '../../core/data/enums.js'
import { deadlineIn, testBench } from '../../core/testing/services.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import type { SnapshotConfig } from './config.js'
import { factory } from './factory.js'

const defaults: SnapshotConfig = { paths: [], logs: true, objects: 'states', log_tail: 1 << 20, max_file_bytes: 1 << 26, max_yaml_bytes: 1 << 24, max_files: 1000, batch_rows: 1024, on_end: 'keep' }

async function dumpOf (files: Readonly<Record<string, string | object>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'tapio-dump-'))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return root
}

/** Waits, turning the loop, until `done`; fails after 10 s. */
async function until (done: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !done();) {
    if (Date.now() > end) throw new Error('not within 10 s')
    await new Promise(resolve => setImmediate(resolve))
  }
}

async function open (paths: readonly string[], config: Partial<SnapshotConfig> = {}) {
  const clock = new FakeClock(Date.parse('2026-01-02T12:00:00Z'))
  const bench = testBench('receiver', 'snapshot', { ...defaults, paths, ...config }, { clock })
  const receiver = await factory.create(bench.services) as Receiver
  const rows = () => bench.next.batches.flatMap(b => [...b])
  const texts = (): string[] => rows().map(r => `${r.get('name') ?? ''} ${r.get('entityKind') ?? ''} ${r.get('entityNamespace') ?? ''}/${r.get('entityName') ?? ''}`)
  const counted = (name: string): number => bench.meter.values.get(name) ?? 0
  return { ...bench, clock, receiver, rows, texts, counted, ended: () => bench.logger.lines.find(l => l.message === 'snapshot was read') }
}

async function read (files: Readonly<Record<string, string | object>>, config: Partial<SnapshotConfig> = {}) {
  const bench = await open([await dumpOf(files)], config)
  await bench.receiver.start?.(bench.host)
  await until(() => bench.ended() !== undefined)
  await bench.receiver.stop?.(deadlineIn(1000))
  return bench
}

const timeOf = (rows: ReturnType<Awaited<ReturnType<typeof open>>['rows']>, name: string): bigint | undefined => rows.find(r => r.get('name') === name || r.get('message') === name)?.get('timeUnixNano')
const nano = (text: string): bigint => BigInt(Date.parse(text)) * 1_000_000n

const crashing = {
  kind: 'Pod', metadata: { name: 'cart-0', namespace: 'shop', uid: 'u1', resourceVersion: '7', creationTimestamp: '2026-01-02T08:00:00Z' }, spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'cart:1' }] },
  status: { phase: 'Running', containerStatuses: [{ name: 'main', restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } }, lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: '2026-01-02T08:59:00Z' } } }] }
}
const healthy = { kind: 'Pod', metadata: { name: 'web-0', namespace: 'shop', uid: 'u2' }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ name: 'main', ready: true, restartCount: 0, state: { running: {} } }] } }
const warning = { kind: 'Event', metadata: { name: 'e', namespace: 'shop', uid: 'u3' }, involvedObject: { kind: 'Pod', namespace: 'shop', name: 'cart-0' }, type: 'Warning', reason: 'BackOff', message: 'restarting', count: 3, lastTimestamp: '2026-01-02T09:00:00Z' }

test('a cluster-info dump: what is wrong, events at their times, logs by container', async () => {
  const bench = await read({
    'nodes.json': { kind: 'NodeList', items: [{ metadata: { name: 'node-1' }, status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', lastTransitionTime: '2026-01-02T08:30:00Z' }] } }] },
    'shop/pods.json': { kind: 'PodList', items: [crashing, healthy] },
    'shop/events.json': { kind: 'EventList', items: [warning] },
    'shop/replication-controllers.json': { kind: 'ReplicationControllerList', items: [] },
    'shop/cart-0/logs.txt': '==== START logs for container main of pod shop/cart-0 ====\n2026-01-02T08:58:59Z fatal: heap is full\n    at alloc\n==== END logs for container main of pod shop/cart-0 ====\n'
  })
  const reasons = bench.rows().map(r => r.get('name'))
  for (const reason of ['CrashLoopBackOff', 'OOMKilled', 'NodeStatusUnknown', 'BackOff']) assert.ok(reasons.includes(reason), `${reason} of ${reasons.join()}`)
  assert.not.ok(bench.texts().some(t => t.includes('web-0')), 'what is well says nothing')
  assert.is(timeOf(bench.rows(), 'BackOff'), nano('2026-01-02T09:00:00Z'))
  assert.is(timeOf(bench.rows(), 'OOMKilled'), nano('2026-01-02T08:59:00Z'))
  const log = bench.rows().find(r => r.signal === 'logs')
  assert.equal([log?.get('message'), log?.get('severity'), log?.get('entityName'), log?.get('timeUnixNano')], ['fatal: heap is full\n    at alloc', 21, 'cart-0', nano('2026-01-02T08:58:59Z')])
  assert.is(log?.resource.attributes['k8s.container.name'], 'main')
  assert.equal([bench.ended()?.fields?.layout, bench.ended()?.fields?.collectedAt], ['cluster-info dump', '2026-01-02T09:00:00.000Z'])
  assert.is(bench.counted('snapshot_files{outcome="read"}'), 5)
})

test('a pod that is not ready is told once it had its time; restarts without a known end too', async () => {
  const pod = (name: string, status: object, created = '2026-01-02T08:00:00Z', more: object = {}): object => ({ kind: 'Pod', metadata: { name, namespace: 'shop', creationTimestamp: created, ...more }, status })
  const running = (ready: boolean, restartCount = 0): object => ({ phase: 'Running', containerStatuses: [{ name: 'main', ready, restartCount, state: { running: {} } }] })
  const bench = await read({
    'collected-at': '2026-01-02T09:00:00Z',
    'pods.json': { kind: 'PodList', items: [
      pod('unready', { ...running(false), conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady', lastTransitionTime: '2026-01-02T08:30:00Z' }] }),
      pod('stuck', { phase: 'Pending', containerStatuses: [{ name: 'main', ready: false, state: { waiting: { reason: 'ContainerCreating' } } }] }),
      pod('restarted', running(true, 3)),
      pod('young', running(false), '2026-01-02T08:59:30Z'), pod('going', running(false), undefined, { deletionTimestamp: '2026-01-02T09:00:10Z' }), pod('done', { phase: 'Succeeded' }), pod('well', running(true))
    ] }
  })
  assert.equal(bench.rows().map(r => `${r.get('entityName')} ${r.get('name')}`), ['unready ContainersNotReady', 'stuck NotReady', 'restarted ContainerRestarted'])
  assert.is(timeOf(bench.rows(), 'ContainersNotReady'), nano('2026-01-02T08:30:00Z'))
  assert.match(String(bench.rows()[1]?.get('message')), /Pod shop\/stuck: is not ready, phase Pending; container main waits in ContainerCreating/)
})

test('a must-gather: YAML, its time, logs of the run before, a node\'s journal', async () => {
  const bench = await read({
    'img/timestamp': '2026-01-02 09:10:00.123 +0000 UTC m=+0.1\n2026-01-02 09:15:00.123 +0000 UTC m=+300\n',
    'img/namespaces/shop/core/pods.yaml': `apiVersion: v1\nkind: PodList\nitems:\n- ${JSON.stringify(crashing)}\n`,
    'img/cluster-scoped-resources/core/nodes/node-1.yaml': '---\napiVersion: v1\nkind: Node\nmetadata:\n  name: node-1\nspec:\n  unschedulable: true\n',
    'img/namespaces/shop/pods/cart-0/main/main/logs/previous.log': '2026-01-02T08:00:00Z started\n',
    'img/host_service_logs/masters/kubelet_service.log': 'Jan 02 09:00:00 node-1 kubelet[7]: E0102 09:00:00.000000 7 a.go:1] no space\n'
  })
  assert.equal([bench.ended()?.fields?.layout, bench.ended()?.fields?.collectedAt], ['must-gather', '2026-01-02T09:15:00.123Z'])
  assert.ok(bench.texts().includes('OOMKilled Pod shop/cart-0'))
  assert.is(bench.rows().find(r => r.get('message') === 'started')?.attribute('k8s.container.previous'), true)
  const unit = bench.rows().find(r => r.get('entityKind') === 'Unit')
  assert.equal([unit?.get('entityName'), unit?.get('severity'), unit?.get('timeUnixNano')], ['kubelet.service', 17, nano('2026-01-02T09:00:00Z')])
})

test('kubectl output with logs, units and alerts beside it; local times by the offset of the collected time', async () => {
  const bench = await read({
    'collected-at': '2026-01-02T17:10:00+08:00\n',
    'pods.json': { kind: 'PodList', items: [healthy] },
    'deployments.json': { kind: 'DeploymentList', items: [{ metadata: { name: 'cart', namespace: 'shop' } }] },
    'logs/cart.log': 'WARN slow\n',
    'nodes/node-1/kubelet.systemctl-status.txt': '× kubelet.service - Kubelet\n     Active: failed (Result: exit-code) since Fri 2026-01-02 17:00:00 CST; 10min ago\n\nJan 02 17:00:00 node-1 kubelet[7]: panic: no\n',
    'alerts.json': { status: 'success', data: { alerts: [{ labels: { alertname: 'Slow', namespace: 'shop', deployment: 'cart', severity: 'critical' }, annotations: { summary: 's' }, state: 'firing', activeAt: '2026-01-02T09:05:00Z' }] } }
  })
  assert.equal(bench.texts().sort(), [' Deployment shop/cart', ' Unit /kubelet.service', 'Slow Deployment shop/cart', 'UnitFailed Unit /kubelet.service'])
  for (const [name, time] of [['UnitFailed', '2026-01-02T09:00:00Z'], ['panic: no', '2026-01-02T09:00:00Z'], ['Slow', '2026-01-02T09:05:00Z'], ['WARN slow', '2026-01-02T09:10:00Z']] as const) assert.is(timeOf(bench.rows(), name), nano(time), name)
})

test('what is unknown, too large, broken or a bomb is skipped, counted and named; the rest is read', async () => {
  const bench = await read({
    'a/pods.json': { kind: 'PodList', items: [crashing, 'no object', { kind: 'Pod', metadata: { name: 'odd' }, status: { containerStatuses: 7, conditions: 'x' } }, { kind: 'Widget', metadata: { name: 'w' } }] },
    'a/broken.json': '{"kind": "Pod"',
    'a/bomb.yaml': `a: &a [${'x,'.repeat(20)}]\nb: &b [${Array(20).fill('*a').join()}]\nc: &c [${Array(20).fill('*b').join()}]\nd: [${Array(20).fill('*c').join()}]\n`,
    'a/large.yaml': 'x'.repeat(3000),
    'a/core.bin': '\u0000\u0001',
    'nodes/n/x.status': 'Unit x could not be found.'
  }, { max_yaml_bytes: 2000 })
  assert.ok(bench.texts().includes('OOMKilled Pod shop/cart-0'))
  assert.equal(['read', 'unknown', 'too_large', 'damaged'].map(o => bench.counted(`snapshot_files{outcome="${o}"}`)), [1, 1, 1, 3])
  assert.is(bench.counted('snapshot_objects{outcome="other_kind"}'), 1)
  assert.is(bench.counted('snapshot_objects{outcome="damaged"}'), 2)
  const skipped = bench.logger.lines.filter(l => l.message === 'skipped files of the snapshot')
  assert.is(skipped.length, 1)
  for (const name of ['broken.json', 'bomb.yaml', 'large.yaml (3000 bytes, at most 2000)', 'core.bin (unknown)', 'x.status']) assert.ok(String(skipped[0]?.fields?.files).includes(name), name)
})

test('of a long log the end is read, from a whole line on', async () => {
  const bench = await read({ 'logs/cart.log': Array.from({ length: 1000 }, (_, i) => `line ${i}\n`).join('') }, { log_tail: 1024 })
  const messages = bench.rows().map(r => r.get('message'))
  assert.equal([messages[0]?.startsWith('line '), messages.at(-1), messages.length > 90 && messages.length < 115, bench.counted('snapshot_cut_logs')], [true, 'line 999', true, 1])
})

test('hostile lines are cut, not lingered over', async () => {
  const bench = await read({ 'shop/cart-0/logs.txt': [`==== START logs for container ${'a/'.repeat(100_000)}`, `==== START logs for container a of pod ${'/'.repeat(100_000)} ====`, ` ${'x'.repeat(100_000)}`, 'time='.repeat(50_000), '{"a":'.repeat(50_000), 'end'].join('\n') })
  const lengths = bench.rows().map(r => r.get('message')?.length ?? 0)
  assert.ok(lengths.every(l => l <= 3 * 8192), lengths.join())
  assert.is(bench.rows().at(-1)?.get('message'), 'end')
})

test('objects as they are, when wanted: without the values of secrets', async () => {
  const bench = await read({ 'all.json': { kind: 'List', items: [healthy, { kind: 'Secret', metadata: { name: 's', namespace: 'shop' }, data: { p: 'aHVudGVyMg==' } }] } }, { objects: 'all' })
  const rows = bench.rows().filter(r => r.get('name') === 'ObjectSnapshot')
  assert.equal(rows.map(r => `${r.get('entityKind')}/${r.get('entityName')}`), ['Pod/web-0', 'Secret/s'])
  assert.equal(rows.map(r => JSON.parse(Buffer.from(r.raw as Uint8Array).toString())), [healthy, { kind: 'Secret', metadata: { name: 's', namespace: 'shop' } }])
  assert.ok(bench.next.batches.every(b => b.columns.rawEncoding?.slice(0, b.count).every(e => e === RawEncoding.kubernetesJson || e === 0) !== false))
})

test('the same dump gives the same ids', async () => {
  const files = { 'collected-at': '2026-01-02T09:10:00Z', 'pods.json': { kind: 'PodList', items: [crashing] }, 'logs/cart-0.log': 'a\nb\na\n', 'alerts.json': [{ labels: { alertname: 'A' } }] }
  const [first, second] = [await read(files), await read(files)]
  const ids = first.rows().map(r => r.get('id'))
  assert.equal(ids, second.rows().map(r => r.get('id')))
  assert.is(new Set(ids).size, ids.length)
})

test('links lead nowhere, files beyond the limit are counted, a time far ahead is not believed', async () => {
  const root = await dumpOf({ 'a/pods.json': { kind: 'PodList', items: [{ ...crashing, metadata: { ...crashing.metadata, creationTimestamp: '9999-01-01T00:00:00Z' } }] }, 'b.json': {}, 'c.json': {} })
  await symlink(root, join(root, 'circle'))
  await symlink('/etc/hostname', join(root, 'outside.log'))
  const bench = await open([root], { max_files: 1 })
  await bench.receiver.start?.(bench.host)
  await until(() => bench.ended() !== undefined)
  assert.equal([bench.counted('snapshot_files{outcome="read"}'), bench.counted('snapshot_files{outcome="beyond_limit"}')], [1, 2])
  assert.is(bench.ended()?.fields?.collectedAt, '2026-01-02T08:59:00.000Z')
  await bench.receiver.stop?.(deadlineIn(1000))
})

test('a path that is not there stops the start; at the end an orderly end is asked for', async () => {
  const missing = await open(['/no/such/dump'])
  try {
    await missing.receiver.start?.(missing.host)
    assert.unreachable('must throw')
  } catch (error) {
    assert.match(String(error), /ENOENT.*\/no\/such\/dump/)
  }
  const bench = await read({ 'pods.json': { kind: 'PodList', items: [crashing] } }, { on_end: 'stop' })
  assert.is(bench.host.finished.length, 1)
})

test('a full pipeline is waited for, and at the deadline what it did not take is counted', async () => {
  const root = await dumpOf({ 'pods.json': { kind: 'PodList', items: [crashing] } })
  const patient = await open([root])
  let asked = 0
  patient.next.answer = () => asked++ < 3 ? retry('full', 10) : accepted
  await patient.receiver.start?.(patient.host)
  for (const endMs = performance.now() + 10_000; patient.ended() === undefined && performance.now() < endMs;) await patient.clock.advance(100)
  assert.ok(patient.next.rows > 0)
  const full = await open([root])
  full.next.answer = () => retry('full')
  await full.receiver.start?.(full.host)
  await until(() => full.clock.pending === 1)
  const over = new AbortController()
  const stopping = full.receiver.stop?.({ signal: over.signal, atMs: 0 })
  over.abort()
  await stopping
  assert.equal([...full.drops], [['shutdown', patient.next.rows]])
})

test.run()
