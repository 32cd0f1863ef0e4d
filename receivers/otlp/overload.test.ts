/**
 * Scenario: clients of both protocols while the process is short of memory, at every level; bodies that nobody may decode. Guarantees: at the
 * limit a request is refused before a byte of its body is read or decoded, with the code and the hint that clients retry by, and counted; the
 * severest level apart, requests are taken, with less room for those under way; afterwards all is as before.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import http2 from 'node:http2'
import net from 'node:net'
import { decodeStatus } from '../../core/otlp/responses.js'
import { signalFacts } from '../../core/otlp/signals.js'
import { grpcCall, post, until } from '../../core/otlp/testing/harness.js'
import { oracleType, requestType } from '../../core/otlp/testing/oracle.js'
import { SharedPressure, type PressureLevel } from '../../core/pressure/pressure.js'
import { Gate, type Place } from './gate.js'
import { withReceiver, type Started } from './start-for-test.js'

const type = oracleType(requestType('traces'))
const body = Buffer.from(type.encode(type.fromObject({ resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'a' }] }] }] })).finish())
const unavailable = 14

function setLevel (r: Started, level: PressureLevel, retryAfterMs = 2500): void { (r.services.get('pressure') as SharedPressure).set(level, retryAfterMs, 0) }

test('gRPC: Unavailable with RetryInfo at the limit; below it and after it requests are taken', async () => {
  await withReceiver({}, async r => {
    for (const level of ['shed', 'refuse', 'none'] as const) {
      setLevel(r, level)
      const reply = await grpcCall(r.grpcPort, 'traces', body)
      const [details] = reply.metadata.get('grpc-status-details-bin')
      if (level !== 'refuse') assert.is(reply.code, 0)
      else assert.equal([reply.code, decodeStatus(details as Buffer)], [unavailable, { code: unavailable, message: 'Tapio is short of memory', retryAfterMs: 2500 }])
    }
    assert.equal([r.next.rows, r.counted({ outcome: 'overloaded', transport: 'grpc', signal: 'traces' }), r.counted()], [2, 1, 3])
  })
})

test('HTTP: 503 with Retry-After at the limit, in the encoding of the request', async () => {
  await withReceiver({}, async r => {
    setLevel(r, 'refuse')
    const proto = await post(r.httpPort, '/v1/traces', body)
    assert.equal([proto.code, proto.headers['retry-after'], decodeStatus(proto.body)?.retryAfterMs], [503, '3', 2500])
    const json = await post(r.httpPort, '/v1/logs', '{"resourceLogs":[]}', { 'content-type': 'application/json' })
    assert.equal([json.code, json.headers['retry-after'], (JSON.parse(json.body.toString()) as { code: number }).code], [503, '3', unavailable])
    setLevel(r, 'none')
    assert.is((await post(r.httpPort, '/v1/traces', body)).code, 200)
    assert.equal([r.next.rows, r.counted({ outcome: 'overloaded' }), r.receiver.gate.bytes], [1, 2, 0])
  })
})

test('nothing is decoded: bodies that would be malformed are overload like others, and one that never comes is answered', async () => {
  await withReceiver({}, async r => {
    setLevel(r, 'refuse')
    const garbage = Buffer.alloc(1000, 0xff)
    for (let i = 0; i < 20; i++) {
      assert.is((await post(r.httpPort, '/v1/traces', garbage, { 'content-encoding': 'gzip' })).code, 503)
      assert.is((await grpcCall(r.grpcPort, 'traces', garbage)).code, unavailable)
    }
    assert.equal([r.counted({ outcome: 'malformed' }), r.counted({ outcome: 'overloaded' })], [0, 40])
    assert.is(r.meter.values.get('otlp_receiver_received{signal="traces",transport="http"}'), undefined)
    assert.match(await headOnly(r.httpPort), /^HTTP\/1.1 503 .*retry-after: 3\r\n/is)
    assert.is(await grpcHeadOnly(r.grpcPort), String(unavailable))
    setLevel(r, 'none')
    assert.is((await post(r.httpPort, '/v1/traces', garbage)).code, 400, 'now it is looked at')
  })
})

test('who may not send learns nothing of memory, and what is no OTLP is none under overload', async () => {
  await withReceiver({ protocols: { http: { endpoint: '127.0.0.1:0', auth: { bearer_tokens: ['secret'], basic: {} } } } }, async r => {
    setLevel(r, 'refuse')
    assert.is((await post(r.httpPort, '/v1/traces', body)).code, 401)
    assert.is((await post(r.httpPort, '/v1/nothing', body, { authorization: 'Bearer secret' })).code, 404)
    assert.is((await post(r.httpPort, '/v1/traces', body, { authorization: 'Bearer secret' })).code, 503)
  })
})

test('short of memory there is room for fewer bytes; what is under way keeps its own', () => {
  const pressure = new SharedPressure()
  const gate = new Gate(10, 800, () => {}, () => 0, pressure)
  const [a, b] = [gate.enter() as Place, gate.enter() as Place]
  assert.ok(a.take(300))
  pressure.set('shed', 0, 0)
  assert.is(gate.room, 100)
  assert.not(b.take(50))
  assert.is(gate.bytes, 300)
  a.leave()
  assert.ok(b.take(90))
  pressure.set('none', 0, 0)
  assert.ok(b.take(700))
})

/** The head of a request whose body never comes. */
function headOnly (port: number): Promise<string> {
  return new Promise(resolve => {
    let said = ''
    const socket = net.connect(port, '127.0.0.1', () => socket.write('POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000000\r\n\r\n'))
    socket.on('data', chunk => {
      said += chunk.toString('latin1')
      if (said.includes('\r\n\r\n')) { socket.destroy(); resolve(said) }
    }).on('error', () => {})
  })
}

async function grpcHeadOnly (port: number): Promise<string> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  let code = ''
  const stream = session.request({ ':method': 'POST', ':path': signalFacts.traces.grpcPath, 'content-type': 'application/grpc+proto', te: 'trailers' })
  stream.on('response', h => { code = String(h['grpc-status']) }).on('error', () => {})
  await until(() => code !== '', 'an answer')
  session.destroy()
  return code
}

test.run()
