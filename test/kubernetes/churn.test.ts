import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Churn, expectedSince, judge } from './churn.js'
import { startReceiver, withCluster } from '../../receivers/kubernetes/start-for-test.js'

test('two thousand changes across twenty broken connections: none missed, none doubled, each object in order', () => withCluster(async cluster => {
  const { server } = cluster
  const churn = new Churn(server.store, 7)
  churn.fill(200)
  const running = await startReceiver(cluster, { resources: ['pods', 'events'], objects: 'none' })
  try {
    await running.watching(2)
    const from = server.store.version
    for (let drop = 0; drop < 20; drop++) {
      for (let i = 0; i < 100; i++) churn.step()
      server.faults.chunkBytes = drop % 3 === 0 ? 7 : 0
      server.drop(drop % 2 === 0 ? 'cleanly' : 'within a line')
      // The rest comes while nobody is connected, or while it connects.
      if (drop % 4 === 3) await running.watching(2)
    }
    const expected = expectedSince(server.store, from)
    const count = [...expected.values()].reduce((n, ids) => n + ids.length, 0)
    await running.until('all', () => running.next.rows >= count)
    const verdict = judge(expected, running.rows().map(r => r.get('id') ?? ''))
    assert.equal(verdict, { expected: count, missed: 0, doubled: 0, outOfOrder: 0, unexpected: 0 })
    assert.ok(count > 1500, `${count} changes`)
  } finally {
    await running.stop()
  }
}))

test.run()
