import { test } from 'uvu'
import * as assert from 'uvu/assert'
import net from 'node:net'
import { deflateSync, gzipSync } from 'node:zlib'
import { accepted, refused, rejected, retry } from '../../core/component/outcome.js'
import { decodeExportResponse, decodeStatus } from '../../core/otlp/responses.js'
import { otlpSignals, signalFacts } from '../../core/otlp/signals.js'
import { post, rawExchange, until, type HttpReply } from '../../core/otlp/testing/harness.js'
import { oracleType, requestType } from '../../core/otlp/testing/oracle.js'
import { Random } from '../../core/otlp/testing/random.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { startReceiver, withReceiver } from './start-for-test.js'

const spans = (n: number, name = 'a'): Buffer => {
  const type = oracleType(requestType('traces'))
  return Buffer.from(type.encode(type.fromObject({ resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: n }, () => ({ name })) }] }] })).finish())
}
const metrics = (points: number[]): Buffer => {
  const type = oracleType(requestType('metrics'))
  return Buffer.from(type.encode(type.fromObject({ resourceMetrics: [{ scopeMetrics: [{ metrics: points.map(n => ({ name: 'm', gauge: { dataPoints: Array.from({ length: n }, () => ({ asInt: 1 })) } })) }] }] })).finish())
}
const json = { 'content-type': 'application/json; charset=utf-8' }

const statusOf = (reply: HttpReply): { code: number, message: string } => {
  if (reply.headers['content-type'] === 'application/json') return JSON.parse(reply.body.toString()) as { code: number, message: string }
  return decodeStatus(reply.body) as { code: number, message: string }
}

test('protobuf and JSON are taken on every path and answered in kind', async () => {
  await withReceiver({}, async r => {
    for (const signal of otlpSignals) {
      const proto = await post(r.httpPort, signalFacts[signal].httpPath, Buffer.alloc(0))
      assert.is(proto.code, 200)
      assert.is(proto.headers['content-type'], 'application/x-protobuf')
      assert.is(proto.body.length, 0, 'full success leaves partial_success unset')
      const asJson = await post(r.httpPort, signalFacts[signal].httpPath, '{}', json)
      assert.is(asJson.code, 200)
      assert.is(asJson.headers['content-type'], 'application/json')
      assert.is(asJson.body.toString(), '{}')
    }
    assert.is(r.next.batches.length, 0, 'empty requests go nowhere')
    assert.is(r.counted({ outcome: 'accepted' }), 8)
  })
})

test('records arrive, also gzipped, deflated and chunked', async () => {
  await withReceiver({}, async r => {
    const body = spans(3)
    assert.is((await post(r.httpPort, '/v1/traces', body)).code, 200)
    assert.is((await post(r.httpPort, '/v1/traces?x=1', gzipSync(body), { 'content-encoding': 'gzip' })).code, 200)
    assert.is((await post(r.httpPort, '/v1/traces', deflateSync(body), { 'content-encoding': 'deflate' })).code, 200)
    assert.is((await post(r.httpPort, '/v1/traces', body, { 'content-encoding': 'identity' })).code, 200)
    const text = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"j"}]}]}]}'
    assert.is((await post(r.httpPort, '/v1/traces', text, json)).code, 200)
    const chunked = await rawExchange(r.httpPort, `POST /v1/traces HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`)
    assert.match(chunked, /^HTTP\/1.1 200/)
    assert.is(r.next.rows, 14)
    assert.is(r.meter.values.get('otlp_receiver_accepted_items{signal="traces",transport="http"}'), 14)
    assert.is(r.receiver.gate.bytes, 0)
  })
})

test('a partial rejection is a success that counts spans, or data points for metrics', async () => {
  await withReceiver({}, async r => {
    r.next.answer = () => rejected('too old', 1, Uint32Array.of(1))
    const traces = await post(r.httpPort, '/v1/traces', spans(3))
    assert.equal([traces.code, decodeExportResponse(traces.body)], [200, { rejected: 1, message: 'too old' }])
    const points = await post(r.httpPort, '/v1/metrics', metrics([2, 5]))
    assert.equal(decodeExportResponse(points.body), { rejected: 5, message: 'too old' })
    const asJson = await post(r.httpPort, '/v1/logs', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{},{}]}]}]}', json)
    assert.equal(JSON.parse(asJson.body.toString()), { partialSuccess: { rejectedLogRecords: '1', errorMessage: 'too old' } })
    assert.is(r.counted({ outcome: 'partial' }), 3)
    assert.is(r.meter.values.get('otlp_receiver_accepted_items{signal="metrics",transport="http"}'), 2)
    assert.is(r.meter.values.get('otlp_receiver_refused_items{signal="metrics",transport="http"}'), 5)
  })
})

