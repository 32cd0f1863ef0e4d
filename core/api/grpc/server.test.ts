/**
 * Scenario: gRPC clients of every temper: right and wrong requests, deadlines, cancelled calls, ones that do not read, a server that
 * ends under them.
 * Guarantees: each call ends with one code and its details; a method hears when nobody waits any more; a client that does not read
 * holds one message; streams of a server that ends are told so, other calls finish.
 */
import { once } from 'node:events'
import { connect as http2, constants } from 'node:http2'
import { connect as tcp } from 'node:net'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { credentials, status as codes } from '@grpc/grpc-js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../../testing/fake-clock.js'
import { deadlineIn } from '../../testing/services.js'
import { TestAuthority } from '../../net/testing/certificates.js'
import { ApiError, type Call } from '../call.js'
import type { SubscribeEventsResponse } from '../gen/tapio/v1/event_pb.js'
import { EventService } from '../gen/tapio/v1/event_service_pb.js'
import { BadRequestSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb.js'
import { addressOf } from './credentials.js'
import { methodDefinition } from './definition.js'
import { detailsOf, failureOf, readAll, startServer, TestClient, type Started, type StartOptions } from './start-for-test.js'

interface Context { start: (options?: StartOptions) => Promise<Started>, connect: (...args: ConstructorParameters<typeof TestClient>) => TestClient, end: (() => unknown)[] }
const test = suite<Context>('api over grpc')
const { getEvent, submitEventBatch, subscribe, streamEvents } = EventService.method
const id = 'a'.repeat(32)

test.before.each(context => {
  context.end = []
  context.start = async options => { const started = await startServer(options); context.end.push(() => started.stop()); return started }
  context.connect = (...args) => { const client = new TestClient(...args); context.end.push(() => { client.close() }); return client }
})
test.after.each(async ({ end }) => { for (const step of end.reverse()) await step() })

/** A method that waits until its signal says stop. */
const stuck = (stopped: (reason: unknown) => void) => (_: unknown, { signal }: Call): Promise<never> => new Promise((_resolve, reject) => {
  signal.addEventListener('abort', () => { stopped(signal.reason); reject(new Error('stopped')) })
})

test('a call of each kind is answered', async ({ start, connect }) => {
  const { endpoint, counted } = await start({
    methods: {
      getEvent: async ({ id }) => ({ event: { id, name: 'oom' } }),
      subscribe: async function * ({ resumeToken }) { for (const n of [1, 2, 3]) yield { resumeToken: `${resumeToken}${n}` } },
      streamEvents: async function * (requests) { for await (const { sequence } of requests) yield { sequence, outcome: 'accepted' } }
    }
  })
  const client = connect(endpoint)
  assert.is((await client.unary(getEvent, { id })).event?.name, 'oom')
  assert.equal((await readAll<SubscribeEventsResponse>(client.stream(subscribe, { resumeToken: 't' }))).map(m => m.resumeToken), ['t1', 't2', 't3'])
  const both = client.bothWays(streamEvents)
  for (const sequence of [1n, 2n]) both.write({ sequence })
  both.end()
  assert.equal((await readAll<{ sequence: bigint }>(both)).map(m => m.sequence), [1n, 2n])
  assert.equal(counted, ['GetEvent OK', 'Subscribe OK', 'StreamEvents OK'])
})

test('an error has its code, its words and details that clients of any language read', async ({ start, connect }) => {
  const { endpoint } = await start({ methods: { getEvent: () => Promise.reject(new ApiError('RESOURCE_EXHAUSTED', 'only 10 a second, half a \ud83d pair', { retryAfterMs: 1500 })) } })
  const client = connect(endpoint)
  const slower = await failureOf(client.unary(getEvent, { id }))
  assert.equal([slower?.code, slower?.details], [codes.RESOURCE_EXHAUSTED, 'only 10 a second, half a \ufffd pair'])
  const status = detailsOf(slower)
  assert.equal([status?.code, status?.message, anyUnpack(status!.details[0]!, RetryInfoSchema)?.retryDelay], [8, slower?.details, { $typeName: 'google.protobuf.Duration', seconds: 1n, nanos: 500_000_000 }])
  const unfit = await failureOf(client.unary(submitEventBatch, { events: [{ traceId: 'no' }] }))
  assert.is(unfit?.code, codes.INVALID_ARGUMENT)
  const violations = anyUnpack(detailsOf(unfit)!.details[0]!, BadRequestSchema)?.fieldViolations
  assert.equal(violations?.map(v => [v.field, v.description]), [['events[0].trace_id', 'is "no"; expected [0-9a-f]{32}']])
  assert.is(detailsOf(await failureOf(client.unary(submitEventBatch, { events: [{}] }))), undefined, 'nothing to add, nothing sent')
})

test('what is no message of the method, or larger than allowed, is refused before the method', async ({ start, connect }) => {
  const { endpoint, counted } = await start({ limits: { maxRequestBytes: 10_000 } })
  const client = connect(endpoint)
  const broken = await failureOf(client.raw(getEvent, Uint8Array.of(0x0a, 0xff)))
  assert.is(broken?.code, codes.INVALID_ARGUMENT)
  assert.match(broken?.details ?? '', /^the request is not a tapio\.v1\.GetEventRequest: /)
  assert.is((await failureOf(client.raw(getEvent, new Uint8Array(10_001))))?.code, codes.RESOURCE_EXHAUSTED)
  assert.equal(counted, [])
})

test('a refused stream ends with the gate\'s words; the gate sees who calls', async ({ start, connect }) => {
  const { endpoint, callers } = await start({ refuse: new ApiError('UNAUTHENTICATED', 'give a token') })
  const client = connect(endpoint, credentials.createInsecure(), { authorization: 'Bearer abc' })
  const error = await failureOf(readAll(client.stream(subscribe, {})))
  assert.equal([error?.code, error?.details], [codes.UNAUTHENTICATED, 'give a token'])
  assert.equal(callers, [{ authorization: 'Bearer abc', certificateName: undefined, address: '127.0.0.1' }])
  assert.equal(['::1:5000', '::ffff:10.0.0.1:80', '10.1.1.1:443', 'unknown'].map(addressOf), ['::1', '10.0.0.1', '10.1.1.1', 'unix'])
})

test('a certificate names its client, who without one is turned away; a changed one serves without a restart', async ({ start, connect, end }) => {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-grpc-'))
  end.push(() => { rmSync(folder, { recursive: true }) })
  const authority = await TestAuthority.create(folder)
  const [server, alice] = await Promise.all([authority.issue('server'), authority.issue('alice')])
  const clock = new FakeClock(Date.now())
  const { endpoint, callers } = await start({
    clock,
    tls: { cert_file: server.certFile, key_file: server.keyFile, client_ca_file: authority.caFile, min_version: '1.2', reload_interval: 1000 },
    methods: { getEvent: async () => ({}) }
  })
  const ca = readFileSync(authority.caFile)
  const withCertificate = credentials.createSsl(ca, readFileSync(alice.keyFile), readFileSync(alice.certFile))
  await connect(endpoint, withCertificate).unary(getEvent, { id })
  assert.equal(callers.map(c => c.certificateName), ['alice'])
  assert.is((await failureOf(connect(endpoint, credentials.createSsl(ca)).unary(getEvent, { id })))?.code, codes.UNAVAILABLE)
  const other = await TestAuthority.create(folder, 'other')
  const renewed = await other.issue('server')
  assert.is(renewed.certFile, server.certFile)
  await clock.advance(1000)
  assert.is((await failureOf(connect(endpoint, credentials.createSsl(readFileSync(other.caFile), readFileSync(alice.keyFile), readFileSync(alice.certFile)), {}).unary(getEvent, { id }, { deadline: Date.now() + 10_000 })))?.code, undefined)
  assert.is(callers.length, 2)
})

test('a method hears of its client\'s deadline and of a cancelled call', async ({ start, connect }) => {
  let stopped: (reason: unknown) => void = () => undefined
  const reasons = (): Promise<unknown> => new Promise(resolve => { stopped = resolve })
  const { endpoint, counted, ended } = await start({
    methods: {
      getEvent: stuck(reason => { stopped(reason) }),
      subscribe: async function * (_, { signal }) { try { yield {}; await once(signal, 'abort') } finally { stopped(signal.reason) } }
    }
  })
  const client = connect(endpoint)
  let reason = reasons()
  assert.is((await failureOf(client.unary(getEvent, { id }, { deadline: Date.now() + 50 })))?.code, codes.DEADLINE_EXCEEDED)
  assert.instance(await reason, ApiError)
  if (counted.length === 0) await ended()
  reason = reasons()
  const stream = client.stream(subscribe, {})
  const over = failureOf(readAll(stream))
  const counting = ended()
  stream.once('data', () => { stream.cancel() })
  assert.is((await over)?.code, codes.CANCELLED)
  assert.is((await reason as ApiError).code, 'CANCELLED')
  await counting
  // The client's clock began before ours: at its deadline it gives the call up, and may be heard first.
  assert.match(counted[0] ?? '', /^GetEvent (DEADLINE_EXCEEDED|CANCELLED)$/)
  assert.equal(counted.slice(1), ['Subscribe CANCELLED'])
})

test('a call without a deadline has the server\'s, also when its method does not hear', async ({ start, connect }) => {
  const clock = new FakeClock(Date.now())
  let begun: () => void = () => undefined
  const running = new Promise<void>(resolve => { begun = resolve })
  const { endpoint } = await start({ clock, methods: { getEvent: () => { begun(); return new Promise(() => undefined) } } })
  const answer = failureOf(connect(endpoint).unary(getEvent, { id }))
  await running
  await clock.advance(30_000)
  const error = await answer
  assert.equal([error?.code, error?.details], [codes.DEADLINE_EXCEEDED, 'there was no answer within 30 s, the longest that a call may take'])
})

test('a stream without anything to tell yet is known to be heard', async ({ start, connect }) => {
  const { endpoint } = await start({ methods: { subscribe: async function * (_, { signal }) { await once(signal, 'abort') } } })
  const stream = connect(endpoint).stream(subscribe, {}).on('error', () => undefined)
  await once(stream, 'metadata')
  stream.cancel()
})

test('a client that does not read holds one message, and frees it when it goes', async ({ start, connect, end }) => {
  const size = 256 * 1024
  let made = 0
  let released: () => void = () => undefined
  const over = new Promise<void>(resolve => { released = resolve })
  const started = await start({
    methods: {
      getEvent: async () => ({}),
      subscribe: async function * () { try { for (;;) { made++; yield { resumeToken: 'x'.repeat(size) } } } finally { released() } }
    }
  })
  // The client library reads ahead by itself; this one does not.
  const connection = http2(`http://${started.endpoint}`)
  end.push(() => { connection.destroy() })
  const stream = connection.request({ ':method': 'POST', ':path': methodDefinition(subscribe).path, 'content-type': 'application/grpc', te: 'trailers' }).on('error', () => undefined)
  stream.end(Buffer.alloc(5))
  await once(stream, 'response')
  // Other calls' round trips are time enough to make thousands.
  const others = connect(started.endpoint)
  for (let i = 0; i < 100; i++) await others.unary(getEvent, { id })
  assert.is(made, 1)
  let bytes = 0
  stream.on('data', (chunk: Buffer) => { bytes += chunk.length })
  while (bytes < 5 * size) await once(stream, 'data')
  assert.ok(made >= 5, 'when it reads, it goes on')
  const ended = started.ended()
  stream.close(constants.NGHTTP2_CANCEL)
  await Promise.all([over, ended])
  assert.is(started.counted.at(-1), 'Subscribe CANCELLED')
})

test('a method that does not read its requests holds its client back', async ({ start, connect }) => {
  let read = 0
  let go: () => void = () => undefined
  const gone = new Promise<void>(resolve => { go = resolve })
  const { endpoint } = await start({ methods: { getEvent: async () => ({}), streamEvents: async function * (requests) { await gone; for await (const { sequence } of requests) { read++; yield { sequence } } } } })
  const both = connect(endpoint).bothWays(streamEvents)
  const others = connect(endpoint)
  let sent = 0
  const pump = (): void => { while (sent < 2000) { sent++; if (!both.write({ sequence: BigInt(sent), events: [{ message: 'x'.repeat(4000) }] })) { both.once('drain', pump); return } } both.end() }
  pump()
  for (let before = -1; before !== sent;) { before = sent; for (let i = 0; i < 20; i++) await others.unary(getEvent, { id }) }
  assert.ok(sent < 1000, `${sent} of 2000 messages of 4 KB were taken`)
  go()
  assert.is((await readAll(both)).length, 2000)
  assert.is(read, 2000)
})

test('a server that ends tells its streams to connect anew and lets other calls finish', async ({ start, connect }) => {
  let answer: () => void = () => undefined
  const { endpoint, server, counted } = await start({
    methods: {
      getEvent: () => new Promise(resolve => { answer = () => { resolve({ event: { id } }) } }),
      subscribe: async function * (_, { signal }) { yield {}; await once(signal, 'abort') },
      streamEvents: async function * (requests) { for await (const { sequence } of requests) yield { sequence } }
    }
  })
  const client = connect(endpoint)
  const stream = client.stream(subscribe, {})
  const both = client.bothWays(streamEvents)
  both.write({ sequence: 1n })
  const streams = [failureOf(readAll(stream)), failureOf(readAll(both))]
  await Promise.all([once(stream, 'data'), once(both, 'data')])
  const unary = client.unary(getEvent, { id })
  const asked = connect(endpoint)
  // Its answer on a connection of its own comes after the call above has reached its method.
  await failureOf(asked.unary(submitEventBatch, { events: [{}] }))
  const stopped = server.stop(deadlineIn(10_000))
  for (const error of await Promise.all(streams)) assert.equal([error?.code, error?.details], [codes.UNAVAILABLE, 'this Tapio is shutting down; connect anew'])
  answer()
  assert.is((await unary).event?.id, id)
  await stopped
  assert.equal([...counted].sort(), ['GetEvent OK', 'StreamEvents UNAVAILABLE', 'SubmitEventBatch INTERNAL', 'Subscribe UNAVAILABLE'])
})

test('a call that does not finish by the deadline does not hold the server', async ({ start, connect }) => {
  let begun: () => void = () => undefined
  const running = new Promise<void>(resolve => { begun = resolve })
  const { endpoint, server } = await start({ methods: { getEvent: () => { begun(); return new Promise(() => undefined) } } })
  const error = failureOf(connect(endpoint).unary(getEvent, { id }))
  await running
  const control = new AbortController()
  const stopped = server.stop({ signal: control.signal, atMs: 0 })
  control.abort()
  await stopped
  assert.is((await error)?.code, codes.UNAVAILABLE)
})

test('connections beyond the limit are closed as they come', async ({ start, end }) => {
  const { endpoint } = await start({ limits: { maxConnections: 2 } })
  const port = Number(endpoint.slice(endpoint.lastIndexOf(':') + 1))
  const sockets = [1, 2].map(() => tcp(port, '127.0.0.1'))
  for (const socket of sockets) { end.push(() => socket.destroy()); await once(socket, 'data') }
  const third = tcp(port, '127.0.0.1').on('error', () => undefined)
  end.push(() => third.destroy())
  await once(third, 'close')
  assert.ok(sockets.every(s => !s.destroyed))
})

test('an address that is taken is named with the option', async ({ start }) => {
  const { endpoint } = await start()
  const error = await start({ endpoint }).then(() => undefined, (e: unknown) => e as Error)
  assert.match(error?.message ?? '', /^service\.api\.grpc cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/)
})

test.run()
