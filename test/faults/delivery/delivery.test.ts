/**
 * Scenario: a real Tapio between an OTLP client that keeps what is not acknowledged and a backend that works, hangs, is slow, busy, away,
 * resets, loses, rejects and answers nonsense; Tapio is killed (SIGKILL) at random moments, ended in order while the backend is slow,
 * and its queue on disk is cut off and damaged. The pipeline is durable, its exporter has a queue on disk.
 * Guarantees, by a ledger of every record: what was acknowledged is delivered or was rejected by the backend; lost = 0. What is delivered
 * more than once is what was under way at a kill, or whose answer was lost.
 * Does not show: power cuts.
 */
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../../core/data/testing/random.js'
import { Supervised } from '../supervised.js'
import { Backend, type Behaviour } from './backend.js'
import { sendAll, type ClientReport } from './client.js'
import { Ledger, line } from './ledger.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'

interface Context { folder: string, running: Supervised[], backends: Backend[] }
const faults = suite<Context>('delivery under faults')
faults.before.each(context => { Object.assign(context, { folder: mkdtempSync(join(tmpdir(), 'tapio-delivery-')), running: [], backends: [] }) })
faults.after.each(async ({ folder, running, backends }) => {
  for (const process of running) process.destroy()
  await Promise.all(backends.map(b => b.close()))
  rmSync(folder, { recursive: true, force: true })
})

