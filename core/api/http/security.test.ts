/**
 * Scenario: requests by names this server does not have, from pages of others, over TLS, and bytes that are no HTTP.
 * Guarantees: no page of a stranger reads or changes anything; every answer has the headers that keep it so; garbage is answered or dropped, and the server lives.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { request as secureRequest } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Value } from '@sinclair/typebox/value'
import { TestAuthority } from '../../net/testing/certificates.js'
import { tlsServer, type TlsServerConfig } from '../../net/tls.js'
import { Hosts, isOwnOrigin } from './hosts.js'
import { ask, post, startForTest, type TestMethods } from './server-for-test.js'

const batch = { events: [{ name: 'a' }] }
const methods: TestMethods = { 'EventService.getEvents': () => Promise.resolve({}), 'EventService.submitEventBatch': () => Promise.resolve({}), 'CollectorService.unregisterCollector': () => Promise.resolve({}) }
const server = await startForTest(methods)
const { port } = server
const folder = mkdtempSync(join(tmpdir(), 'tapio-api-'))

const hosts = (endpoint: string, allowed: readonly string[], host: string | undefined): boolean => {
  const at = endpoint.lastIndexOf(':')
  try {
    new Hosts(endpoint === 'unix' ? { kind: 'unix', path: '/x' } : { kind: 'tcp', host: endpoint.slice(0, at), port: Number(endpoint.slice(at + 1)) }, allowed).check(host)
    return true
  } catch { return false }
}

test('a host is loopback, the bound one, or an allowed one', () => {
  const local = '127.0.0.1:8080'
  for (const host of ['localhost', 'localhost:8080', 'LOCALHOST:1', 'tapio.localhost:8080', '127.0.0.1:8080', '127.8.8.8', '[::1]:8080', '[::1]']) assert.ok(hosts(local, [], host), host)
  for (const host of ['evil.example', 'evil.example:8080', 'localhost.evil.example', '127.0.0.1.nip.io', '10.0.0.1:8080', '', undefined, '[::2]', 'a@localhost', 'localhost:8080:1', 'xlocalhost', '127.0.0.1,evil']) assert.not.ok(hosts(local, [], host), host)
  assert.ok(hosts('10.0.0.5:8080', [], '10.0.0.5:8080'))
  assert.not.ok(hosts('10.0.0.5:8080', [], '10.0.0.6:8080'))
  assert.ok(hosts('0.0.0.0:8080', [], '10.1.2.3:8080'))
  assert.not.ok(hosts('0.0.0.0:8080', [], 'tapio.example:8080'))
  assert.ok(hosts('0.0.0.0:8080', ['Tapio.example'], 'tapio.example:8080'))
  assert.ok(hosts('0.0.0.0:8080', ['tapio.example:8443'], 'tapio.example:8443'))
  assert.not.ok(hosts('0.0.0.0:8080', ['tapio.example:8443'], 'tapio.example:8080'))
  assert.ok(hosts('unix', [], 'whatever'))
  assert.ok(isOwnOrigin('http://localhost:8080', 'LOCALHOST:8080'))
  assert.ok(isOwnOrigin('https://tapio.example', 'tapio.example'))
  for (const origin of ['null', 'http://localhost:8081', 'http://evil', '', 'http://localhost:8080.evil']) assert.not.ok(isOwnOrigin(origin, 'localhost:8080'), origin)
})

test('a name that was bound to this address reads nothing', async () => {
  for (const path of ['/v1/events', '/', '/openapi.json', '/v1/health']) {
    const answered = await ask(port, path, { headers: { host: `evil.example:${port}` } })
    assert.equal([answered.status, answered.headers['content-type']], [421, 'application/problem+json'])
  }
  assert.is((await ask(port, '/v1/events', { headers: { host: `localhost:${port}` } })).status, 200)
})

test('a page of another server changes nothing', async () => {
  const own = `http://127.0.0.1:${port}`
  assert.is((await post(port, '/v1/events:batch', batch)).status, 200)
  assert.is((await post(port, '/v1/events:batch', batch, { origin: own })).status, 200)
  for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${port + 1}`]) {
    assert.is((await post(port, '/v1/events:batch', batch, { origin })).status, 403, origin)
    assert.is((await ask(port, '/v1/collectors/a', { method: 'DELETE', headers: { origin } })).status, 403, origin)
    assert.is((await ask(port, '/v1/collectors:heartbeat', { method: 'POST', headers: { origin, 'content-type': 'application/x-ndjson' } })).status, 403, origin)
  }
  // What a form can send.
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    assert.is((await ask(port, '/v1/events:batch', { method: 'POST', headers: { 'content-type': type }, body: JSON.stringify(batch) })).status, 415, type)
  }
})

test('without CORS no answer is for a page of another server; with it only for those that are listed', async () => {
  const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }
  const origin = 'https://grafana.example'
  const off = await ask(port, '/v1/events:batch', { method: 'OPTIONS', headers: { origin, ...preflight } })
  assert.equal([off.status, Object.keys(off.headers).filter(h => h.startsWith('access-control'))], [204, []])
  assert.is((await ask(port, '/v1/events', { headers: { origin } })).headers['access-control-allow-origin'], undefined)
  const open = await startForTest(methods, { options: { allowedOrigins: [origin] } })
  const on = await ask(open.port, '/v1/events:batch', { method: 'OPTIONS', headers: { origin, ...preflight } })
  assert.is(on.headers['access-control-allow-origin'], origin)
  assert.is(on.headers['access-control-allow-methods'], 'POST, OPTIONS')
  assert.match(String(on.headers['access-control-allow-headers']), /authorization, content-type/)
  const got = await ask(open.port, '/v1/events', { headers: { origin } })
  assert.equal([got.headers['access-control-allow-origin'], got.headers['vary'], got.headers['access-control-allow-credentials']], [origin, 'Origin, Accept-Encoding', undefined])
  assert.is((await post(open.port, '/v1/events:batch', batch, { origin })).status, 200)
  assert.is((await post(open.port, '/v1/events:batch', batch, { origin: 'https://evil.example' })).status, 403)
  assert.is((await ask(open.port, '/v1/events', { headers: { origin: 'https://evil.example' } })).headers['access-control-allow-origin'], undefined)
  await open.stop()
})

test('every answer says how it may be used', async () => {
  for (const path of ['/v1/events', '/v1/nothing', '/openapi.json', '/nothing']) {
    const { headers } = await ask(port, path)
    assert.match(String(headers['content-security-policy']), /^default-src 'self';.* frame-ancestors 'none'$/, path)
    assert.not.match(String(headers['content-security-policy']), /unsafe|\*/)
    assert.equal([headers['x-content-type-options'], headers['referrer-policy'], headers['x-frame-options']], ['nosniff', 'no-referrer', 'DENY'], path)
    assert.is(headers['strict-transport-security'], undefined)
  }
  assert.is((await ask(port, '/v1/events')).headers['cache-control'], 'no-store')
})

