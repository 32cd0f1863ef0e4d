/** A new receiver: asks a URL again and again, and says how it answers. */
import type { Template } from './template.js'

export const receiver: Template = {
  summary: 'Asks a URL again and again, and brings an event of each answer.',
  source: ({ name, type, range }) => `/** Asks a URL again and again, and brings an event of each answer. */
import { BatchBuilder, defineComponent, definePlugin, Duration, inTime, Options, Severity, Url«, type Static» } from 'tapio/plugin'

// The only place where options are written: types, checks, defaults and editor support come from it.
const schema = Options({
  url: Url({ default: 'http://localhost:8080/healthz', description: 'What is asked.' }),
  interval: Duration({ default: '10s', minimum: '1s', description: 'From one answer to the next question.' }),
  timeout: Duration({ default: '2s', minimum: '100ms', description: 'No answer for so long is a failure.' })
})

const checks = { name: '${type}_checks', kind: 'counter', unit: '', description: 'Questions asked, by what came of them.', attributes: ['result'] }« as const»

export const receiver = defineComponent({
  kind: 'receiver',
  type: '${type}',
  description: 'Asks a URL again and again, and brings an event of each answer.',
  stability: 'alpha',
  signals: ['events'],
  concurrency: 'single',
  schema,
  metrics: [checks],
  drops: { not_taken: 'The pipeline was full, and the next check says more than one that waited.' },

  create (services) {
    const { url, interval, timeout } = services.get('config')« as Static<typeof schema>»
    const next = services.get('next')
    const drops = services.get('drops')
    const clock = services.get('clock')
    const meter = services.get('meter')
    const stopping = new AbortController()
    let cancel = () => {}
    let underWay«: Promise<void>» = Promise.resolve()

    async function check ()«: Promise<void>» {
      const startMs = clock.monotonicMs()
      const answer = await inTime(timeout, stopping.signal, signal => ask(url, signal))
      if (stopping.signal.aborted) return
      meter.counter(checks, { result: answer.isUp ? 'up' : 'down' }).add(1)
      const builder = new BatchBuilder(1)
      builder.append({
        signal: 'events',
        type: 'service',
        name: '${type}',
        timeUnixNano: clock.unixNano(),
        severity: answer.isUp ? Severity.info : Severity.error,
        message: url + ' ' + answer.text,
        attributes: { 'url.full': url, 'check.up': answer.isUp, 'check.duration_ms': Math.round(clock.monotonicMs() - startMs) }
      })
      const outcome = await next.consume(builder.finish())
      if (outcome.status === 'retry' || outcome.status === 'refused') drops.add('not_taken', 1)
    }

    function plan (waitMs«: number») {
      if (!stopping.signal.aborted) cancel = clock.after(waitMs, () => { underWay = check().then(() => plan(interval)) })
    }

    return {
      start () { plan(0) },
      async stop () {
        stopping.abort()
        cancel()
        await underWay
      }
    }
  }
})

/** Never throws: no answer is an answer, too. */
async function ask (url«: string», signal«: AbortSignal»)«: Promise<{ isUp: boolean, text: string }>» {
  try {
    const response = await fetch(url, { signal })
    await response.body?.cancel()
    return { isUp: response.ok, text: 'answered ' + response.status }
  } catch (error) {
    return { isUp: false, text: 'did not answer: ' + (error instanceof Error ? error.message : String(error)) }
  }
}

export default definePlugin({
  name: '${name}',
  version: '0.1.0',
  tapio: '${range}',
  // Where it may connect to. The URL is an option, so it is anywhere; one that knows its service says ['api.example.com:443'].
  permissions: { network: ['*'] },
  components: [receiver]
})
`,
  test: () => `import assert from 'node:assert/strict'
import { createServer } from 'node:http'«
import type { AddressInfo } from 'node:net'»
import { after, before, test } from 'node:test'
import { retry } from 'tapio/plugin'
import { contractTests, runComponent } from 'tapio/testing'
import { receiver } from './index.js'

// What every component holds: stop without start and twice, no timer or socket left, only declared metrics and drops, …
for (const { name, run } of contractTests(receiver)) test(name, run)

// What it asks: answers \`status\`.
let status = 200
const server = createServer((_request, response) => { response.writeHead(status).end() })
let url = ''
before(async () => {
  await new Promise«<void>»(resolve => { server.listen(0, '127.0.0.1', resolve) })
  url = \`http://127.0.0.1:\${(server.address()« as AddressInfo»).port}/\`
})
after(() => { server.closeAllConnections(); server.close() })

test('each check is an event: fine when it answers, an error when it does not', async () => {
  const { sink, clock, meter, stop } = await runComponent(receiver, { url, interval: '5s' })
  status = 200
  await clock.advance(0)
  await sink.until(1)
  status = 500
  await clock.advance(5000)
  const [up, down] = await sink.until(2)
  assert.deepEqual([up?.severity, up?.message], [9, \`\${url} answered 200\`])
  assert.deepEqual([down?.severity, down?.attributes['check.up']], [17, false])
  assert.equal(meter.values.get(\`\${receiver.type}_checks{result="down"}\`), 1)
  await stop()
  assert.equal(clock.pending, 0)
})

test('a check that nobody takes is counted', async () => {
  const { sink, clock, drops, stop } = await runComponent(receiver, { url, interval: '5s' })
  sink.answers(retry('full'))
  await clock.advance(0)
  while (drops.size === 0) await clock.advance(0)
  assert.equal(drops.get('not_taken'), 1)
  assert.equal(sink.events.length, 0)
  await stop()
})
`,
  config: ({ type }) => `plugins:
  - path: .
receivers:
  ${type}:
    url: http://localhost:8888/metrics     # Tapio's own
    interval: 5s
exporters:
  debug: {verbosity: detailed}
service:
  telemetry: {metrics: {endpoint: localhost:8888}}
  pipelines:
    main: {receivers: [${type}], exporters: [debug]}
`,
  tryIt: 'It asks Tapio\'s own metrics; the terminal shows an event every five seconds. Ask something that is not there, and they become errors.'
}
