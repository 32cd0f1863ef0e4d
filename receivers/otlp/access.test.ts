/**
 * Scenario: both listeners behind TLS, mutual TLS, credentials and unix sockets.
 * Guarantees: who has no right to come in does not, is told so in its protocol's words, and is counted; certificates change under way.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import http2, { type ClientHttp2Session } from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import grpc from '@grpc/grpc-js'
import { TestAuthority } from '../../core/net/testing/certificates.js'
import { decodeStatus } from '../../core/otlp/responses.js'
import { signalFacts } from '../../core/otlp/signals.js'
import { post, until } from '../../core/otlp/testing/harness.js'
import { parseOptions } from '../../core/config/options.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { factory } from './factory.js'
import { originOf } from './origins.js'
import { connect, framed, rawCall, spans } from './raw-call-for-test.js'
import { startReceiver, withReceiver, type Started } from './start-for-test.js'

const folder = mkdtempSync(join(tmpdir(), 'tapio-otlp-'))
const authority = await TestAuthority.create(folder)
const stranger = await (await TestAuthority.create(folder, 'other-ca')).issue('stranger')
const [first, second, client] = [await authority.issue('first'), await authority.issue('second'), await authority.issue('client')]
const ca = readFileSync(authority.caFile)

const test = suite('otlp access')
test.after(() => rmSync(folder, { recursive: true }))

const both = (common: object): object => ({ protocols: { grpc: { endpoint: '127.0.0.1:0', ...common }, http: { endpoint: '127.0.0.1:0', ...common } } })
const pem = ({ certFile, keyFile }: { certFile: string, keyFile: string }): { cert: Buffer, key: Buffer } => ({ cert: readFileSync(certFile), key: readFileSync(keyFile) })

/** Status code, or the error's. */
function securePost (r: Started, options: https.RequestOptions = {}): Promise<number | string> {
  return new Promise(resolve => {
    const request = https.request({ port: r.httpPort, host: 'localhost', path: '/v1/traces', method: 'POST', ca, agent: false, headers: { 'content-type': 'application/x-protobuf' }, ...options }, answer => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
    })
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message)).end(spans(1))
  })
}

function secureSession (r: Started, options: tls.ConnectionOptions = {}): ClientHttp2Session {
  return http2.connect(`https://localhost:${r.grpcPort}`, { ca, ...options }).on('error', () => {})
}

const cannot = (status: number | string | undefined): void => assert.type(status, 'string', `got in: ${status}`)

