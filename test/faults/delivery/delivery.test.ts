/**
 * Scenario: a real Tapio between an OTLP client that keeps what is not acknowledged and a backend that works, hangs, is slow, busy, away,
 * resets, loses, rejects and answers nonsense; Tapio is killed (SIGKILL) at random moments, and ended in order while the backend is slow.
 * The pipeline is durable, its exporter has a queue on disk.
 * Guarantees, by a ledger of every record: what was acknowledged is delivered or was rejected by the backend; lost = 0. What is delivered
 * more than once is what was under way at a kill, or whose answer was lost. What Tapio counts as rejected is what the backend rejected.
 * Does not show: power cuts.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { seeded } from '../../../core/data/testing/random.js'
import type { Behaviour } from './backend.js'
import { again, faultSuite, eventually, finish, line, load, long, metricsOf, reached, settled, start } from './scene.js'

const faults = faultSuite('delivery under faults')

const fsyncs = long ? ['never', 'interval', 'always'] as const : ['never'] as const
const kills = long ? 100 : 8

for (const fsync of fsyncs) faults(`killed ${kills} times at random moments under load, fsync ${fsync}: nothing is lost`, async context => {
  const started = await start(context, { queue: { fsync } })
  const random = seeded(20261201)
  const { ledger, backend, tapio } = started
  const records = long ? 150_000 : 16_000
  const sent = load(started, records)
  for (let kill = 0; kill < kills; kill++) {
    const from = ledger.acknowledged
    const until = Math.min(records - 20, from + 20 * (1 + random.below(60)))
    backend.behaviour = random.chance(0.3) ? 'slow' : random.chance(0.2) ? 'unavailable' : 'takes'
    while (ledger.acknowledged < until) await sleep(1)
    await tapio.kill()
  }
  backend.behaviour = 'takes'
  await sent()
  await settled(started)
  await finish(started)
  const totals = ledger.totals()
  console.log(`\nREPORT kill -9 x${kills}, fsync ${fsync}: ${line(totals)}`)
  assert.equal([totals.lost, totals.acknowledged, tapio.kills], [[], records, kills])
})

const behaviours: readonly Behaviour[] = ['hangs', 'slow', 'busy', 'unavailable', 'resets', 'loses', 'partial', 'garbage', 'rejects']

faults('a backend that hangs, is slow, busy, away, resets, loses, rejects and answers nonsense, one after the other: nothing is lost', async context => {
  const started = await start(context)
  const { ledger, backend } = started
  let [rejected, again] = [0, 0]
  for (const [round, behaviour] of behaviours.entries()) {
    backend.behaviour = behaviour
    const until = backend.requests + 12
    const sent = load(started, 600, 2, round * 600)
    await reached(started, `the backend that ${behaviour} was not asked`, () => backend.requests >= until)
    backend.behaviour = 'takes'
    await sent()
    await settled(started)
    // What was taken without an answer comes again: before the next behaviour.
    await eventually('nothing is under way', () => metricsOf(started), m => m.sum('tapio_sending_queue_bytes') === 0)
    const totals = ledger.totals()
    console.log(`\nREPORT backend ${behaviour}: ${line(totals)}`)
    assert.equal([totals.lost, totals.acknowledged, totals.refused], [[], (round + 1) * 600, 0], behaviour)
    if (behaviour === 'rejects' || behaviour === 'partial') assert.ok(totals.rejected > rejected, behaviour)
    if (!['loses', 'garbage', 'hangs'].includes(behaviour)) assert.is(totals.deliveredAgain, again, behaviour)
    rejected = totals.rejected
    again = totals.deliveredAgain
  }
  const metrics = await metricsOf(started)
  assert.equal(metrics.drops('exporter/otlp'), { rejected }, 'what the backend rejected is what Tapio counts')
  assert.ok(metrics.sum('tapio_dead_letter_events_total') >= rejected)
  await finish(started)
})

faults('SIGTERM under load with a slow backend: it ends within its deadline, the rest is on disk and is delivered by the next life', async context => {
  const started = await start(context, { service: { shutdown_timeout: '1s' }, queue: { num_consumers: 1 } })
  const { ledger, backend, tapio } = started
  backend.behaviour = 'slow'
  backend.delayMs = 100
  const sent = load(started, 2000)
  while (ledger.acknowledged < 1000) await sleep(1)
  const startedMs = performance.now()
  await tapio.terminate()
  await tapio.ended
  const tookMs = performance.now() - startedMs
  const left = ledger.missing
  assert.ok(left > 0, 'something was left on disk')
  backend.behaviour = 'takes'
  const next = again(context, started)
  await sent()
  await settled(next)
  await finish(next)
  console.log(`\nREPORT SIGTERM, slow backend: ended after ${Math.round(tookMs)} ms, ${left} left on disk; ${line(ledger.totals())}`)
  assert.equal([ledger.totals().lost, ledger.totals().acknowledged], [[], 2000])
})

faults.run()
