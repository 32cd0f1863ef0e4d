/**
 * Scenario: calls of unary methods over HTTP: paths, queries, bodies, what goes wrong with each.
 * Guarantees: requests reach the method their path means with the fields they name; every fault is a problem that names the field.
 */
import { gunzipSync, gzipSync, brotliDecompressSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { toJson } from '@bufbuild/protobuf'
import { ApiError, type Call } from '../call.js'
import { GetConfigRequestSchema, GetCollectorRequestSchema, UpdateConfigRequestSchema } from '../gen/tapio/v1/collector_pb.js'
import { GetEventsRequestSchema, GetStatisticsRequestSchema, SubmitEventBatchRequestSchema, type GetEventsRequest, type SubmitEventBatchRequest } from '../gen/tapio/v1/event_pb.js'
import type { Problem } from './problem.js'
import { ask, post, startForTest, type Answered, type TestMethods } from './server-for-test.js'

/** What the last call of each method was given, as JSON. */
const asked = new Map<string, unknown>()
let answer: (name: string) => unknown = () => ({})
const seen = (name: string, schema: Parameters<typeof toJson>[0]) => (request: never): Promise<unknown> => {
  asked.set(name, toJson(schema, request))
  return Promise.resolve(answer(name))
}

const methods: TestMethods = {
  'EventService.getEvents': seen('getEvents', GetEventsRequestSchema),
  'EventService.getEvent': (request: { id: string }) => Promise.resolve({ event: { id: request.id } }),
  'EventService.getStatistics': seen('getStatistics', GetStatisticsRequestSchema),
  'EventService.submitEventBatch': seen('submitEventBatch', SubmitEventBatchRequestSchema),
  'CollectorService.getCollector': seen('getCollector', GetCollectorRequestSchema),
  'CollectorService.getConfig': seen('getConfig', GetConfigRequestSchema),
  'CollectorService.updateConfig': seen('updateConfig', UpdateConfigRequestSchema),
  'CollectorService.unregisterCollector': () => Promise.resolve({}),
  'TapioService.healthCheck': () => Promise.resolve({ status: 'not_serving', live: true, ready: answer('health') === true })
}
const server = await startForTest(methods, { options: { limits: { maxRequestBytes: 10_000, unaryTimeoutMs: 60_000 } } })
const { port } = server

function problem (answered: Answered): Problem {
  assert.is(answered.headers['content-type'], 'application/problem+json')
  const said = JSON.parse(answered.text) as Problem
  assert.is(said.status, answered.status)
  assert.match(said.type, /^urn:tapio:problem:[a-z-]+$/)
  assert.match(said.instance, /^urn:uuid:[0-9a-f-]{36}$/)
  assert.ok(said.title !== '' && said.detail !== '')
  return said
}

const paths = (answered: Answered): string[] => (problem(answered).fields ?? []).map(f => f.path)

test.before.each(() => { asked.clear(); answer = () => ({}) })

test('a query names fields by their paths, in either of their names', async () => {
  const query = 'filter.minSeverity=error&filter.trace_id=0123456789abcdef0123456789abcdef&filter.sources=ebpf&filter.sources=otlp&filter.since=2026-01-02T03:04:05.678Z' +
    '&filter.entity.name=cart%2F0&filter.text=out+of+memory&page.size=7&fields=id,observed_time,entity.name'
  assert.is((await ask(port, `/v1/events?${query}`)).status, 200)
  assert.equal(asked.get('getEvents'), {
    filter: { since: '2026-01-02T03:04:05.678Z', traceId: '0123456789abcdef0123456789abcdef', entity: { name: 'cart/0' }, minSeverity: 'error', sources: ['ebpf', 'otlp'], text: 'out of memory' },
    page: { size: 7 }, fields: 'id,observedTime,entity.name'
  })
  assert.is((await ask(port, '/v1/events:statistics?bucket=3.5s')).status, 200)
  assert.equal(asked.get('getStatistics'), { bucket: '3.500s' })
})

test('every wrong parameter is named, with what would be right', async () => {
  const wrong = await ask(port, '/v1/events?filter.colour=red&page.size=many&filter=x&filter.since=yesterday&nothing=1&page.order=newest&page.order=oldest&filter.sources.x=1&fields=a&filter.limit.__proto__=1')
  assert.is(wrong.status, 400)
  assert.equal(paths(wrong), ['filter.colour', 'page.size', 'filter', 'filter.since', 'nothing', 'page.order', 'filter.sources.x', 'filter.limit.__proto__'])
  assert.match(problem(wrong).detail, /page\.size is "many"; expected number \(uint32\)/)
  assert.match(problem(wrong).detail, /filter\.colour is unknown; there are since, until, traceId/)
  assert.is(asked.size, 0)
  assert.is((await ask(port, '/v1/events?filter.text=%ff')).status, 400)
  assert.is((await ask(port, `/v1/events?${'a=1&'.repeat(501)}`)).status, 400)
  // What the proto file's rules forbid, the dispatcher says.
  assert.equal(paths(await ask(port, '/v1/events?filter.minSeverity=worse&page.size=1001')), ['filter.min_severity', 'page.size'])
})

test('paths bind variables; words win over variables, and ids may have slashes', async () => {
  const id = 'a'.repeat(32)
  assert.equal(JSON.parse((await ask(port, `/v1/events/${id}`)).text), { event: { id } })
  assert.is((await ask(port, '/v1/events/xyz')).status, 400)
  await ask(port, '/v1/collectors/receiver/otlp/2')
  assert.equal(asked.get('getCollector'), { id: 'receiver/otlp/2' })
  await ask(port, '/v1/collectors/receiver%2Fotlp/config')
  assert.equal(asked.get('getConfig'), { id: 'receiver/otlp' })
  await ask(port, '/v1/collectors/config/config')
  assert.equal(asked.get('getConfig'), { id: 'config' })
  for (const path of ['/v1', '/v1/', '/v1/collectors/', '/v1/events/', '/v1/nothing', '/v1//events', '/v1/collectors//config', `/v1/events/${id}/more`]) {
    assert.is(problem(await ask(port, path)).code, 'NOT_FOUND', path)
  }
  assert.is((await ask(port, '/v1/events/%zz')).status, 400)
})

test('a path that takes other methods says which', async () => {
  const answered = await ask(port, '/v1/collectors/a/config', { method: 'POST' })
  assert.is(problem(answered).code, 'UNIMPLEMENTED')
  assert.is(answered.status, 405)
  assert.equal((answered.headers.allow ?? '').split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PUT'])
  const options = await ask(port, '/v1/events', { method: 'OPTIONS' })
  assert.equal([options.status, options.headers.allow, options.text], [204, 'GET, HEAD, OPTIONS', ''])
  assert.is((await ask(port, '/v1/events:subscribe', { method: 'HEAD' })).status, 405)
  const head = await ask(port, '/v1/events', { method: 'HEAD' })
  assert.equal([head.status, head.headers['content-length'], head.text], [200, '2', ''])
})

test('a body is the request; its faults are found by path', async () => {
  const good = await post(port, '/v1/events:batch', { events: [{ name: 'a', time: '2026-01-01T00:00:00Z', attributes: { x: [1, { y: null }] }, severityNumber: 17 }] })
  assert.is(good.status, 200)
  assert.equal(asked.get('submitEventBatch'), { events: [{ name: 'a', time: '2026-01-01T00:00:00Z', attributes: { x: [1, { y: null }] }, severityNumber: 17 }] })
  const wrong = await post(port, '/v1/events:batch', { events: [{ name: 'a' }, { name: 3, times: 1, kernel: { pid: -1 }, time: 'x' }, 7], eventz: [] })
  assert.equal(paths(wrong), ['events[1].name', 'events[1].times', 'events[1].kernel.pid', 'events[1].time', 'events[2]', 'eventz'])
  assert.is((await post(port, '/v1/events:batch', '{"events": [')).status, 400)
  assert.match(problem(await post(port, '/v1/events:batch', '[]')).detail, /is a list; expected an object/)
  assert.equal(paths(await post(port, '/v1/events:batch', '')), ['events'])
  assert.match(problem(await ask(port, '/v1/events:batch', { method: 'POST', headers: { 'content-type': 'application/json' }, body: Buffer.from([0x22, 0xff, 0x22]) })).detail, /not UTF-8/)
  const deep = `{"events":[{"attributes":{"a":${'['.repeat(4000)}${']'.repeat(4000)}}}]}`
  assert.match(problem(await post(port, '/v1/events:batch', deep)).detail, /nested deeper than 64 levels/)
  assert.is((await post(port, '/v1/events:batch?x=1', {})).status, 400)
})

test('a body and a path must not disagree', async () => {
  assert.is((await post(port, '/v1/collectors/c1/config', { config: { etag: 'x' } }, {}, 'PUT')).status, 200)
  assert.equal(asked.get('updateConfig'), { id: 'c1', config: { etag: 'x' } })
  assert.is((await post(port, '/v1/collectors/c1/config', { id: 'c1', config: {} }, {}, 'PUT')).status, 200)
  assert.equal(paths(await post(port, '/v1/collectors/c1/config', { id: 'c2', config: {} }, {}, 'PUT')), ['id'])
  assert.is((await ask(port, '/v1/collectors/c1', { method: 'DELETE' })).status, 200)
})

test('content types, encodings and sizes that are not taken', async () => {
  const text = JSON.stringify({ events: [{ name: 'a' }] })
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', '', 'application/jsonp']) {
    assert.is(problem(await ask(port, '/v1/events:batch', { method: 'POST', headers: { 'content-type': type }, body: text })).status, 415, type)
  }
  assert.is((await post(port, '/v1/events:batch', text, { 'content-type': 'Application/JSON; charset=utf-8' })).status, 200)
  const packed = await ask(port, '/v1/events:batch', { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: gzipSync(text) })
  assert.is(packed.status, 200)
  const broken = await ask(port, '/v1/events:batch', { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: 'no gzip' })
  assert.is(problem(broken).status, 400)
  assert.is(problem(await post(port, '/v1/events:batch', text, { 'content-encoding': 'rot13' })).status, 415)
  assert.is(problem(await post(port, '/v1/events:batch', ' '.repeat(10_001))).status, 413)
  const bomb = await ask(port, '/v1/events:batch', { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: gzipSync(' '.repeat(1_000_000)) })
  assert.is(problem(bomb).status, 413)
  const chunked = await ask(port, '/v1/events:batch', { method: 'POST', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }, body: ' '.repeat(200_000) })
  assert.is(problem(chunked).status, 413)
  assert.is(problem(await ask(port, '/v1/events', { headers: { accept: 'text/html' } })).status, 406)
  for (const accept of ['*/*', 'application/*', 'text/html, application/json;q=0.1', '']) assert.is((await ask(port, '/v1/events', { headers: { accept } })).status, 200, accept)
})

