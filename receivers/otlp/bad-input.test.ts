/**
 * Scenario: clients that are slow, half closed, gone, or send heads and bodies made to hurt, while one
 * healthy client goes on sending over both protocols.
 * Guarantees: the healthy one is always served, memory stays bounded, and at the end every place and byte is given back.
 * Long form (TAPIO_TEST_LONG=1): ten times as many of each.
 */
import http2 from 'node:http2'
import type net from 'node:net'
import * as assert from 'uvu/assert'
import { compress, compressions } from '../../core/net/compression.js'
import { signalFacts } from '../../core/otlp/signals.js'
import { grpcCall, post, until } from '../../core/otlp/testing/harness.js'
import { connect, framed, head, rawCall, spans } from './raw-call-for-test.js'
import { openSocket, report, rssMiB, scale, served, siege, siegeConfig } from './siege-for-test.js'
import { startReceiver } from './start-for-test.js'

const test = siege('otlp bad input')

const httpHead = (length: number): string => `POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: ${length}\r\n\r\n`

/** A byte every few milliseconds until the other side has enough. */
async function drip (socket: net.Socket, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    if (socket.destroyed) return
    socket.write(Buffer.from([byte]))
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  await until(() => socket.destroyed || socket.readableEnded, 'the server had enough', 20_000)
}

test('slow-loris clients over HTTP, in the head and in the body', async ({ r, startMiB }) => {
  const count = 100 * scale
  const work = Promise.all(Array.from({ length: count }, async (_, i) => {
    const socket = await openSocket(r.httpPort)
    const bytes = Buffer.from(i % 2 === 0 ? `POST /v1/traces HTTP/1.1\r\nx: ${'y'.repeat(5000)}` : `${httpHead(5000)}${'z'.repeat(5000)}`)
    if (i % 2 === 1) socket.write(bytes.subarray(0, httpHead(5000).length))
    await drip(socket, i % 2 === 0 ? bytes : bytes.subarray(httpHead(5000).length))
    socket.destroy()
  }))
  const healthy = await served(r, work)
  await report(r, startMiB, `${count} slow-loris HTTP clients`, healthy, 300)
  assert.ok(r.counted({ outcome: 'timeout' }) > 0)
  assert.ok(healthy.busy < healthy.sent)
})

test('slow-loris clients over gRPC, and streams that are never ended', async ({ r, startMiB }) => {
  const sessions = Array.from({ length: 10 * scale }, () => connect(r.grpcPort))
  const body = framed(Buffer.alloc(100_000))
  const work = Promise.all(sessions.flatMap(session => Array.from({ length: 10 }, async (_, i) => {
    const bytes = i % 2 === 0 ? [body.subarray(0, 3)] : Array.from({ length: 50 }, (_, k) => body.subarray(k, k + 1))
    const reply = await rawCall(session, bytes, {}, false)
    assert.ok([4, 8].includes(reply.status), `status ${reply.status}`)
  })))
  const healthy = await served(r, work)
  await report(r, startMiB, `${sessions.length * 10} gRPC calls that never end`, healthy, 300)
  for (const session of sessions) session.destroy()
  assert.ok(r.counted({ outcome: 'timeout' }) + r.counted({ outcome: 'slow' }) > 0)
  assert.ok(healthy.busy < healthy.sent)
})

test('half-closed connections and clients gone in the middle', async ({ r, startMiB }) => {
  const count = 200 * scale
  const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])])
  const work = (async () => {
    for (let i = 0; i < count; i += 20) {
      await Promise.all(Array.from({ length: 20 }, async (_, k) => {
        const socket = await openSocket(k % 2 === 0 ? r.httpPort : r.grpcPort)
        await new Promise(resolve => socket.write(k % 2 === 0 ? `${httpHead(1000)}part` : preface, resolve))
        if (k % 4 < 2) socket.end()
        else socket.resetAndDestroy()
        await until(() => socket.destroyed || socket.readableEnded, 'ended')
        socket.destroy()
      }))
    }
  })()
  await report(r, startMiB, `${count} half-closed or reset connections`, await served(r, work), 300)
})

test('floods of calls taken back', async ({ r, startMiB }) => {
  let calls = 0
  let cutOff = 0
  const work = (async () => {
    for (let c = 0; c < 10 * scale; c++) {
      const session = connect(r.grpcPort).on('goaway', () => { cutOff++ })
      while (!session.destroyed && !session.closed && calls < 100_000) {
        const streams = Array.from({ length: 50 }, () => session.request(head).on('error', () => {}))
        await new Promise(resolve => setTimeout(resolve, 1))
        for (const stream of streams) stream.close(http2.constants.NGHTTP2_CANCEL)
        calls += streams.length
      }
      session.destroy()
    }
  })()
  const sent = await served(r, work)
  await report(r, startMiB, `${calls} calls taken back at once`, sent, 300)
  assert.is(r.meter.values.get('otlp_receiver_closed_connections{reason="resets",transport="grpc"}'), 10 * scale)
  assert.ok(cutOff >= 10 * scale)
})

