/**
 * Scenario: a whole Tapio in each mode with the components that answer questions: api and tapio receivers, context, store; events are
 * submitted, a cluster's objects among them, and looked at through a tap and the store.
 * Guarantees: `accepted` means in the store; what the cluster looks like, where the store is and who is connected is answered in every
 * thread; a restarted worker answers too.
 * Does not prove: anything of the API's carriers.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { modeNames } from '../../core/config/modes.js'
import type { EventBatch } from '../../core/data/batch.js'
import { encodeBatch } from '../../core/data/codec.js'
import type { Tapped } from '../../core/graph/tap.js'
import { Unanswered } from '../../core/graph/unanswered.js'
import { pipeline } from '../../core/library.js'
import { openStore } from '../../core/store/open.js'
import { silentLogger } from '../../core/testing/services.js'
import { templateBatch } from '../../core/testing/template-batch.js'
import { batchOf, podRow, uid } from '../../processors/context/testing/scene.js'

/** Reports without rows come while nothing passes. */
async function firstRows (tap: AsyncIterator<Tapped>): Promise<Tapped['rows']> {
  for (;;) {
    const { rows } = (await tap.next()).value as Tapped
    if (rows.length > 0) return rows
  }
}

async function insist<T> (ask: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + 60_000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof Unanswered) || performance.now() > endMs) throw error
    }
  }
}

for (const mode of modeNames) {
  test(`${mode}: what is submitted is stored when it is accepted, and every question is answered`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tapio-questions-'))
    const store = join(directory, 'store')
    const tapio = await pipeline().withMode(mode).withLogger(silentLogger).withService({ telemetry: { metrics: { enabled: false }, logs: { level: 'error' } } })
      .receiver('api').receiver('tapio', { endpoint: '127.0.0.1:0' }).processor('context', { node: 'n0' }).exporter('store', { directory: store, keep: 'all', batch_timeout: '10ms' }).build()
    try {
      await tapio.start()
      const { runtime } = tapio
      const questions = ['events.submit', 'collectors.list', 'topology.view', 'store.directory'] as const
      assert.equal(questions.map(q => runtime.answering(q)), [['receiver/api'], ['receiver/tapio'], ['processor/context'], ['exporter/store']])
      assert.is(await runtime.ask('exporter/store', 'store.directory', null), store)
      assert.equal(await runtime.ask('receiver/tapio', 'collectors.list', null), [])
      const submit = async (batch: EventBatch): Promise<string> => (await runtime.ask('receiver/api', 'events.submit', encodeBatch(batch))).status

      const over = new AbortController()
      const tap = runtime.tap({ edge: '* -> exporter/store', filter: { entity: { kind: 'Pod', name: 'pod-7' } }, maxEventsPerSecond: 100 }, over.signal)[Symbol.asyncIterator]()
      const tapped = firstRows(tap)
      assert.is(await submit(templateBatch(100)), 'accepted')
      const reader = await openStore(store, { readOnly: true })
      assert.is((await reader.stats()).events, 100)
      assert.equal((await tapped).flatMap(({ batch }) => [...batch].map(row => row.get('entityName'))), ['pod-7'])
      over.abort()
      assert.is((await tap.next()).done, true)

      assert.is(await submit(batchOf([podRow])), 'accepted')
      const view = await runtime.ask('processor/context', 'topology.view', { entity: { kind: 'pod', name: 'cart-abc-1' }, depth: 1, kinds: ['Node'], limit: 10 })
      assert.equal(view.nodes.map(n => [n.entity.kind, n.entity.name, n.entity.uid, n.exists]), [['Node', 'n1', undefined, false], ['Pod', 'cart-abc-1', uid, true]])

      assert.is((await runtime.ask('receiver/api', 'events.submit', Buffer.from('no batch'))).status, 'rejected')
      if (mode !== 'debug') {
        await runtime.killThread(runtime.plan.deliverThread)
        // A thread may take longer to come back than one waits for an answer; the store knows events that come again.
        const batch = templateBatch(10)
        assert.is(await insist(() => submit(batch)), 'accepted')
        assert.is((await reader.stats()).events, 111)
      }
      await reader.close()
      await tapio.stop()
    } finally {
      await tapio.stop()
      await rm(directory, { recursive: true, force: true })
    }
  })
}

test.run()
