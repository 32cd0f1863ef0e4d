/**
 * Scenario: streams of responses, and of requests, with clients that read, go away, come back or do not read.
 * Guarantees: events carry where to resume; a client that does not read is given no more than its buffers hold; methods learn
 * that nobody reads any more; a server that stops says so.
 */
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ApiError, type Call } from '../call.js'
import type { HeartbeatRequest } from '../gen/tapio/v1/collector_pb.js'
import type { SubscribeEventsRequest } from '../gen/tapio/v1/event_pb.js'
import { FakeClock } from '../../testing/fake-clock.js'
import type { Problem } from './problem.js'
import { ask, startForTest } from './server-for-test.js'

async function opened (port: number, path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const outgoing = httpRequest({ port, host: '127.0.0.1', path, headers, agent: false }).on('error', () => {})
  outgoing.end()
  return (await once(outgoing, 'response') as [IncomingMessage])[0]
}

async function read (response: IncomingMessage, until: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of response.iterator({ destroyOnReturn: false })) {
    text += String(chunk)
    if (until.test(text)) break
  }
  return text
}

const aborted = (signal: AbortSignal): Promise<void> => new Promise(resolve => { if (signal.aborted) resolve(); else signal.addEventListener('abort', () => resolve()) })

test('a stream is server-sent events with resume tokens, or lines', async () => {
  async function * subscribe (request: SubscribeEventsRequest): AsyncGenerator<object> {
    await Promise.resolve()
    yield { events: [{ name: 'a\nb' }], resumeToken: `after ${request.resumeToken}` }
    yield { resumeToken: 'bad\ntoken' }
  }
  const server = await startForTest({ 'EventService.subscribe': subscribe })
  const events = await ask(server.port, '/v1/events:subscribe?resumeToken=old', { headers: { 'last-event-id': 'new' } })
  assert.is(events.headers['content-type'], 'text/event-stream')
  assert.is(events.text, 'retry: 2000\n\nid: after new\ndata: {"events":[{"name":"a\\nb"}],"resumeToken":"after new"}\n\ndata: {"resumeToken":"bad\\ntoken"}\n\n')
  const lines = await ask(server.port, '/v1/events:subscribe?resumeToken=old', { headers: { accept: 'application/x-ndjson' } })
  assert.equal([lines.headers['content-type'], lines.text], ['application/x-ndjson', '{"events":[{"name":"a\\nb"}],"resumeToken":"after old"}\n{"resumeToken":"bad\\ntoken"}\n'])
  assert.is((await ask(server.port, '/v1/events:subscribe', { headers: { accept: 'application/json' } })).status, 406)
  await server.stop()
})

test('what is wrong before the first response has a status; later it is an event', async () => {
  async function * subscribe (request: SubscribeEventsRequest): AsyncGenerator<object> {
    await Promise.resolve()
    if (request.resumeToken === 'stale') throw new ApiError('INVALID_ARGUMENT', 'that token is of another filter')
    yield {}
    if (request.resumeToken === 'bug') throw new Error('secret')
    throw new ApiError('UNAVAILABLE', 'the store is gone')
  }
  const server = await startForTest({ 'EventService.subscribe': subscribe })
  assert.is((await ask(server.port, '/v1/events:subscribe?resumeToken=stale')).status, 400)
  const late = await ask(server.port, '/v1/events:subscribe')
  assert.is(late.status, 200)
  const said = JSON.parse(/event: error\ndata: (.*)\n\n$/.exec(late.text)?.[1] ?? '') as Problem
  assert.equal([said.code, said.status, said.detail], ['UNAVAILABLE', 503, 'the store is gone'])
  const line = (await ask(server.port, '/v1/events:subscribe', { headers: { accept: 'application/x-ndjson' } })).text.trim().split('\n')
  assert.is((JSON.parse(line[1] ?? '') as { error: Problem }).error.code, 'UNAVAILABLE')
  const bug = (await ask(server.port, '/v1/events:subscribe?resumeToken=bug')).text
  assert.match(bug, /"code":"INTERNAL"/)
  assert.not.match(bug, /secret/)
  assert.is((await ask(server.port, '/v1/events:subscribe?filter.minSeverity=worse')).status, 400)
  await server.stop()
})

test('the head comes though nothing has happened yet, and a client that leaves ends the method', async () => {
  let ended = ''
  async function * subscribe (_request: SubscribeEventsRequest, call: Call): AsyncGenerator<object> {
    try {
      await aborted(call.signal)
      yield * []
    } finally {
      ended = (call.signal.reason as ApiError).code
    }
  }
  const server = await startForTest({ 'EventService.subscribe': subscribe })
  const response = await opened(server.port, '/v1/events:subscribe')
  assert.is(await read(response, /\n\n/), 'retry: 2000\n\n')
  response.destroy()
  await waitFor(() => ended !== '')
  assert.is(ended, 'CANCELLED')
  await server.stop()
})

test('a stream that has nothing to say says that it is still there', async () => {
  const clock = new FakeClock()
  let say = (): void => {}
  async function * subscribe (_request: SubscribeEventsRequest, call: Call): AsyncGenerator<object> {
    await new Promise<void>(resolve => { say = resolve })
    yield { resumeToken: 'a' }
    await aborted(call.signal)
  }
  const server = await startForTest({ 'EventService.subscribe': subscribe }, { options: { clock } })
  const response = opened(server.port, '/v1/events:subscribe')
  await waitFor(() => clock.pending > 1)
  await clock.advance(250)
  assert.is(await read(await response, /\n\n/), 'retry: 2000\n\n')
  await clock.advance(14_750)
  await clock.advance(15_000)
  assert.is(await read(await response, /\n\n/), ': still here\n\n')
  say()
  assert.is(await read(await response, /data.*\n\n/), 'id: a\ndata: {"resumeToken":"a"}\n\n')
  ;(await response).destroy()
  await waitFor(() => clock.pending === 0)
  await server.stop()
})

