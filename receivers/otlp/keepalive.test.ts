/**
 * Scenario: connections that stay, age, fall silent or talk too much, on a clock of the test's own.
 * Guarantees: the Collector's keepalive options do what their names say, in order (GOAWAY), and every closing is counted.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { constants, type ClientHttp2Session } from 'node:http2'
import net from 'node:net'
import { accepted } from '../../core/component/outcome.js'
import { until } from '../../core/otlp/testing/harness.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { connect, framed, head, rawCall, spans } from './raw-call-for-test.js'
import { withReceiver, type Started } from './start-for-test.js'

const server = { max_connection_idle: 0, max_connection_age: 0, max_connection_age_grace: 0, time: 0, timeout: 20_000 }
const policy = { min_time: 10_000, permit_without_stream: true }

async function withKeepalive (keepalive: { server?: object, policy?: object }, use: (r: Started, clock: FakeClock, session: ClientHttp2Session, goaways: number[]) => Promise<void>): Promise<void> {
  const clock = new FakeClock()
  const config = { endpoint: '127.0.0.1:0', keepalive: { server_parameters: { ...server, ...keepalive.server }, enforcement_policy: { ...policy, ...keepalive.policy } } }
  await withReceiver({ protocols: { grpc: config } }, async r => {
    const session = connect(r.grpcPort)
    const goaways: number[] = []
    session.on('goaway', code => { goaways.push(code) })
    try { await use(r, clock, session, goaways) } finally { session.destroy() }
  }, clock)
}

const closed = (r: Started, reason: string): number => r.meter.values.get(`otlp_receiver_closed_connections{reason="${reason}",transport="grpc"}`) ?? 0
const one = (session: ClientHttp2Session): Promise<unknown> => rawCall(session, [framed(spans(1))])
const ping = (session: ClientHttp2Session): Promise<void> => new Promise(resolve => { if (!session.destroyed) session.ping(() => resolve()); else resolve() })

test('max_connection_idle closes a connection without calls, not one that works', async () => {
  await withKeepalive({ server: { max_connection_idle: 1000 } }, async (r, clock, session, goaways) => {
    for (let i = 0; i < 5; i++) { await one(session); await clock.advance(600) }
    assert.is(closed(r, 'idle'), 0)
    await clock.advance(1300)
    await until(() => session.destroyed, 'closed')
    assert.ok(goaways.length > 0 && goaways.every(code => code === constants.NGHTTP2_NO_ERROR))
    assert.is(closed(r, 'idle'), 1)
  })
})

test('max_connection_age lets a call end within its grace', async () => {
  for (const inTime of [true, false]) {
    await withKeepalive({ server: { max_connection_age: 1000, max_connection_age_grace: 1000 } }, async (r, clock, session, goaways) => {
      let release = (): void => {}
      r.next.answer = () => new Promise(resolve => { release = () => resolve(accepted) })
      const call = rawCall(session, [framed(spans(1))])
      await until(() => r.receiver.gate.bytes > 0, 'the call is under way')
      await clock.advance(1300)
      await until(() => goaways.length > 0, 'GOAWAY')
      if (inTime) { release(); assert.is((await call).status, 0) } else {
        await clock.advance(1300)
        assert.ok(Number.isNaN((await call).status), 'cut off after the grace')
        release()
      }
      await until(() => session.destroyed, 'closed')
      assert.is(closed(r, 'age'), 1)
    })
  }
})

test('a silent client is asked by PING, and gone when it does not answer', async () => {
  await withKeepalive({ server: { time: 1000, timeout: 500 }, policy: { min_time: 0 } }, async (r, clock, session) => {
    await one(session)
    let pings = 0
    session.on('ping', () => { pings++ })
    for (let i = 1; i <= 3; i++) {
      await clock.advance(1300)
      await until(() => pings === i, 'asked')
      // Its answer has to come back before time goes on.
      await ping(session)
    }
    assert.is(closed(r, 'ping_timeout'), 0)
    // A client that speaks HTTP/2 and then nothing more: preface and an empty SETTINGS frame.
    const deaf = net.connect(r.grpcPort, '127.0.0.1').on('error', () => {}).resume()
    deaf.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]))
    await until(() => r.receiver.grpcConnections === 2, 'it is there')
    await until(() => deaf.bytesRead > 0, 'and greeted')
    await clock.advance(1300)
    await until(() => pings === 4, 'asked')
    await ping(session)
    await clock.advance(800)
    await until(() => deaf.destroyed, 'given up')
    assert.equal([closed(r, 'ping_timeout'), session.destroyed], [1, false])
  })
})

test('a client that sends PINGs too often is cut off with ENHANCE_YOUR_CALM', async () => {
  await withKeepalive({}, async (r, clock, session, goaways) => {
    for (let i = 0; i < 10; i++) { await one(session); await ping(session) }
    assert.is(closed(r, 'too_many_pings'), 0, 'calls between make them fair')
    for (let i = 0; i < 5; i++) { await clock.advance(10_000); await ping(session) }
    assert.is(closed(r, 'too_many_pings'), 0)
    for (let i = 0; i < 3; i++) session.ping(() => {})
    await until(() => session.destroyed, 'closed')
    assert.equal([goaways, closed(r, 'too_many_pings')], [[constants.NGHTTP2_ENHANCE_YOUR_CALM], 1])
  })
  await withKeepalive({ policy: { min_time: 0, permit_without_stream: false } }, async (r, _clock, session) => {
    await one(session)
    for (let i = 0; i < 3; i++) session.ping(() => {})
    await until(() => closed(r, 'too_many_pings') === 1, 'closed')
  })
})

test('a connection that never speaks HTTP/2 is closed after read_timeout', async () => {
  const clock = new FakeClock()
  await withReceiver({ read_timeout: 2000 }, async r => {
    const silent = net.connect(r.grpcPort, '127.0.0.1').on('error', () => {}).resume()
    const speaking = connect(r.grpcPort)
    await one(speaking)
    await until(() => r.receiver.grpcConnections === 2, 'both are there')
    await clock.advance(3000)
    await until(() => silent.destroyed, 'closed')
    assert.equal([closed(r, 'no_preface'), r.receiver.grpcConnections], [1, 1])
    await one(speaking)
    speaking.destroy()
  }, clock)
})

test('connections beyond max_connections are closed as they come', async () => {
  await withReceiver({ protocols: { grpc: { endpoint: '127.0.0.1:0', max_connections: 2 }, http: { endpoint: '127.0.0.1:0', max_connections: 2 } } }, async r => {
    for (const port of [r.grpcPort, r.httpPort]) {
      const sockets = [1, 2].map(() => net.connect(port, '127.0.0.1').on('error', () => {}))
      await Promise.all(sockets.map(s => new Promise(resolve => s.once('connect', resolve))))
      const third = net.connect(port, '127.0.0.1').on('error', () => {}).resume()
      await until(() => third.destroyed, 'closed')
      for (const s of sockets) s.destroy()
    }
    assert.is(closed(r, 'limit'), 1)
    assert.is(r.meter.values.get('otlp_receiver_closed_connections{reason="limit",transport="http"}'), 1)
  })
})

test('a flood of calls taken back ends its connection, a handful does not, and others are served', async () => {
  await withReceiver({}, async r => {
    const flood = connect(r.grpcPort)
    const other = connect(r.grpcPort)
    let goaway: number | undefined
    flood.on('goaway', code => { goaway = code })
    let sent = 0
    while (goaway === undefined && sent < 5000) {
      const streams = Array.from({ length: 50 }, () => flood.request(head).on('error', () => {}))
      await new Promise(resolve => setImmediate(resolve))
      for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL)
      sent += streams.length
      assert.is((await rawCall(other, [framed(spans(1))])).status, 0)
      if (sent === 100) assert.is(goaway, undefined, 'a hundred are forgiven')
    }
    assert.equal([goaway, closed(r, 'resets')], [constants.NGHTTP2_ENHANCE_YOUR_CALM, 1])
    await until(() => r.receiver.gate.requests === 0, 'all places free')
    assert.is(r.receiver.gate.bytes, 0)
    other.destroy()
  })
})

test.run()
