/**
 * Scenario: the published test kit with a component that holds the contract, with ones that break a rule of it each, and in the test
 * of a plugin that core/plugins/README.md shows, built as Tapio builds plugins.
 * Guarantees: the contract passes the first; of the others exactly the test fails that tells of the rule; `tapio/testing` is there for plugins.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Processor } from './component/component.js'
import type { ComponentFactory } from './component/factory.js'
import { accepted, type Outcome } from './component/outcome.js'
import type { Services } from './component/services.js'
import { Options } from './config/schema.js'
import { Type } from '@sinclair/typebox'
import type { EventBatch } from './data/batch.js'
import { bundlePlugin } from './plugins/bundle.js'
import { PluginFolder } from './plugins/testing/made.js'
import { contractTests, eventBatch, events, testBench } from './testing.js'

const kit = suite('tapio/testing')

type Bad = Partial<Processor> & { consume (batch: EventBatch): Promise<Outcome> }

function factory (make: (services: Services) => Bad, more: Partial<ComponentFactory> = {}): ComponentFactory {
  return {
    kind: 'processor', type: 'tested', description: 'Passes everything on.', stability: 'alpha', signals: ['logs'], concurrency: 'stateless',
    schema: Options({ word: Type.String({ default: 'x', description: 'A word.' }) }), metrics: [{ name: 'tested_rows', kind: 'counter', unit: 'events', description: 'Rows it has seen.' }],
    drops: { unwanted: 'Rows nobody wants.' }, create: services => make(services) as Processor, ...more
  }
}

const good = (services: Services): Bad => ({ consume: async batch => { services.get('drops').add('unwanted', 0); return services.get('next').consume(batch) } })

const breaks: Readonly<Record<string, { readonly of: ComponentFactory, readonly tells: string, readonly also?: readonly string[] }>> = {
  'no outcome': { of: factory(() => ({ consume: async () => undefined as unknown as Outcome })), tells: 'it answers with an outcome whatever the batch, and never writes into it', also: ['after stop it still answers with an outcome', 'it runs twice in one process and leaves no timer, file or socket behind'] },
  'writes into a batch': { of: factory(() => ({ consume: async batch => { if (batch.count > 0) batch.columns.severity.fill(1); return accepted } })), tells: 'it answers with an outcome whatever the batch, and never writes into it' },
  'a drop reason that is not declared': { of: factory(services => ({ consume: async batch => { services.get('drops').add('mystery', batch.count); return accepted } })), tells: 'it answers with an outcome whatever the batch, and never writes into it', also: ['it runs twice in one process and leaves no timer, file or socket behind'] },
  'a timer that stays': { of: factory(services => ({ start: () => { services.get('clock').after(1e9, () => undefined) }, consume: async () => accepted })), tells: 'it runs twice in one process and leaves no timer, file or socket behind', also: ['it answers with an outcome whatever the batch, and never writes into it'] },
  'a timer before the start': { of: factory(services => { const cancel = services.get('clock').after(1e9, () => undefined); return { stop: async () => { cancel() }, consume: async () => accepted } }), tells: 'creating it does nothing yet' },
  'a stop that fails the second time': { of: factory(() => { let stops = 0; return { stop: async () => { if (stops++ === 1) throw new Error('stopped twice') }, consume: async () => accepted } }), tells: 'stop without start, and stop twice, resolve', also: ['*'] },
  'an open schema': { of: factory(good, { schema: Type.Object({ word: Type.String({ default: 'x', description: 'A word.' }) }) }), tells: 'its defaults fit its schema, unknown keys do not, and its own check finds nothing' },
  'an option without a word': { of: factory(good, { schema: Options({ word: Type.String({ default: 'x' }) }) }), tells: 'every option has a description' },
  'a drop reason without a meaning': { of: factory(good, { drops: { unwanted: '' } }), tells: 'its metrics and drop reasons are well-formed and say what they mean' }
}

async function failing (of: ComponentFactory): Promise<string[]> {
  const failed: string[] = []
  for (const { name, run } of contractTests(of)) await run().catch(() => { failed.push(name) })
  return failed
}

kit('a component that holds the contract passes', async () => {
  for (const { run } of contractTests(factory(good))) await run()
})

for (const [what, { of, tells, also = [] }] of Object.entries(breaks)) {
  kit(`${what}: the contract says so`, async () => {
    const failed = await failing(of)
    assert.ok(failed.includes(tells), `failed: ${failed.join('; ')}`)
    if (also[0] !== '*') assert.equal(failed.filter(name => name !== tells && !also.includes(name)), [])
  })
}

kit('plain events become a batch and come back', async () => {
  const bench = testBench('processor', 'tested', {})
  await bench.next.consume(eventBatch({ signal: 'logs', name: 'a', severity: 17, attributes: { n: 1 }, resource: { 'service.name': 'cart' } }, { name: 'b' }))
  const [first, second] = events(...bench.next.batches)
  assert.equal([first?.name, first?.severity, first?.attributes, first?.resource, second?.name], ['a', 17, { n: 1 }, { 'service.name': 'cart' }, 'b'])
})

kit('the example of the README, built as Tapio builds a plugin, runs with the runner of Node', async () => {
  const folder = new PluginFolder()
  try {
    const readme = readFileSync(join(process.cwd(), 'core', 'plugins', 'README.md'), 'utf8')
    const example = /## Testing a component\n```ts\n([^]*?)```/.exec(readme)?.[1]
    folder.write('redact.ts', redact)
    const { url } = await bundlePlugin({ shown: 'redact.test.ts', entry: folder.write('redact.test.ts', example ?? ''), folder: folder.path })
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', fileURLToPath(url)])
    assert.match(stdout, /# Subtest: it hides cards/)
    assert.match(stdout, /# pass 10\n# fail 0/)
  } finally {
    folder.remove()
  }
})

const redact = `import { defineComponent, Options, Type, type EventBatch } from 'tapio/plugin'
export const redact = defineComponent({
  kind: 'processor', type: 'redact', description: 'Hides the values of attributes.', stability: 'alpha', signals: ['logs'], concurrency: 'stateless', metrics: [], drops: {},
  schema: Options({ keys: Type.Array(Type.String(), { default: [], description: 'Of the attributes to hide.' }) }),
  create: services => {
    const { keys } = services.get('config') as { readonly keys: readonly string[] }
    const next = services.get('next')
    return { consume: (batch: EventBatch) => next.consume(keys.reduce((b, key) => b.attribute(key) === undefined ? b : b.withConstant(key, '****'), batch)) }
  }
})
`

kit.run()
