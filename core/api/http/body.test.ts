/** Scenario: many bodies at once, slow ones, and clients that leave in the middle. Guarantees: what they hold together is bounded, and given back. */
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../../testing/fake-clock.js'
import { Bodies } from './body.js'
import type { HttpError } from './problem.js'
import { post, startForTest } from './server-for-test.js'

const limits = { maxRequestBytes: 100, requestTimeoutMs: 1000 }
const incoming = (): PassThrough & IncomingMessage => Object.assign(new PassThrough(), { headers: {} }) as unknown as PassThrough & IncomingMessage
const never = new AbortController().signal
const failed = (reading: Promise<unknown>): Promise<HttpError> => reading.then(() => { throw new Error('it was read') }, (error: HttpError) => error)

test('bodies under way hold eight times the largest at most', async () => {
  const clock = new FakeClock()
  const bodies = new Bodies(limits, clock)
  const open = Array.from({ length: 8 }, () => { const request = incoming(); request.write(Buffer.alloc(100)); return { request, read: bodies.read(request, never) } })
  // Until what was written has been read.
  await new Promise(resolve => setImmediate(resolve))
  const late = incoming()
  const refused = failed(bodies.read(late, never))
  late.write('x')
  assert.equal([(await refused).status, (await refused).more.retryAfterMs], [503, 1000])
  for (const { request } of open) request.end()
  assert.equal((await Promise.all(open.map(o => o.read))).map(b => b.length), Array(8).fill(100))
  const next = incoming()
  next.end('y')
  assert.is(Buffer.from(await bodies.read(next, never)).toString(), 'y')
  assert.is(clock.pending, 0)
})

test('a slow body has a time, and a call that ends stops reading', async () => {
  const clock = new FakeClock()
  const bodies = new Bodies(limits, clock)
  const slow = failed(bodies.read(incoming(), never))
  await clock.advance(1000)
  assert.is((await slow).status, 408)
  const abort = new AbortController()
  const left = failed(bodies.read(incoming(), abort.signal))
  abort.abort(new Error('gone'))
  assert.is((await left).message, 'gone')
  assert.is(clock.pending, 0)
})

test('clients that leave in the middle of a body leave nothing behind', async () => {
  const server = await startForTest({ 'EventService.submitEventBatch': () => Promise.resolve({ accepted: 1 }) }, { options: { limits: { maxRequestBytes: 10_000 } } })
  for (let i = 0; i < 20; i++) {
    await new Promise<void>(resolve => {
      const socket = connect(server.port, '127.0.0.1')
      socket.on('close', () => resolve()).on('error', () => {})
      socket.write(`POST /v1/events:batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 10000\r\n\r\n${' '.repeat(9000)}`, () => socket.destroy())
    })
  }
  assert.is((await post(server.port, '/v1/events:batch', { events: [{ message: 'a'.repeat(9000) }] })).status, 200)
  await server.stop()
})

test.run()
