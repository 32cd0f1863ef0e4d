/**
 * Scenario: a plugin's processor asks the store and the topology of the Tapio it runs in, isolated and not, in one thread and in several.
 * Guarantees: it gets what the store keeps and what the cluster is made of, from whatever thread they are in; where there is no store, it
 * hears that there is none; a question that nobody may ask, or that is wrong, is an error of its own and harms nobody.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { join } from 'node:path'
import { registryUrl } from '../../core/cli/registry.js'
import { tryPrepare } from '../../core/cli/prepare.js'
import { Instance } from '../../core/instance.js'
import { RecordingLogger, testBench } from '../../core/testing/services.js'
import { encodeBatch } from '../../core/data/codec.js'
import { valueOf } from '../../core/telemetry/snapshot.js'
import { eventBatch } from '../../core/testing/event-batch.js'
import { freePort } from '../free-port.js'
import { eventually } from '../faults/delivery/scene.js'
import { PluginFolder, pluginText } from '../../core/plugins/testing/made.js'

const folder = new PluginFolder()
test.after(() => folder.remove())

/** It says in the log what it heard, each time it sees a row that says so. */
const curious = pluginText({
  body: `async consume (batch) {
    const outcome = await next.consume(batch)
    for (const row of batch) {
      if (row.get('message') !== 'ask') continue
      const told = what => value => { services.get('logger').info('heard ' + what + ': ' + JSON.stringify(value)) }
      services.get('store').events({ names: ['deploy'] }, 5).then(b => {
        if (b === undefined) return 'none'
        services.get('meter').counter({ name: 'tested_rows', kind: 'counter', unit: 'events', description: 'Rows seen.' }).add(b.count)
        return [...b].map(r => r.get('message'))
      }, e => 'error ' + e.message).then(told('events'))
      services.get('store').incidents({ status: 'open' }).then(i => i === undefined ? 'none' : i.length, e => 'error ' + e.message).then(told('incidents'))
      services.get('topology').view().then(v => v === undefined ? 'none' : v.nodes.length, e => 'error ' + e.message).then(told('topology'))
      services.get('store').events({ traceId: 'no' }, 5).then(() => 'an answer', e => 'error').then(told('nonsense'))
      services.get('peers')('events.submit', new Uint8Array()).then(() => 'an answer', e => 'error').then(told('forbidden'))
    }
    return outcome
  }`
})

/** What it heard; in several threads, whose log is not here, only how many events. */
async function run (isolation: string, mode: string, withStore: boolean): Promise<string[]> {
  folder.write('curious.mjs', curious)
  const port = await freePort()
  const path = folder.write('tapio.yaml', `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
processors: {context: {}, k8s_correlation: {}, tested: {}}
exporters: ${withStore ? `{store: {directory: ${join(folder.path, `store-${isolation}-${mode}`)}, keep: all, batch_timeout: 0s}}` : '{debug: {}}'}
service: {mode: ${mode}, telemetry: {metrics: {enabled: false}}, pipelines: {main: {receivers: [otlp], processors: [${withStore ? 'context, k8s_correlation, ' : ''}tested], exporters: [${withStore ? 'store' : 'debug'}]}}}
plugins: [{path: ./curious.mjs, isolation: ${isolation}}]
`)
  let told = ''
  const print = (text: string): void => { told += text }
  const { prepared } = await tryPrepare({ config: [path] }, { out: print, err: print, color: false, env: {}, modules: [registryUrl] })
  if (prepared === undefined) throw new Error(told)
  const logger = new RecordingLogger()
  const lines: string[] = []
  const instance = new Instance(prepared.config, prepared.plan, logger)
  const send = async (name: string, message: string): Promise<void> => {
    const body = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: `${Date.now()}000000`, eventName: name, body: { stringValue: message } }] }] }] }
    const { status } = await fetch(`http://127.0.0.1:${port}/v1/logs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    assert.is(status, 200)
  }
  try {
    await instance.start()
    await send('deploy', 'cart 1.2')
    await send('question', 'ask')
    if (mode !== 'debug') {
      // Rings answer before the store has it: asked again until it has.
      const counted = async (): Promise<number> => {
        await send('question', 'ask')
        return Number(valueOf(instance.snapshot(), 'tapio_tested_rows_events_total'))
      }
      return [await eventually('an event of the store', counted, n => n > 0, 20_000) > 0 ? 'it came' : 'it did not']
    }
    await eventually('five answers', () => {
      lines.length = 0
      lines.push(...logger.lines.map(l => l.message).filter(m => m.startsWith('heard')))
      return lines
    }, seen => seen.length >= 5, 20_000)
  } finally {
    await instance.stop()
  }
  return lines.map(l => l.slice('heard '.length)).sort()
}

for (const isolation of ['worker', 'none']) {
  test(`isolation: ${isolation}: it hears what the store keeps and what the cluster is made of`, async () => {
    assert.equal(await run(isolation, 'debug', true), ['events: ["cart 1.2"]', 'forbidden: "error"', 'incidents: 0', 'nonsense: "error"', 'topology: 0'])
  })

  test(`isolation: ${isolation}: without a store it hears that there is none`, async () => {
    const heard = await run(isolation, 'debug', false)
    assert.equal(heard.filter(h => /^(events|incidents|topology)/.test(h)), ['events: "none"', 'incidents: "none"', 'topology: "none"'])
  })
}

for (const mode of ['standard', 'high-performance']) {
  for (const isolation of ['worker', 'none']) {
    test(`mode ${mode}, isolation: ${isolation}: the store is in another thread than the question comes from`, async () => {
      assert.equal(await run(isolation, mode, true), ['it came'])
    })
  }
}

test('in a test the answers are the test\'s', async () => {
  const { services } = testBench('processor', 'x', {}, { peers: question => Promise.resolve(question === 'store.events' ? encodeBatch(eventBatch({ message: 'kept' })) as never : undefined) })
  const kept = await services.get('store').events({})
  assert.equal([...kept ?? []].map(row => row.get('message')), ['kept'])
  assert.is(await services.get('topology').view(), undefined)
})

test.run()
