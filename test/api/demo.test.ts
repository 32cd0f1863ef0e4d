/**
 * Scenario: `tapio --config configs/demo.yaml` with a store and the API: the recorded incident is replayed and asked for over gRPC and
 * REST, while and after it comes; the API's thread is ended by force; at last `tapio serve` answers from the store alone.
 * Guarantees: both ways give the same, from real state; pipelines do not notice the death of the API; everything ends in order.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { toJson } from '@bufbuild/protobuf'
import { IncidentSchema, type Incident, type IncidentJson } from '../../core/api/gen/tapio/v1/incident_pb.js'
import { CollectorService } from '../../core/api/gen/tapio/v1/collector_service_pb.js'
import { CorrelationService } from '../../core/api/gen/tapio/v1/correlation_service_pb.js'
import { EventService } from '../../core/api/gen/tapio/v1/event_service_pb.js'
import { TapioService } from '../../core/api/gen/tapio/v1/tapio_service_pb.js'
import { root, RunningTapio } from './running.js'

const test = suite('api: the demo, served')
const folder = mkdtempSync(join(tmpdir(), 'tapio-api-demo-'))
const store = join(folder, 'store')
const endpoints = 'grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}'
const extra = `yaml:
receivers: {file: {on_end: keep, timing: asap}, api: }
exporters: {store: {directory: ${store}, keep: all, sync: commit}}
service:
  api: {${endpoints}, audit_log: ${join(folder, 'audit.log')}}
  telemetry: {logs: {level: info, format: json}, metrics: {endpoint: "127.0.0.1:0"}}
  pipelines: {incidents: {receivers: [file, api], exporters: [file, store]}}
`
let tapio: RunningTapio
let incidentId = ''

test.before(async () => {
  tapio = await RunningTapio.start(['--config', join(root, 'configs', 'demo.yaml'), '--config', extra], { TAPIO_DEMO_FILE: join(folder, 'events.jsonl') })
})
test.after(() => {
  tapio.process.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

test('incidents come while they are followed; the one that is open at the end is asked for', async () => {
  const seen = new Set<string>()
  // The whole replay is in when all layers are told.
  const isWhole = (incident: Incident | undefined): boolean => new Set(incident?.chain.map(step => step.layer)).size >= 5
  for await (const { changes } of tapio.follow(CorrelationService.method.subscribeToIncidents, {})) {
    for (const { kind } of changes) seen.add(kind)
    const whole = changes.find(change => isWhole(change.incident))
    if (whole === undefined) continue
    incidentId = whole.incident?.id ?? ''
    break
  }
  assert.ok(seen.size > 0)
  const { incidents } = await tapio.ask(CorrelationService.method.getIncidents, {})
  assert.ok(incidents.length >= 1)
})

test('gRPC and REST give the same answers', async () => {
  const [incident, other] = await sameVersion(incidentId)
  assert.equal(other, toJson(IncidentSchema, incident))
  const events = await tapio.ask(EventService.method.getEvents, { filter: { minSeverity: 'error' }, page: { size: 5, order: 'oldest' } })
  const rest = await tapio.rest('/v1/events?filter.minSeverity=error&page.size=5&page.order=oldest')
  assert.is(events.events.length, 5)
  assert.equal((rest.body as { events: { id: string }[] }).events.map(e => e.id), events.events.map(e => e.id))
})

/** As both ways give it. It may still change: asked again until both saw one version. */
async function sameVersion (id: string): Promise<readonly [Incident, IncidentJson]> {
  for (;;) {
    const { incident } = await tapio.ask(CorrelationService.method.getIncident, { id })
    const { status, body } = await tapio.rest(`/v1/incidents/${id}`)
    assert.is(status, 200)
    const other = (body as { incident: IncidentJson }).incident
    if (incident !== undefined && incident.version === other.version) return [incident, other]
  }
}

test('the running graph: pipelines with their counts, topology, collectors, a configuration without secrets, its own metrics', async () => {
  const { state } = await tapio.ask(TapioService.method.getPipelines, {})
  assert.equal([state?.mode, state?.pipelines], ['ring-buffer', ['incidents']])
  const intoStore = state?.edges.find(e => e.to === 'exporter/store')
  assert.ok(Number(intoStore?.accepted ?? 0) > 100, `${String(intoStore?.accepted)} events went to the store`)
  const { nodes } = await tapio.ask(TapioService.method.getTopology, {})
  assert.ok(nodes.some(n => n.entity?.name === 'node-7'))
  const { collectors } = await tapio.ask(CollectorService.method.listCollectors, {})
  assert.equal(collectors.map(c => c.id).sort(), ['receiver/api', 'receiver/file'])
  const { body } = await tapio.rest('/v1/collectors/receiver/file/config')
  assert.is((body as { config: { settings: { timing: string } } }).config.settings.timing, 'asap')
  const { families } = await tapio.ask(TapioService.method.getMetrics, { prefix: 'tapio_api_' })
  assert.ok(families.some(f => f.name === 'tapio_api_calls_total' && f.series.some(s => s.attributes['method'] === 'CorrelationService/GetIncident' && s.value >= 1)))
})

test('events that are submitted are stored, and found by their id', async () => {
  const { accepted, ids } = await tapio.ask(EventService.method.submitEventBatch, { events: [{ name: 'deploy', source: 'ci', message: 'cart v2 rolled out', severityNumber: 9 }] })
  assert.equal([accepted, ids.length], [1, 1])
  const { event } = await tapio.ask(EventService.method.getEvent, { id: ids[0] as string })
  assert.equal([event?.name, event?.message], ['deploy', 'cart v2 rolled out'])
})

test('a live sample: what is submitted passes the edge that is tapped', async () => {
  const shown: string[] = []
  for await (const { events } of tapio.follow(TapioService.method.tap, { edge: 'exporter/store', filter: { sources: ['ci'] } })) {
    shown.push(...events.flatMap(e => e.event?.name ?? []))
    if (shown.length > 0) break
    await tapio.ask(EventService.method.submitEventBatch, { events: [{ name: 'tapped', source: 'ci' }] })
  }
  assert.is(shown[0], 'tapped')
})

test('a drain ends it in order, with open streams', async () => {
  const stream = tapio.follow(TapioService.method.watchPipelines, {})
  await stream.next()
  const ended = stream.next().then(() => 'a message', (error: { code?: number }) => error.code)
  assert.is(await tapio.stop(), 0, JSON.stringify(tapio.log.slice(-5)))
  // One more look may have been on its way.
  const code = await ended
  assert.ok(code === 14 || code === 'a message', `UNAVAILABLE, found ${String(code)}`)
})

test('`tapio serve` answers from the store alone, and says what it cannot', async () => {
  const alone = await RunningTapio.start(['serve', '--store', store, '--config', `yaml:service: {api: {${endpoints}}, telemetry: {logs: {format: json}}}`])
  try {
    await asked(alone)
    assert.is(await alone.stop(), 0, JSON.stringify(alone.log))
  } finally { alone.process.kill('SIGKILL') }
})

async function asked (alone: RunningTapio): Promise<void> {
  const { incident } = await alone.ask(CorrelationService.method.getIncident, { id: incidentId })
  assert.is(incident?.id, incidentId)
  const { mode, features } = await alone.ask(TapioService.method.getServiceInfo, {})
  assert.is(mode, 'serve')
  assert.ok(features.includes('events') && !features.includes('pipelines'))
  const { status, body } = await alone.rest('/v1/pipelines')
  assert.is((body as { code: string }).code, 'FAILED_PRECONDITION')
  assert.is(status, 409)
}

test.run()
