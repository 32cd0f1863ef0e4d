/**
 * Scenario: a graph under load goes over to another plan, in every mode: each kind of component changed, added and removed, plans that
 * cannot be created or started, exporters that fail, a thread that dies meanwhile.
 * Guarantees: what is in both plans runs on, with its state; every row a client was told is accepted comes out once (at least once
 * where a thread died); nothing is given to what has stopped; a plan that does not come up leaves the old one running.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Ledger, until, type LedgerGraph } from './testing/ledger.js'
import type { Mode, ServiceSpec } from './spec.js'

const modes: readonly Mode[] = ['debug', 'standard', 'high-performance', 'ring-buffer']

const open: Ledger[] = []
function ledger (): Ledger {
  const made = new Ledger()
  open.push(made)
  return made
}
test.after.each(async () => { await Promise.all(open.splice(0).map(l => l.close())) })

const moreRows = async (books: Ledger, rows = 200): Promise<void> => {
  const before = books.accepted
  await until(() => books.accepted >= before + rows, 'more rows are accepted')
}

const service = (mode: Mode): Partial<ServiceSpec> => ({ mode, maxConcurrency: 2 })
const pipelines = ['p: ledger_client | ledger_early ledger_pass ledger_pass/2 | ledger_sink']

/** Everything that can be other about a pipeline whose receiver stays. */
const cases: readonly (readonly [string, Omit<LedgerGraph, 'service'>])[] = [
  ['the same', { pipelines }],
  ['another exporter config', { pipelines, options: { 'exporter/ledger_sink': { note: 'b' } } }],
  ['another early processor', { pipelines, options: { 'processor/ledger_early': { note: 'b' } } }],
  ['another processor in the middle', { pipelines, options: { 'processor/ledger_pass': { note: 'b' } } }],
  ['a processor less', { pipelines: ['p: ledger_client | ledger_early ledger_pass/2 | ledger_sink'] }],
  ['a processor more, in another order', { pipelines: ['p: ledger_client | ledger_pass/2 ledger_pass/3 ledger_early ledger_pass | ledger_sink'] }],
  ['no processors', { pipelines: ['p: ledger_client | | ledger_sink'] }],
  ['a second pipeline', { pipelines: [...pipelines, 'q: ledger_client/2 | ledger_pass | ledger_sink'] }],
  ['a connector between', { pipelines: ['p: ledger_client | ledger_early ledger_pass | ledger_forward', 'r: ledger_forward | ledger_pass/2 | ledger_sink'] }],
  ['another connector config', { pipelines: ['p: ledger_client | ledger_early ledger_pass | ledger_forward', 'r: ledger_forward | ledger_pass/2 | ledger_sink'], options: { 'connector/ledger_forward': { note: 'b' } } }]
]

/** What cannot be, with what is said of it. */
const badCases: readonly (readonly [string, Omit<LedgerGraph, 'service'>, 'rejected' | 'rolled_back', RegExp])[] = [
  ['an exporter that cannot be created', { pipelines: ['p: ledger_client | ledger_pass/2 | ledger_sink'], options: { 'exporter/ledger_sink': { fail: 'create' } } }, 'rejected', /exporter\/ledger_sink could not be created: told not to/],
  ['an exporter that does not start', { pipelines: ['p: ledger_client | ledger_pass/2 | ledger_sink'], options: { 'exporter/ledger_sink': { fail: 'start' } } }, 'rolled_back', /exporter\/ledger_sink did not start: told not to/],
  ['a receiver that does not start', { pipelines: [...pipelines, 'q: ledger_client/2 | ledger_pass | ledger_sink'], options: { 'receiver/ledger_client/2': { fail: 'start' }, 'processor/ledger_pass': { note: 'c' } } }, 'rolled_back', /receiver\/ledger_client\/2 did not start/]
]

for (const mode of modes) {
  test(`${mode}: rows flow on through good and bad changes`, async () => {
    const books = ledger()
    const base = { service: service(mode), pipelines }
    await books.start(base)
    await moreRows(books)
    const steps = process.env['TAPIO_TEST_LONG'] === '1' ? [...cases, ...cases.toReversed(), ...cases] : cases
    for (const [i, [name, graph]] of steps.entries()) {
      const changed = await books.change({ ...graph, service: service(mode) })
      assert.is(changed.status, 'applied', `${name}: ${JSON.stringify(changed)}`)
      assert.is(changed.undelivered, 0, name)
      const [bad, badGraph, status, why] = badCases[i % badCases.length] as (typeof badCases)[number]
      const running = books.runtime.plan
      const refused = await books.change({ ...badGraph, service: service(mode) })
      assert.is(refused.status, status, `${bad} after ${name}: ${JSON.stringify(refused)}`)
      assert.match('reason' in refused ? refused.reason : '', why)
      assert.is(books.runtime.plan, running, 'the old plan is in force')
      await moreRows(books, 40)
      assert.equal(books.runtime.health.readiness().failing, [], `${bad} after ${name}`)
      assert.ok(books.runtime.health.snapshot().components.every(c => c.state === 'ok'), JSON.stringify(books.runtime.health.snapshot().components))
    }
    assert.equal(await books.runtime.stop(), { undelivered: 0, errors: [] })
    assert.is(books.times('receiver/ledger_client starts'), 1, 'the client was never disturbed')
    assert.is(books.outcomes('refused'), 0)
    books.assertNothingLost()
  })
}

