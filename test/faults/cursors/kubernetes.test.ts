/**
 * Scenario: the kubernetes receiver watches an API server (the tests' own) whose objects change without pause, over connections that break,
 * while Tapio is killed (SIGKILL) at random moments; changes come while it is away, too.
 * Guarantees: every change that the server remembers is delivered; what comes twice has the same id; the store has each once.
 * Does not show: what a server forgets meanwhile (`410 Gone`): receivers/kubernetes/checkpoint.test.ts shows what of it is told.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../../core/data/testing/random.js'
import { ApiServerStandIn } from '../../../core/testing/api-server/server.js'
import { Churn, expectedSince } from '../../kubernetes/churn.js'
import { judge, recorded, stored } from './evidence.js'
import { CursorRun, kills } from './run.js'

const test = suite<{ run: CursorRun | undefined, server: ApiServerStandIn }>('kubernetes receiver under kills')
test.before.each(context => { context.server = new ApiServerStandIn() })
test.after.each(async context => {
  context.run?.destroy()
  await context.server.stop()
})

test(`killed ${kills} times at random moments while the cluster changes: every change delivered, doubles have the same id`, async context => {
  const { server } = context
  const seed = Math.floor(Math.random() * 2 ** 31)
  const random = seeded(seed)
  const churn = new Churn(server.store, seed)
  churn.fill(100)
  const address = await server.start()
  const run = context.run = new CursorRun(folder => ({
    kubernetes: { auth_type: 'none', api_server: address, resources: ['pods', 'events'], objects: 'none', checkpoint: { file: join(folder, 'checkpoint'), interval: '100ms' } }
  }))
  await run.until('the first checkpoint', () => existsSync(join(run.folder, 'checkpoint')))
  const from = server.store.version
  let stopped = false
  const changes = (async () => {
    while (!stopped) {
      for (let i = 0; i < 10; i++) churn.step()
      if (random.chance(0.02)) server.drop(random.chance(0.5) ? 'cleanly' : 'within a line')
      await sleep(10)
    }
  })()
  for (let i = 0; i < kills; i++) {
    await run.grown(random.chance(0.2) ? 1 : random.below(100_000))
    await run.kill()
  }
  stopped = true
  await changes
  const expected = [...expectedSince(server.store, from).values()].flat()
  const wanted = new Set(expected)
  await run.until('all changes', async () => { const ids = new Set((await recorded(run.folder)).map(r => r.id)); return [...wanted].every(id => ids.has(id)) }, 300)
  await run.finish()
  const verdict = judge([...wanted], await recorded(run.folder), await stored(run.folder), row => row.id)
  console.log(`REPORT kubernetes, seed ${seed}: ${wanted.size} changes, ${run.kills} kills; lost ${verdict.lost.length}, delivered again ${verdict.doubled}, stored wrong ${verdict.storedWrong.length}`)
  assert.equal([verdict.lost, verdict.storedWrong], [[], []], `seed ${seed}`)
})

test.run()