test('a proxy or a tunnel it is not', async () => {
  assert.is((await ask(port, 'http://evil.example/v1/events')).status, 400)
  assert.is((await ask(port, '*', { method: 'OPTIONS' })).status, 204)
  assert.is((await ask(port, '/v1/events', { method: 'TRACE' })).status, 405)
  assert.is((await ask(port, '/v1/events', { headers: { connection: 'upgrade', upgrade: 'websocket' } })).status, 200)
})

test('with TLS the name of the client\'s certificate is who it is', async () => {
  const authority = await TestAuthority.create(folder)
  const other = await TestAuthority.create(folder, 'other-ca')
  const [own, client, stranger] = [await authority.issue('server'), await authority.issue('robot'), await other.issue('stranger')]
  const tls = Value.Default(tlsServer, { cert_file: own.certFile, key_file: own.keyFile, client_ca_file: authority.caFile }) as TlsServerConfig
  const secured = await startForTest(methods, { options: { tls } })
  const call = (files?: { certFile: string, keyFile: string }): Promise<{ status?: number, hsts?: string }> => new Promise((resolve, reject) => {
    secureRequest({
      port: secured.port, host: '127.0.0.1', path: '/v1/events', agent: false, ca: readFileSync(authority.caFile),
      ...files === undefined ? {} : { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) }
    }, response => { response.resume(); resolve({ status: response.statusCode as number, hsts: response.headers['strict-transport-security'] as string }) }).on('error', reject).end()
  })
  assert.equal(await call(client), { status: 200, hsts: 'max-age=31536000' })
  assert.equal(secured.shown, [{ authorization: undefined, certificateName: 'robot', address: '127.0.0.1' }])
  for (const files of [undefined, stranger]) {
    let failed = false
    await call(files).catch(() => { failed = true })
    assert.ok(failed)
  }
  await secured.stop()
})

/** What the server says to these bytes until it ends the connection. */
function raw (bytes: string | Buffer, at = port): Promise<string> {
  return new Promise(resolve => {
    const socket = connect(at, '127.0.0.1')
    let said = ''
    socket.on('data', chunk => { said += String(chunk) }).on('error', () => {}).on('close', () => resolve(said))
    socket.write(bytes)
  })
}

test('what is not HTTP is a problem too', async () => {
  assert.match(await raw('hello\r\n\r\n'), /^HTTP\/1\.1 400 [^\r]+\r\ncontent-type: application\/problem\+json/)
  assert.match(await raw(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
  assert.match(await raw('GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(await raw('POST /v1/events:batch HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(await raw(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00])), /^HTTP\/1\.1 400 /)
})

test('what reached no method is counted by its status', async () => {
  const refused: number[] = []
  const counted = await startForTest(methods, { options: { refused: status => { refused.push(status) }, limits: { maxConnections: 1 } } })
  await ask(counted.port, '/v1/nothing')
  await ask(counted.port, '/v1/events', { headers: { host: 'evil.example' } })
  await raw('hello\r\n\r\n', counted.port)
  await ask(counted.port, '/v1/events/x')
  assert.equal(refused, [404, 421, 400])
  const held = connect(counted.port, '127.0.0.1')
  await new Promise(resolve => held.on('connect', resolve))
  assert.is(await raw('GET / HTTP/1.1\r\n', counted.port), '')
  assert.equal(refused, [404, 421, 400, 0])
  held.destroy()
  await counted.stop()
})

test('a head that comes too slowly ends the connection', async () => {
  const slow = await startForTest(methods, { options: { limits: { headTimeoutMs: 200 } } })
  assert.match(await raw('GET /v1/events HTTP/1.1\r\nhost: loc', slow.port), /^HTTP\/1\.1 408 /)
  await slow.stop()
})

test.after(async () => { await server.stop(); rmSync(folder, { recursive: true }) })
test.run()
