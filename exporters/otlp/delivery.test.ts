/** What the exporter does with what was not taken: sends it again, gives it up, hands it back. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ServerHttp2Stream } from 'node:http2'
import { encodeStatus } from '../../core/otlp/responses.js'
import { until } from '../../core/otlp/testing/harness.js'
import type { FakeClock } from '../../core/testing/fake-clock.js'
import { startExporter, type StartedExporter } from './start-for-test.js'
import { grpcAnswer, rawServer, spans } from './testing.js'

const retryOnFailure = { enabled: true, initial_interval: 1000, max_interval: 4000, max_elapsed_time: 10_000, multiplier: 2, randomization_factor: 0 }
const busy = (stream: ServerHttp2Stream, retryAfterMs?: number): void => grpcAnswer(stream, { 'grpc-status': '14', 'grpc-message': 'busy', ...(retryAfterMs === undefined ? {} : { 'grpc-status-details-bin': encodeStatus({ code: 14, message: '', retryAfterMs }).toString('base64') }) })
const clockOf = (e: StartedExporter): FakeClock => e.clock as FakeClock

test('what could not be taken is sent again, after what the other side asked for', async () => {
  const server = await rawServer((stream, _session, nth) => nth === 1 ? busy(stream, 3000) : nth === 2 ? busy(stream) : grpcAnswer(stream))
  const e = startExporter({ endpoint: server.endpoint, retry_on_failure: retryOnFailure })
  const sending = Promise.resolve(e.exporter.consume(spans(3)))
  await until(() => clockOf(e).pending === 1, 'the first wait')
  await clockOf(e).advance(2999)
  assert.is(server.requests.length, 1)
  await clockOf(e).advance(1)
  await until(() => clockOf(e).pending === 1, 'the second wait')
  await clockOf(e).advance(2000)
  assert.equal(await sending, { status: 'accepted' })
  assert.is(server.requests.length, 3)
  assert.equal(e.status.events, ['recoverable: UNAVAILABLE: busy', 'ok'])
  await e.stop()
  await server.close()
})

test('when the time is over, the rows are dropped, counted and told', async () => {
  const server = await rawServer(stream => busy(stream, 6000))
  const e = startExporter({ endpoint: server.endpoint, retry_on_failure: retryOnFailure })
  const sending = Promise.resolve(e.exporter.consume(spans(3)))
  await until(() => clockOf(e).pending === 1, 'a wait')
  await clockOf(e).advance(6000)
  assert.equal(await sending, { status: 'rejected', reason: 'retries exhausted: UNAVAILABLE: busy', count: 3, rows: Uint32Array.of(0, 1, 2) })
  assert.is(e.drops.get('retries_exhausted'), 3)
  assert.is(clockOf(e).pending, 0)
  await e.stop()
  await server.close()
})

test('what waits when time is up goes back to its sender, uncounted', async () => {
  const server = await rawServer(stream => busy(stream))
  const e = startExporter({ endpoint: server.endpoint, retry_on_failure: retryOnFailure, max_concurrent_requests: 1 })
  const sending = [e.exporter.consume(spans(3)), e.exporter.consume(spans(2))]
  await until(() => clockOf(e).pending === 1, 'a wait')
  await e.stop(20)
  assert.equal((await Promise.all(sending)).map(o => o.status), ['retry', 'retry'])
  assert.is(server.requests.length, 1, 'the second waited its turn')
  assert.is(e.drops.size, 0)
  assert.is(clockOf(e).pending, 0)
  await server.close()
})

test.run()
