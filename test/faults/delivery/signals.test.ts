/**
 * Scenario: SIGTERM and SIGINT under load with a slow backend, in each mode and without a durable pipeline; SIGTERM again while it drains.
 * Guarantees: it ends in order within its deadline; what was acknowledged and could not be delivered is on disk, and the next life delivers
 * it. The second signal ends it at once (exit code 130), and nothing that was on disk is lost by that.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { again, eventually, faultSuite, finish, line, load, long, reached, settled, start } from './scene.js'

const main = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'core', 'cli', 'main.js')
const faults = faultSuite('signals under load')
const supervised = { command: [process.execPath, main] }

const modes = long ? ['debug', 'standard', 'high-performance', 'ring-buffer'] as const : ['standard', 'ring-buffer'] as const

for (const [i, mode] of modes.entries()) {
  const signal = i % 2 === 0 ? 'SIGTERM' : 'SIGINT'
  faults(`${signal} in mode ${mode}: it drains within its deadline, and the rest is on disk`, async context => {
    const scene = await start(context, { supervised, service: { mode, shutdown_timeout: '1s', batch_size: 20 }, pipeline: { durable: false }, queue: { num_consumers: 1 } })
    const { ledger, backend, tapio } = scene
    // Rings join what waits: one large batch would be delivered in time.
    backend.behaviour = 'slow'
    backend.delayMs = 100
    const sent = load(scene, 1600)
    await eventually('half is acknowledged', () => ledger.acknowledged, n => n >= 800)
    const startedMs = performance.now()
    await tapio.signal(signal)
    await tapio.ended
    const tookMs = performance.now() - startedMs
    const left = ledger.missing
    backend.behaviour = 'takes'
    const next = again(context, scene)
    await sent()
    await settled(next)
    await finish(next)
    console.log(`\nREPORT ${signal}, mode ${mode}: ended after ${Math.round(tookMs)} ms, ${left} left on disk; ${line(ledger.totals())}`)
    assert.ok(left > 0, 'something was left on disk')
    assert.equal([ledger.totals().lost, ledger.totals().acknowledged], [[], 1600])
  })
}

faults('a second SIGTERM while it drains: it ends at once, and what is on disk is delivered by the next life', async context => {
  const scene = await start(context, { supervised, service: { shutdown_timeout: '60s' }, queue: { num_consumers: 1 } })
  const { ledger, backend, tapio } = scene
  backend.behaviour = 'hangs'
  const until = backend.requests + 1
  await load(scene, 600)()
  await reached(scene, 'it did not begin to deliver', () => backend.requests >= until)
  const ended = tapio.ended.then(() => 'in order', (error: Error) => error.message)
  await tapio.signal('SIGTERM')
  await eventually('it drains', () => tapio.log, log => log.includes('tapio is draining'))
  const startedMs = performance.now()
  await tapio.signal('SIGTERM')
  assert.match(await ended, /ended with 130/)
  const tookMs = performance.now() - startedMs
  backend.behaviour = 'takes'
  const next = again(context, scene)
  await settled(next)
  await finish(next)
  console.log(`\nREPORT SIGTERM twice: ended ${Math.round(tookMs)} ms after the second; ${line(ledger.totals())}`)
  assert.ok(tookMs < 10_000)
  assert.equal([ledger.totals().lost, ledger.totals().acknowledged], [[], 600])
})

faults.run()
