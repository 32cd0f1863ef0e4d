import { test } from 'uvu'
import * as assert from 'uvu/assert'
import http2 from 'node:http2'
import { gzipSync } from 'node:zlib'
import { accepted, refused, rejected, retry } from '../../core/component/outcome.js'
import { decodeExportResponse, decodeStatus } from '../../core/otlp/responses.js'
import { otlpSignals, signalFacts } from '../../core/otlp/signals.js'
import { grpcCall, rawExchange, until, type GrpcReply } from '../../core/otlp/testing/harness.js'
import { oracleType, requestType } from '../../core/otlp/testing/oracle.js'
import { Random } from '../../core/otlp/testing/random.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { startReceiver, withReceiver } from './start-for-test.js'

const Code = { ok: 0, invalidArgument: 3, deadlineExceeded: 4, resourceExhausted: 8, unimplemented: 12, internal: 13, unavailable: 14 }

const spans = (n: number, name = 'a'): Buffer => {
  const type = oracleType(requestType('traces'))
  return Buffer.from(type.encode(type.fromObject({ resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: n }, () => ({ name })) }] }] })).finish())
}

const detailsOf = (reply: GrpcReply): ReturnType<typeof decodeStatus> => {
  const [details] = reply.metadata.get('grpc-status-details-bin')
  return details instanceof Buffer ? decodeStatus(details) : undefined
}

/** One call on a connection of its own, spoken by hand: any bytes as its body. */
function rawCall (port: number, body: Uint8Array, options: { readonly end?: boolean, readonly headers?: Record<string, string> } = {}): Promise<{ code: string, session: http2.ClientHttp2Session }> {
  return new Promise(resolve => {
    const session = http2.connect(`http://127.0.0.1:${port}`)
    const stream = session.request({ ':method': 'POST', ':path': signalFacts.traces.grpcPath, 'content-type': 'application/grpc+proto', te: 'trailers', ...options.headers })
    let code = ''
    stream.on('response', h => { code = String(h['grpc-status'] ?? code) }).on('trailers', h => { code = String(h['grpc-status'] ?? code) })
    // A server may answer before the request has ended; the stream is then ours to end.
    stream.on('end', () => stream.close()).on('error', () => {}).on('close', () => { session.close(); resolve({ code, session }) }).resume()
    session.on('error', () => {})
    if (options.end === false) stream.write(body)
    else stream.end(body)
  })
}

