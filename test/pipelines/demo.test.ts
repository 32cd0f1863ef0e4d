/**
 * Scenario: the demo's recorded incident replayed through the built program, as fast as it goes; and the demo itself.
 * Guarantees: one incident comes out. It tells of all layers, blames node-7, and counts nobody among the affected who was well. The
 * documents are the same in every mode and however the rows are cut into batches.
 * Does not show: that the words are good.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { evicted, leaking, nextMysql, nextNginx, searcher } from '../../configs/demo/incident/story.js'
import { entityText } from '../../core/correlation/entity.js'
import type { Incident } from '../../core/incidents/incident.js'
import { parseIncident } from '../../core/incidents/schema.js'
import { incidentEventName } from '../../core/story/rows.js'

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'tapio-demo-test-'))
const test = suite('demo')
test.after(() => { rmSync(folder, { recursive: true }) })

/** All versions of all incidents, in the order in which they were told, as they were written. */
function replay (mode: string, batchRows: number): readonly string[] {
  const file = join(folder, `${mode}-${batchRows}.jsonl`)
  const env = { ...process.env, TAPIO_DEMO_FILE: file, TAPIO_DEMO_METRICS: '127.0.0.1:0' }
  const settings = [`service.mode=${mode}`, `receivers.file.batch_rows=${batchRows}`, 'receivers.file.timing=asap'].flatMap(setting => ['--set', setting])
  const { status, stderr } = spawnSync(process.execPath, [join(dist, 'core', 'cli', 'main.js'), '--config', join(dist, '..', 'configs', 'demo.yaml'), ...settings], { cwd: join(dist, '..'), env, encoding: 'utf8' })
  assert.is(status, 0, stderr)
  const rows = readFileSync(file, 'utf8').trimEnd().split('\n').map(line => JSON.parse(line) as { readonly name?: string, readonly raw?: { readonly bytes: string } })
  return rows.filter(row => row.name === incidentEventName).map(row => Buffer.from(row.raw?.bytes ?? '', 'base64').toString())
}

const told = replay('debug', 64)
const incidents = [...new Map(told.map(text => { const incident = parseIncident(text) as Incident; return [incident.id, incident] as const })).values()]

/** Not those that became part of another. */
const open = incidents.filter(incident => incident.status === 'open')

test('the same documents in every mode, however the rows are cut', () => {
  for (const [mode, batchRows] of [['ring-buffer', 64], ['high-performance', 7], ['standard', 1000]] as const) assert.equal(replay(mode, batchRows), told, `${mode}, ${batchRows} rows a batch`)
})

test('one incident, told from the kernel up to the application', () => {
  assert.is(open.length, 1)
  const layers = new Set(open.flatMap(incident => incident.chain.map(step => step.layer)))
  for (const layer of ['kernel', 'node', 'net', 'k8s', 'app'] as const) assert.ok(layers.has(layer), `${layer} is told`)
})

test('blamed is the node that ran out of memory', () => {
  const best = open[0]?.hypotheses[0]
  assert.is(entityText(best?.subject ?? { kind: '', name: '' }), 'Node node-7', best?.title)
})

test('affected is who was hit, and not who was well', () => {
  const affected = new Set(open.flatMap(incident => incident.impact.affected.map(a => entityText(a.entity))))
  for (const { name } of [leaking, evicted, nextMysql, nextNginx]) assert.ok(affected.has(`Pod shop/${name}`), name)
  for (const name of [searcher.name, 'search', 'catalog']) assert.not.ok([...affected].some(text => text.endsWith(`/${name}`)), name)
  assert.not.ok(affected.has('Node node-5'))
})

test('the demo shows it and ends with 0', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(dist, 'core', 'tools', 'demo.js')], { cwd: folder, env: { ...process.env, TAPIO_DEMO_SPEED: '1000', NO_COLOR: '1' }, encoding: 'utf8' })
  assert.is(status, 0, stdout + stderr)
  assert.match(stdout, /CORRELATION SUMMARY[^]*EVENT CHAIN[^]*\[KERNEL\] OOM killer invoked[^]*RECOMMENDED ACTIONS/)
  assert.match(stdout, 'Every event that went in came out too')
})

test.run()
