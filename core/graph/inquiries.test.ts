/**
 * Scenario: a running graph in each mode whose components are asked something: well, by somebody who gives up, of a component that throws,
 * never answers, answers with what cannot cross threads, dies, or does not exist.
 * Guarantees: the answer, or an error that names the component and says why, in time; rows pass all the while.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finder } from '../component/catalog.js'
import { valueOf } from '../telemetry/snapshot.js'
import { components } from '../testing/components.js'
import { RecordingLogger } from '../testing/services.js'
import { planGraph } from './plan.js'
import { Runtime } from './runtime.js'
import { serviceDefaults, type Mode, type ServiceSpec } from './spec.js'
import { Unanswered, type UnansweredWhy } from './unanswered.js'

const catalog = [new URL('../testing/components.js', import.meta.url).href]
const modes: readonly Mode[] = ['ring-buffer', 'high-performance', 'standard', 'debug']
const oracle = 'processor/test_oracle'

/** A graph of 1000 rows and an oracle that answers as it is told. */
function make (service: Partial<ServiceSpec>, answer: string, askTimeoutMs = 60_000): { readonly runtime: Runtime, readonly logger: RecordingLogger } {
  const result = planGraph({
    catalog,
    service: { ...serviceDefaults, maxConcurrency: 2, ...service },
    components: [
      { kind: 'receiver', id: 'test_source', config: { rows: 1000, batch_rows: 100, rows_per_second: 0, finish: true } },
      { kind: 'processor', id: 'test_oracle', config: { answer } },
      { kind: 'exporter', id: 'test_sink', config: { rows_per_second: 0, retry_every: 0 } }
    ],
    pipelines: [{ id: 'p', receivers: ['test_source'], processors: ['test_oracle'], exporters: ['test_sink'] }],
    extensions: []
  }, finder(components), 2)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  const logger = new RecordingLogger()
  const runtime = new Runtime({ plan: result.plan, logger, log: { level: 'error', format: 'json' }, askTimeoutMs })
  made.push(runtime)
  return { runtime, logger }
}

const made: Runtime[] = []
test.after(async () => { await Promise.all(made.map(r => r.stop(100))) })

async function whyNot (answer: Promise<unknown>): Promise<readonly [UnansweredWhy, string]> {
  const error: unknown = await answer.then(() => undefined, (e: unknown) => e)
  assert.instance(error, Unanswered)
  return [(error as Unanswered).why, (error as Unanswered).message]
}

for (const mode of modes) {
  test(`${mode}: the same replica answers each time; bytes that fill their memory are handed over; after the stop nobody answers`, async () => {
    const { runtime } = make({ mode }, 'well')
    assert.equal(runtime.answering('store.directory'), [])
    assert.is((await whyNot(runtime.ask(oracle, 'store.directory', null)))[0], 'gone')
    await runtime.start()
    assert.equal(runtime.answering('store.directory'), [oracle])
    assert.equal(runtime.answering('topology.view'), [])
    const answers = await Promise.all([1, 2, 3, 4].map(() => runtime.ask(oracle, 'store.directory', null)))
    assert.is(new Set(answers).size, 1)
    assert.is(answers[0] === '0', mode === 'debug', `thread ${answers[0]}`)
    const whole = new Uint8Array(1000)
    assert.is((await runtime.ask(oracle, 'events.submit', whole)).rejected, 1000)
    assert.is(whole.length, mode === 'debug' ? 1000 : 0)
    const part = new Uint8Array(1000).subarray(10)
    assert.is((await runtime.ask(oracle, 'events.submit', part)).rejected, 990)
    assert.is(part.length, 990)
    await runtime.endRequested
    await runtime.stop()
    assert.is(Number(valueOf(runtime.snapshot(), 'tapio_test_sink_events_total')), 1000)
    assert.is((await whyNot(runtime.ask(oracle, 'store.directory', null)))[0], 'gone')
  })

  test(`${mode}: what a component throws is its own: the asker hears of it, rows pass`, async () => {
    const { runtime, logger } = make({ mode }, 'throws')
    await runtime.start()
    assert.equal(await whyNot(runtime.ask(oracle, 'store.directory', null)), ['failed', 'processor/test_oracle could not answer store.directory: told to throw'])
    await runtime.endRequested
    await runtime.stop()
    assert.is(Number(valueOf(runtime.snapshot(), 'tapio_test_sink_events_total')), 1000)
    if (mode === 'debug') assert.ok(logger.lines.some(l => l.level === 'error' && l.message === 'a component threw while it was asked'))
  })

  test(`${mode}: nobody waits for ever, nor too many`, async () => {
    const { runtime } = make({ mode }, 'never', 200)
    await runtime.start()
    const over = new AbortController()
    const calledOff = whyNot(runtime.ask(oracle, 'store.directory', null, over.signal))
    over.abort()
    assert.is((await calledOff)[0], 'cancelled')
    assert.is((await whyNot(runtime.ask(oracle, 'store.directory', null, over.signal)))[0], 'cancelled')
    const whys = await Promise.all(Array.from({ length: 257 }, () => whyNot(runtime.ask(oracle, 'store.directory', null))))
    assert.equal(whys.filter(([why]) => why === 'late').length, 256)
    assert.equal(whys.at(-1), ['busy', 'processor/test_oracle was not asked store.directory: 256 questions wait for an answer already'])
    assert.equal(await whyNot(runtime.ask(oracle, 'store.directory', null)), ['late', 'processor/test_oracle gave no answer to store.directory within 0.2 s'])
  })
}

test('who is not there, or does not answer such questions, is said with who would', async () => {
  const { runtime } = make({ mode: 'standard' }, 'well')
  await runtime.start()
  for (const name of ['exporter/test_sink', 'processor/other', 'nonsense', '']) {
    assert.equal(await whyNot(runtime.ask(name, 'store.directory', null)), ['unknown', `${name} does not answer store.directory; processor/test_oracle would`])
  }
  assert.match((await whyNot(runtime.ask(oracle, 'collectors.list', null)))[1], /no component of this graph does/)
})

test('an answer that cannot cross threads is a failed one, and the thread lives on', async () => {
  const { runtime } = make({ mode: 'standard' }, 'unsendable')
  await runtime.start()
  for (let i = 0; i < 2; i++) assert.match((await whyNot(runtime.ask(oracle, 'store.directory', null)))[1], /gave an answer that cannot be sent/)
  assert.is(Number(valueOf(runtime.snapshot(), 'tapio_worker_deaths_total')), 0)
})

test('a thread that dies of a question ends the waiting; its successor answers', async () => {
  const dying = make({ mode: 'ring-buffer' }, 'exits').runtime
  await dying.start()
  assert.match((await whyNot(dying.ask(oracle, 'store.directory', null)))[1], /is gone: thread process-0 has ended/)
  const { runtime } = make({ mode: 'ring-buffer' }, 'well')
  await runtime.start()
  const before = await runtime.ask(oracle, 'store.directory', null)
  await runtime.killThread('process-0')
  assert.is.not(await runtime.ask(oracle, 'store.directory', null), before)
})

test.run()