const framed = (message: Uint8Array, compressed = 0): Buffer => {
  const head = Buffer.alloc(5)
  head[0] = compressed
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

test('all four services take requests, plain and gzipped', async () => {
  await withReceiver({}, async r => {
    for (const signal of otlpSignals) {
      const reply = await grpcCall(r.grpcPort, signal, Buffer.alloc(0))
      assert.equal([reply.code, reply.body?.length], [Code.ok, 0], signal)
    }
    assert.is((await grpcCall(r.grpcPort, 'traces', spans(3))).code, Code.ok)
    assert.is((await grpcCall(r.grpcPort, 'traces', spans(500), { gzip: true })).code, Code.ok)
    assert.is(r.next.rows, 503)
    assert.is(r.counted({ transport: 'grpc', outcome: 'accepted' }), 6)
    await until(() => r.receiver.gate.requests === 0, 'all places free')
    assert.is(r.receiver.gate.bytes, 0)
  })
})

test('outcomes become gRPC status, with RetryInfo where a retry is wanted', async () => {
  await withReceiver({}, async r => {
    r.next.answer = () => rejected('old', 1, Uint32Array.of(0))
    const partial = await grpcCall(r.grpcPort, 'traces', spans(2))
    assert.equal([partial.code, decodeExportResponse(partial.body as Buffer)], [Code.ok, { rejected: 1, message: 'old' }])
    r.next.answer = () => rejected('all bad', 2)
    const bad = await grpcCall(r.grpcPort, 'traces', spans(2))
    assert.equal([bad.code, bad.details], [Code.invalidArgument, 'all bad'])
    r.next.answer = () => retry('full', 1500)
    const busy = await grpcCall(r.grpcPort, 'traces', spans(2))
    assert.equal([busy.code, detailsOf(busy)], [Code.resourceExhausted, { code: 8, message: 'full', retryAfterMs: 1500 }])
    r.next.answer = () => refused('stopping')
    assert.is((await grpcCall(r.grpcPort, 'traces', spans(2))).code, Code.unavailable)
    r.next.answer = () => { throw new Error('a bug') }
    assert.is((await grpcCall(r.grpcPort, 'traces', spans(2))).code, Code.internal)
    r.next.answer = () => accepted
    assert.is((await grpcCall(r.grpcPort, 'traces', spans(2))).code, Code.ok)
  })
})

test('malformed, oversized, bomb and undecodable messages are refused in gRPC\'s words and counted', async () => {
  await withReceiver({ protocols: { grpc: { endpoint: '127.0.0.1:0', max_recv_msg_size_mib: 0.01 } } }, async r => {
    const malformed = await grpcCall(r.grpcPort, 'traces', spans(2).subarray(0, -1))
    assert.is(malformed.code, Code.invalidArgument)
    assert.match(malformed.details, /runs past the end/)
    const large = await grpcCall(r.grpcPort, 'traces', spans(1, 'x'.repeat(20_000)))
    assert.equal([large.code, detailsOf(large)?.retryAfterMs], [Code.resourceExhausted, undefined], 'without RetryInfo: not to be retried')
    const bomb = await rawCall(r.grpcPort, framed(gzipSync(Buffer.alloc(5_000_000)), 1), { headers: { 'grpc-encoding': 'gzip' } })
    assert.is(bomb.code, String(Code.resourceExhausted))
    const broken = await rawCall(r.grpcPort, framed(Buffer.from('not gzip at all'), 1), { headers: { 'grpc-encoding': 'gzip' } })
    assert.is(broken.code, String(Code.internal))
    const unknown = await rawCall(r.grpcPort, framed(Buffer.from('x'), 1), { headers: { 'grpc-encoding': 'snappy' } })
    assert.is(unknown.code, String(Code.unimplemented))
    const noMethod = await grpcCall(r.grpcPort, 'traces', spans(1), { path: '/opentelemetry.proto.collector.trace.v1.TraceService/Import' })
    assert.is(noMethod.code, Code.unimplemented)
    assert.is((await grpcCall(r.grpcPort, 'traces', spans(2))).code, Code.ok)
    await until(() => r.receiver.gate.requests === 0, 'all places free')
    assert.is(r.counted({ outcome: 'too_large' }), 2)
    assert.is(r.counted({ outcome: 'malformed' }), 2)
    assert.is(r.counted({ outcome: 'not_otlp' }), 2)
    assert.is(r.receiver.gate.bytes, 0)
  })
})

test('calls beyond the limit are turned away before their message is read', async () => {
  await withReceiver({ max_concurrent_requests: 3 }, async r => {
    const releases: (() => void)[] = []
    r.next.answer = () => new Promise(resolve => { releases.push(() => resolve(accepted)) })
    const held = [1, 2, 3].map(() => grpcCall(r.grpcPort, 'traces', spans(1)))
    await until(() => releases.length === 3, 'three in flight')
    const fourth = await grpcCall(r.grpcPort, 'traces', spans(1))
    assert.equal([fourth.code, detailsOf(fourth)?.retryAfterMs], [Code.resourceExhausted, 1000])
    for (const release of releases) release()
    assert.equal((await Promise.all(held)).map(h => h.code), [0, 0, 0])
    assert.is(r.counted({ outcome: 'retry' }), 1)
  })
})

test('200 calls that never finish their message time out and free their places', async () => {
  const clock = new FakeClock()
  await withReceiver({ max_concurrent_requests: 20, read_timeout: 1000 }, async r => {
    const calls = Array.from({ length: 200 }, () => rawCall(r.grpcPort, framed(Buffer.alloc(100)).subarray(0, 20), { end: false }))
    await until(() => r.counted({ outcome: 'retry' }) === 180, '180 turned away')
    await clock.advance(300)
    // The first of the twenty gives way.
    assert.is((await grpcCall(r.grpcPort, 'traces', spans(1))).code, Code.ok)
    await clock.advance(1000)
    const codes = (await Promise.all(calls)).map(c => Number(c.code))
    assert.is(codes.filter(c => c === Code.deadlineExceeded).length, 19)
    assert.is(codes.filter(c => c === Code.resourceExhausted).length, 181)
    await until(() => r.receiver.gate.requests === 0, 'all places free')
    assert.equal(['timeout', 'slow', 'retry'].map(outcome => r.counted({ outcome })), [19, 1, 180])
  }, clock)
})

test('calls that are reset in the middle are counted as aborted', async () => {
  await withReceiver({}, async r => {
    for (let i = 1; i <= 10; i++) {
      const session = http2.connect(`http://127.0.0.1:${r.grpcPort}`).on('error', () => {})
      const stream = session.request({ ':method': 'POST', ':path': signalFacts.traces.grpcPath, 'content-type': 'application/grpc', te: 'trailers' }).on('error', () => {})
      stream.write(Buffer.from([0, 0, 0, 1, 0, 1]))
      await until(() => r.receiver.gate.requests === 1, 'the call was seen')
      if (i % 2 === 0) stream.close(http2.constants.NGHTTP2_CANCEL)
      else session.destroy()
      await until(() => r.receiver.gate.requests === 0, 'its place is free')
      session.destroy()
      assert.is(r.counted({ outcome: 'aborted' }), i)
    }
  })
})

test('random bytes on the port end their connection and nothing else', async () => {
  await withReceiver({}, async r => {
    for (let seed = 0; seed < 30; seed++) await rawExchange(r.grpcPort, new Random(seed).bytes(300), 500)
    await rawExchange(r.grpcPort, 'POST /v1/traces HTTP/1.1\r\nhost: x\r\n\r\n', 500)
    for (let seed = 0; seed < 30; seed++) await rawExchange(r.grpcPort, Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), new Random(seed).bytes(100)]), 500)
    assert.is((await grpcCall(r.grpcPort, 'traces', spans(2))).code, Code.ok)
    assert.is(r.next.rows, 2)
  })
})

test('stop lets a call finish and then ends the connections', async () => {
  const r = await startReceiver()
  let release = (): void => {}
  r.next.answer = () => new Promise(resolve => { release = () => resolve(accepted) })
  const call = grpcCall(r.grpcPort, 'traces', spans(1))
  await until(() => r.receiver.gate.bytes > 0, 'it is in flight')
  const stopping = r.stop()
  release()
  assert.is((await call).code, Code.ok)
  await stopping
})

test('stop ends calls that do not finish by its deadline', async () => {
  const r = await startReceiver()
  r.next.answer = () => new Promise(() => {})
  const call = grpcCall(r.grpcPort, 'traces', spans(1))
  await until(() => r.receiver.gate.bytes > 0, 'it is in flight')
  await r.stop(50)
  assert.is.not((await call).code, Code.ok)
})

test.run()