test('from mode to mode: all of it moves, drained, and rows go on', async () => {
  const books = ledger()
  await books.start({ service: service('debug'), pipelines })
  for (const mode of ['high-performance', 'standard', 'ring-buffer', 'debug'] as const) {
    await moreRows(books, 100)
    const changed = await books.change({ service: service(mode), pipelines })
    assert.is(changed.status, 'applied', JSON.stringify(changed))
    assert.is(changed.undelivered, 0)
    const { components } = books.runtime.health.snapshot()
    assert.equal(components.filter(c => c.component.startsWith('thread/')).map(c => c.component.slice(7)).sort(), books.runtime.plan.threads.filter(t => t !== 'main').sort())
    assert.ok(components.every(c => c.state === 'ok'), JSON.stringify(components))
  }
  await moreRows(books, 100)
  assert.equal(await books.runtime.stop(), { undelivered: 0, errors: [] })
  books.assertNothingLost()
})

for (const mode of ['debug', 'high-performance'] as const) {
  test(`${mode}: state of what stays is kept, whatever else of its pipeline changes`, async () => {
    const books = ledger()
    const one = { mode, maxConcurrency: 1 }
    await books.start({ service: one, pipelines: ['p: ledger_client | ledger_pass ledger_pass/2 | ledger_sink'] })
    await moreRows(books, 400)
    const seen = async (): Promise<number> => Number(await books.runtime.ask('processor/ledger_pass/2', 'store.directory', null))
    const before = await seen()
    assert.ok(before >= 400)
    await books.change({ service: one, pipelines: ['p: ledger_client | ledger_early ledger_pass/2 ledger_pass/3 | ledger_sink ledger_sink/2'] })
    assert.ok(await seen() >= before, 'it counts on')
    await moreRows(books)
    assert.is(books.times('processor/ledger_pass/2 starts'), 1)
    assert.is(books.times('processor/ledger_pass stops'), 1)
    await books.runtime.stop()
    assert.ok(books.delivered('ledger_sink/2') >= 200, 'the new exporter gets what comes')
    books.assertNothingLost()
  })

  test(`${mode}: rows that a leaving processor holds go to what follows it`, async () => {
    const books = ledger()
    await books.start({ service: service(mode), pipelines: ['p: ledger_client | ledger_pass ledger_pass/2 | ledger_sink'], options: { 'processor/ledger_pass': { hold: true } } })
    await moreRows(books)
    assert.is(books.delivered(), 0)
    const changed = await books.change({ service: service(mode), pipelines: ['p: ledger_client | ledger_pass/2 | ledger_sink'] })
    assert.is(changed.status, 'applied')
    await moreRows(books)
    await books.runtime.stop()
    books.assertNothingLost()
  })

  test(`${mode}: who shares is exchanged together`, async () => {
    const books = ledger()
    const graph = (note: string): LedgerGraph => ({ service: { mode, maxConcurrency: 1 }, pipelines: ['p: ledger_client | ledger_sharing ledger_pass ledger_sharing/2 | ledger_sink'], options: { 'processor/ledger_sharing': { note } } })
    await books.start(graph(''))
    await books.change(graph('b'))
    assert.is(books.times('processor/ledger_sharing/2 starts'), 2)
    assert.is(books.times('processor/ledger_pass starts'), 1)
  })

  test(`${mode}: the old one has let go of its port when the new one starts, also when everything goes back`, async () => {
    const books = ledger()
    const [one, two] = [`${books.directory}/port-1`, `${books.directory}/port-2`]
    const graph = (options: Record<string, object>, lines = pipelines): LedgerGraph => ({ service: service(mode), pipelines: lines, options })
    await books.start(graph({ 'exporter/ledger_sink': { lock: one } }))
    await moreRows(books, 100)
    assert.is((await books.change(graph({ 'exporter/ledger_sink': { lock: one, note: 'b' } }))).status, 'applied')
    // The port changes its owner.
    assert.is((await books.change(graph({ 'exporter/ledger_sink/2': { lock: one } }, ['p: ledger_client | ledger_pass | ledger_sink/2']))).status, 'applied')
    const conflict = await books.change(graph({ 'exporter/ledger_sink/2': { lock: two }, 'exporter/ledger_sink': { lock: two } }, ['p: ledger_client | ledger_pass | ledger_sink/2 ledger_sink']))
    assert.is(conflict.status, 'rolled_back')
    assert.match('reason' in conflict ? conflict.reason : '', /did not start: EEXIST/)
    await moreRows(books, 100)
    assert.equal(await books.runtime.stop(), { undelivered: 0, errors: [] })
    books.assertNothingLost(['ledger_sink', 'ledger_sink/2'])
  })

  test(`${mode}: an exporter that takes nothing is exchanged for one that does, and gets what waited`, async () => {
    const books = ledger()
    const graph = (retry: boolean): LedgerGraph => ({ service: service(mode), pipelines, options: { 'exporter/ledger_sink': { retry } } })
    await books.start(graph(true))
    await (mode === 'debug' ? until(() => books.outcomes('retry') > 5, 'clients are told to come again') : moreRows(books))
    const startedMs = performance.now()
    const changed = await books.change(graph(false), 1000)
    assert.is(changed.status, 'applied')
    assert.is(changed.undelivered, 0)
    assert.ok(performance.now() - startedMs < 5000, 'it does not wait for what cannot end')
    await moreRows(books)
    assert.equal(await books.runtime.stop(), { undelivered: 0, errors: [] })
    books.assertNothingLost()
  })

  test(`${mode}: a batch that one of two exporters has taken waits for the other one's successor`, async () => {
    const books = ledger()
    const graph = (retry: boolean): LedgerGraph => ({ service: service(mode), pipelines: ['p: ledger_client | ledger_pass | ledger_sink ledger_sink/2'], options: { 'exporter/ledger_sink/2': { retry } } })
    await books.start(graph(true))
    await until(() => books.delivered() > 0, 'one has rows')
    await books.change(graph(false), 500)
    await moreRows(books)
    assert.equal(await books.runtime.stop(), { undelivered: 0, errors: [] })
    books.assertNothingLost(['ledger_sink'])
    books.assertNothingLost(['ledger_sink/2'])
  })
}

