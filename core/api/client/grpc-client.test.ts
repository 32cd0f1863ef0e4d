/**
 * Scenario: calls to servers that answer, refuse, break off or are not there, in plain text and over TLS.
 * Guarantees: answers arrive; streams are pulled and let go of; hints to come back are followed; every failure names the server and what to do.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServerCredentials, status, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TestAuthority } from '../../net/testing/certificates.js'
import { ApiError } from '../call.js'
import type { SubscribeEventsRequest } from '../gen/tapio/v1/event_pb.js'
import { EventService } from '../gen/tapio/v1/event_service_pb.js'
import type { ServerAddress } from './endpoint.js'
import { GrpcClient } from './grpc-client.js'
import { refusal, startServer, type RawServer } from './testing/server.js'

type Unary = (call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>) => void

const test = suite('the gRPC client')
const folder = await mkdtemp(join(tmpdir(), 'tapio-client-'))
const authority = await TestAuthority.create(folder)
const other = await TestAuthority.create(folder, 'other')
const [issued, elsewhere, known, stranger] = [await authority.issue('server'), await authority.issue('elsewhere', ['elsewhere.example']), await authority.issue('person'), await other.issue('stranger')]
const open: (RawServer | GrpcClient)[] = []
test.after.each(async () => { for (const it of open.splice(0).reverse()) { if (it instanceof GrpcClient) await it.close(); else it.stop() } })
test.after(() => rm(folder, { recursive: true }))

async function serve (handlers: Record<string, unknown>, options: Parameters<typeof startServer>[2] = {}): Promise<RawServer> {
  const server = await startServer(EventService, handlers as Record<string, never>, options)
  open.push(server)
  return server
}

function client (address: ServerAddress): GrpcClient {
  const made = new GrpcClient(address)
  open.push(made)
  return made
}

const getEvents: Unary = (_call, answer) => answer(null, { events: [{ id: 'a' }], nextPageToken: 'next' })

async function failure (call: Promise<unknown>): Promise<ApiError> {
  try { await call } catch (error) { if (error instanceof ApiError) return error; throw error }
  throw new Error('it did not fail')
}

test('a call brings its answer, and the token goes with it', async () => {
  let seen: unknown
  const tokenFile = join(folder, 'token')
  await writeFile(tokenFile, 'from-file\n')
  const { endpoint } = await serve({ getEvents: ((call, answer) => { seen = call.metadata.get('authorization'); getEvents(call, answer) }) as Unary })
  const answer = await client({ endpoint, token: 'from-env' }).unary(EventService.method.getEvents, { page: { size: 7 } })
  assert.equal([answer.events.map(e => e.id), answer.nextPageToken, seen], [['a'], 'next', ['Bearer from-env']])
  await client({ endpoint, token: 'from-env', tokenFile }).unary(EventService.method.getEvents, {})
  assert.equal(seen, ['Bearer from-file'])
})

test('a server that says when to come back is asked again', async () => {
  let calls = 0
  const { endpoint } = await serve({ getEvents: ((call, answer) => { if (++calls < 3) answer(refusal(status.RESOURCE_EXHAUSTED, 'too many', 5)); else getEvents(call, answer) }) as Unary })
  const answer = await client({ endpoint }).unary(EventService.method.getEvents, {})
  assert.equal([answer.events.length, calls], [1, 3])
})

const refusals: readonly (readonly [what: string, refused: ReturnType<typeof refusal>, code: string, message: RegExp, calls: number])[] = [
  ['one that says nothing of coming back', refusal(status.RESOURCE_EXHAUSTED, 'too many'), 'RESOURCE_EXHAUSTED', /has no room for it now: too many/, 1],
  ['one that says it without end', refusal(status.UNAVAILABLE, 'starting', 1), 'UNAVAILABLE', /cannot answer now: starting/, 4],
  ['one that says it later than the caller waits', refusal(status.UNAVAILABLE, 'starting', 60_000), 'UNAVAILABLE', /starting/, 1],
  ['a missing token', refusal(status.UNAUTHENTICATED, 'no token'), 'UNAUTHENTICATED', /does not know who asks: no token \(give a token with --token-file/, 1],
  ['a small scope', refusal(status.PERMISSION_DENIED, 'needs admin'), 'PERMISSION_DENIED', /does not allow it: needs admin/, 1],
  ['a wrong question', refusal(status.INVALID_ARGUMENT, 'page.size is 2000'), 'INVALID_ARGUMENT', /^127\.0\.0\.1:\d+: page\.size is 2000$/, 1]
]
for (const [what, refused, code, message, expected] of refusals) {
  test(`${what} is told as it is`, async () => {
    let calls = 0
    const { endpoint } = await serve({ getEvents: ((_call, answer) => { calls++; answer(refused) }) as Unary })
    const error = await failure(client({ endpoint }).unary(EventService.method.getEvents, {}, { timeoutMs: 20_000 }))
    assert.match(error.message, message)
    assert.equal([error.code, calls], [code, expected])
  })
}

test('a method that the server lacks is told as such', async () => {
  const { endpoint } = await serve({})
  const error = await failure(client({ endpoint }).unary(EventService.method.getEvents, {}))
  assert.equal(error.code, 'UNIMPLEMENTED')
  assert.match(error.message, /of this version/)
})

test('an answer that does not come in time, and a call that is given up', async () => {
  const { endpoint } = await serve({ getEvents: (() => undefined) as Unary })
  const late = await failure(client({ endpoint }).unary(EventService.method.getEvents, {}, { timeoutMs: 100 }))
  assert.equal(late.code, 'DEADLINE_EXCEEDED')
  const giveUp = new AbortController()
  const given = failure(client({ endpoint }).unary(EventService.method.getEvents, {}, { signal: giveUp.signal }))
  setImmediate(() => giveUp.abort())
  assert.equal((await given).code, 'CANCELLED')
})

test('a stream is pulled: the server writes no more than the loop reads, and sees it end', async () => {
  let written = 0
  let ended: () => void
  const over = new Promise<void>(resolve => { ended = resolve })
  const message = { events: [{ message: 'x'.repeat(60_000) }] }
  const { endpoint } = await serve({
    subscribe: (stream: ServerWritableStream<object, object>) => {
      const more = (): void => { while (!stream.cancelled && stream.write(message)) written++ }
      stream.on('drain', more).on('cancelled', () => ended())
      more()
    }
  })
  let read = 0
  for await (const { events } of client({ endpoint }).stream(EventService.method.subscribe, {})) {
    assert.equal(events.length, 1)
    if (++read === 50) break
  }
  await over
  // What fits the windows and buffers in between is under way: a few hundred KiB, not all there could be.
  assert.ok(written >= read && written < 200, `${written} written`)
})

test('a signal ends a stream without an error', async () => {
  const { endpoint } = await serve({ subscribe: (stream: ServerWritableStream<object, object>) => { stream.write({ resumeToken: '1' }) } })
  const stop = new AbortController()
  const tokens: string[] = []
  for await (const { resumeToken } of client({ endpoint }).stream(EventService.method.subscribe, {}, { signal: stop.signal })) { tokens.push(resumeToken); stop.abort() }
  assert.equal(tokens, ['1'])
})

test('a stream that breaks off says that the server is gone', async () => {
  const server = await serve({ subscribe: (stream: ServerWritableStream<SubscribeEventsRequest, object>) => { stream.write({ resumeToken: '1' }) } })
  const error = await failure((async () => { for await (const { resumeToken } of client({ endpoint: server.endpoint }).stream(EventService.method.subscribe, {})) if (resumeToken === '1') server.stop() })())
  assert.equal(error.code, 'UNAVAILABLE')
  assert.match(error.message, /^127\.0\.0\.1:\d+ cannot answer now: /)
})

const tls = (issuedTo: { readonly certFile: string, readonly keyFile: string }, mutual = false): ServerCredentials =>
  ServerCredentials.createSsl(readFileSync(authority.caFile), [{ cert_chain: readFileSync(issuedTo.certFile), private_key: readFileSync(issuedTo.keyFile) }], mutual)

test('TLS, a client certificate, a name of its own', async () => {
  const { endpoint } = await serve({ getEvents }, { credentials: tls(issued, true) })
  const { endpoint: named } = await serve({ getEvents }, { credentials: tls(elsewhere) })
  const mutual = { caFile: authority.caFile, certFile: known.certFile, keyFile: known.keyFile }
  assert.is((await client({ endpoint, ...mutual }).unary(EventService.method.getEvents, {})).events.length, 1)
  assert.is((await client({ endpoint: named.replace('127.0.0.1', 'localhost'), caFile: authority.caFile, serverName: 'elsewhere.example' }).unary(EventService.method.getEvents, {})).events.length, 1)
  assert.is((await client({ endpoint: named, skipVerify: true }).unary(EventService.method.getEvents, {})).events.length, 1)
})

const faults: readonly (readonly [what: string, credentials: ServerCredentials | undefined, address: Partial<ServerAddress>, message: RegExp])[] = [
  ['an authority that nobody knows', tls(issued), { tls: true }, /an authority that is not trusted: give that authority with --ca-file/],
  ['a wrong authority', tls(issued), { caFile: other.caFile }, /not trusted/],
  ['a certificate of another name', tls(elsewhere), { endpoint: 'localhost', caFile: authority.caFile }, /another name.*--server-name/],
  ['TLS where there is none', undefined, { tls: true }, /does not speak TLS/],
  ['none where there is TLS', tls(issued), {}, /does it speak TLS\? \(--tls, --ca-file\)/],
  ['no client certificate', tls(issued, true), { caFile: authority.caFile }, /--cert-file and --key-file|want another client certificate/],
  ['a client certificate of a stranger', tls(issued, true), { caFile: authority.caFile, certFile: stranger.certFile, keyFile: stranger.keyFile }, /--cert-file and --key-file|want another client certificate/]
]
for (const [what, credentials, address, message] of faults) {
  test(`${what} is told with what to do`, async () => {
    const { port } = await serve({ getEvents }, credentials === undefined ? {} : { credentials })
    const error = await failure(client({ ...address, endpoint: `${address.endpoint ?? '127.0.0.1'}:${port}` }).unary(EventService.method.getEvents, {}))
    assert.is(error.code, 'UNAVAILABLE')
    assert.match(error.message, message)
  })
}

test('nobody at home, no such host', async () => {
  const closed = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => closed.once('listening', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise(resolve => closed.close(resolve))
  assert.match((await failure(client({ endpoint: `127.0.0.1:${port}` }).unary(EventService.method.getEvents, {}))).message, /^cannot reach 127\.0\.0\.1:\d+: nothing listens there: is Tapio running, with `service\.api`/)
  assert.match((await failure(client({ endpoint: 'http://no-such-host.invalid:9090' }).unary(EventService.method.getEvents, {}))).message, /^cannot reach no-such-host\.invalid:9090: no such host/)
})

test('what cannot be used is said before anything is sent', async () => {
  const wrong: readonly (readonly [ServerAddress, RegExp])[] = [
    [{ endpoint: 'tapio' }, /--server "tapio" is not host:port/],
    [{ endpoint: 'tapio:9090', certFile: known.certFile }, /--cert-file is of no use without --key-file/],
    [{ endpoint: 'http://tapio:9090', tls: true }, /says plain text, other options say TLS/],
    [{ endpoint: 'tapio:9090', caFile: join(folder, 'missing.crt') }, /--ca-file ".*missing\.crt" cannot be read/],
    [{ endpoint: 'tapio:9090', caFile: join(folder, 'token') }, /--ca-file ".*token" holds no certificate/],
    [{ endpoint: 'tapio:9090', certFile: known.certFile, keyFile: join(folder, 'token') }, /token cannot be used/],
    [{ endpoint: 'tapio:9090', tokenFile: join(folder, 'missing') }, /--token-file ".*missing" cannot be read/],
    [{ endpoint: 'tapio:9090', token: 'two words' }, /TAPIO_TOKEN must hold one token/]
  ]
  for (const [address, message] of wrong) assert.throws(() => new GrpcClient(address), message)
})

test.run()