test('long answers are compressed as the client can read them', async () => {
  answer = () => ({ nextPageToken: 'x'.repeat(5000) })
  const plain = await ask(port, '/v1/events')
  assert.equal([plain.headers['content-encoding'], plain.body.length], [undefined, 5020])
  const gzip = await ask(port, '/v1/events', { headers: { 'accept-encoding': 'gzip, br;q=0.5' } })
  assert.is(gunzipSync(gzip.body).toString(), plain.text)
  const brotli = await ask(port, '/v1/events', { headers: { 'accept-encoding': 'gzip, br' } })
  assert.equal([brotli.headers['content-encoding'], brotli.headers['vary']], ['br', 'Accept-Encoding'])
  assert.is(brotliDecompressSync(brotli.body).toString(), plain.text)
  assert.is((await ask(port, '/v1/events', { headers: { 'accept-encoding': 'identity' } })).headers['content-encoding'], undefined)
})

test('errors of methods have the status of their code; those that are not meant for clients say nothing', async () => {
  const cases = [
    [new ApiError('NOT_FOUND', 'no such event'), 404], [new ApiError('FAILED_PRECONDITION', 'no store'), 409], [new ApiError('UNAUTHENTICATED', 'who?'), 401],
    [new ApiError('PERMISSION_DENIED', 'no'), 403], [new ApiError('DEADLINE_EXCEEDED', 'slow'), 504], [new ApiError('UNIMPLEMENTED', 'no'), 501], [new ApiError('ABORTED', 'stale'), 409]
  ] as const
  for (const [error, status] of cases) {
    answer = () => { throw error }
    const answered = await ask(port, '/v1/events')
    assert.equal([answered.status, problem(answered).detail, problem(answered).code], [status, error.message, error.code])
    assert.is(answered.headers['www-authenticate'], status === 401 ? 'Bearer realm="tapio"' : undefined)
  }
  answer = () => { throw new ApiError('RESOURCE_EXHAUSTED', 'slow down', { retryAfterMs: 1200 }) }
  const slow = await ask(port, '/v1/events')
  assert.equal([slow.status, slow.headers['retry-after']], [429, '2'])
  answer = () => { throw new Error('the password is swordfish') }
  const broken = await ask(port, '/v1/events')
  assert.is(broken.status, 500)
  assert.not.match(broken.text, /swordfish/)
  // An answer that is none: the service's bug, not the client's.
  answer = () => ({ nextPageToken: 7 })
  assert.is((await ask(port, '/v1/events')).status, 500)
})