test('a thread that dies while the plan changes comes back by the plan that is then in force', async () => {
  const books = ledger()
  const graph = (note: string): LedgerGraph => ({ service: { mode: 'high-performance', maxConcurrency: 2 }, pipelines, options: { 'processor/ledger_pass': { note, slow_ms: 20 }, 'exporter/ledger_sink': { note } } })
  await books.start(graph(''))
  for (const [i, thread] of ['process-0', 'deliver', 'process-1', 'ingest'].entries()) {
    await moreRows(books, 100)
    const changing = books.change(graph(String(i)))
    await until(() => books.life.some(line => line.includes(' stops')), 'it is on its way')
    await books.runtime.killThread(thread)
    const changed = await changing
    assert.is(changed.status, 'applied', `${thread}: ${JSON.stringify(changed)}`)
    const { health } = books.runtime
    await until(() => health.readiness().ready && health.snapshot().components.every(c => c.state === 'ok'), `${thread} is back`)
  }
  await moreRows(books)
  assert.ok(books.life.some(line => line === 'exporter/ledger_sink starts 3'), 'all run by the last plan')
  assert.is((await books.runtime.stop()).undelivered, 0)
  assert.equal(books.life.filter(line => line.includes('after its stop')), [])
})

test('a stop that comes while the plan changes drains', async () => {
  const books = ledger()
  const graph = (note: string): LedgerGraph => ({ service: service('high-performance'), pipelines, options: { 'processor/ledger_pass': { note, slow_ms: 10 } } })
  await books.start(graph(''))
  await moreRows(books)
  const changing = books.change(graph('b'))
  assert.equal(await books.runtime.stop(), { undelivered: 0, errors: [] })
  await changing
  books.assertNothingLost()
  assert.is((await books.change(graph('c'))).status, 'rejected', 'there is nothing to change any more')
})

test('a pipeline that is gone is drained; what of it cannot be is counted', async () => {
  const books = ledger()
  const both: LedgerGraph = { service: service('standard'), pipelines: [...pipelines, 'q: ledger_client/2 | | ledger_sink/2'], options: { 'exporter/ledger_sink/2': { retry: true } } }
  await books.start(both)
  await moreRows(books, 400)
  const changed = await books.change({ service: service('standard'), pipelines }, 300)
  assert.is(changed.status, 'applied')
  assert.ok(changed.undelivered > 0)
  assert.not.ok(books.runtime.health.snapshot().components.some(c => c.component === 'receiver/ledger_client/2'))
  const { families } = books.runtime.snapshot()
  assert.not.ok(families.find(f => f.name === 'tapio_ring_used_bytes')?.series.some(s => s.attributes['ring']?.startsWith('q:')), 'its gauges are not shown')
  const all = books.accepted
  await books.runtime.stop()
  assert.ok(books.delivered() + changed.undelivered >= all, `${books.delivered()} delivered and ${changed.undelivered} counted of ${all}`)
})

test.run()