test('header bombs: huge, many, and endless heads', async ({ r, startMiB }) => {
  const work = (async () => {
    for (let i = 0; i < 10 * scale; i++) {
      const session = connect(r.grpcPort)
      const many = Object.fromEntries(Array.from({ length: 500 }, (_, k) => [`x-${k}`, 'y']))
      for (const headers of [{ 'x-a': 'y'.repeat(40_000), 'x-b': 'y'.repeat(40_000) }, many]) assert.ok(Number.isNaN((await rawCall(session, [framed(spans(1))], headers)).status), 'no such call is taken')
      session.destroy()
      const endless = await openSocket(r.httpPort)
      endless.write('POST /v1/traces HTTP/1.1\r\n')
      for (let k = 0; k < 1000 && !endless.destroyed; k++) await new Promise(resolve => endless.write(`x-${k}: ${'y'.repeat(1000)}\r\n`, resolve))
      await until(() => endless.destroyed || endless.readableEnded, 'refused')
      endless.destroy()
    }
  })()
  await report(r, startMiB, `${30 * scale} header bombs`, await served(r, work), 300)
})

test('compressed bombs in every encoding, over both protocols', async ({ r }) => {
  const bombs = await Promise.all(compressions.map(async encoding => ({ encoding, body: await compress(encoding, Buffer.alloc(200 * 2 ** 20)) })))
  // Making them took memory too.
  const startMiB = rssMiB()
  const work = (async () => {
    for (let i = 0; i < 2 * scale; i++) {
      await Promise.all(bombs.map(async ({ encoding, body }) => {
        const session = connect(r.grpcPort)
        const [grpc, http] = await Promise.all([rawCall(session, [framed(body, 1)], { 'grpc-encoding': encoding }), post(r.httpPort, '/v1/traces', body, { 'content-encoding': encoding })])
        assert.ok(grpc.status === 8 && [413, 429].includes(http.code), `${encoding}: ${grpc.status}, ${http.code}`)
        session.destroy()
      }))
    }
  })()
  await report(r, startMiB, `${12 * scale} bombs of 200 MiB (${bombs.map(b => `${b.encoding} ${(b.body.length / 1024).toFixed(0)} KiB`).join(', ')})`, await served(r, work), 500)
})

test('clients that read no answer: no window, and a socket never read', async ({ r, startMiB }) => {
  const sessions = Array.from({ length: 10 }, () => http2.connect(`http://127.0.0.1:${r.grpcPort}`, { settings: { initialWindowSize: 0 } }).on('error', () => {}))
  await Promise.all(sessions.map(session => new Promise(resolve => session.once('localSettings', resolve))))
  const work = Promise.all(sessions.flatMap(session => Array.from({ length: 20 }, () => rawCall(session, [framed(spans(1))]))))
  // Ten of a session's calls could be answered at most as long as nobody takes the answers back.
  await report(r, startMiB, '200 calls whose answers are not taken', await served(r, work), 300)
  for (const session of sessions) session.destroy()
})

test('official clients that are turned away in the middle of a large message go on', async () => {
  const r = await startReceiver({ ...siegeConfig, max_in_flight_size: 2 ** 20 })
  const codes = await Promise.all(Array.from({ length: 20 }, (_, i) => grpcCall(r.grpcPort, 'traces', spans(1, 'x'.repeat(i % 2 === 0 ? 3_000_000 : 5_000_000)))))
  assert.ok(codes.every(c => c.code === 0 || c.code === 8), codes.map(c => c.code).join())
  assert.is((await grpcCall(r.grpcPort, 'traces', spans(1))).code, 0)
  await until(() => r.receiver.gate.requests === 0, 'all places free')
  await r.stop()
})

test('wrong content types and paths, in numbers', async ({ r, startMiB }) => {
  const work = (async () => {
    for (let i = 0; i < 200 * scale; i++) {
      const session = connect(r.grpcPort)
      const [a, b, c] = await Promise.all([
        post(r.httpPort, signalFacts.traces.httpPath, 'x', { 'content-type': i % 2 === 0 ? 'text/html' : 'application/grpc' }),
        post(r.httpPort, `/${'x'.repeat(i)}`, 'x'),
        rawCall(session, [Buffer.from('x')], { 'content-type': 'text/html' })
      ])
      session.destroy()
      assert.equal([a.code, b.code, c.http], [415, 404, 415])
    }
  })()
  await report(r, startMiB, `${600 * scale} requests that are not OTLP`, await served(r, work), 300)
})

test.run()