test('a client that does not read holds what its buffers hold, and no more', async () => {
  const message = { events: [{ name: 'n', message: 'x'.repeat(100_000) }] }
  let given = 0
  let open = true
  async function * subscribe (): AsyncGenerator<object> {
    try {
      for (;;) { given++; yield message; await Promise.resolve() }
    } finally {
      open = false
    }
  }
  const server = await startForTest({ 'EventService.subscribe': subscribe })
  const socket = connect(server.port, '127.0.0.1')
  socket.pause().write('GET /v1/events:subscribe HTTP/1.1\r\nhost: localhost\r\n\r\n')
  let before = -1
  await waitFor(() => { const still = given > 0 && before === given; before = given; return still }, 200)
  // Sockets of the loopback hold some megabytes.
  assert.ok(given < 200, `${given} messages of 100 kB were made for a client that reads none`)
  socket.destroy()
  await waitFor(() => !open)
  await server.stop()
})

test('a stream of requests is read as the method takes them, and answered while it lasts', async () => {
  async function * heartbeat (requests: AsyncIterable<HeartbeatRequest>): AsyncGenerator<object> {
    for await (const request of requests) yield { config: { etag: request.id } }
  }
  const server = await startForTest({ 'CollectorService.heartbeat': heartbeat })
  const outgoing = httpRequest({ port: server.port, method: 'POST', path: '/v1/collectors:heartbeat', headers: { 'content-type': 'application/x-ndjson' }, agent: false })
  outgoing.write('{"id":"a"}\n')
  const [response] = await once(outgoing, 'response') as [IncomingMessage]
  assert.is(response.headers['content-type'], 'application/x-ndjson')
  assert.is(await read(response, /\n/), '{"config":{"etag":"a"}}\n')
  outgoing.write('{"i')
  outgoing.write('d":"b"}\r\n\n{"id":"c"}')
  assert.is(await read(response, /\n/), '{"config":{"etag":"b"}}\n')
  outgoing.end()
  assert.is(await read(response, /\n/), '{"config":{"etag":"c"}}\n')
  const wrong = await ask(server.port, '/v1/collectors:heartbeat', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: '{"id":"a"}\n{"idd":"b"}\n' })
  assert.match(wrong.text.split('\n')[1] ?? '', /"detail":"line 2: idd is unknown; there are id, state, reason, configEtag"/)
  const rule = await ask(server.port, '/v1/collectors:heartbeat', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: '{"state":"fine"}\n' })
  assert.equal([rule.status, (JSON.parse(rule.text) as Problem).fields?.[0]?.path], [400, 'state'])
  assert.is((await ask(server.port, '/v1/collectors:heartbeat', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).status, 415)
  await server.stop()
})

test('a line of a stream has the limit of a request', async () => {
  async function * heartbeat (requests: AsyncIterable<HeartbeatRequest>): AsyncGenerator<object> {
    for await (const request of requests) yield { config: { etag: request.id } }
  }
  const server = await startForTest({ 'CollectorService.heartbeat': heartbeat }, { options: { limits: { maxRequestBytes: 1000 } } })
  const answered = await ask(server.port, '/v1/collectors:heartbeat', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: 'x'.repeat(5000) })
  assert.is(answered.status, 413)
  await server.stop()
})

test('a server that stops ends streams at once and lets other calls finish', async () => {
  let finish = (): void => {}
  async function * subscribe (_request: SubscribeEventsRequest, call: Call): AsyncGenerator<object> {
    yield {}
    await aborted(call.signal)
  }
  async function * heartbeat (requests: AsyncIterable<HeartbeatRequest>): AsyncGenerator<object> {
    for await (const request of requests) yield { config: { etag: request.id } }
  }
  const unary = new Promise<object>(resolve => { finish = () => resolve({ nextPageToken: 'done' }) })
  let called = false
  const server = await startForTest({ 'EventService.subscribe': subscribe, 'CollectorService.heartbeat': heartbeat, 'EventService.getEvents': () => { called = true; return unary } })
  const stream = ask(server.port, '/v1/events:subscribe')
  const outgoing = httpRequest({ port: server.port, method: 'POST', path: '/v1/collectors:heartbeat', headers: { 'content-type': 'application/x-ndjson' }, agent: false })
  outgoing.write('{"id":"a"}\n')
  const [both] = await once(outgoing, 'response') as [IncomingMessage]
  const call = ask(server.port, '/v1/events')
  await waitFor(() => called)
  const stopped = server.server.stop({ signal: new AbortController().signal, atMs: Infinity })
  assert.match((await stream).text, /event: error\ndata: .*"code":"UNAVAILABLE"/)
  assert.match(await read(both, /error/), /"code":"UNAVAILABLE"/)
  outgoing.destroy()
  finish()
  assert.equal(JSON.parse((await call).text), { nextPageToken: 'done' })
  await stopped
})

/** Looks again every few milliseconds; the runner's limit ends what never becomes true. */
async function waitFor (isSo: () => boolean, everyMs = 5): Promise<void> {
  while (!isSo()) await new Promise(resolve => setTimeout(resolve, everyMs))
}

test.run()
