/**
 * Scenario: a person copies the example of a component's README and runs it.
 * Guarantees: every component has one; each loads without a fault or a warning, as a whole configuration that uses the component; each
 * that needs nothing but this machine runs, and what is sent to it comes out at its exporters.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { components, registryUrl } from '../../core/cli/registry.js'
import { loadConfig } from '../../core/config/load.js'
import { renderFaults } from '../../core/config/render.js'
import { Instance, openCatalog, planConfig } from '../../core/instance.js'
import { silentLogger } from '../../core/testing/services.js'
import { folderOf } from '../../core/tools/folder-of.js'
import { eventually } from '../faults/delivery/scene.js'
import { freePort } from '../peers/launch.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const catalog = await openCatalog([registryUrl])
const home = process.cwd()
const folder = mkdtempSync(join(tmpdir(), 'tapio-examples-'))
process.chdir(folder)
test.after(() => {
  process.chdir(home)
  rmSync(folder, { recursive: true, force: true })
})

const exampleOf = (path: string): string => join(root, path, 'example.yaml')

for (const factory of components) {
  test(`${folderOf(factory)}/example.yaml is a whole configuration with a ${factory.type} ${factory.kind}`, () => {
    const loaded = loadConfig({ configs: [exampleOf(folderOf(factory))] }, catalog, {})
    assert.ok(loaded.ok, loaded.ok ? '' : renderFaults(loaded.faults))
    assert.equal(loaded.warnings, [])
    assert.ok(loaded.config.components.some(c => c.id.kind === factory.kind && c.id.type === factory.type && c.used))
    assert.ok(planConfig(loaded.config, catalog).ok)
  })
}

/** What needs a cluster, a kernel or a system bus has tests of its own on machines that have them (test/kubernetes, test/node, test/systemd). */
const elsewhere = ['receivers/cni', 'receivers/ebpf', 'receivers/kubernetes', 'receivers/systemd', 'processors/k8s-attributes']
const sendersAlone = ['receivers/tapio', 'exporters/tapio', 'exporters/otlp', 'receivers/api', 'receivers/file']

async function start (path: string, ...sets: readonly string[]): Promise<Instance> {
  const quiet = ['service.mode=debug', 'service.telemetry.metrics.enabled=false', 'service.telemetry.logs.level=error']
  const loaded = loadConfig({ configs: [exampleOf(path)], sets: [...quiet, ...sets] }, catalog, {})
  if (!loaded.ok) throw new Error(renderFaults(loaded.faults))
  const planned = planConfig(loaded.config, catalog)
  if (!planned.ok) throw new Error(JSON.stringify(planned.faults))
  const instance = new Instance(loaded.config, planned.plan, silentLogger)
  await instance.start()
  return instance
}

/** Rows that the exporters took. */
function arrived (instance: Instance): number {
  const edges = instance.snapshot().families.find(family => family.name === 'tapio_edge_accepted_events_total')
  return edges?.kind === 'number' ? edges.series.filter(({ attributes }) => String(attributes['to']).startsWith('exporter/')).reduce((sum, { value }) => sum + Number(value), 0) : 0
}

const httpPort = (port: number): string => `receivers.otlp.protocols.http.endpoint=127.0.0.1:${port}`
const log = { resourceLogs: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }, { key: 'k8s.namespace.name', value: { stringValue: 'shop' } }] }, scopeLogs: [{ logRecords: [{ timeUnixNano: `${Date.now()}000000`, severityNumber: 17, body: { stringValue: 'out of memory' } }] }] }] }

const killed = {
  apiVersion: 'v1', kind: 'List', items: [{
    apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name: 'cart-0', uid: '1', creationTimestamp: '2026-01-01T00:00:00Z' }, spec: { nodeName: 'node-1', containers: [{ name: 'cart', resources: { limits: { memory: '64Mi' } } }] },
    status: { phase: 'Running', containerStatuses: [{ name: 'cart', ready: false, restartCount: 7, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { reason: 'OOMKilled', exitCode: 137, startedAt: '2026-01-01T00:10:00Z', finishedAt: '2026-01-01T00:11:00Z' } } }] }
  }]
}

async function sendLog (port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/logs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(log) })
  assert.is(response.status, 200, await response.text())
}

async function passesOne (instance: Instance, send: () => Promise<void>): Promise<void> {
  try {
    await send()
    await eventually('the row at the exporters', () => Promise.resolve(arrived(instance)), rows => rows > 0)
  } finally {
    await instance.stop()
  }
}

const paths = [...new Set(components.map(folderOf))]
for (const path of paths.filter(p => !elsewhere.includes(p) && !sendersAlone.includes(p))) {
  const usesOtlp = readFileSync(exampleOf(path), 'utf8').includes('\n  otlp: {protocols')
  if (usesOtlp || path === 'receivers/otlp') {
    test(`${path}/example.yaml passes a log record on`, async () => {
      const port = await freePort()
      const grpc = path === 'receivers/otlp' ? ['receivers.otlp.protocols.grpc.endpoint=127.0.0.1:0'] : []
      const instance = await start(path, httpPort(port), ...grpc)
      await passesOne(instance, () => sendLog(port))
    })
  } else {
    test(`${path}/example.yaml reads a dump of a cluster`, async () => {
      const dump = join(folder, 'dump')
      mkdirSync(dump, { recursive: true })
      writeFileSync(join(dump, 'pods.json'), JSON.stringify(killed))
      const instance = await start(path, `receivers.snapshot.paths=[${dump}]`)
      await passesOne(instance, async () => { await instance.endRequested })
    })
  }
}

test('receivers/file/example.yaml reads a file', async () => {
  writeFileSync('incident.jsonl', `${JSON.stringify({ name: 'pod_evicted', severity: 17, message: 'The node was low on memory' })}\n`)
  const instance = await start('receivers/file')
  await passesOne(instance, async () => { await instance.endRequested })
})

test('receivers/api/example.yaml takes in what is posted', async () => {
  const port = await freePort()
  const instance = await start('receivers/api', 'service.api.grpc.endpoint=127.0.0.1:0', `service.api.http.endpoint=127.0.0.1:${port}`)
  await passesOne(instance, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/events:batch`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ events: [{ name: 'deploy', message: 'cart 1.2 is rolled out', severityNumber: 9 }] }) })
    assert.is(response.status, 200, await response.text())
  })
})

test('exporters/tapio/example.yaml sends to receivers/tapio/example.yaml', async () => {
  const [port, wire] = [await freePort(), await freePort()]
  const server = await start('receivers/tapio', `receivers.tapio.endpoint=127.0.0.1:${wire}`)
  const client = await start('exporters/tapio', httpPort(port), `exporters.tapio.endpoint=127.0.0.1:${wire}`)
  await passesOne(server, async () => { await passesOne(client, () => sendLog(port)) })
})

test('exporters/otlp/example.yaml sends to receivers/otlp/example.yaml', async () => {
  const [port, grpc] = [await freePort(), await freePort()]
  const server = await start('receivers/otlp', 'receivers.otlp.protocols.http.endpoint=127.0.0.1:0', `receivers.otlp.protocols.grpc.endpoint=127.0.0.1:${grpc}`)
  const client = await start('exporters/otlp', httpPort(port), `exporters.otlp.endpoint=127.0.0.1:${grpc}`)
  await passesOne(server, async () => { await passesOne(client, () => sendLog(port)) })
  assert.ok(existsSync(join(folder, 'queue')))
})

test('every example is run by one of these tests, or is known to need what not every machine has', () => {
  for (const path of [...elsewhere, ...sendersAlone]) assert.ok(paths.includes(path), path)
})

test.run()
