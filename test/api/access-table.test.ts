/**
 * Scenario: every method of the API, over gRPC and over REST, called by everybody there may be: without anything, with a token nobody
 * has, with tokens of each scope, with certificates of the right and of another authority. Guarantees: who may call what is what
 * access-table.txt says (`TAPIO_UPDATE_GOLDEN=1` writes it anew, to be read before it is committed), and both ways agree.
 * Does not show: what the methods answer; "in" is any answer that a method itself gives.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { create, type DescMethod, type Message } from '@bufbuild/protobuf'
import { Client, credentials, Metadata, status, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CollectorService } from '../../core/api/gen/tapio/v1/collector_service_pb.js'
import { CorrelationService } from '../../core/api/gen/tapio/v1/correlation_service_pb.js'
import { EventService } from '../../core/api/gen/tapio/v1/event_service_pb.js'
import { TapioService } from '../../core/api/gen/tapio/v1/tapio_service_pb.js'
import type { ApiConfig } from '../../core/api/config.js'
import { scopeOf } from '../../core/api/dispatch.js'
import { methodDefinition } from '../../core/api/grpc/definition.js'
import { bindingsOf } from '../../core/api/http/bindings.js'
import { ApiServer } from '../../core/api/server.js'
import { StoreHost } from '../../core/api/store-host.js'
import { systemClock } from '../../core/component/clock.js'
import { TestAuthority, type Issued } from '../../core/net/testing/certificates.js'
import { openStore } from '../../core/store/open.js'
import { silentLogger } from '../../core/testing/services.js'

const test = suite('api: access table')
const golden = join(fileURLToPath(import.meta.url), '..', '..', '..', '..', 'test', 'api', 'access-table.txt')
const services = [TapioService, EventService, CorrelationService, CollectorService]

interface CallerCase { readonly name: string, readonly token?: string, readonly certificate: Issued | undefined }
interface Reached { readonly grpc: string, readonly http: string, readonly ca: string }

const tokens = { read: 'read-token-0123456789', write: 'write-token-0123456789', admin: 'admin-token-0123456789' }

async function serving (act: (at: Reached, callers: readonly CallerCase[]) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tapio-access-table-'))
  const [ours, others] = [await TestAuthority.create(folder), await TestAuthority.create(folder, 'other-ca')]
  const server = await ours.issue('server')
  const [guest, node, stranger] = [await ours.issue('guest'), await ours.issue('node-1'), await others.issue('stranger')]
  const directory = join(folder, 'store')
  await (await openStore(directory)).close()
  const config: ApiConfig = {
    grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: '127.0.0.1:0' },
    tls: { cert_file: server.certFile, key_file: server.keyFile, client_ca_file: ours.caFile, min_version: '1.2', reload_interval: 60_000 },
    auth: {
      tokens: Object.entries(tokens).map(([scope, token]) => ({ name: scope, token, scope: scope as keyof typeof tokens })),
      client_certificates: [{ name: 'node-1', scope: 'write' }], reload_interval: 60_000
    },
    rate_limit: { requests_per_second: 0, burst: 1 }, cors: { allowed_origins: [] }, allowed_hosts: [], audit_log: join(folder, 'audit.log'),
    max_request_bytes: 1 << 20, max_streams_per_client: 10, max_connections: 100
  }
  const host = new StoreHost(systemClock, silentLogger)
  const api = new ApiServer({ config, host, store: directory, catalog: [], meter: host.meter, logger: silentLogger, clock: systemClock, onTrouble: () => undefined })
  try {
    const { grpc, http } = await api.start()
    await act({ grpc, http, ca: ours.caFile }, [
      { name: 'no token', certificate: guest }, { name: 'wrong token', token: 'nobody-has-this-token', certificate: guest },
      { name: 'read', token: tokens.read, certificate: guest }, { name: 'write', token: tokens.write, certificate: guest }, { name: 'admin', token: tokens.admin, certificate: guest },
      { name: 'cert (write)', certificate: node }, { name: 'other CA', token: tokens.admin, certificate: stranger }, { name: 'no cert', token: tokens.admin, certificate: undefined }
    ])
  } finally {
    await api.stop({ signal: AbortSignal.timeout(1000), atMs: performance.now() + 1000 })
    await rm(folder, { recursive: true })
  }
}

/** As words of the table: what the gate said, `in` when it let the call through, `no TLS` when there was no connection. */
const outcomes: Readonly<Record<string, string>> = { UNAUTHENTICATED: 'who?', PERMISSION_DENIED: 'denied' }
const inside = (code: string): string => outcomes[code] ?? 'in'

