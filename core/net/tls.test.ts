import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { Value } from '@sinclair/typebox/value'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Options } from '../config/schema.js'
import { FakeClock } from '../testing/fake-clock.js'
import { TestAuthority } from './testing/certificates.js'
import { Certificates, clientOptions, serverOptions, tlsClient, tlsServer, type TlsClientConfig, type TlsServerConfig } from './tls.js'
import { silentLogger } from '../testing/services.js'

const folder = mkdtempSync(join(tmpdir(), 'tapio-tls-'))
const authority = await TestAuthority.create(folder)
const other = await TestAuthority.create(folder, 'other-ca')
const first = await authority.issue('first')
const second = await authority.issue('second')
const client = await authority.issue('client')
const stranger = await other.issue('stranger')

const serverConfig = (config: object): TlsServerConfig => Value.Default(tlsServer, config) as TlsServerConfig
const clientConfig = (config: object): TlsClientConfig => Value.Default(Options(tlsClient), config) as TlsClientConfig

async function serve (config: TlsServerConfig, clock = new FakeClock()): Promise<{ server: Server, port: number, certificates: Certificates }> {
  const server = createServer({ ...serverOptions(config) }, socket => { socket.on('error', () => {}); socket.end('hello') })
  const certificates = Certificates.ofServer(config, clock, silentLogger, options => server.setSecureContext(options))
  server.setSecureContext(certificates.options)
  server.on('tlsClientError', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port, certificates }
}

/** What the server said and its certificate's name, or the error's code. */
function call (port: number, config: TlsClientConfig): Promise<{ said: string, name: string }> {
  const certificates = Certificates.ofClient(config, new FakeClock(), silentLogger)
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', secureContext: certificates.context, ...clientOptions(config) })
    let said = ''
    let name = ''
    socket.on('secureConnect', () => { name = String(socket.getPeerCertificate().subject?.CN) })
    socket.on('data', data => { said += data }).on('end', () => said === '' ? reject(new Error('alert, or closed without a word')) : resolve({ said, name })).on('error', reject)
  }).finally(() => certificates.close()) as Promise<{ said: string, name: string }>
}

async function refusedWith (pattern: RegExp, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    assert.match(`${(error as NodeJS.ErrnoException).code} ${(error as Error).message}`, pattern)
    return
  }
  assert.unreachable('it was let in')
}

const test = suite('tls')
const servers: Server[] = []
test.after(() => {
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true })
})

test('a client that trusts the authority gets in, one that does not turns away', async () => {
  const { server, port, certificates } = await serve(serverConfig({ cert_file: first.certFile, key_file: first.keyFile }))
  servers.push(server)
  assert.equal(await call(port, clientConfig({ ca_file: authority.caFile })), { said: 'hello', name: 'first' })
  await refusedWith(/UNABLE_TO_VERIFY|SELF_SIGNED|unable to/, call(port, clientConfig({ ca_file: other.caFile })))
  await refusedWith(/UNABLE_TO_VERIFY|unable to/, call(port, clientConfig({})))
  assert.is((await call(port, clientConfig({ insecure_skip_verify: true }))).said, 'hello')
  await refusedWith(/ALTNAME/, call(port, clientConfig({ ca_file: authority.caFile, server_name_override: 'elsewhere.example' })))
  certificates.close()
})

test('with client_ca_file only its clients get in', async () => {
  const { server, port, certificates } = await serve(serverConfig({ cert_file: first.certFile, key_file: first.keyFile, client_ca_file: authority.caFile }))
  servers.push(server)
  const ca_file = authority.caFile
  assert.is((await call(port, clientConfig({ ca_file, cert_file: client.certFile, key_file: client.keyFile }))).said, 'hello')
  await refusedWith(/ECONNRESET|alert|ALERT/, call(port, clientConfig({ ca_file })))
  await refusedWith(/ECONNRESET|alert|ALERT/, call(port, clientConfig({ ca_file, cert_file: stranger.certFile, key_file: stranger.keyFile })))
  certificates.close()
})

test('a changed certificate serves new connections; a broken one changes nothing', async () => {
  const clock = new FakeClock()
  const certFile = join(folder, 'live.crt')
  const keyFile = join(folder, 'live.key')
  const use = (from: { certFile: string, keyFile: string }): void => { copyFileSync(from.certFile, certFile); copyFileSync(from.keyFile, keyFile) }
  use(first)
  const { server, port, certificates } = await serve(serverConfig({ cert_file: certFile, key_file: keyFile, reload_interval: 1000 }), clock)
  servers.push(server)
  const name = async (): Promise<string> => (await call(port, clientConfig({ ca_file: authority.caFile }))).name
  assert.is(await name(), 'first')
  use(second)
  await clock.advance(1000)
  assert.is(await name(), 'second')
  writeFileSync(certFile, 'half a certif')
  await clock.advance(1000)
  assert.is(await name(), 'second')
  use(first)
  await clock.advance(1000)
  assert.is(await name(), 'first')
  certificates.close()
})

test('a file that is missing or is none is named', () => {
  const make = (config: object): void => { Certificates.ofServer(serverConfig(config), new FakeClock(), silentLogger, () => {}) }
  assert.throws(() => make({ cert_file: join(folder, 'nothing.crt'), key_file: first.keyFile }), /cert_file ".*nothing\.crt" cannot be read/)
  assert.throws(() => make({ cert_file: first.keyFile, key_file: first.keyFile }), /first\.key.* cannot be used/)
  assert.throws(() => make({ cert_file: first.certFile, key_file: second.keyFile }), /cannot be used/)
})

test.run()
