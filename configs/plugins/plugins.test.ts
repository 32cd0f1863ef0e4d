/**
 * Scenario: each example plugin loaded from its sources by a running Tapio, isolated (long form: and not), with its own configuration's plugin: spans and
 * logs of the official OpenTelemetry SDK's OTLP exporters, a target over HTTP, an incident that comes from a file.
 * Guarantees: no secret is in what the backend gets, in span events, bodies, resources and data points neither, and nothing else is missing;
 * scraped series arrive as OTLP metrics; an incident is told once. The configurations beside the plugins are good ones.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { stringify } from 'yaml'
import { incidentRows } from '../../core/story/rows.js'
import { hostileIncident } from '../../core/story/testing/hard-incidents.js'
import { encodeFrame, fileHeader, newMarker } from '../../core/data/file-format.js'
import { freePort } from '../../test/free-port.js'
import { Supervised } from '../../test/faults/supervised.js'

const plugins = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'configs', 'plugins')

interface Context { folder: string, running: Supervised[], servers: Server[] }
const examples = suite<Context>('example plugins')
examples.before.each(context => { Object.assign(context, { folder: mkdtempSync(join(tmpdir(), 'tapio-examples-')), running: [], servers: [] }) })
examples.after.each(({ folder, running, servers }) => {
  for (const tapio of running) tapio.destroy()
  for (const server of servers) { server.closeAllConnections(); server.close() }
  rmSync(folder, { recursive: true, force: true })
})

/** Answers every request with `page`; keeps bodies. */
async function serve ({ servers }: Context, page: string): Promise<{ readonly url: string, readonly bodies: string[], until(holds: (all: string) => boolean): Promise<string> }> {
  const bodies: string[] = []
  let heard: () => void = () => undefined
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (c: Buffer) => chunks.push(c)).on('end', () => { bodies.push(Buffer.concat(chunks).toString()); response.end(page); heard() })
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies,
    async until (holds) {
      while (!holds(bodies.join('\n'))) await new Promise<void>(resolve => { heard = resolve })
      return bodies.join('\n')
    }
  }
}

async function run (context: Context, plugin: string, isolation: string, config: { receivers: object, processors?: object, exporters: object }): Promise<Supervised> {
  const tapio = new Supervised('tapio', ['--config', `yaml:${stringify({
    plugins: [{ path: join(plugins, plugin), isolation }], ...config,
    service: { mode: 'standard', telemetry: { metrics: { endpoint: '127.0.0.1:0' }, logs: { format: 'json' } }, pipelines: { main: { receivers: Object.keys(config.receivers), processors: Object.keys(config.processors ?? {}), exporters: Object.keys(config.exporters) } } }
  })}`])
  context.running.push(tapio)
  await tapio.running
  return tapio
}

const card = '4111111111111111'
const mail = 'jane.doe@shop.example.org'
const backendTo = (url: string): object => ({ otlp: { endpoint: url, protocol: 'http/json', sending_queue: { enabled: false } } })

for (const isolation of process.env['TAPIO_TEST_LONG'] === '1' ? ['worker', 'none'] : ['worker']) {
  examples(`redaction, isolation ${isolation}: nothing secret reaches the backend`, async context => {
    const backend = await serve(context, '{}')
    const port = await freePort()
    const tapio = await run(context, 'redaction', isolation, { receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } }, processors: { redaction: { keys: ['password'] } }, exporters: backendTo(backend.url) })
    const provider = new TracerProvider({ resource: resourceFromAttributes({ 'service.name': 'shop', owner: mail }), spanProcessors: [new SimpleSpanProcessor({ exporter: new OTLPTraceExporter({ url: `http://127.0.0.1:${port}/v1/traces` }) })] })
    const span = provider.getTracer('t').startSpan(`GET /users/${mail}`, { attributes: { password: 'hunter2', 'card.number': card, kept: 'as it is' } })
    span.addEvent(`charged ${card}`, { 'user.mail': mail, attempt: 3 })
    span.setStatus({ code: 2, message: `no such user ${mail}` })
    span.end()
    await provider.forceFlush()
    const post = async (signal: string, body: object): Promise<void> => { assert.is((await fetch(`http://127.0.0.1:${port}/v1/${signal}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).status, 200) }
    await post('logs', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { kvlistValue: { values: [{ key: 'paid', value: { stringValue: `with ${card}` } }] } }, severityNumber: 9 }, { body: { stringValue: 'nothing to see' } }] }] }] })
    await post('metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'logins', gauge: { dataPoints: [{ asDouble: 4.5, timeUnixNano: '1', attributes: [{ key: 'who', value: { stringValue: mail } }] }] } }] }] }] })
    const got = await backend.until(all => /nothing to see/.test(all) && /logins/.test(all) && /as it is/.test(all))
    for (const secret of [card, mail, 'hunter2']) assert.not.ok(got.includes(secret), `${secret} in ${got}`)
    for (const kept of ['"attempt"', '"as it is"', 'charged ****************', 'GET /users/*', 'with ****************', '4.5', '"service.name"', 'resourceSpans']) assert.ok(got.includes(kept), `${kept} is missing in ${got}`)
    await tapio.terminate()
    await tapio.ended
  })

  examples(`prometheus_scrape, isolation ${isolation}: series arrive as OTLP metrics`, async context => {
    const target = await serve(context, '# TYPE jobs_total counter\njobs_total{queue="mail"} 12\n# TYPE wait_seconds histogram\nwait_seconds_bucket{le="1"} 3\nwait_seconds_bucket{le="+Inf"} 4\nwait_seconds_sum 5\nwait_seconds_count 4\n')
    const backend = await serve(context, '{}')
    const tapio = await run(context, 'prometheus-scrape', isolation, { receivers: { prometheus_scrape: { targets: [`${target.url}/metrics`], interval: '200ms', job: 'worker' } }, exporters: backendTo(backend.url) })
    const got = await backend.until(all => all.split('"up"').length > 2)
    const { resourceMetrics: [first] } = JSON.parse(backend.bodies[0] ?? '') as { resourceMetrics: [{ scopeMetrics: [{ metrics: { name: string, sum?: object, histogram?: { dataPoints: [{ bucketCounts: string[], explicitBounds: number[] }] } }[] }] }] }
    const metrics = first.scopeMetrics[0].metrics
    assert.equal(metrics.map(m => m.name), ['jobs_total', 'wait_seconds', 'up', 'scrape_duration_seconds', 'scrape_samples_scraped'])
    const [point] = metrics[1]?.histogram?.dataPoints ?? []
    assert.equal([point?.bucketCounts, point?.explicitBounds], [['3', '1'], [1]])
    assert.match(got, /"service.name","value":\{"stringValue":"worker"\}/)
    await tapio.terminate()
    await tapio.ended
  })

  examples(`slack, isolation ${isolation}: an incident is told`, async context => {
    const hook = await serve(context, 'ok')
    const file = join(context.folder, 'incident.tapio')
    const marker = newMarker()
    writeFileSync(file, Buffer.concat([fileHeader(marker), encodeFrame(incidentRows(hostileIncident), marker)]))
    const tapio = await run(context, 'slack', isolation, { receivers: { file: { paths: [file] } }, exporters: { slack: { webhook_url: `${hook.url}/hook`, min_severity: 'low' } } })
    const told = await hook.until(all => all !== '')
    assert.is(hook.bodies.length, 1)
    assert.match(told, /"type":"header"/)
    await tapio.terminate()
    await tapio.ended
  })
}

examples.run()