async function overGrpc (method: DescMethod, client: Client, { token }: CallerCase): Promise<string> {
  const metadata = new Metadata()
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`)
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
  const message = create(method.input)
  const deadline = { deadline: Date.now() + 30_000 }
  return await new Promise<string>(resolve => {
    const ended = (error: Pick<ServiceError, 'code' | 'details'> | null): void => resolve(error === null ? 'in' : error.code === status.UNAVAILABLE ? 'no TLS' : inside(status[error.code] ?? ''))
    if (method.methodKind === 'unary') { client.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, metadata, deadline, ended); return }
    const bothWays = method.methodKind === 'bidi_streaming' ? client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata, deadline) : undefined
    const call: ClientReadableStream<Message> = bothWays ?? client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, message, metadata, deadline)
    // Who is let in is told so at once, also when there is nothing to say yet; who is not, ends.
    let answered = false
    call.on('metadata', () => { setImmediate(() => { if (!answered) call.cancel() }) }).on('data', () => undefined)
      .on('error', () => undefined).on('status', (end: ServiceError) => { answered = true; ended(end.code === status.OK || end.code === status.CANCELLED ? null : end) })
    bothWays?.end()
  })
}

async function overHttp (method: DescMethod, base: string, tls: object, { token }: CallerCase): Promise<string> {
  const [binding] = bindingsOf([method.parent]).filter(b => b.method === method)
  assert.ok(binding, `${method.name} has a form in REST`)
  const { verb, body, template } = binding
  const path = template.text.replaceAll(/\{[^}]+\}/g, '0'.repeat(32))
  return await new Promise<string>(resolve => {
    const sent = request(`${base}${path}`, { ...tls, method: verb, agent: false, headers: { ...(body && { 'content-type': method.methodKind === 'bidi_streaming' ? 'application/x-ndjson' : 'application/json' }), ...(token !== undefined && { authorization: `Bearer ${token}` }) } }, response => {
      const { statusCode = 0 } = response
      response.on('error', () => undefined)
      sent.destroy()
      resolve(statusCode === 401 ? 'who?' : statusCode === 403 ? 'denied' : 'in')
    })
    sent.on('error', () => resolve('no TLS'))
    sent.end(body ? '{}' : undefined)
  })
}

test('who may call what', async () => {
  const rows: string[][] = []
  await serving(async ({ grpc, http, ca }, callers) => {
    const read = async (path: string | undefined): Promise<Buffer | null> => path === undefined ? null : await readFile(path)
    rows.push(['method', 'needs', ...callers.map(c => c.name)])
    const columns: string[][] = []
    for (const caller of callers) {
      const [root, key, cert] = [await read(ca), await read(caller.certificate?.keyFile), await read(caller.certificate?.certFile)]
      const client = new Client(grpc, credentials.createSsl(root, key, cert))
      const tls = { ca: root as Buffer, ...(key !== null && cert !== null && { key, cert }) }
      const column: string[] = []
      for (const method of services.flatMap(s => s.methods)) {
        const [one, other] = [await overGrpc(method, client, caller), await overHttp(method, http, tls, caller)]
        column.push(one === other ? one : `${one} / ${other}`)
      }
      client.close()
      columns.push(column)
    }
    services.flatMap(s => s.methods).forEach((method, i) => { rows.push([`${method.parent.name}/${method.name}`, scopeOf(method) ?? 'nobody', ...columns.map(column => column[i] as string)]) })
  })
  const widths = (rows[0] as string[]).map((_, i) => Math.max(...rows.map(row => (row[i] as string).length)))
  const text = rows.map(row => row.map((cell, i) => cell.padEnd(widths[i] as number)).join('  ').trimEnd()).join('\n') + '\n'
  console.log(`\n${text}`)
  if (process.env['TAPIO_UPDATE_GOLDEN'] === '1') await writeFile(golden, text)
  assert.is(text, await readFile(golden, 'utf8'))
})

test.run()