/** Below the range from which the system gives ports to clients: it must be free again after each kill. */
async function freePort (): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const free = await new Promise<boolean>(resolve => {
      const probe = createServer().once('error', () => resolve(false)).listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}

interface Started { readonly ledger: Ledger, readonly backend: Backend, readonly backendPort: number, readonly tapio: Supervised, readonly port: number, readonly queue: string, readonly args: readonly string[] }

async function start (context: Context, options: { readonly queue?: object, readonly exporter?: object, readonly service?: object } = {}): Promise<Started> {
  const ledger = new Ledger()
  const backend = new Backend(ledger)
  context.backends.push(backend)
  const backendPort = await backend.listen()
  const port = await freePort()
  const queue = join(context.folder, 'queue')
  const args = ['--config', `yaml:${stringify({
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: {
      otlp: {
        endpoint: `http://127.0.0.1:${backendPort}`, protocol: 'http/json', timeout: '1s',
        retry_on_failure: { initial_interval: '20ms', max_interval: '200ms' },
        sending_queue: { enabled: true, directory: queue, fsync: 'never', ...options.queue },
        dead_letter: { directory: join(context.folder, 'dead') },
        ...options.exporter
      }
    },
    service: { telemetry: { metrics: { endpoint: '127.0.0.1:0' }, logs: { format: 'json' } }, ...options.service, pipelines: { logs: { receivers: ['otlp'], exporters: ['otlp'], durable: true } } }
  })}`]
  const tapio = new Supervised('tapio', args)
  context.running.push(tapio)
  return { ledger, backend, backendPort, tapio, port, queue, args }
}

/** Sends `records`; the returned function waits until all are acknowledged. */
function load ({ ledger, port }: Started, records: number, pauseMs = 2): () => Promise<ClientReport> {
  const done = sendAll({ ledger, port, records, batch: 20, connections: 8, pauseMs, signal: new AbortController().signal })
  return () => done
}

async function settled ({ ledger, backend, tapio }: Started, withinMs = 60_000): Promise<void> {
  const late = sleep(withinMs).then(() => { throw new Error(`${ledger.missing} records did not arrive within ${withinMs} ms: ${line(ledger.totals())}\n${tapio.log}`) })
  await Promise.race([backend.until(() => ledger.missing === 0), late])
}

async function finish (started: Started): Promise<void> {
  await started.tapio.terminate()
  await started.tapio.ended
}

const kills = long ? 100 : 8

faults(`killed ${kills} times at random moments under load: nothing is lost`, async context => {
  const started = await start(context)
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
  console.log(`\nREPORT kill -9 x${kills}: ${line(totals)}`)
  assert.equal([totals.lost, totals.acknowledged, tapio.kills], [[], records, kills])
})

const behaviours: readonly Behaviour[] = ['hangs', 'slow', 'busy', 'unavailable', 'resets', 'loses', 'partial', 'garbage', 'rejects']

for (const behaviour of behaviours) {
  faults(`a backend that ${behaviour === 'slow' || behaviour === 'busy' || behaviour === 'unavailable' || behaviour === 'partial' || behaviour === 'garbage' ? 'is ' : ''}${behaviour}, and then works: nothing is lost`, async context => {
    const started = await start(context)
    const { ledger, backend } = started
    backend.behaviour = behaviour
    const sent = load(started, 1000)
    await backend.until(() => backend.requests >= 12)
    backend.behaviour = 'takes'
    await sent()
    await settled(started)
    await finish(started)
    const totals = ledger.totals()
    console.log(`\nREPORT backend ${behaviour}: ${line(totals)}`)
    assert.equal([totals.lost, totals.acknowledged, totals.refused], [[], 1000, 0])
    if (behaviour === 'rejects' || behaviour === 'partial') assert.ok(totals.rejected > 0)
    if (!['loses', 'garbage', 'hangs'].includes(behaviour)) assert.is(totals.deliveredAgain, 0)
  })
}

faults('a backend that is away, with a queue that all fits into: clients are answered, everything arrives when it is back', async context => {
  const started = await start(context)
  const { ledger, backend, backendPort } = started
  await backend.close()
  await load(started, 3000)()
  assert.equal([ledger.acknowledged, ledger.totals().deliveredOnce], [3000, 0])
  await backend.listen(backendPort)
  await settled(started)
  await finish(started)
  console.log(`\nREPORT backend away, queue fits: ${line(ledger.totals())}`)
  assert.equal(ledger.totals().lost, [])
})

faults('a backend that is away, with a queue that is too small: clients are told to wait, keep the rest, and everything arrives', async context => {
  const started = await start(context, { queue: { max_size: '64KiB' } })
  const { ledger, backend, backendPort, queue } = started
  await backend.close()
  const sent = load(started, 4000, 0)
  let last = -1
  while (ledger.acknowledged !== last || last === 0) { last = ledger.acknowledged; await sleep(300) }
  assert.ok(last < 4000, 'the queue is full before the end')
  const bytes = readdirSync(queue).reduce((sum, name) => sum + (name.endsWith('.tapio') ? statSync(join(queue, name)).size : 0), 0)
  assert.ok(bytes <= 64 * 1024, `${bytes} bytes`)
  await backend.listen(backendPort)
  const report = await sent()
  await settled(started)
  await finish(started)
  console.log(`\nREPORT backend away, queue too small: ${line(ledger.totals())}; client: ${report.retries} retries, ${report.withHint} with a hint`)
  assert.ok(report.withHint > 0)
  assert.equal([ledger.totals().lost, ledger.totals().acknowledged], [[], 4000])
})

faults('SIGTERM under load with a slow backend: it ends within its deadline, the rest is on disk and is delivered by the next life', async context => {
  const started = await start(context, { service: { shutdown_timeout: '1s' }, queue: { num_consumers: 1 } })
  const { ledger, backend, tapio, args } = started
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
  const next = { ...started, tapio: new Supervised('tapio again', args) }
  context.running.push(next.tapio)
  await sent()
  await settled(next)
  await finish(next)
  console.log(`\nREPORT SIGTERM, slow backend: ended after ${Math.round(tookMs)} ms, ${left} left on disk; ${line(ledger.totals())}`)
  assert.equal([ledger.totals().lost, ledger.totals().acknowledged], [[], 2000])
})

faults('a queue that is cut off and damaged while Tapio is away: what is whole is delivered, no more is lost than what was damaged', async context => {
  const started = await start(context)
  const { ledger, backend, queue, args, tapio } = started
  backend.behaviour = 'unavailable'
  await load(started, 2000)()
  await tapio.terminate()
  await tapio.ended
  const [first] = readdirSync(queue).filter(name => name.endsWith('.tapio')).sort()
  const path = join(queue, first as string)
  const size = statSync(path).size
  truncateSync(path, size - 10)
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(8, 0xff), 0, 8, Math.floor(size / 2))
  closeSync(file)
  backend.behaviour = 'takes'
  const next = { ...started, tapio: new Supervised('tapio again', args) }
  context.running.push(next.tapio)
  const whole = 2000 - 2 * 20
  await backend.until(() => ledger.deliveredIds.size >= whole)
  await finish(next)
  const { lost, deliveredAgain } = ledger.totals()
  console.log(`\nREPORT queue cut off and damaged: ${line(ledger.totals())}`)
  assert.ok(lost.length > 0 && lost.length <= 2 * 20, `${lost.length} lost`)
  assert.is(deliveredAgain, 0)
  assert.match(next.tapio.log, /a part of a queue on disk cannot be read/)
})

faults.run()
