/**
 * Scenario: two exporters in one pipeline, and in two pipelines with receivers of their own; one of the backends is dead, hangs or is slow.
 * Guarantees: with a queue that drops when it is full, the other exporter's throughput and latency stay as they are alone, what the dead one
 * does not get is counted, and nobody waits. In pipelines of their own that holds for any queue and for none. With `refuse` and one pipeline the
 * sender waits for both: nothing is lost, and the plan says so before.
 */
import { stringify } from 'yaml'
import * as assert from 'uvu/assert'
import { Supervised } from '../supervised.js'
import { Backend, type Behaviour } from './backend.js'
import { sendAll } from './client.js'
import { Ledger } from './ledger.js'
import { freePort } from '../../free-port.js'
import { eventually, faultSuite, line, metricsOf, type Context } from './scene.js'

const faults = faultSuite('bulkheads between exporters')
const records = 6000

interface Pair { readonly good: Ledger, readonly other: Ledger, readonly badPort: number, readonly badBackend: Backend, readonly tapio: Supervised, readonly port: number, readonly otherPort: number }

async function start (context: Context, oneOrTwo: 'one pipeline' | 'two pipelines', bad: Behaviour | 'dead', queue: object): Promise<Pair> {
  const [good, other] = [new Ledger(), new Ledger()]
  const [goodBackend, badBackend] = [new Backend(good), new Backend(other)]
  context.backends.push(goodBackend, badBackend)
  const [goodPort, badPort, port, otherPort] = [await goodBackend.listen(), await badBackend.listen(), await freePort(), await freePort()]
  if (bad === 'dead') await badBackend.close()
  else badBackend.behaviour = bad
  badBackend.delayMs = 2000
  const exporter = (to: number, more: object): object => ({ endpoint: `http://127.0.0.1:${to}`, protocol: 'http/json', timeout: '5s', retry_on_failure: { initial_interval: '20ms', max_interval: '200ms', max_elapsed_time: 0 }, ...more })
  const receiver = (at: number): object => ({ protocols: { http: { endpoint: `127.0.0.1:${at}` } } })
  const tapio = new Supervised('tapio', ['--config', `yaml:${stringify({
    receivers: { 'otlp/a': receiver(port), 'otlp/b': receiver(otherPort) },
    exporters: { 'otlp/good': exporter(goodPort, {}), 'otlp/bad': exporter(badPort, { sending_queue: queue }) },
    service: {
      telemetry: { metrics: { endpoint: '127.0.0.1:0' }, logs: { format: 'json' } }, shutdown_timeout: '1s',
      pipelines: oneOrTwo === 'one pipeline'
        ? { 'logs/a': { receivers: ['otlp/a', 'otlp/b'], exporters: ['otlp/good', 'otlp/bad'] } }
        : { 'logs/a': { receivers: ['otlp/a'], exporters: ['otlp/good'] }, 'logs/b': { receivers: ['otlp/b'], exporters: ['otlp/bad'] } }
    }
  })}`])
  context.running.push(tapio)
  await tapio.running
  return { good, other, badPort, badBackend, tapio, port, otherPort }
}

/** How long the good backend needs for all of them, and the longest that one request took to be acknowledged. */
async function measure ({ good, port }: Pair): Promise<{ readonly ms: number, readonly slowestMs: number }> {
  const startedMs = performance.now()
  const report = await sendAll({ ledger: good, port, records, batch: 20, connections: 4, pauseMs: 2, signal: new AbortController().signal })
  await eventually('the good backend has all', () => good.missing, missing => missing === 0)
  return { ms: performance.now() - startedMs, slowestMs: report.slowestMs }
}

for (const bad of ['dead', 'hangs', 'slow'] as const) {
  faults(`one pipeline, a backend that is ${bad}, its queue drops when it is full: the other does not notice`, async context => {
    const pair = await start(context, 'one pipeline', bad, { enabled: true, max_size: '64KiB', when_full: 'drop_newest' })
    const { ms, slowestMs } = await measure(pair)
    const drops = (await metricsOf(pair)).drops('exporter/otlp/bad')
    console.log(`\nREPORT one pipeline, other backend ${bad}, drop_newest: ${line(pair.good.totals())}, all within ${Math.round(ms)} ms, slowest answer ${Math.round(slowestMs)} ms; the other: ${JSON.stringify(drops)}`)
    assert.ok((drops['queue_overflow'] ?? 0) > 0, 'the other did overflow')
    assert.equal([Object.keys(drops), pair.good.totals().lost, pair.good.totals().deliveredAgain], [['queue_overflow'], [], 0])
    // A retry or a timeout of the other would be seconds; a busy machine is not.
    assert.ok(slowestMs < 2000, `${slowestMs} ms`)
  })
}

faults('two pipelines, one with a backend that hangs and no queue: clients of the other do not notice', async context => {
  const pair = await start(context, 'two pipelines', 'hangs', { enabled: false })
  const stop = new AbortController()
  const stuck = sendAll({ ledger: new Ledger(), port: pair.otherPort, records: 100_000, batch: 20, connections: 8, pauseMs: 0, signal: stop.signal })
  await eventually('the other hangs', () => pair.badBackend.requests, n => n > 0)
  const { ms, slowestMs } = await measure(pair)
  stop.abort()
  console.log(`\nREPORT two pipelines, the other hangs: ${line(pair.good.totals())}, all within ${Math.round(ms)} ms, slowest answer ${Math.round(slowestMs)} ms`)
  assert.equal(pair.good.totals().lost, [])
  assert.ok(slowestMs < 2000, `${slowestMs} ms`)
  pair.tapio.destroy()
  await stuck
})

faults('one pipeline, a backend that is dead, its queue refuses when it is full: the sender waits for both, as was said before, and both get all', async context => {
  const pair = await start(context, 'one pipeline', 'dead', { enabled: true, max_size: '64KiB', when_full: 'refuse' })
  const { good, other, badBackend, badPort, port, tapio } = pair
  assert.match(tapio.log, /note: while exporter `otlp\/bad` cannot deliver and its sending_queue is full, `otlp\/good` gets nothing either/)
  const sent = sendAll({ ledger: good, port, records: 4000, batch: 20, connections: 4, pauseMs: 0, signal: new AbortController().signal })
  await eventually('its queue is full', () => metricsOf(pair), m => m.sum('tapio_sending_queue_bytes', { component_id: 'otlp/bad' }) > 50_000)
  await badBackend.listen(badPort)
  badBackend.behaviour = 'takes'
  await sent
  await eventually('both have all', () => [good.deliveredIds.size, other.deliveredIds.size], ([a, b]) => a === 4000 && b === 4000)
  console.log(`\nREPORT one pipeline, other backend dead, refuse: ${line(good.totals())}; the other got ${other.deliveredIds.size}`)
  assert.equal((await metricsOf(pair)).drops('exporter/otlp/bad'), {})
})

faults.run()
