/**
 * Scenario: somebody asks how much a configuration can take.
 * Guarantees: its pipelines run with made rows and sinks, without a socket; the figures fit each other; the processor that is slow by far is
 * named, with what to do; the report says what the sinks are; a configuration that is faulty is told, none is a wrong command line.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { costsOf } from '../config-bench/report.js'
import { templateOf } from '../config-bench/doubles.js'
import { bench, type BenchOptions } from './bench.js'
import { registryUrl } from './registry.js'

const dir = mkdtempSync(join(tmpdir(), 'bench-'))
const file = join(dir, 'tapio.yaml')
// Nobody listens at the endpoints: with them it would not start, or refuse every row.
writeFileSync(file, `receivers:
  otlp: {protocols: {grpc: {endpoint: "192.0.2.1:4317"}}}
processors:
  attributes: {actions: [{key: env, value: prod, action: insert}]}
  filter: {exclude: [{attributes.url.path: /healthz}]}
exporters:
  otlp: {endpoint: "192.0.2.1:4317", tls: {insecure: true}}
service:
  mode: standard
  pipelines:
    logs: {receivers: [otlp], processors: [filter, attributes], exporters: [otlp]}
`)

async function run (options: BenchOptions) {
  let [out, err] = ['', '']
  const exit = await bench(options, { out: t => { out += t }, err: t => { err += t }, color: false, env: {}, modules: [registryUrl] })
  return { exit, out, err }
}

test('the figures of a run', async () => {
  const { exit, out, err } = await run({ config: [file], seconds: 4, batchRows: 100, output: 'json' })
  assert.is(exit, 'ok', err)
  const f = JSON.parse(out) as { inPerSecond: number, outPerSecond: number, drops: Record<string, number>, seconds: number, costs: { component: string, share: number }[], latency: { atRowsPerSecond: number, p50Ms: number, p99Ms: number }, bottleneck: { where: string, todo: string }, realExporters: boolean }
  assert.ok(f.inPerSecond > 0)
  // One row in twenty is a health check.
  const filtered = (f.drops['processor/filter: filtered'] ?? 0) / f.seconds
  assert.ok(Math.abs(filtered / f.inPerSecond - 0.05) < 0.02, `${filtered} of ${f.inPerSecond}`)
  assert.ok(f.outPerSecond < f.inPerSecond && f.outPerSecond > f.inPerSecond * 0.8, `${f.outPerSecond} of ${f.inPerSecond}`)
  assert.equal(f.costs.map(c => c.component).sort(), ['exporter/counted/otlp', 'processor/attributes', 'processor/filter'])
  assert.ok(Math.abs(f.costs.reduce((sum, c) => sum + c.share, 0) - 1) < 1e-6)
  assert.ok(f.latency.p50Ms > 0 && f.latency.p50Ms <= f.latency.p99Ms)
  assert.ok(f.bottleneck.where !== '' && f.bottleneck.todo !== '')
  assert.is(f.realExporters, false)
})

test('a faulty configuration is told', async () => {
  const { exit, err } = await run({ config: [file], set: ['processors.filter.excluded=1'], seconds: 4 })
  assert.is(exit, 'config')
  assert.match(err, /CFG031/)
})

test('a recording that is not there is told', async () => {
  const { exit, err } = await run({ config: [file], input: join(dir, 'none.jsonl'), seconds: 4 })
  assert.is(exit, 'failure')
  assert.match(err, /none\.jsonl cannot be read: there is no such file/)
})

test('the time of a component is that of the edge into it without those out of it', () => {
  const edge = (from: string, to: string, seconds: number) => ({ from, to, pipeline: 'p', rowsPerSecond: 100, seconds, batches: 1 })
  const edges = [edge('receiver/r', 'pipeline/p', 1), edge('pipeline/p', 'processor/a', 1), edge('processor/a', 'processor/b', 0.85), edge('processor/b', 'exporter/e', 0.1)]
  const costs = costsOf({ edges, inPerSecond: 100, seconds: 10 } as unknown as Parameters<typeof costsOf>[0])
  assert.equal(costs.map(c => [c.component, Math.round(c.share * 100), Math.round(c.microsecondsPerRow)]), [['processor/b', 75, 750], ['processor/a', 15, 150], ['exporter/e', 10, 100]])
})

test('made rows are of the signal they should be, and whole', () => {
  for (const signal of ['logs', 'traces', 'metrics', 'events', 'profiles'] as const) {
    const batch = templateOf(signal, 60)
    const rows = [...batch]
    assert.ok(batch.count === 60 && rows.every(r => r.signal === signal && r.attribute('url.path') !== undefined))
    assert.is(rows.filter(r => r.attribute('url.path') === '/healthz').length, 3)
  }
})

test.after(() => rmSync(dir, { recursive: true }))

test.run()
