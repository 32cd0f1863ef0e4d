/** A new processor: drops events by the value of an attribute. */
import type { Template } from './template.js'

export const processor: Template = {
  summary: 'Drops events whose attribute has one of the unwanted values: health checks, say.',
  source: ({ name, type, range }) => `/** Drops events whose attribute has one of the unwanted values: health checks, say. */
import {
  accepted, defineComponent, definePlugin, inWhole, Options, rowsWhere, Type«, type EventBatch, type Outcome, type Static»
} from 'tapio/plugin'

// The only place where options are written: types, checks, defaults and editor support come from it.
const schema = Options({
  attribute: Type.String({ default: 'url.path', minLength: 1, description: 'The attribute that is looked at.' }),
  unwanted: Type.Array(Type.String(), { default: ['/healthz', '/readyz'], maxItems: 1000, description: 'Events with one of these values are dropped.' })
})

const seen = { name: '${type}_seen', kind: 'counter', unit: 'events', description: 'Events it has looked at.' }« as const»

export const processor = defineComponent({
  kind: 'processor',
  type: '${type}',
  description: 'Drops events whose attribute has one of the unwanted values.',
  stability: 'alpha',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  // Any number of copies may run side by side, as it remembers nothing. One that does says 'single'.
  concurrency: 'stateless',
  schema,
  metrics: [seen],
  drops: { unwanted: 'Its attribute has one of the unwanted values.' },

  create (services) {
    const config = services.get('config')« as Static<typeof schema>»
    const unwanted = new Set«<unknown>»(config.unwanted)
    const next = services.get('next')
    const drops = services.get('drops')
    const looked = services.get('meter').counter(seen)

    return {
      async consume (batch«: EventBatch»)«: Promise<Outcome>» {
        looked.add(batch.count)
        // A cell a row. No row has the attribute: nothing to look at.
        if (batch.attribute(config.attribute) === undefined) return next.consume(batch)
        const keep = Uint8Array.from({ length: batch.count }, (_, row) => unwanted.has(batch.attributeAt(config.attribute, row)) ? 0 : 1)
        // A batch never changes: this is another one, which shares everything with it.
        const kept = batch.filter(keep)
        const outcome = kept.count === 0 ? accepted : await next.consume(kept)
        // On \`retry\` and \`refused\` the sender keeps the rows and may bring them again: they are not dropped yet.
        if (outcome.status === 'retry' || outcome.status === 'refused') return outcome
        drops.add('unwanted', batch.count - kept.count)
        // Rows that were rejected, in the numbers of the batch as it came.
        return inWhole(outcome, () => rowsWhere(keep, true))
      }
    }
  }
})

export default definePlugin({
  name: '${name}',
  version: '0.1.0',
  tapio: '${range}',
  components: [processor]
})
`,
  test: () => `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rejected, retry } from 'tapio/plugin'
import { contractTests, runComponent } from 'tapio/testing'
import { processor } from './index.js'

// What every component holds: an outcome whatever the batch, no writing into it, stop twice, no timer left, only declared metrics and drops, …
for (const { name, run } of contractTests(processor)) test(name, run)

const check = { signal: 'traces', name: 'GET', attributes: { 'url.path': '/healthz' } }« as const»
const order = { signal: 'traces', name: 'POST', attributes: { 'url.path': '/orders' } }« as const»

test('unwanted events are dropped and counted, all others pass', async () => {
  const { source, sink, drops, stop } = await runComponent(processor)
  const outcome = await source.send(check, order, { signal: 'logs', message: 'no path' })
  assert.equal(outcome.status, 'accepted')
  assert.deepEqual(sink.events.map(e => e.name ?? e.message), ['POST', 'no path'])
  assert.equal(drops.get('unwanted'), 1)
  await stop()
})

test('what is asked for again is counted once', async () => {
  const { source, sink, drops, stop } = await runComponent(processor)
  sink.answers(retry('full'))
  assert.equal((await source.send(check, order)).status, 'retry')
  assert.equal((await source.send(check, order)).status, 'accepted')
  assert.equal(drops.get('unwanted'), 1)
  await stop()
})

test('a rejected row has the number it came with', async () => {
  const { source, sink, stop } = await runComponent(processor)
  sink.answers(rejected('too old', 1, Uint32Array.of(0)))
  assert.deepEqual(await source.send(check, order), rejected('too old', 1, Uint32Array.of(1)))
  await stop()
})
`,
  config: ({ type }) => `plugins:
  - path: .
receivers:
  otlp: {protocols: {http: {endpoint: localhost:4318}}}
processors:
  ${type}:
    attribute: url.path
    unwanted: [/healthz]
exporters:
  debug: {verbosity: detailed}
service:
  pipelines:
    main: {receivers: [otlp], processors: [${type}], exporters: [debug]}
`,
  tryIt: `Send it two log records; the terminal shows one of them:

\`\`\`sh
curl -H 'content-type: application/json' localhost:4318/v1/logs -d '{"resourceLogs":[{"scopeLogs":[{"logRecords":[
  {"body":{"stringValue":"a check"},"attributes":[{"key":"url.path","value":{"stringValue":"/healthz"}}]},
  {"body":{"stringValue":"an order"},"attributes":[{"key":"url.path","value":{"stringValue":"/orders"}}]}]}]}]}'
\`\`\``
}
