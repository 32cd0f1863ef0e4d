/**
 * Scenario: the wall clock jumps forwards and backwards by hours under load (libfaketime; the monotonic clock is the real one, as on a
 * machine whose time is set), with batches that may wait for an hour, a circuit breaker and a backend that fails.
 * Guarantees: nothing expires early, nothing stalls, the breaker opens and closes in its own time, everything is delivered once.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { eventually, faultSuite, finish, line, load, metricsOf, settled, start } from './scene.js'

const faults = faultSuite('clock jumps')

function fakeTimeLibrary (): string | undefined {
  const folders = existsSync('/usr/lib') ? ['/usr/lib', ...readdirSync('/usr/lib').filter(n => n.includes('linux-gnu')).map(n => `/usr/lib/${n}`)] : []
  return folders.map(f => join(f, 'faketime', 'libfaketimeMT.so.1')).find(existsSync)
}

faults('hours forwards, then back behind where it began: nothing expires, nothing stalls', async context => {
  const library = fakeTimeLibrary()
  if (library === undefined) { console.log('\nSKIP clock jumps: libfaketime is not installed (apt-get install faketime)'); return }
  const offset = join(context.folder, 'offset')
  const jump = (to: string): void => { writeFileSync(offset, `${to}\n`) }
  jump('+0')
  const scene = await start(context, {
    supervised: { env: { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: offset, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' } },
    queue: { max_age: '1h' }, exporter: { circuit_breaker: { enabled: true, consecutive_failures: 3, open: '300ms', half_open_calls: 1 } }
  })
  const { ledger, backend, tapio } = scene
  backend.behaviour = 'unavailable'
  const sent: (() => Promise<unknown>)[] = []
  for (const [i, to] of ['+5h', '-7h', '+36h', '-1h'].entries()) {
    sent.push(load(scene, 200, 2, i * 200))
    await eventually(`records are taken before the jump ${to}`, () => ledger.acknowledged, n => n > i * 200)
    jump(to)
  }
  await Promise.all(sent.map(wait => wait()))
  await eventually('the breaker opens at any time', async () => (await metricsOf(scene)).sum('tapio_circuit_breaker_changes_total', { to: 'open' }), n => n >= 2)
  backend.behaviour = 'takes'
  const startedMs = performance.now()
  await settled(scene)
  const tookMs = performance.now() - startedMs
  jump('+9h')
  await load(scene, 200, 2, 800)()
  await settled(scene)
  const times = [...tapio.log.matchAll(/"time":"(\d{4}-\d{2}-\d{2}T\d{2})/g)].map(m => m[1])
  assert.equal((await metricsOf(scene)).drops('exporter/otlp'), {})
  await finish(scene)
  console.log(`\nREPORT clock jumps (${new Set(times).size} different hours in its log): delivered ${Math.round(tookMs)} ms after the backend was back; ${line(ledger.totals())}`)
  assert.ok(new Set(times).size > 1, 'its wall clock did jump')
  assert.equal([ledger.totals().lost, ledger.totals().acknowledged, ledger.totals().deliveredAgain], [[], 1000, 0])
})

faults.run()
