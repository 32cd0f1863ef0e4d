/**
 * Scenario: a real Tapio whose configuration file changes, for good and for bad, on SIGHUP and by being watched, while an OTLP client
 * sends over one connection that it never opens again.
 * Guarantees: no request is refused and no connection is closed; every record that was acknowledged is delivered once; a bad
 * configuration changes nothing, and says why in log, metric and health; the next good one makes it well again.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freePort } from '../free-port.js'
import { Backend } from './delivery/backend.js'
import { sendAll } from './delivery/client.js'
import { Ledger } from './delivery/ledger.js'
import { Supervised } from './supervised.js'

interface Context { folder: string, tapio: Supervised | undefined, backends: Backend[], ended: (() => void)[] }
const reload = suite<Context>('reload')
reload.before.each(context => { Object.assign(context, { folder: mkdtempSync(join(tmpdir(), 'tapio-reload-')), tapio: undefined, backends: [], ended: [] }) })
reload.after.each(async ({ folder, tapio, backends, ended }) => {
  tapio?.destroy()
  for (const end of ended) end()
  await Promise.all(backends.map(b => b.close()))
  rmSync(folder, { recursive: true, force: true })
})

const rounds = process.env['TAPIO_TEST_LONG'] === '1' ? 50 : 6

class Scene {
  readonly file: string
  constructor (folder: string, readonly port: number, readonly backends: readonly number[], readonly mode: string) { this.file = join(folder, 'tapio.yaml') }

  /** `round` makes one differ from the other; `more` is laid over. */
  write (round: number, more: object = {}): void {
    const backend = this.backends[round % this.backends.length] as number
    writeFileSync(this.file, stringify({
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${this.port}` } } } },
      processors: { batch: { send_batch_size: 50, timeout: `${20 + round}ms` }, noop: {} },
      exporters: { otlp: { endpoint: `http://127.0.0.1:${backend}`, protocol: 'http/json', timeout: '2s' } },
      service: {
        mode: this.mode, max_concurrency: 1, telemetry: { logs: { format: 'json' }, metrics: { endpoint: '127.0.0.1:0' } },
        pipelines: { logs: { receivers: ['otlp'], processors: round % 3 === 1 ? ['batch', 'noop'] : ['batch'], exporters: ['otlp'] } }
      },
      ...more
    }))
  }
}

async function results (tapio: Supervised): Promise<Record<string, number>> {
  const text = await (await fetch(`${tapio.telemetry}/metrics`)).text()
  return Object.fromEntries([...text.matchAll(/^tapio_reload_total\{result="(\w+)"\} (\d+)/gm)].map(m => [m[1] as string, Number(m[2])]))
}

/** Waits until so many reloads have ended so; the deadline is for broken code only. */
async function reloaded (tapio: Supervised, result: string, times: number): Promise<void> {
  for (const endMs = performance.now() + 30_000; ((await results(tapio))[result] ?? 0) < times; await sleep(5)) {
    if (performance.now() > endMs) throw new Error(`not ${times} times ${result}\n${tapio.log}`)
  }
}

for (const mode of ['standard', 'high-performance']) {
  reload(`${mode}: SIGHUP with good and bad configurations under load, over one connection`, async context => {
    const ledger = new Ledger()
    context.backends.push(new Backend(ledger), new Backend(ledger))
    const backends = await Promise.all(context.backends.map(b => b.listen()))
    // Somebody else's port: what is to listen there does not start.
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => taken.once('listening', resolve))
    context.ended.push(() => taken.close())
    const scene = new Scene(context.folder, await freePort(), backends, mode)
    scene.write(0)
    const tapio = context.tapio = new Supervised('tapio', ['--config', scene.file])
    await tapio.running
    const stop = new AbortController()
    context.ended.push(() => { stop.abort() })
    const sending = sendAll({ ledger, port: scene.port, records: Infinity, batch: 10, connections: 1, pauseMs: 1, signal: stop.signal })
    for (let round = 1; round <= rounds; round++) {
      scene.write(round)
      await tapio.signal('SIGHUP')
      await reloaded(tapio, 'applied', round)
      if (round % 2 === 0) writeFileSync(scene.file, 'receivers: {otlp: {protocolls: {}}}\n')
      else scene.write(round + 1, { receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${scene.port}` } } }, 'otlp/2': { protocols: { http: { endpoint: `127.0.0.1:${(taken.address() as AddressInfo).port}` } } } }, service: { mode, max_concurrency: 1, telemetry: { logs: { format: 'json' }, metrics: { endpoint: '127.0.0.1:0' } }, pipelines: { logs: { receivers: ['otlp', 'otlp/2'], processors: ['noop'], exporters: ['otlp'] } } } })
      await tapio.signal('SIGHUP')
      await reloaded(tapio, round % 2 === 0 ? 'rejected' : 'rolled_back', Math.ceil(round / 2))
      const health = await (await fetch(`${tapio.telemetry}/healthz`)).json() as { ready: boolean, components: { component: string, state: string, reason: string }[] }
      assert.is(health.ready, true, 'it delivers, so it is ready')
      const entry = health.components.find(c => c.component === 'service/config')
      assert.is(entry?.state, 'degraded')
      assert.match(entry?.reason ?? '', round % 2 === 0 ? /rejected: .*tapio\.yaml:1: there are no pipelines.*and 1 more/ : /rolled back: receiver\/otlp\/2 did not start: .*EADDRINUSE/)
    }
    assert.equal(await results(tapio), { applied: rounds, rejected: rounds / 2, rolled_back: rounds / 2 })
    stop.abort()
    const { statuses } = await sending
    assert.equal([...statuses.keys()], [200], `answers by status: ${JSON.stringify([...statuses])}`)
    await tapio.terminate()
    await tapio.ended
    const totals = ledger.totals()
    assert.equal(totals.lost, [])
    assert.is(totals.deliveredAgain, 0)
    assert.is(totals.deliveredOnce, totals.acknowledged)
    assert.ok(tapio.log.split('"msg":"listening"').length <= 2, 'the receiver listened once')
  })
}

reload('a watched file is loaded when it has changed, and when what it refers to has', async context => {
  const ledger = new Ledger()
  context.backends.push(new Backend(ledger))
  const scene = new Scene(context.folder, await freePort(), [await context.backends[0]!.listen()], 'debug')
  const level = join(context.folder, 'level')
  writeFileSync(level, 'info')
  const watching = (round: number): void => scene.write(round, { service: {
    mode: 'debug', tracing: false, reload: { watch: true, interval: '100ms' }, telemetry: { logs: { format: 'json', level: '${file:level}' }, metrics: { endpoint: '127.0.0.1:0' } },
    pipelines: { logs: { receivers: ['otlp'], processors: ['batch'], exporters: ['otlp'] } }
  } })
  watching(0)
  const tapio = context.tapio = new Supervised('tapio', ['--config', scene.file])
  await tapio.running
  watching(1)
  await reloaded(tapio, 'applied', 1)
  writeFileSync(level, 'debug')
  await reloaded(tapio, 'applied', 2)
  assert.match(tapio.log, /changed: .*\/level/)
  await tapio.terminate()
  await tapio.ended
})

reload.run()