test('health has the status of readiness', async () => {
  assert.is((await ask(port, '/v1/health')).status, 503)
  answer = () => true
  const well = await ask(port, '/v1/health')
  assert.equal([well.status, JSON.parse(well.text)], [200, { status: 'not_serving', live: true, ready: true }])
})

test('a method that takes too long is given up, and told so', async () => {
  let call: Call | undefined
  const slow = await startForTest({ 'EventService.getEvents': (_request: GetEventsRequest, its: Call) => { call = its; return new Promise(() => {}) } }, { options: { limits: { unaryTimeoutMs: 50 } } })
  const answered = await ask(slow.port, '/v1/events')
  assert.equal([answered.status, problem(answered).code], [504, 'DEADLINE_EXCEEDED'])
  assert.is(call?.signal.aborted, true)
  await slow.stop()
})

test('a body that does not come is not waited for', async () => {
  const slow = await startForTest({ 'EventService.submitEventBatch': (_request: SubmitEventBatchRequest) => Promise.resolve({}) }, { options: { limits: { requestTimeoutMs: 50 } } })
  const { request } = await import('node:http')
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const outgoing = request({ port: slow.port, path: '/v1/events:batch', method: 'POST', headers: { 'content-type': 'application/json', 'content-length': 100 } }, response => { resolve(response.statusCode); response.resume() })
    outgoing.on('error', reject).write('{')
  })
  assert.is(status, 408)
  await slow.stop()
})

test('credentials are passed on; addresses are plain', async () => {
  server.shown.length = 0
  await ask(port, '/v1/events', { headers: { authorization: 'Bearer x' } })
  assert.equal(server.shown, [{ authorization: 'Bearer x', certificateName: undefined, address: '127.0.0.1' }])
})

test.after(() => server.stop())
test.run()
