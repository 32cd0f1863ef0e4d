/** A receiver with few places and one healthy client, for tests in which other clients do their worst. */
import net from 'node:net'
import { suite, type Test } from 'uvu'
import * as assert from 'uvu/assert'
import { atRest, post, until } from '../../core/otlp/testing/harness.js'
import { connect, framed, rawCall, spans } from './raw-call-for-test.js'
import { startReceiver, type Started } from './start-for-test.js'

export const long = process.env['TAPIO_TEST_LONG'] === '1'
export const scale = long ? 10 : 1

/** Places for the bad ones: few enough that they are all taken, and the healthy client's requests compete. */
export const siegeConfig = { max_concurrent_requests: 64, max_in_flight_size: 32 * 1024 * 1024, read_timeout: 1500 }

export interface Siege { r: Started, startMiB: number }

/** Tests that each get a receiver of their own; when one ends, the event loop must have come to rest. */
export function siege (name: string): Test<Siege> {
  const test = suite<Siege>(name)
  test.before.each(async context => {
    context.r = await startReceiver(siegeConfig)
    context.startMiB = rssMiB()
  })
  test.after.each(async ({ r }) => {
    await r.stop()
    await atRest()
  })
  return test
}

export const rssMiB = (): number => process.memoryUsage().rss / 2 ** 20

/** How often the healthy client was served, and asked to retry. */
export interface Served { readonly sent: number, readonly busy: number }

/** Sends over both protocols until `work` is done, and at least ten times; busy answers are tried again. */
export async function served (r: Started, work: Promise<unknown>): Promise<Served> {
  let going = true
  let [sent, busy] = [0, 0]
  const session = connect(r.grpcPort)
  const done = work.finally(() => { going = false })
  // Its failure is ours to tell, at the end.
  done.catch(() => {})
  while (going || sent < 20) {
    const [grpc, http] = await Promise.all([rawCall(session, [framed(spans(3))]), post(r.httpPort, '/v1/traces', spans(3))])
    assert.ok(grpc.status === 0 || (grpc.status === 8 && grpc.details?.retryAfterMs !== undefined), `grpc ${grpc.status} ${grpc.message}`)
    assert.ok(http.code === 200 || http.code === 429, `http ${http.code}`)
    const taken = (grpc.status === 0 ? 1 : 0) + (http.code === 200 ? 1 : 0)
    sent += taken
    busy += 2 - taken
  }
  await done
  session.destroy()
  return { sent, busy }
}

/** Waits until every place is free, tells what it cost, and asserts that memory has not grown by more than `boundMiB`. */
export async function report (r: Started, startMiB: number, what: string, { sent, busy }: Served, boundMiB: number): Promise<void> {
  await until(() => r.receiver.gate.requests === 0 && r.receiver.gate.bytes === 0, `all places free: ${r.receiver.gate.requests} taken`, 20_000)
  const grown = rssMiB() - startMiB
  process.stdout.write(`\nREPORT otlp bad input: ${what}; ${sent} healthy requests served meanwhile, ${busy} asked to retry, memory ${grown >= 0 ? '+' : ''}${grown.toFixed(0)} MiB\n`)
  assert.ok(grown < boundMiB, `memory grew by ${grown.toFixed(0)} MiB, more than ${boundMiB}`)
}

export function openSocket (port: number): Promise<net.Socket> {
  return new Promise(resolve => { const socket = net.connect(port, '127.0.0.1').on('connect', () => resolve(socket)).on('error', () => resolve(socket)).resume() })
}