test('outcomes become status codes with a google.rpc.Status in the request\'s content type', async () => {
  await withReceiver({}, async r => {
    r.next.answer = () => rejected('bad rows', 2)
    const bad = await post(r.httpPort, '/v1/traces', spans(2))
    assert.equal([bad.code, statusOf(bad)], [400, { code: 3, message: 'bad rows' }])
    r.next.answer = () => retry('full', 2500)
    const busy = await post(r.httpPort, '/v1/traces', spans(2))
    assert.equal([busy.code, busy.headers['retry-after'], statusOf(busy)], [429, '3', { code: 8, message: 'full', retryAfterMs: 2500 }])
    r.next.answer = () => retry('full')
    assert.is((await post(r.httpPort, '/v1/traces', spans(2))).headers['retry-after'], '1')
    r.next.answer = () => refused('stopping')
    const gone = await post(r.httpPort, '/v1/traces', '{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}', json)
    assert.equal([gone.code, statusOf(gone)], [503, { code: 14, message: 'stopping' }])
    r.next.answer = () => { throw new Error('a bug') }
    assert.is((await post(r.httpPort, '/v1/traces', spans(2))).code, 500)
    r.next.answer = () => accepted
    assert.is((await post(r.httpPort, '/v1/traces', spans(2))).code, 200)
    assert.is(r.receiver.gate.requests, 0)
  })
})

test('malformed requests are 400 with BadRequest, in both encodings', async () => {
  await withReceiver({}, async r => {
    const proto = await post(r.httpPort, '/v1/traces', spans(2).subarray(0, -1))
    assert.is(proto.code, 400)
    assert.is(statusOf(proto).code, 3)
    assert.ok(proto.body.includes('google.rpc.BadRequest'))
    const asJson = await post(r.httpPort, '/v1/traces', '{"resourceSpans":1}', json)
    assert.is(asJson.code, 400)
    assert.match(statusOf(asJson).message, /resourceSpans: expected an array/)
    const broken = await post(r.httpPort, '/v1/traces', Buffer.from('not gzip'), { 'content-encoding': 'gzip' })
    assert.is(broken.code, 400)
    assert.match(statusOf(broken).message, /not gzip/)
    const cut = await post(r.httpPort, '/v1/traces', gzipSync(spans(100)).subarray(0, 30), { 'content-encoding': 'gzip' })
    assert.is(cut.code, 400)
    assert.is(r.counted({ outcome: 'malformed' }), 4)
    assert.is(r.next.batches.length, 0)
  })
})

test('wrong paths, methods, content types and encodings say what would be right', async () => {
  await withReceiver({}, async r => {
    assert.is((await post(r.httpPort, '/v1/spans', spans(1))).code, 404)
    const get = await post(r.httpPort, '/v1/traces', '', {}, 'GET')
    assert.equal([get.code, get.headers['allow']], [405, 'POST'])
    const text = await post(r.httpPort, '/v1/traces', 'x', { 'content-type': 'text/plain' })
    assert.is(text.code, 415)
    assert.match(statusOf(text).message, /application\/x-protobuf/)
    const brotli = await post(r.httpPort, '/v1/traces', 'x', { 'content-encoding': 'br' })
    assert.equal([brotli.code, brotli.headers['accept-encoding']], [415, 'gzip, deflate, zstd'])
    assert.is(r.counted({ outcome: 'not_otlp' }), 4)
  })
})

test('bodies over the limit are 413: declared, undeclared, and after decompression', async () => {
  await withReceiver({ protocols: { http: { endpoint: '127.0.0.1:0', max_request_body_size: 10_000 } } }, async r => {
    const large = spans(1, 'x'.repeat(20_000))
    const declared = await post(r.httpPort, '/v1/traces', large)
    assert.equal([declared.code, statusOf(declared).code], [413, 8])
    const chunked = await rawExchange(r.httpPort, `POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${(20_000).toString(16)}\r\n${'x'.repeat(20_000)}\r\n0\r\n\r\n`, 1000)
    assert.match(chunked, /^HTTP\/1.1 413/)
    const bomb = await post(r.httpPort, '/v1/traces', gzipSync(Buffer.alloc(5_000_000)), { 'content-encoding': 'gzip' })
    assert.is(bomb.code, 413)
    const exact = await post(r.httpPort, '/v1/traces', gzipSync(spans(1, 'x'.repeat(9000))), { 'content-encoding': 'gzip' })
    assert.is(exact.code, 200)
    assert.is(r.counted({ outcome: 'too_large' }), 3)
    assert.is(r.receiver.gate.bytes, 0)
  })
})

test('what is not HTTP gets a 400 or a closed connection, headers too large a 431', async () => {
  await withReceiver({}, async r => {
    assert.match(await rawExchange(r.httpPort, 'nonsense\r\n\r\n'), /^HTTP\/1.1 400/)
    assert.match(await rawExchange(r.httpPort, `POST /v1/traces HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`), /^HTTP\/1.1 431|^$/)
    for (let seed = 0; seed < 30; seed++) await rawExchange(r.httpPort, new Random(seed).bytes(200), 300)
    await rawExchange(r.httpPort, `POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`)
    assert.is((await post(r.httpPort, '/v1/traces', spans(2))).code, 200)
    assert.is(r.next.rows, 2)
  })
})

