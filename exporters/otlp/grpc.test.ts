/**
 * The gRPC client against servers that do what they should not. Guarantees: every call ends with an outcome, a broken
 * connection is a retry, nothing is sent twice unless the first was surely not looked at. Does not show: other machines.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import net from 'node:net'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { deflateSync, gzipSync } from 'node:zlib'
import type { Outcome } from '../../core/component/outcome.js'
import { encodeExportResponse, encodeStatus } from '../../core/otlp/responses.js'
import { until } from '../../core/otlp/testing/harness.js'
import { codeOfHttp, codeOfReset, decodeMessage, timeoutHeader } from '../../core/net/grpc/codes.js'
import { messagePrefix, readMessage } from './grpc-message.js'
import { startExporter } from './start-for-test.js'
import { grpcAnswer, rawServer, spans } from './testing.js'

const all = Uint32Array.of(0, 1)

async function against (answer: (stream: ServerHttp2Stream) => void, config: object = {}): Promise<Outcome> {
  const server = await rawServer(answer)
  const e = startExporter({ endpoint: server.endpoint, timeout: 5000, ...config })
  const outcome = await e.exporter.consume(spans(2))
  await e.stop()
  await server.close()
  return outcome
}

const trailersOnly = (headers: Record<string, string | number>) => (stream: ServerHttp2Stream): void => { stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...headers }, { endStream: true }) }
const plainly = (status: number, type = 'text/html') => (stream: ServerHttp2Stream): void => { stream.respond({ ':status': status, 'content-type': type }); stream.end('<html>') }
const partial = encodeExportResponse({ rejected: 1, message: 'old' })
const framed = (body: Uint8Array, compressed = false): Buffer => Buffer.concat([messagePrefix(body.length, compressed), body])

const cases: readonly [string, (stream: ServerHttp2Stream) => void, Outcome][] = [
  ['trailers only', trailersOnly({ 'grpc-status': 14, 'grpc-message': 'full%3A 100%25 \u00e4'.replace('\u00e4', '%C3%A4') }), { status: 'retry', reason: 'UNAVAILABLE: full: 100% \u00e4' }],
  ['RetryInfo in unpadded base64', trailersOnly({ 'grpc-status': 8, 'grpc-message': 'full', 'grpc-status-details-bin': encodeStatus({ code: 8, message: 'full', retryAfterMs: 250 }).toString('base64').replace(/=+$/, '') }), { status: 'retry', reason: 'RESOURCE_EXHAUSTED: full', afterMs: 250 }],
  ['details that are garbage', trailersOnly({ 'grpc-status': 14, 'grpc-status-details-bin': '////' }), { status: 'retry', reason: 'UNAVAILABLE: ' }],
  ['a status that is no number', trailersOnly({ 'grpc-status': 'ok' }), { status: 'rejected', reason: 'UNKNOWN: ', count: 2, rows: all }],
  ['a partial success, gzip', stream => grpcAnswer(stream, { 'grpc-status': '0' }, framed(gzipSync(partial), true), { 'grpc-encoding': 'gzip' }), { status: 'rejected', reason: 'old', count: 1 }],
  ['a partial success, deflate', stream => grpcAnswer(stream, { 'grpc-status': '0' }, framed(deflateSync(partial), true), { 'grpc-encoding': 'deflate' }), { status: 'rejected', reason: 'old', count: 1 }],
  ['a success whose message is garbage', stream => grpcAnswer(stream, { 'grpc-status': '0' }, Buffer.from([1, 255, 255, 255, 255, 7])), { status: 'accepted' }],
  ['an end without a status', stream => { stream.respond({ ':status': 200, 'content-type': 'application/grpc' }); stream.end() }, { status: 'rejected', reason: 'UNKNOWN: the answer ended without a status', count: 2, rows: all }],
  ['a web server', plainly(404), { status: 'rejected', reason: 'UNIMPLEMENTED: not a gRPC answer: HTTP 404, text/html', count: 2, rows: all }],
  ['a proxy without a backend', plainly(503), { status: 'retry', reason: 'UNAVAILABLE: not a gRPC answer: HTTP 503, text/html' }],
  ['a success in another content type', plainly(200, 'application/json'), { status: 'rejected', reason: 'UNKNOWN: not a gRPC answer: HTTP 200, application/json', count: 2, rows: all }],
  ['REFUSED_STREAM', stream => stream.close(constants.NGHTTP2_REFUSED_STREAM), { status: 'retry', reason: 'UNAVAILABLE: the stream was reset: REFUSED_STREAM' }],
  ['CANCEL', stream => stream.close(constants.NGHTTP2_CANCEL), { status: 'retry', reason: 'CANCELLED: the stream was reset: CANCEL' }],
  ['INTERNAL_ERROR', stream => stream.close(constants.NGHTTP2_INTERNAL_ERROR), { status: 'rejected', reason: 'INTERNAL: the stream was reset: INTERNAL_ERROR', count: 2, rows: all }],
  ['a reset in the middle of the answer', stream => { stream.respond({ ':status': 200, 'content-type': 'application/grpc' }); stream.write('x', () => stream.close(constants.NGHTTP2_CANCEL)) }, { status: 'retry', reason: 'CANCELLED: the stream was reset: CANCEL' }],
  ['an endless answer', stream => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
    const more = (): void => { while (!stream.destroyed && stream.write(Buffer.alloc(16384)));  if (!stream.destroyed) stream.once('drain', more) }
    more()
  }, { status: 'rejected', reason: 'UNKNOWN: the answer is longer than 65536 bytes', count: 2, rows: all }]
]
for (const [what, answer, expected] of cases) test(what, async () => { assert.equal(await against(answer), expected) })

test('silence ends at the deadline, which the other side is told', async () => {
  const server = await rawServer(() => undefined)
  const e = startExporter({ endpoint: server.endpoint, timeout: 60 })
  assert.equal(await e.exporter.consume(spans(2)), { status: 'retry', reason: 'DEADLINE_EXCEEDED: no answer within 60 ms' })
  assert.is(server.headers[0]?.['grpc-timeout'], '60m')
  await e.stop()
  await server.close()
})

test('after silence, a connection that answers no ping either is given up', async () => {
  const sockets: net.Socket[] = []
  let deaf = true
  // A server behind a wire that goes dead once the request is through.
  const server = await rawServer(stream => { if (deaf) for (const socket of sockets) socket.pause(); else grpcAnswer(stream) })
  const [host, port] = server.endpoint.split(':') as [string, string]
  const wire = net.createServer(client => {
    const onward = net.connect(Number(port), host)
    sockets.push(client)
    client.on('data', data => onward.write(data)).on('error', () => undefined).on('close', () => onward.destroy())
    onward.on('data', data => client.write(data)).on('error', () => undefined)
  })
  await new Promise<void>(resolve => wire.listen(0, '127.0.0.1', resolve))
  const e = startExporter({ endpoint: `127.0.0.1:${(wire.address() as net.AddressInfo).port}`, timeout: 100, keepalive: { time: 0, timeout: 50, permit_without_stream: false } })
  assert.is((await e.exporter.consume(spans(1))).status, 'retry')
  deaf = false
  let outcome: Outcome
  do outcome = await e.exporter.consume(spans(1)); while (outcome.status === 'retry')
  assert.equal(outcome, { status: 'accepted' })
  assert.is(sockets.length, 2)
  await e.stop()
  wire.close()
  for (const socket of sockets) socket.destroy()
  await server.close()
})

test('GOAWAY: what is under way finishes, what comes next takes a new connection', async () => {
  const held: ServerHttp2Stream[] = []
  const server = await rawServer((stream, session, nth) => {
    if (nth > 1) { grpcAnswer(stream); return }
    held.push(stream)
    session.goaway()
  })
  const e = startExporter({ endpoint: server.endpoint })
  const first = e.exporter.consume(spans(1))
  await until(() => held.length === 1, 'the first request is there')
  assert.equal(await e.exporter.consume(spans(1)), { status: 'accepted' })
  grpcAnswer(held[0] as ServerHttp2Stream)
  assert.equal(await first, { status: 'accepted' })
  assert.is(server.requests.length, 2)
  await e.stop()
  await server.close()
})

test('GOAWAY that disowns a request: it is sent once more, on a new connection', async () => {
  const server = await rawServer((stream, session, nth) => { if (nth === 2) session.goaway(constants.NGHTTP2_NO_ERROR, 1); else grpcAnswer(stream) })
  const e = startExporter({ endpoint: server.endpoint })
  assert.equal(await e.exporter.consume(spans(1)), { status: 'accepted' })
  assert.equal(await e.exporter.consume(spans(1)), { status: 'accepted' })
  assert.equal([server.sessions.length, server.requests.length], [2, 3])
  await e.stop()
  await server.close()
})

test('GOAWAY with an error, and a connection that just ends, are a retry', async () => {
  for (const end of [(s: ServerHttp2Stream) => s.session?.goaway(constants.NGHTTP2_INTERNAL_ERROR), (s: ServerHttp2Stream) => s.session?.destroy(), (s: ServerHttp2Stream) => s.session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM)]) {
    const outcome = await against(stream => { end(stream) }, { timeout: 2000 })
    assert.is(outcome.status, 'retry', JSON.stringify(outcome))
  }
})

test('an early answer ends the call though the request is not through', async () => {
  const server = await rawServer(() => undefined, { initialWindowSize: 1000 }, trailersOnly({ 'grpc-status': 14, 'grpc-message': 'busy' }))
  const e = startExporter({ endpoint: server.endpoint })
  const sending = e.exporter.consume(spans(100, 1000))
  assert.equal(await sending, { status: 'retry', reason: 'UNAVAILABLE: busy' })
  await e.stop()
  await server.close()
})

test('large requests arrive whole over several connections, each used', async () => {
  const held: ServerHttp2Stream[] = []
  const server = await rawServer(stream => { held.push(stream); if (held.length === 4) for (const s of held) grpcAnswer(s) })
  const e = startExporter({ endpoint: server.endpoint, connections: 2 })
  const batch = spans(2000, 500)
  const outcomes = await Promise.all(Array.from({ length: 4 }, () => e.exporter.consume(batch)))
  assert.equal(outcomes.map(o => o.status), Array(4).fill('accepted'))
  assert.is(server.sessions.length, 2)
  const body = Buffer.concat(batch.raw.buffers)
  for (const request of server.requests) assert.ok(request.equals(framed(body)))
  await e.stop()
  await server.close()
})

test('a listener that is no HTTP/2 server says so; the next attempt waits for the back-off', async () => {
  const server = net.createServer(socket => { socket.on('error', () => undefined).end('220 mail.example.com ESMTP\r\n') })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const e = startExporter({ endpoint: `127.0.0.1:${(server.address() as net.AddressInfo).port}` })
  const outcome = await e.exporter.consume(spans(1))
  assert.match(outcome.status === 'retry' ? outcome.reason : '', /^UNAVAILABLE: no HTTP\/2 from the endpoint/)
  const again = await e.exporter.consume(spans(1))
  assert.ok(again.status === 'retry' && (again.afterMs ?? 0) > 0)
  await e.stop()
  server.close()
})

test('TLS towards a plain listener: the hint says what to set', async () => {
  const server = await rawServer(stream => grpcAnswer(stream))
  const e = startExporter({ endpoint: server.endpoint, tls: { insecure: false } })
  const outcome = await e.exporter.consume(spans(1))
  assert.match(outcome.status === 'retry' ? outcome.reason : '', /does not speak TLS: set `tls.insecure: true`/)
  await e.stop()
  await server.close()
})

test('keepalive pings while a request is under way, and without one only when permitted', async () => {
  for (const permitted of [false, true]) {
    let pings = 0
    const held: ServerHttp2Stream[] = []
    const server = await rawServer(stream => { if (permitted) grpcAnswer(stream); else held.push(stream) })
    const e = startExporter({ endpoint: server.endpoint, keepalive: { time: 5, timeout: 5000, permit_without_stream: permitted } })
    const sending = e.exporter.consume(spans(1))
    await until(() => server.requests.length === 1, 'a request')
    server.sessions[0]?.on('ping', () => { pings++ })
    await until(() => pings > 2, 'pings')
    for (const stream of held) grpcAnswer(stream)
    assert.equal(await sending, { status: 'accepted' })
    await e.stop()
    await server.close()
  }
})

test('the words of gRPC', async () => {
  assert.equal([500, 5000, 0.2, 99_999_999, 100_000_000].map(timeoutHeader), ['500m', '5000m', '1m', '99999999m', '100000S'])
  assert.equal(['a b', 'a%20b', '%E4%BD%A0', '100%', '%zz'].map(decodeMessage), ['a b', 'a b', '\u4f60', '100%', '%zz'])
  assert.equal([0, 1, 2, 7, 8, 11, 12].map(codeOfReset), [13, 13, 13, 14, 1, 8, 7])
  assert.equal([400, 401, 403, 404, 429, 500, 502, 503, 504].map(codeOfHttp), [13, 16, 7, 12, 14, 2, 14, 14, 14])
  assert.is((await readMessage(framed(gzipSync(Buffer.alloc(1 << 20)), true), 'gzip', 1000)).length, 0, 'a bomb')
  assert.is((await readMessage(Buffer.from([0, 0]), 'identity', 1000)).length, 0)
})

test.run()
