/**
 * Scenario: the backend is dead for a while (10 minutes in the long form) under load, with a queue that all fits into and with one that is
 * too small, for each policy of a full queue; and with a queue whose batches expire.
 * Guarantees: what fits is answered and delivered when the backend is back. `refuse` makes clients wait, with a hint, and loses nothing.
 * `drop_oldest`, `drop_newest` and `max_age` lose exactly what Tapio counts under their reason, and nothing else.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { eventually, faultSuite, finish, line, load, long, metricsOf, settled, start, type Scene } from './scene.js'

const outageMs = long ? 600_000 : 1000
/** 160 records, then a pause: what a client sends in 10 minutes must fit into the time of the test. */
const pauseMs = long ? 500 : 50
const records = Math.ceil(outageMs / pauseMs) * 160

const faults = faultSuite('a backend that is dead for a while')

const bytesOf = (queue: string): number => readdirSync(queue).reduce((sum, name) => sum + (name.endsWith('.tapio') ? statSync(join(queue, name)).size : 0), 0)

/** What is missing is what Tapio has counted under `reason`, and it counted nothing else. */
async function explained (scene: Scene, reason: string): Promise<number> {
  const { ledger, backend, backendPort } = scene
  await backend.listen(backendPort)
  // Batches under way when their file was dropped are in no queue any more: delivered or counted in a moment.
  const isSettled = (m: Awaited<ReturnType<typeof metricsOf>>): boolean => m.sum('tapio_sending_queue_batches') === 0 && m.drops('exporter/otlp')[reason] === ledger.totals().lost.length
  const drained = await eventually('the queue is empty and what is missing is counted', () => metricsOf(scene), isSettled)
  const drops = drained.drops('exporter/otlp')
  const { lost, acknowledged } = ledger.totals()
  assert.ok(lost.length > 0 && lost.length < acknowledged, `${lost.length} of ${acknowledged} are missing`)
  assert.equal(drops, { [reason]: lost.length })
  return lost.length
}

faults('with a queue that all fits into: clients are answered all the while, everything arrives when it is back', async context => {
  const scene = await start(context)
  const { ledger, backend, backendPort } = scene
  await backend.close()
  const report = await load(scene, records, pauseMs)()
  assert.equal([ledger.acknowledged, ledger.totals().deliveredOnce, report.retries - (report.statuses.get(0) ?? 0)], [records, 0, 0])
  await backend.listen(backendPort)
  await settled(scene, long ? outageMs : undefined)
  assert.equal((await metricsOf(scene)).drops('exporter/otlp'), {})
  await finish(scene)
  console.log(`\nREPORT backend dead for ${outageMs / 1000} s, queue fits: ${line(ledger.totals())}`)
  assert.equal([ledger.totals().lost, ledger.totals().deliveredAgain], [[], 0])
})

faults('with a queue that is too small and `refuse`: clients are told to wait, keep the rest, and everything arrives', async context => {
  const scene = await start(context, { queue: { max_size: '64KiB' } })
  const { ledger, backend, backendPort, queue } = scene
  await backend.close()
  const sent = load(scene, 4000, 0)
  await eventually('the queue is full', () => metricsOf(scene), m => m.sum('tapio_sending_queue_bytes') > 55 * 1024)
  await sleep(long ? outageMs : 300)
  assert.ok(ledger.acknowledged < 4000, 'the queue is full before the end')
  assert.ok(bytesOf(queue) <= 64 * 1024, `${bytesOf(queue)} bytes`)
  await backend.listen(backendPort)
  const report = await sent()
  await settled(scene)
  assert.equal((await metricsOf(scene)).drops('exporter/otlp'), {})
  await finish(scene)
  console.log(`\nREPORT backend dead, queue too small, refuse: ${line(ledger.totals())}; client: ${report.retries} retries, ${report.withHint} with a hint`)
  assert.ok(report.withHint > 0)
  assert.equal([ledger.totals().lost, ledger.totals().acknowledged], [[], 4000])
})

for (const policy of ['drop_oldest', 'drop_newest'] as const) {
  faults(`with a queue that is too small and \`${policy}\`: clients never wait, exactly what is counted is missing`, async context => {
    const scene = await start(context, { queue: { max_size: '64KiB', when_full: policy } })
    const { ledger, backend } = scene
    await backend.close()
    const report = await load(scene, records, pauseMs)()
    assert.is(report.retries - (report.statuses.get(0) ?? 0), 0, 'nobody was told to wait')
    assert.ok(bytesOf(scene.queue) <= 64 * 1024, `${bytesOf(scene.queue)} bytes`)
    const lost = await explained(scene, 'queue_overflow')
    await finish(scene)
    console.log(`\nREPORT backend dead, queue too small, ${policy}: ${line(ledger.totals())}; ${lost} counted as queue_overflow`)
    const { lost: ids } = ledger.totals()
    const oldest = ids.filter(id => id < records / 2).length
    assert.ok(policy === 'drop_oldest' ? oldest > ids.length / 3 : ids.every(id => id >= 160), `${oldest} of ${ids.length} are of the older half`)
  })
}

faults('with `max_age`: what waited longer is missing, and counted exactly', async context => {
  const scene = await start(context, { queue: { max_age: '1s' } })
  const { ledger, backend } = scene
  await backend.close()
  await load(scene, 1000)()
  await sleep(1500)
  // Expiry happens when somebody puts or takes.
  await load(scene, 200, 2, 1000)()
  const lost = await explained(scene, 'queue_expired')
  await finish(scene)
  console.log(`\nREPORT backend dead, max_age 1 s: ${line(ledger.totals())}; ${lost} counted as queue_expired`)
})

faults.run()
