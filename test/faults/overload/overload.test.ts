/**
 * Scenario: a real Tapio with a memory limit (by `limit_mib`; in a control group of its own in the long form) between clients that make five
 * times what the backend takes and a backend that takes no more; then the clients end. And a Tapio whose limit is below what it needs to run.
 * Guarantees, by a ledger of every record: memory stays below the limit and the kernel kills nothing; all refusals say when to come again;
 * what was acknowledged, the official SDK's included, is delivered once; severe records are not held up by the others; when the load is
 * over all is taken again.
 * Does not show: that any limit is enough for any load.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeStatus } from '../../../core/otlp/responses.js'
import { grpcCall, post } from '../../../core/otlp/testing/harness.js'
import { freePort, launchTapio } from '../../peers/launch.js'
import { logRequest } from './records.js'
import { overload, percentile, type OverloadOptions } from './run.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'
const load: OverloadOptions = { seconds: 12, limitMib: 260, cgroup: false, capacity: 300, ordinaryPerSecond: 1500, severePerSecond: 20, sdkPerSecond: 50, drainSeconds: 90 }

const test = suite('overload')

async function holds (options: OverloadOptions): Promise<void> {
  const r = await overload(options)
  assert.is(r.lost, 0, 'acknowledged and not delivered')
  assert.is(r.deliveredAgain, 0)
  assert.is(r.kills, 0)
  assert.ok(r.peakMib <= options.limitMib, `${r.peakMib} MiB, limit ${options.limitMib}`)
  assert.ok(r.levels.includes('shed'), `levels: ${r.levels.join(' ')}\n${r.log}`)
  assert.is(r.levels.at(-1), 'none')
  const answers = [...r.ordinary.answers.keys()]
  assert.ok(answers.some(a => /^(429|503) with Retry-After \d+$/.test(a)), answers.join())
  assert.equal(answers.filter(a => !/^(200|(429|503) with Retry-After \d+)$/.test(a)), [], 'refused without a hint')
  assert.is(r.severe.acknowledged.size, r.severe.made, 'every severe record was taken')
  assert.ok(r.sdk.acknowledged.size > 0)
  assert.is(r.sdk.acknowledged.size + r.sdk.givenUp.size, r.sdk.made)
  assert.ok(percentile(r.latencies.severe, 50) < percentile(r.latencies.others, 50), `${percentile(r.latencies.severe, 50)} ms, others ${percentile(r.latencies.others, 50)} ms`)
}

test('five times the capacity: the limit holds, nothing acknowledged is lost, severe records pass the others', () => holds(load))

if (long) test('the same in a control group, where the kernel would kill', () => holds({ ...load, seconds: 60, limitMib: 240, cgroup: true }))

test('a limit that is too small to run in: every request is refused unread, with a hint, and the process lives', async () => {
  const [http, grpc] = [await freePort(), await freePort()]
  const tapio = await launchTapio('tapio', {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${http}` }, grpc: { endpoint: `127.0.0.1:${grpc}` } } } },
    processors: { memory_limiter: { limit_mib: 40, check_interval: '20ms', retry_after: '2s' } },
    exporters: { debug: {} },
    service: { mode: 'standard', pipelines: { logs: { receivers: ['otlp'], processors: ['memory_limiter'], exporters: ['debug'] } } }
  }, http)
  try {
    const body = logRequest([1], true)
    const overHttp = await post(http, '/v1/logs', body)
    assert.equal([overHttp.code, overHttp.headers['retry-after']], [503, '2'])
    const overGrpc = await grpcCall(grpc, 'logs', body)
    const [details] = overGrpc.metadata.get('grpc-status-details-bin')
    assert.equal([overGrpc.code, decodeStatus(details as Buffer)?.retryAfterMs], [14, 2000])
  } finally {
    await tapio.stop()
  }
})

test.run()
