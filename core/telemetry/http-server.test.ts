import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../component/clock.js'
import { HealthBoard } from './health.js'
import { TelemetryServer, type BoundAddress, type TelemetryServerOptions } from './http-server.js'
import type { Logger } from './logger.js'

const lines: string[] = []
const logger: Logger = { debug () {}, info () {}, warn () {}, error: m => { lines.push(m) }, child: () => logger }

function open (options: Partial<TelemetryServerOptions> = {}) {
  const health = new HealthBoard(systemClock, logger)
  const server = new TelemetryServer({ port: 0, metrics: () => 'tapio_x 1\n', health, logger, ...options })
  return { health, server }
}

const url = ({ host, port }: BoundAddress, path: string): string => `http://${host}:${port}${path}`

/** The event that must come, or a failure instead of a test that hangs. */
const soon = (socket: Socket, event: string): Promise<unknown[]> => once(socket, event, { signal: AbortSignal.timeout(20_000) })

/** Sends `bytes` raw and resolves with all that came back when the server ended the connection. */
async function raw ({ host, port }: BoundAddress, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, host)
  let answer = ''
  socket.on('data', data => { answer += data.toString('latin1') })
  socket.on('error', () => {})
  socket.write(bytes)
  await soon(socket, 'close')
  return answer
}

test('health answers follow the board, in status code and JSON body', async () => {
  const { health, server } = open()
  const at = await server.start()
  const get = async (path: string) => { const r = await fetch(url(at, path)); return { status: r.status, body: await r.json() as Record<string, unknown> } }
  try {
    assert.equal(await get('/livez'), { status: 200, body: { live: true, failures: [] } })
    assert.is((await get('/readyz')).status, 503)
    health.setGraph('running')
    assert.equal(await get('/readyz'), { status: 200, body: { ready: true, graph: 'running', failing: [] } })
    health.add('exporter/otlp')
    health.report({ component: 'exporter/otlp', state: 'starting', reason: '' })
    health.report({ component: 'exporter/otlp', state: 'recoverable_error', reason: 'refused' })
    const ready = await get('/readyz?verbose')
    assert.is(ready.status, 503)
    assert.is((ready.body['failing'] as { reason: string }[])[0]!.reason, 'refused')
    assert.is((await get('/healthz')).status, 503)
    health.report({ component: 'exporter/otlp', state: 'ok', reason: '' })
    assert.is(((await get('/healthz')).body['components'] as object[]).length, 1)
    health.fail('exporter/otlp', 'gone')
    assert.is((await get('/livez')).status, 503)
    assert.is((await get('/nope')).status, 404)
  } finally {
    await server.stop()
  }
})

test('metrics come with the content type of the format, HEAD without a body, other methods get 405', async () => {
  const { server } = open()
  const at = await server.start()
  try {
    const get = await fetch(url(at, '/metrics'))
    assert.is(get.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
    assert.is(await get.text(), 'tapio_x 1\n')
    const head = await fetch(url(at, '/metrics'), { method: 'HEAD' })
    assert.is(head.headers.get('content-length'), '10')
    assert.is(await head.text(), '')
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const response = await fetch(url(at, '/metrics'), { method, ...(method === 'OPTIONS' ? {} : { body: 'x'.repeat(100_000) }) })
      assert.is(response.status, 405)
      assert.is(response.headers.get('allow'), 'GET, HEAD')
      await response.arrayBuffer()
    }
  } finally {
    await server.stop()
  }
})

test('metrics that throw answer 500 and the server goes on', async () => {
  let broken = true
  const { server } = open({ metrics: async () => { if (broken) throw new Error('mine'); return 'ok 1\n' } })
  const at = await server.start()
  try {
    lines.length = 0
    const response = await fetch(url(at, '/metrics'))
    assert.is(response.status, 500)
    assert.not.match(await response.text(), /mine/)
    assert.equal(lines, ['the telemetry endpoint could not answer'])
    broken = false
    assert.is(await (await fetch(url(at, '/metrics'))).text(), 'ok 1\n')
  } finally {
    await server.stop()
  }
})

test('stop ends idle, half-open and kept-alive connections; start and stop may be repeated', async () => {
  const { server } = open({ timeoutMs: 3_600_000 })
  await server.stop()
  const [at, again] = await Promise.all([server.start(), server.start()])
  assert.equal(at, again)
  const idle = connect(at.port, at.host)
  const half = connect(at.port, at.host)
  const kept = connect(at.port, at.host)
  const all = [idle, half, kept]
  for (const socket of all) socket.on('error', () => {})
  await Promise.all(all.map(socket => once(socket, 'connect')))
  half.write('GET /metrics HTTP/1.1\r\nhost:')
  kept.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n')
  await once(kept, 'data')
  const closed = Promise.all(all.map(socket => { socket.resume(); return soon(socket, 'close') }))
  const stopped = Promise.all([server.stop(), server.stop()])
  await closed
  await stopped
  const restarted = await server.start()
  assert.is((await fetch(url(restarted, '/livez'))).status, 200)
  await server.stop()
})