test('both listeners speak TLS, with the official client too, and nothing else', async () => {
  await withReceiver(both({ tls: { cert_file: first.certFile, key_file: first.keyFile, min_version: '1.3', reload_interval: 10_000 } }), async r => {
    assert.is(await securePost(r), 200)
    const official = new grpc.Client(`localhost:${r.grpcPort}`, grpc.credentials.createSsl(ca))
    await new Promise<void>((resolve, reject) => {
      official.makeUnaryRequest(signalFacts.traces.grpcPath, (b: Buffer) => b, (b: Buffer) => b, spans(1), error => { official.close(); if (error === null) resolve(); else reject(error) })
    })
    cannot(await securePost(r, { maxVersion: 'TLSv1.2' }))
    cannot(await securePost(r, { ca: [] }))
    await new Promise(resolve => net.connect(r.httpPort, '127.0.0.1').on('close', resolve).on('error', () => {}).resume().end('POST /v1/traces HTTP/1.1\r\n\r\n'))
    await new Promise(resolve => net.connect(r.grpcPort, '127.0.0.1').on('close', resolve).on('error', () => {}).resume().end('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))
    await until(() => (r.meter.values.get('otlp_receiver_closed_connections{reason="tls",transport="grpc"}') ?? 0) > 0, 'counted')
    assert.ok((r.meter.values.get('otlp_receiver_closed_connections{reason="tls",transport="http"}') ?? 0) > 0)
    assert.is(r.next.rows, 2)
  })
})

test('with client_ca_file only clients of that authority come in', async () => {
  await withReceiver(both({ tls: { cert_file: first.certFile, key_file: first.keyFile, client_ca_file: authority.caFile, min_version: '1.2', reload_interval: 10_000 } }), async r => {
    assert.is(await securePost(r, pem(client)), 200)
    cannot(await securePost(r))
    cannot(await securePost(r, pem(stranger)))
    const session = secureSession(r, pem(client))
    assert.is((await rawCall(session, [framed(spans(1))])).status, 0)
    session.destroy()
    const refused = secureSession(r, pem(stranger))
    assert.ok(Number.isNaN((await rawCall(refused, [framed(spans(1))])).status))
    refused.destroy()
    assert.is(r.next.rows, 2)
  })
})

test('a changed certificate serves new connections while open ones go on', async () => {
  const files = { cert_file: join(folder, 'live.crt'), key_file: join(folder, 'live.key') }
  const use = (issued: typeof first): void => { copyFileSync(issued.certFile, files.cert_file); copyFileSync(issued.keyFile, files.key_file) }
  use(first)
  const clock = new FakeClock()
  await withReceiver(both({ tls: { ...files, min_version: '1.2', reload_interval: 1000 } }), async r => {
    const nameOn = (session: ClientHttp2Session): string => String((session.socket as tls.TLSSocket).getPeerCertificate().subject?.CN)
    const open = secureSession(r)
    assert.is((await rawCall(open, [framed(spans(1))])).status, 0)
    assert.is(nameOn(open), 'first')
    use(second)
    await clock.advance(1000)
    const fresh = secureSession(r)
    assert.is((await rawCall(fresh, [framed(spans(1))])).status, 0)
    assert.is(nameOn(fresh), 'second')
    assert.is((await rawCall(open, [framed(spans(1))])).status, 0, 'the open connection goes on')
    let name = ''
    await new Promise<void>(resolve => {
      const socket: tls.TLSSocket = tls.connect({ port: r.httpPort, host: 'localhost', ca }, () => { name = String(socket.getPeerCertificate().subject?.CN); socket.end(); resolve() })
    })
    assert.is(name, 'second')
    open.destroy()
    fresh.destroy()
  }, clock)
})

test('certificates that cannot be read fail the start and name the file', async () => {
  for (const protocol of ['grpc', 'http']) {
    try {
      await withReceiver({ protocols: { [protocol]: { endpoint: '127.0.0.1:0', tls: { cert_file: '/nowhere/a.crt', key_file: first.keyFile, min_version: '1.2', reload_interval: 1000 } } } }, async () => {})
      assert.unreachable()
    } catch (error) {
      assert.match((error as Error).message, /\/nowhere\/a\.crt/)
    }
  }
})

const auth = { bearer_tokens: ['s3cret'], basic: { ann: 'pass' }, reload_interval: 10_000 }
const basic = `Basic ${Buffer.from('ann:pass').toString('base64')}`

test('without credentials: 401 with a challenge, or UNAUTHENTICATED, in the request\'s words', async () => {
  await withReceiver(both({ auth }), async r => {
    for (const authorization of ['Bearer wrong', 'Bearer', basic.slice(0, -2), '']) {
      const reply = await post(r.httpPort, '/v1/traces', spans(1), authorization === '' ? {} : { authorization })
      assert.equal([reply.code, reply.headers['www-authenticate']], [401, 'Bearer realm="tapio", Basic realm="tapio"'], authorization)
      assert.is(decodeStatus(reply.body)?.code, 16)
    }
    const asJson = await post(r.httpPort, '/v1/logs', '{}', { 'content-type': 'application/json' })
    assert.equal([asJson.code, (JSON.parse(asJson.body.toString()) as { code: number }).code], [401, 16])
    const session = connect(r.grpcPort)
    const refusedCall = await rawCall(session, [framed(spans(1))], { authorization: 'Bearer wrong' })
    assert.equal([refusedCall.status, refusedCall.details?.code, refusedCall.trailersOnly], [16, 16, true])
    for (const authorization of ['Bearer s3cret', 'bearer s3cret', basic]) {
      assert.is((await post(r.httpPort, '/v1/traces', spans(1), { authorization })).code, 200)
      assert.is((await rawCall(session, [framed(spans(1))], { authorization })).status, 0)
    }
    session.destroy()
    assert.equal([r.counted({ outcome: 'unauthenticated' }), r.next.rows, r.receiver.gate.requests], [6, 6, 0])
  })
})

test('unix sockets serve both protocols and are gone afterwards', async () => {
  const path = (name: string): string => join(folder, `${name}.sock`)
  await withReceiver({ protocols: { grpc: { endpoint: `unix://${path('g')}` }, http: { endpoint: `unix://${path('h')}` } } }, async r => {
    const code = await new Promise(resolve => {
      http.request({ socketPath: path('h'), path: '/v1/traces', method: 'POST', headers: { 'content-type': 'application/x-protobuf' } }, answer => { answer.resume(); resolve(answer.statusCode) }).end(spans(1))
    })
    assert.is(code, 200)
    const official = new grpc.Client(`unix:${path('g')}`, grpc.credentials.createInsecure())
    await new Promise<void>((resolve, reject) => {
      official.makeUnaryRequest(signalFacts.traces.grpcPath, (b: Buffer) => b, (b: Buffer) => b, spans(1), error => { official.close(); if (error === null) resolve(); else reject(error) })
    })
    assert.is(r.next.rows, 2)
  })
  for (const name of ['g', 'h']) assert.not(await new Promise(resolve => { net.connect(path(name)).on('connect', () => resolve(true)).on('error', () => resolve(false)) }))
})

test('include_metadata keeps address and headers with the batch, never credentials', async () => {
  for (const [include, expected] of [[true, ['x-other', 'x-tenant']], [['X-Tenant'], ['x-tenant']]] as const) {
    await withReceiver(both({ include_metadata: include, auth }), async r => {
      const headers = { authorization: 'Bearer s3cret', cookie: 'id=1', 'x-tenant': 'acme', 'x-other': 'o' }
      await post(r.httpPort, '/v1/traces', spans(1), headers)
      const session = connect(r.grpcPort)
      await rawCall(session, [framed(spans(1))], headers)
      session.destroy()
      for (const { origin } of r.next.batches) {
        assert.is(origin?.address, '127.0.0.1')
        const kept = Object.keys(origin?.metadata ?? {})
        assert.equal(kept.filter(k => k.startsWith('x-')).sort(), expected)
        assert.equal(origin?.metadata?.['x-tenant'], ['acme'])
        assert.not(kept.some(k => k.startsWith(':') || k === 'authorization' || k === 'cookie'))
      }
      assert.is(r.next.rows, 2)
    })
  }
  await withReceiver({}, async r => {
    await post(r.httpPort, '/v1/traces', spans(1))
    assert.is(r.next.batches[0]?.origin, undefined, 'off unless asked for')
  })
})

test('names that every object has are names of headers like others', () => {
  const headers = Object.fromEntries([['__proto__', 'p'], ['x-a', 'a']])
  assert.equal(Object.entries(originOf(true, undefined, headers)?.metadata ?? {}), [['__proto__', ['p']], ['x-a', ['a']]])
  assert.equal(originOf(['constructor', 'x-a'], undefined, headers)?.metadata, { 'x-a': ['a'] })
})

const silentClients = (ports: readonly number[]): Promise<net.Socket[]> => Promise.all(ports.map(port => new Promise<net.Socket>(resolve => { const socket = net.connect(port, '127.0.0.1', () => resolve(socket)).on('error', () => {}).resume() })))

test('clients that never begin TLS are closed after read_timeout and counted, and others come in meanwhile', async () => {
  await withReceiver({ ...both({ tls: { cert_file: first.certFile, key_file: first.keyFile } }), read_timeout: 300 }, async r => {
    const silent = await silentClients(Array.from({ length: 40 }, (_, i) => i % 2 === 0 ? r.grpcPort : r.httpPort))
    assert.is(await securePost(r), 200)
    for (const socket of silent) await until(() => socket.destroyed, 'closed')
    for (const transport of ['grpc', 'http']) assert.is(r.meter.values.get(`otlp_receiver_closed_connections{reason="tls",transport="${transport}"}`), 20)
  })
})

test('clients that connect and never begin TLS do not hold up the end', async () => {
  const r = await startReceiver({ ...both({ tls: { cert_file: first.certFile, key_file: first.keyFile } }), read_timeout: 600_000 })
  const silent = await silentClients([r.grpcPort, r.httpPort])
  await r.stop(100)
  for (const socket of silent) await until(() => socket.destroyed, 'closed')
})

test('options that let nobody in, or would keep credentials, are faults', () => {
  const faults = (config: object): readonly string[] => { const result = parseOptions(factory, config); return result.ok ? [] : result.faults }
  assert.match(faults({ protocols: { http: { auth: {} } } }).join(), /lets nobody in/)
  assert.match(faults({ protocols: { grpc: { include_metadata: ['x-a', 'Authorization'] } } }).join(), /carries credentials/)
  assert.equal(faults({ protocols: { grpc: { include_metadata: true, auth: { bearer_token_file: '/run/tokens' } }, http: { cors: { allowed_origins: ['https://*.shop.example'] } } } }), [])
  assert.ok(faults({ protocols: { http: { cors: { allowed_origins: ['*.*.*'] } } } }).length > 0)
})

test.run()
