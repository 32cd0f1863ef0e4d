/** TLS, tokens, compression and unix sockets, over gRPC and HTTP. Does not show: revocation, other machines. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { decompress, isCompression } from '../../core/net/compression.js'
import { TestAuthority } from '../../core/net/testing/certificates.js'
import type { FakeClock } from '../../core/testing/fake-clock.js'
import { factory } from './factory.js'
import { startExporter } from './start-for-test.js'
import { spans } from './testing.js'

const folder = mkdtempSync(join(tmpdir(), 'tapio-otlp-'))
test.after(() => rmSync(folder, { recursive: true }))

interface Seen { readonly client: string, readonly headers: http.IncomingHttpHeaders, readonly body: Buffer }
interface Server { readonly port: number, readonly seen: Seen[], endConnections(): void, close(): Promise<void> }
type Listener = (request: http.IncomingMessage, response: http.ServerResponse) => void

/** Answers everything with success, and remembers who asked. */
async function listen (protocol: string, tls: https.ServerOptions | undefined, at: number | string = 0): Promise<Server> {
  const seen: Seen[] = []
  const sockets = new Set<{ destroy(): unknown }>()
  const grpc = protocol === 'grpc'
  const answer = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const chunks: Buffer[] = []
    request.on('data', (c: Buffer) => chunks.push(c)).on('end', () => {
      const certificate = tls === undefined ? undefined : (request.socket as TLSSocket).getPeerCertificate()
      seen.push({ client: String(certificate?.subject?.CN ?? ''), headers: request.headers, body: Buffer.concat(chunks) })
      response.writeHead(200, grpc ? { 'content-type': 'application/grpc', 'grpc-status': '0' } : {})
      response.end()
    })
  }
  const h2 = answer as unknown as (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void
  const server = grpc
    ? tls === undefined ? http2.createServer(h2) : http2.createSecureServer({ ...tls }, h2)
    : tls === undefined ? http.createServer(answer as Listener) : https.createServer(tls, answer as Listener)
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: { destroy(): unknown }) => { sockets.add(socket) })
  await new Promise<void>(resolve => server.listen(typeof at === 'string' ? { path: at } : { port: at, host: '127.0.0.1' }, resolve))
  const endConnections = (): void => { for (const socket of sockets) socket.destroy(); sockets.clear() }
  return { port: (server.address() as AddressInfo | string as AddressInfo).port, seen, endConnections, close: () => new Promise(resolve => { server.close(() => resolve()); endConnections() }) }
}

const authority = await TestAuthority.create(folder)
const served = await authority.issue('server')
const serverTls = { cert: readFileSync(served.certFile), key: readFileSync(served.keyFile), ca: readFileSync(authority.caFile), requestCert: true, rejectUnauthorized: true }
const endpointOf = (protocol: string, port: number): string => protocol === 'grpc' ? `localhost:${port}` : `https://localhost:${port}`

