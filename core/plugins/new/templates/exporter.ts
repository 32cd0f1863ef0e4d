/** A new exporter: posts events as JSON lines. */
import type { Template } from './template.js'

export const exporter: Template = {
  summary: 'Posts events of some severity to a URL, as JSON lines.',
  source: ({ name, type, range }) => `/** Posts events of some severity to a URL, as JSON lines. */
import {
  accepted, defineComponent, definePlugin, Duration, Enum, inTime, Options, refused, rejected, retry, Severity, Url«, type EventBatch, type Outcome, type Static»
} from 'tapio/plugin'

// The only place where options are written: types, checks, defaults and editor support come from it.
const schema = Options({
  url: Url({ default: 'http://localhost:9000/events', description: 'Where events are posted.' }),
  timeout: Duration({ default: '5s', minimum: '100ms', description: 'For one request.' }),
  min_severity: Enum(['unspecified', 'info', 'warning', 'error'], { default: 'warning', description: 'Events below it are dropped.' })
})

const requests = { name: '${type}_requests', kind: 'counter', unit: '', description: 'Requests made, by what came of them.', attributes: ['outcome'] }« as const»

export const exporter = defineComponent({
  kind: 'exporter',
  type: '${type}',
  description: 'Posts events of some severity to a URL, as JSON lines.',
  stability: 'alpha',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  concurrency: 'single',
  schema,
  metrics: [requests],
  drops: { below_severity: 'Less severe than \`min_severity\`.' },

  create (services) {
    const config = services.get('config')« as Static<typeof schema>»
    const drops = services.get('drops')
    const meter = services.get('meter')
    const stopping = new AbortController()

    return {
      // Its answer is the truth about delivery: on \`retry\` Tapio keeps the batch and comes again, on \`rejected\` it is given up and counted.
      async consume (batch«: EventBatch»)«: Promise<Outcome>» {
        if (stopping.signal.aborted) return refused('shutting down')
        const severe = batch.filter(batch.columns.severity.map(s => s >= Severity[config.min_severity] ? 1 : 0))
        const outcome = severe.count === 0 ? accepted : await inTime(config.timeout, stopping.signal, signal => post(config.url, severe, signal))
        if (severe.count > 0) meter.counter(requests, { outcome: outcome.status }).add(1)
        if (outcome.status === 'accepted' || outcome.status === 'rejected') drops.add('below_severity', batch.count - severe.count)
        return outcome
      },
      // Nothing is under way any more when an exporter is stopped in order; when time is up, something may be.
      stop () { stopping.abort() }
    }
  }
})

async function post (url«: string», batch«: EventBatch», signal«: AbortSignal»)«: Promise<Outcome>» {
  try {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: lines(batch), signal })
    await response.body?.cancel()
    if (response.ok) return accepted
    if (response.status !== 429 && response.status < 500) return rejected(\`\${url} answered \${response.status}\`, batch.count)
    const seconds = Number(response.headers.get('retry-after') ?? NaN)
    return retry(\`\${url} answered \${response.status}\`, Number.isFinite(seconds) ? seconds * 1000 : undefined)
  } catch (error) {
    return retry(\`\${url} cannot be reached: \${error instanceof Error ? error.message : String(error)}\`)
  }
}

function lines (batch«: EventBatch»)«: string» {
  const wide = (_key«: string», value«: unknown») => typeof value === 'bigint' ? String(value) : value
  return [...batch].map(row => JSON.stringify({ ...row.toObject(), severity: row.severityName, attributes: row.allAttributes() }, wide) + '\\n').join('')
}

export default definePlugin({
  name: '${name}',
  version: '0.1.0',
  tapio: '${range}',
  // Where it may connect to. The URL is an option, so it is anywhere; one that knows its service says ['api.example.com:443'].
  permissions: { network: ['*'] },
  components: [exporter]
})
`,
  test: () => `import assert from 'node:assert/strict'
import { createServer } from 'node:http'«
import type { AddressInfo } from 'node:net'»
import { after, before, test } from 'node:test'
import { contractTests, runComponent } from 'tapio/testing'
import { exporter } from './index.js'

// What every component holds: an outcome whatever the batch, no writing into it, stop twice, no timer left, only declared metrics and drops, …
for (const { name, run } of contractTests(exporter)) test(name, run)

// The service it posts to: keeps the lines, answers \`status\`.
let status = 200
let received«: { message: string, severity: string }[]» = []
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  received = body.trimEnd().split('\\n').map(line => JSON.parse(line)« as { message: string, severity: string }»)
  response.writeHead(status, status === 503 ? { 'retry-after': '2' } : {}).end()
})
let url = ''
before(async () => {
  await new Promise«<void>»(resolve => { server.listen(0, '127.0.0.1', resolve) })
  url = \`http://127.0.0.1:\${(server.address()« as AddressInfo»).port}/events\`
})
after(() => { server.closeAllConnections(); server.close() })

const bad = { signal: 'logs', severity: 17, message: 'it broke' }« as const»
const fine = { signal: 'logs', severity: 9, message: 'all is well' }« as const»

test('severe events are posted, others counted as dropped', async () => {
  const { source, drops, meter, stop } = await runComponent(exporter, { url, min_severity: 'error' })
  status = 200
  assert.equal((await source.send(bad, fine)).status, 'accepted')
  assert.deepEqual(received.map(r => [r.message, r.severity]), [['it broke', 'error']])
  assert.equal(drops.get('below_severity'), 1)
  assert.equal(meter.values.get(\`\${exporter.type}_requests{outcome="accepted"}\`), 1)
  await stop()
})

test('its answer says what became of the batch', async () => {
  const { source, stop } = await runComponent(exporter, { url })
  status = 503
  assert.deepEqual(await source.send(bad), { status: 'retry', reason: \`\${url} answered 503\`, afterMs: 2000 })
  status = 400
  assert.deepEqual(await source.send(bad), { status: 'rejected', reason: \`\${url} answered 400\`, count: 1 })
  await stop()
  assert.equal((await source.send(bad)).status, 'refused')
})
`,
  config: ({ type }) => `plugins:
  - path: .
receivers:
  otlp: {protocols: {http: {endpoint: localhost:4318}}}
exporters:
  ${type}:
    url: http://localhost:9000/events
    min_severity: warning
service:
  pipelines:
    main: {receivers: [otlp], exporters: [${type}]}
`,
  tryIt: `Have something listen on port 9000, and send a log record; it arrives there as a line of JSON:

\`\`\`sh
node -e "require('http').createServer((q, r) => { q.pipe(process.stdout); q.on('end', () => r.end()) }).listen(9000)" &
curl -H 'content-type: application/json' localhost:4318/v1/logs -d '{"resourceLogs":[{"scopeLogs":[{"logRecords":[
  {"severityNumber":17,"body":{"stringValue":"it broke"}}]}]}]}'
\`\`\``
}