test('stop while starting leaves nothing open', async () => {
  const { server } = open()
  const starting = server.start()
  await server.stop()
  const at = await starting
  const socket = connect(at.port, at.host)
  const [error] = await once(socket, 'error') as [NodeJS.ErrnoException]
  assert.is(error.code, 'ECONNREFUSED')
})

test('an address in use is a clear error, and another try may succeed', async () => {
  const first = open().server
  const at = await first.start()
  const second = open({ port: at.port }).server
  try {
    await second.start()
    assert.unreachable()
  } catch (error) {
    assert.match((error as Error).message, /^telemetry endpoint cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE/)
  }
  await second.stop()
  await first.stop()
  assert.is((await second.start()).port, at.port)
  await second.stop()
})

const garbage: [string, string | Buffer, RegExp][] = [
  ['no HTTP at all', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex'), /^HTTP\/1\.1 400 /],
  ['an unknown method', 'FROB /metrics HTTP/1.1\r\nhost: x\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a wrong version', 'GET / HTTP/9.9\r\nhost: x\r\n\r\n', /^HTTP\/1\.1 (400|505) /],
  ['no host', 'GET /metrics HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['NUL in the path', 'GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a path of 1 MB', `GET /${'a'.repeat(1 << 20)} HTTP/1.1\r\nhost: x\r\n\r\n`, /^(HTTP\/1\.1 431 |$)/],
  ['headers of 1 MB', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(1 << 20)}\r\n\r\n`, /^(HTTP\/1\.1 431 |$)/],
  ['content length and chunks at once', 'GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a negative length', 'GET / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['broken chunks', 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', /^HTTP\/1\.1 (400|405) /],
  ['a path that climbs', 'GET /../../etc/passwd HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', /^HTTP\/1\.1 404 /],
  ['a proxy request', 'GET http://other/metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', /^HTTP\/1\.1 404 /],
  ['a tunnel', 'CONNECT other:443 HTTP/1.1\r\nhost: x\r\n\r\n', /^(HTTP\/1\.1 4\d\d |$)/],
  ['an upgrade', 'GET /livez HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n', /^(HTTP\/1\.1 200 |$)/]
]

test('requests that are no requests get an answer of HTTP\'s own kind and end the connection', async () => {
  const { server } = open()
  const at = await server.start()
  try {
    for (const [name, bytes, expected] of garbage) assert.match(await raw(at, bytes), expected, name)
    assert.is((await fetch(url(at, '/livez'))).status, 200)
  } finally {
    await server.stop()
  }
})

test('slow and half-open clients are cut off in time, and others are served meanwhile', async () => {
  const { server } = open({ timeoutMs: 300 })
  const at = await server.start()
  const sockets: Socket[] = []
  try {
    for (let i = 0; i < 30; i++) {
      const socket = connect({ port: at.port, host: at.host, allowHalfOpen: true })
      socket.on('error', () => {})
      socket.resume()
      await once(socket, 'connect')
      if (i % 3 === 0) socket.write('GET /metrics HTTP/1.1\r\n')
      if (i % 3 === 1) socket.end('GET /met')
      sockets.push(socket)
    }
    assert.is((await fetch(url(at, '/livez'), { headers: { connection: 'close' } })).status, 200)
    await Promise.all(sockets.map(socket => socket.readableEnded || socket.destroyed ? undefined : once(socket, 'end').catch(() => {})))
    assert.is((await fetch(url(at, '/livez'), { headers: { connection: 'close' } })).status, 200)
  } finally {
    for (const socket of sockets) socket.destroy()
    await server.stop()
  }
})

test('a body without end is cut off in time', async () => {
  const { server } = open({ timeoutMs: 300 })
  const at = await server.start()
  try {
    const socket = connect(at.port, at.host)
    socket.on('error', () => {})
    socket.resume()
    const closed = soon(socket, 'close')
    socket.write('POST /metrics HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n')
    const drip = setInterval(() => { if (!socket.destroyed) socket.write('1\r\nx\r\n') }, 10)
    await closed
    clearInterval(drip)
    assert.is((await fetch(url(at, '/livez'))).status, 200)
  } finally {
    await server.stop()
  }
})

test('random bytes and mutated requests never take the server down', async () => {
  const { server } = open({ timeoutMs: 500 })
  const at = await server.start()
  let seed = 7
  const random = (n: number): number => { seed = (seed * 16807) % 2147483647; return seed % n }
  const rounds = process.env['TAPIO_TEST_LONG'] === '1' ? 5000 : 300
  try {
    const good = 'GET /metrics HTTP/1.1\r\nhost: x\r\naccept: */*\r\nconnection: close\r\n\r\n'
    const one = async (): Promise<void> => {
      const bytes = Buffer.from(good)
      for (let i = random(6); i >= 0; i--) bytes[random(bytes.length)] = random(256)
      const socket = connect(at.port, at.host)
      socket.on('error', () => {})
      socket.resume()
      socket.end(bytes.subarray(0, random(bytes.length) + 1))
      await soon(socket, 'close')
    }
    for (let i = 0; i < rounds; i += 20) await Promise.all(Array.from({ length: 20 }, one))
    assert.is(await (await fetch(url(at, '/metrics'))).text(), 'tapio_x 1\n')
  } finally {
    await server.stop()
  }
})

test.run()
