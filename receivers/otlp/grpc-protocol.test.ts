/**
 * Scenario: gRPC spoken by hand, right and wrong.
 * Guarantees: what https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md and the OTLP specification ask of a server.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, refused, rejected, retry } from '../../core/component/outcome.js'
import { compress, compressions } from '../../core/net/compression.js'
import { decodeExportResponse } from '../../core/otlp/responses.js'
import { until } from '../../core/otlp/testing/harness.js'
import { percentEncode } from '../../core/net/grpc/status.js'
import { connect, framed, rawCall, spans, withSession, type RawReply } from './raw-call-for-test.js'
import { startReceiver, withReceiver, type Started } from './start-for-test.js'

const test = suite<{ r: Started }>('grpc protocol')
test.before.each(async context => { context.r = await startReceiver() })
test.after.each(({ r }) => r.stop())

const call = (r: Started, body: Uint8Array, headers: Record<string, string> = {}): Promise<RawReply> => withSession(r.grpcPort, session => rawCall(session, [body], headers))

test('an answer is head, one message and trailers, and names the encodings taken', async ({ r }) => {
  const reply = await call(r, framed(spans(2)))
  assert.equal([reply.http, reply.status, reply.trailersOnly, reply.rst], [200, 0, false, 0])
  assert.equal(reply.body, Buffer.alloc(5), 'an empty Export response')
  assert.equal([reply.headers['content-type'], reply.headers['grpc-accept-encoding']], ['application/grpc+proto', 'identity,gzip,deflate,zstd'])
  assert.is(r.next.rows, 2)
})

test('every encoding is taken, also announced and not used', async ({ r }) => {
  for (const encoding of compressions) {
    assert.is((await call(r, framed(await compress(encoding, spans(300)), 1), { 'grpc-encoding': encoding })).status, 0, encoding)
    assert.is((await call(r, framed(spans(1)), { 'grpc-encoding': encoding })).status, 0, `${encoding} announced only`)
  }
  assert.is((await call(r, framed(spans(1)), { 'grpc-encoding': 'identity' })).status, 0)
  assert.is(r.next.rows, 904)
})

test('compression that was not announced, unknown, broken or a bomb', async ({ r }) => {
  assert.is((await call(r, framed(await compress('gzip', spans(1)), 1))).status, 13)
  const unknown = await call(r, framed(spans(1), 1), { 'grpc-encoding': 'snappy' })
  assert.equal([unknown.status, unknown.headers['grpc-accept-encoding'], unknown.trailersOnly], [12, 'identity,gzip,deflate,zstd', true])
  for (const encoding of compressions) {
    assert.is((await call(r, framed(Buffer.from('nothing of the kind'), 1), { 'grpc-encoding': encoding })).status, 13, encoding)
    const bomb = await call(r, framed(await compress(encoding, Buffer.alloc(50_000_000)), 1), { 'grpc-encoding': encoding })
    assert.equal([bomb.status, bomb.details?.retryAfterMs], [8, undefined], `${encoding}: too large, not to be retried`)
  }
  assert.is(r.counted({ outcome: 'too_large' }), 3)
})

test('heads that are not ours', async ({ r }) => {
  for (const type of ['text/plain', 'application/json', 'application/grpcx', 'application/grpc-web']) {
    const reply = await call(r, framed(spans(1)), { 'content-type': type })
    assert.equal([reply.http, Number.isNaN(reply.status)], [415, true], type)
  }
  assert.is((await call(r, Buffer.alloc(0), { ':method': 'PUT' })).http, 405)
  for (const type of ['application/grpc+json', 'application/grpc+thrift']) assert.is((await call(r, framed(spans(1)), { 'content-type': type })).status, 12, type)
  for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc; charset=utf-8', 'Application/GRPC+proto;x=y']) {
    assert.is((await call(r, framed(spans(1)), { 'content-type': type })).status, 0, type)
  }
  const nowhere = await call(r, framed(spans(1)), { ':path': '/v1/traces' })
  assert.equal([nowhere.http, nowhere.status], [200, 12])
  assert.match(nowhere.message, /TraceService\/Export/)
  for (const timeout of ['1', 'S', '123456789m', '-1S', '1x']) assert.is((await call(r, framed(spans(1)), { 'grpc-timeout': timeout })).status, 13, timeout)
  assert.is(r.counted({ outcome: 'not_otlp' }), 13)
})

test('several messages, none, and garbage behind one', async ({ r }) => {
  assert.is((await call(r, Buffer.concat([framed(spans(1)), framed(spans(1))]))).status, 12)
  assert.is((await call(r, Buffer.concat([framed(spans(1)), Buffer.from([7])]))).status, 12)
  assert.is((await call(r, Buffer.alloc(0))).status, 12)
  assert.is((await call(r, framed(spans(1)).subarray(0, 9))).status, 13)
  assert.is(r.next.rows, 0)
})

test('a message in many DATA frames is one message', async ({ r }) => {
  const body = framed(spans(20))
  const reply = await withSession(r.grpcPort, session => rawCall(session, Array.from({ length: body.length }, (_, i) => body.subarray(i, i + 1))))
  assert.is(reply.status, 0)
  assert.is(r.next.rows, 20)
})

test('grpc-timeout ends a call that waits for its message, and one that waits for the pipeline', async ({ r }) => {
  const reading = await withSession(r.grpcPort, session => rawCall(session, [framed(spans(1)).subarray(0, 7)], { 'grpc-timeout': '60m' }, false))
  assert.equal([reading.status, reading.trailersOnly], [4, true])
  assert.match(reading.message, /60 ms/)
  let release = (): void => {}
  r.next.answer = () => new Promise(resolve => { release = () => resolve(accepted) })
  assert.is((await call(r, framed(spans(1)), { 'grpc-timeout': '60m' })).status, 4)
  assert.is(r.receiver.gate.requests, 1, 'what the pipeline holds is still counted')
  release()
  await until(() => r.receiver.gate.requests === 0, 'its place is free')
  assert.equal([r.counted({ outcome: 'timeout' }), r.counted({ outcome: 'accepted' })], [1, 1])
  r.next.answer = () => accepted
  assert.is((await call(r, framed(spans(1)), { 'grpc-timeout': '10S' })).status, 0)
})

test('every outcome has its status, its details, and its message percent-encoded', async ({ r }) => {
  r.next.answer = () => retry('später: 100 %', 1500)
  const busy = await call(r, framed(spans(2)))
  assert.equal([busy.status, busy.message, busy.trailersOnly], [8, 'sp%C3%A4ter: 100 %25', true])
  assert.equal(busy.details, { code: 8, message: 'später: 100 %', retryAfterMs: 1500 })
  r.next.answer = () => refused('stopping')
  assert.is((await call(r, framed(spans(2)))).status, 14, 'UNAVAILABLE: retryable by the specification')
  r.next.answer = () => rejected('no', 2)
  assert.equal((await call(r, framed(spans(2)))).details, { code: 3, message: 'no' })
  r.next.answer = () => rejected('half', 1, Uint32Array.of(1))
  const partial = await call(r, framed(spans(2)))
  assert.equal([partial.status, decodeExportResponse(partial.body.subarray(5))], [0, { rejected: 1, message: 'half' }])
  assert.is(partial.body.readUInt32BE(1), partial.body.length - 5)
  const malformed = await call(r, framed(spans(2).subarray(1)))
  assert.is(malformed.status, 3)
  assert.ok(Buffer.from(String(malformed.headers['grpc-status-details-bin']), 'base64').includes('google.rpc.BadRequest'))
  r.next.answer = () => rejected('x'.repeat(100_000), 2)
  assert.ok((await call(r, framed(spans(2)))).message.length < 2000, 'a reason of any length keeps its status')
})

test('messages are percent-encoded byte by byte', () => {
  for (const [text, encoded] of [['plain text ~!', 'plain text ~!'], ['%', '%25'], ['a\nb', 'a%0Ab'], ['€', '%E2%82%AC'], ['\x7f', '%7F'], ['', '']] as const) assert.is(percentEncode(text), encoded)
})

test('a call that is answered early is reset without an error, and its connection lives on', async ({ r }) => {
  await withSession(r.grpcPort, async session => {
    const early = await rawCall(session, [Buffer.from([0, 255, 255, 255, 255])], {}, false)
    assert.equal([early.status, early.rst], [8, 0])
    assert.is((await rawCall(session, [framed(spans(1))])).status, 0)
  })
})

test('bytes are counted as they come: a call that does not fit is turned away before it is whole', async () => {
  await withReceiver({ max_in_flight_size: 200_000 }, async r => {
    const prefix = Buffer.from([0, 0, 16, 0, 0])
    const session = connect(r.grpcPort)
    const first = rawCall(session, [prefix, Buffer.alloc(150_000)], {}, false)
    await until(() => r.receiver.gate.bytes > 150_000, 'the first is counted before it is whole')
    const second = await withSession(r.grpcPort, other => rawCall(other, [prefix, Buffer.alloc(100_000)], {}, false))
    assert.equal([second.status, second.details?.retryAfterMs], [8, 1000])
    session.destroy()
    await first
    await until(() => r.receiver.gate.requests === 0, 'all places free')
    assert.is(r.receiver.gate.bytes, 0)
  })
})

test.run()