test('200 slow clients hold a bounded number of places, time out, and others are served again', async () => {
  const clock = new FakeClock()
  await withReceiver({ max_concurrent_requests: 20, read_timeout: 1500 }, async r => {
    const head = 'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\n12345'
    const sockets = Array.from({ length: 200 }, () => net.connect(r.httpPort, '127.0.0.1', function (this: net.Socket) { this.write(head) }).on('error', () => {}).resume())
    await until(() => r.counted({ outcome: 'retry' }) === 180, '180 turned away')
    assert.is(r.receiver.gate.requests, 20)
    const turnedAway = await post(r.httpPort, '/v1/traces', spans(1))
    assert.is(turnedAway.code, 429)
    await clock.advance(300)
    assert.is((await post(r.httpPort, '/v1/traces', spans(1))).code, 200, 'the first of the twenty gives way')
    await until(() => r.receiver.gate.requests === 0, 'the slow ones timed out')
    assert.equal(['timeout', 'slow'].map(outcome => r.counted({ outcome })), [19, 1])
    assert.is((await post(r.httpPort, '/v1/traces', spans(1))).code, 200)
    for (const socket of sockets) socket.destroy()
    assert.is(r.counted(), 203)
    assert.is(r.receiver.gate.bytes, 0)
  }, clock)
})

test('clients that go away in the middle of a body give their bytes back', async () => {
  await withReceiver({}, async r => {
    for (let i = 0; i < 10; i++) {
      const socket = net.connect(r.httpPort, '127.0.0.1')
      socket.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\n12345')
      await until(() => r.receiver.gate.requests === 1, 'the request was seen')
      socket.resetAndDestroy()
      await until(() => r.receiver.gate.requests === 0, 'its place is free')
    }
    assert.is(r.counted({ outcome: 'aborted' }), 10)
    assert.is(r.receiver.gate.bytes, 0)
  })
})

test('bytes in flight are bounded: a request that does not fit beside others is asked to retry', async () => {
  await withReceiver({ max_in_flight_size: 300_000 }, async r => {
    let release = (): void => {}
    r.next.answer = () => new Promise(resolve => { release = () => resolve(accepted) })
    const first = post(r.httpPort, '/v1/traces', spans(1, 'x'.repeat(290_000)))
    await until(() => r.receiver.gate.bytes > 290_000, 'the first is in flight')
    const second = await post(r.httpPort, '/v1/traces', spans(1, 'y'.repeat(50_000)))
    assert.is(second.code, 429)
    release()
    assert.is((await first).code, 200)
    assert.is(r.receiver.gate.bytes, 0)
    assert.is(r.meter.values.get('otlp_receiver_in_flight'), 0)
  })
})

test('stop lets a request finish, then refuses and ends', async () => {
  const r = await startReceiver()
  let release = (): void => {}
  r.next.answer = () => new Promise(resolve => { release = () => resolve(accepted) })
  const first = post(r.httpPort, '/v1/traces', spans(1))
  await until(() => r.receiver.gate.requests === 1, 'it is in flight')
  let stopped = false
  const stopping = r.stop().then(() => { stopped = true })
  await new Promise(resolve => setImmediate(resolve))
  assert.not(stopped)
  release()
  assert.is((await first).code, 200)
  await stopping
  await r.stop()
})

test('stop ends what does not finish by its deadline', async () => {
  const r = await startReceiver()
  const socket = net.connect(r.httpPort, '127.0.0.1').on('error', () => {})
  socket.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\n12345')
  await until(() => r.receiver.gate.requests === 1, 'it is in flight')
  await r.stop(50)
  await until(() => r.receiver.gate.requests === 0, 'its place is free')
})

test('a port in use fails the start and leaves nothing open', async () => {
  const r = await startReceiver()
  try {
    await startReceiver({ protocols: { grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: `127.0.0.1:${r.httpPort}` } } })
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, /cannot listen on 127.0.0.1:\d+ \(http\)/)
  }
  await r.stop()
})

test('only the protocols that are named are started', async () => {
  const httpOnly = await startReceiver({ protocols: { http: { endpoint: '127.0.0.1:0' } } })
  assert.equal([httpOnly.receiver.ports.grpc, typeof httpOnly.receiver.ports.http], [undefined, 'number'])
  await httpOnly.stop()
  const grpcOnly = await startReceiver({ protocols: { grpc: { endpoint: '127.0.0.1:0' } } })
  assert.equal([typeof grpcOnly.receiver.ports.grpc, grpcOnly.receiver.ports.http], ['number', undefined])
  await grpcOnly.stop()
})

test.run()