for (const protocol of ['grpc', 'http/protobuf']) {
  test(`${protocol}: mTLS, and a renewed certificate is shown on the next connection`, async () => {
    const server = await listen(protocol, serverTls)
    const [first, second] = [await authority.issue('first'), await authority.issue('second')]
    const files = { cert_file: join(folder, 'client.crt'), key_file: join(folder, 'client.key') }
    const install = ({ certFile, keyFile }: { certFile: string, keyFile: string }): void => {
      copyFileSync(certFile, `${files.cert_file}.new`)
      copyFileSync(keyFile, `${files.key_file}.new`)
      renameSync(`${files.cert_file}.new`, files.cert_file)
      renameSync(`${files.key_file}.new`, files.key_file)
    }
    install(first)
    const tls = { insecure: false, insecure_skip_verify: false, ca_file: authority.caFile, ...files, min_version: '1.3', reload_interval: 1000 }
    const e = startExporter({ endpoint: endpointOf(protocol, server.port), protocol, tls })
    e.exporter.start()
    assert.equal(await e.exporter.consume(spans(1)), { status: 'accepted' })
    install(second)
    await (e.clock as FakeClock).advance(1000)
    server.endConnections()
    // The end of the old connection may reach the exporter only with the next request.
    while ((await e.exporter.consume(spans(1))).status === 'retry');
    assert.equal(server.seen.map(s => s.client), ['first', 'second'])
    await e.stop()
    assert.is((e.clock as FakeClock).pending, 0)
    await server.close()
  })

  test(`${protocol}: a server that no authority vouches for is not sent anything, unless checking is off`, async () => {
    const server = await listen(protocol, { ...serverTls, requestCert: false })
    const strict = startExporter({ endpoint: endpointOf(protocol, server.port), protocol, tls: { insecure: false } })
    const outcome = await strict.exporter.consume(spans(1))
    assert.match(outcome.status === 'retry' ? outcome.reason : '', /certificate/)
    assert.is(server.seen.length, 0)
    await strict.stop()
    const named = startExporter({ endpoint: endpointOf(protocol, server.port), protocol, tls: { insecure: false, ca_file: authority.caFile, server_name_override: 'elsewhere' } })
    const misnamed = await named.exporter.consume(spans(1))
    assert.match(misnamed.status === 'retry' ? misnamed.reason : '', /elsewhere/)
    await named.stop()
    const lax = startExporter({ endpoint: endpointOf(protocol, server.port), protocol, tls: { insecure: false, insecure_skip_verify: true } })
    assert.equal(await lax.exporter.consume(spans(1)), { status: 'accepted' })
    await lax.stop()
    await server.close()
  })

  for (const compression of ['none', 'gzip', 'deflate', 'zstd']) {
    test(`${protocol}: compression ${compression}`, async () => {
      const server = await listen(protocol, undefined)
      const e = startExporter({ endpoint: `http://127.0.0.1:${server.port}`, protocol, compression })
      const batch = spans(50, 200)
      assert.equal(await e.exporter.consume(batch), { status: 'accepted' })
      const [seen] = server.seen
      assert.is(seen?.headers[protocol === 'grpc' ? 'grpc-encoding' : 'content-encoding'], compression === 'none' ? undefined : compression)
      const body = protocol === 'grpc' ? seen?.body.subarray(5) : seen?.body
      if (protocol === 'grpc') assert.is(seen?.body[0], compression === 'none' ? 0 : 1)
      const plain = isCompression(compression) ? await decompress(compression, body as Buffer, 1 << 20) : { status: 'ok', body }
      assert.ok(plain.status === 'ok' && 'body' in plain && Buffer.concat(batch.raw.buffers).equals(plain.body as Buffer))
      await e.stop()
      await server.close()
    })
  }

  test(`${protocol}: a unix socket`, async () => {
    const path = join(folder, `${protocol.slice(0, 4)}.sock`)
    const server = await listen(protocol, undefined, path)
    const e = startExporter({ endpoint: `unix://${path}`, protocol })
    assert.equal(await e.exporter.consume(spans(1)), { status: 'accepted' })
    await e.stop()
    await server.close()
  })

  test(`${protocol}: a token from a file, read again when it changes`, async () => {
    const server = await listen(protocol, undefined)
    const path = join(folder, 'token')
    writeFileSync(path, 'one\n')
    const e = startExporter({ endpoint: `http://127.0.0.1:${server.port}`, protocol, auth: { bearer_token_file: path, reload_interval: 1000 } })
    e.exporter.start()
    await e.exporter.consume(spans(1))
    for (const text of ['two-is-longer\n', 'not a token\n']) {
      writeFileSync(path, text)
      await (e.clock as FakeClock).advance(1000)
      await e.exporter.consume(spans(1))
    }
    assert.equal(server.seen.map(s => s.headers.authorization), ['Bearer one', 'Bearer two-is-longer', 'Bearer two-is-longer'])
    assert.ok(e.logger.lines.some(l => l.level === 'warn' && String(l.fields?.['error']).includes('one token')))
    await e.stop()
    await server.close()
  })
}

test('files that cannot be used stop the start, with their name', () => {
  const starting = (config: object) => () => { startExporter({ endpoint: 'localhost:1', ...config }).exporter.start() }
  assert.throws(starting({ tls: { ca_file: '/nowhere/ca.pem' } }), /CA file "\/nowhere\/ca.pem" cannot be read/)
  assert.throws(starting({ auth: { bearer_token_file: '/nowhere/token' } }), /bearer_token_file "\/nowhere\/token" cannot be read/)
})

test('options that cannot work are faults', () => {
  const faults = (config: object): unknown[] => (factory.check?.({ endpoint: 'a:1', protocol: 'grpc', ...config }) ?? []).map(f => f.path.join('.'))
  assert.equal(faults({ tls: { cert_file: 'a' } }), ['tls.cert_file'])
  assert.equal(faults({ tls: { key_file: 'a' } }), ['tls.key_file'])
  assert.equal(faults({ headers: { Connection: 'x', 'grpc-timeout': '1S', 'x y': '1', 'x-tenant': '1', authorization: 'Bearer t\n' } }), ['headers.Connection', 'headers.grpc-timeout', 'headers.x y', 'headers.authorization'])
  assert.equal(faults({ endpoint: 'unix:///run/otlp.sock' }), [])
})

test.run()
