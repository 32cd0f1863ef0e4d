import { test } from 'uvu'
import * as assert from 'uvu/assert'
import http from 'node:http'
import net from 'node:net'
import grpc from '@grpc/grpc-js'
import type { Outcome } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'
import { concat } from '../../core/data/concat.js'
import { EventIds } from '../../core/data/ids.js'
import { readExportRequest } from '../../core/otlp/reader.js'
import { encodeExportResponse, encodeStatus, exportResponseJson, statusJson, type RpcStatus } from '../../core/otlp/responses.js'
import { otlpSignals, signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'
import { until } from '../../core/otlp/testing/harness.js'
import { oracleType, requestType } from '../../core/otlp/testing/oracle.js'
import { factory } from './factory.js'
import { retryAfterMs } from './http-sender.js'
import { parseTarget } from '../../core/net/target.js'
import { startExporter } from './start-for-test.js'

const ids = new EventIds(new Uint8Array(8))
const messages: Readonly<Record<OtlpSignal, object>> = {
  traces: { resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'a' }, { name: 'b' }] }] }] },
  logs: { resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 'a' }] }] }] },
  metrics: { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints: [{ asInt: 1 }, { asInt: 2 }, { asInt: 3 }] } }, { name: 'n', gauge: { dataPoints: [{ asInt: 1 }] } }] }] }] },
  profiles: { resourceProfiles: [{ scopeProfiles: [{ profiles: [{}] }] }] }
}

function batchOf (signal: OtlpSignal): EventBatch {
  const type = oracleType(requestType(signal))
  const result = readExportRequest(signal, type.encode(type.fromObject(messages[signal])).finish(), { ids, observedTimeUnixNano: 1n })
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

interface HttpAnswer { readonly code: number, readonly headers?: Record<string, string>, readonly body?: Uint8Array | string, readonly hang?: boolean }
interface Seen { readonly path: string, readonly headers: http.IncomingHttpHeaders, readonly body: Buffer }

async function httpServer (answer: (seen: Seen) => HttpAnswer): Promise<{ endpoint: string, seen: Seen[], close: () => void }> {
  const seen: Seen[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (c: Buffer) => chunks.push(c)).on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) }
      seen.push(one)
      const { code, headers = {}, body = '', hang } = answer(one)
      if (hang !== true) response.writeHead(code, headers).end(body)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { endpoint: `http://127.0.0.1:${(server.address() as { port: number }).port}`, seen, close: () => { server.close(); server.closeAllConnections() } }
}

type GrpcAnswer = Buffer | RpcStatus & { readonly plain?: boolean }

async function grpcServer (answer: (signal: OtlpSignal, metadata: grpc.Metadata) => GrpcAnswer): Promise<{ endpoint: string, close: () => void }> {
  const server = new grpc.Server()
  const same = (b: Buffer): Buffer => b
  for (const signal of otlpSignals) {
    const method = { path: signalFacts[signal].grpcPath, requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same } as const
    server.addService({ Export: method }, {
      Export: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
        const said = answer(signal, call.metadata)
        if (Buffer.isBuffer(said)) { callback(null, said); return }
        const metadata = new grpc.Metadata()
        if (said.plain !== true) metadata.set('grpc-status-details-bin', encodeStatus(said))
        callback({ code: said.code, details: said.message, metadata })
      }
    })
  }
  const port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (e, p) => e === null ? resolve(p) : reject(e)))
  return { endpoint: `127.0.0.1:${port}`, close: () => server.forceShutdown() }
}

async function overHttp (answer: HttpAnswer, config: object = {}, batch = batchOf('traces')): Promise<{ outcome: Outcome, status: string[] }> {
  const server = await httpServer(() => answer)
  const e = startExporter({ endpoint: server.endpoint, protocol: 'http/protobuf', ...config })
  const outcome = await e.exporter.consume(batch)
  await e.stop()
  server.close()
  return { outcome, status: e.status.events }
}

async function overGrpc (answer: GrpcAnswer, batch = batchOf('traces'), config: object = {}): Promise<{ outcome: Outcome, status: string[] }> {
  const server = await grpcServer(() => answer)
  const e = startExporter({ endpoint: server.endpoint, ...config })
  const outcome = await e.exporter.consume(batch)
  await e.stop()
  server.close()
  return { outcome, status: e.status.events }
}

const protoStatus = (code: number, message: string): Uint8Array => encodeStatus({ code, message })
const proto = { 'content-type': 'application/x-protobuf' }

const httpCases: readonly [string, HttpAnswer, Outcome, string][] = [
  ['200 is accepted', { code: 200 }, { status: 'accepted' }, 'ok'],
  ['a partial success rejects its count', { code: 200, headers: proto, body: encodeExportResponse({ rejected: 1, message: 'old' }) }, { status: 'rejected', reason: 'old', count: 1 }, 'ok'],
  ['a partial success in JSON, though protobuf was sent', { code: 200, headers: { 'content-type': 'application/json' }, body: exportResponseJson('traces', { rejected: 1, message: 'old' }) }, { status: 'rejected', reason: 'old', count: 1 }, 'ok'],
  ['a warning without rejections is accepted', { code: 200, headers: proto, body: encodeExportResponse({ rejected: 0, message: 'deprecated' }) }, { status: 'accepted' }, 'ok'],
  ['an answer that cannot be read was a success all the same', { code: 200, headers: proto, body: Buffer.from([10, 200]) }, { status: 'accepted' }, 'ok'],
  ['429 with Retry-After waits so long', { code: 429, headers: { 'retry-after': '7', ...proto }, body: protoStatus(8, 'full') }, { status: 'retry', reason: 'HTTP 429: full', afterMs: 7000 }, 'recoverable'],
  ['429 with a Retry-After of centuries waits a day', { code: 429, headers: { 'retry-after': '9'.repeat(400) } }, { status: 'retry', reason: 'HTTP 429', afterMs: 86_400_000 }, 'recoverable'],
  ['429 without is left to the back-off', { code: 429 }, { status: 'retry', reason: 'HTTP 429' }, 'recoverable'],
  ['502 is retried', { code: 502 }, { status: 'retry', reason: 'HTTP 502' }, 'recoverable'],
  ['503 is retried', { code: 503 }, { status: 'retry', reason: 'HTTP 503' }, 'recoverable'],
  ['504 is retried', { code: 504 }, { status: 'retry', reason: 'HTTP 504' }, 'recoverable'],
  ['500 is not', { code: 500 }, { status: 'rejected', reason: 'HTTP 500', count: 2, rows: Uint32Array.of(0, 1) }, 'recoverable'],
  ['400 says why, and delivery works', { code: 400, headers: { 'content-type': 'application/json' }, body: statusJson({ code: 3, message: 'no name' }) }, { status: 'rejected', reason: 'HTTP 400: no name', count: 2, rows: Uint32Array.of(0, 1) }, 'ok'],
  ['401 rejects, and delivery does not work', { code: 401 }, { status: 'rejected', reason: 'HTTP 401', count: 2, rows: Uint32Array.of(0, 1) }, 'recoverable'],
  ['413 is never retried', { code: 413 }, { status: 'rejected', reason: 'HTTP 413', count: 2, rows: Uint32Array.of(0, 1) }, 'ok']
]
for (const [what, answer, expected, state] of httpCases) {
  test(`HTTP: ${what}`, async () => {
    const { outcome, status } = await overHttp(answer)
    assert.equal(outcome, expected)
    assert.match(status.join(), new RegExp(`^${state}`))
  })
}

const grpcCases: readonly [string, GrpcAnswer, Outcome, string][] = [
  ['success is accepted', Buffer.alloc(0), { status: 'accepted' }, 'ok'],
  ['a partial success rejects its count', encodeExportResponse({ rejected: 2, message: 'old' }), { status: 'rejected', reason: 'old', count: 2 }, 'ok'],
  ['UNAVAILABLE is retried', { code: 14, message: 'away', plain: true }, { status: 'retry', reason: 'UNAVAILABLE: away' }, 'recoverable'],
  ['UNAVAILABLE with RetryInfo waits so long', { code: 14, message: 'away', retryAfterMs: 1500 }, { status: 'retry', reason: 'UNAVAILABLE: away', afterMs: 1500 }, 'recoverable'],
  ['RESOURCE_EXHAUSTED with RetryInfo is retried', { code: 8, message: 'full', retryAfterMs: 250 }, { status: 'retry', reason: 'RESOURCE_EXHAUSTED: full', afterMs: 250 }, 'recoverable'],
  ['RESOURCE_EXHAUSTED without is not', { code: 8, message: 'too large', plain: true }, { status: 'rejected', reason: 'RESOURCE_EXHAUSTED: too large', count: 2, rows: Uint32Array.of(0, 1) }, 'ok'],
  ['RESOURCE_EXHAUSTED with details but no RetryInfo is not', { code: 8, message: 'quota' }, { status: 'rejected', reason: 'RESOURCE_EXHAUSTED: quota', count: 2, rows: Uint32Array.of(0, 1) }, 'ok'],
  ['ABORTED is retried', { code: 10, message: 'x' }, { status: 'retry', reason: 'ABORTED: x' }, 'recoverable'],
  ['DATA_LOSS is retried', { code: 15, message: 'x' }, { status: 'retry', reason: 'DATA_LOSS: x' }, 'recoverable'],
  ['INVALID_ARGUMENT is rejected, and delivery works', { code: 3, message: 'bad' }, { status: 'rejected', reason: 'INVALID_ARGUMENT: bad', count: 2, rows: Uint32Array.of(0, 1) }, 'ok'],
  ['UNAUTHENTICATED is rejected, and delivery does not work', { code: 16, message: 'who' }, { status: 'rejected', reason: 'UNAUTHENTICATED: who', count: 2, rows: Uint32Array.of(0, 1) }, 'recoverable'],
  ['UNIMPLEMENTED is rejected, and delivery does not work', { code: 12, message: 'no' }, { status: 'rejected', reason: 'UNIMPLEMENTED: no', count: 2, rows: Uint32Array.of(0, 1) }, 'recoverable']
]
for (const [what, answer, expected, state] of grpcCases) {
  test(`gRPC: ${what}`, async () => {
    const { outcome, status } = await overGrpc(answer)
    assert.equal(outcome, expected)
    assert.match(status.join(), new RegExp(`^${state}`))
  })
}

test('JSON: partial success and path, content type and headers are those of OTLP', async () => {
  const server = await httpServer(seen => ({ code: 200, headers: { 'content-type': 'application/json' }, body: seen.path === '/base/v1/metrics' ? exportResponseJson('metrics', { rejected: 4, message: 'no metrics' }) : '{}' }))
  const e = startExporter({ endpoint: `${server.endpoint}/base/`, protocol: 'http/json', headers: { 'x-tenant': 't1' }, compression: 'gzip' })
  assert.equal(await e.exporter.consume(batchOf('traces')), { status: 'accepted' })
  assert.equal(await e.exporter.consume(batchOf('metrics')), { status: 'rejected', reason: 'no metrics', count: 2 })
  assert.equal(server.seen.map(s => [s.path, s.headers['content-type'], s.headers['content-encoding'], s.headers['x-tenant']]), [['/base/v1/traces', 'application/json', 'gzip', 't1'], ['/base/v1/metrics', 'application/json', 'gzip', 't1']])
  assert.is(e.meter.values.get('otlp_exporter_rejected_items{signal="metrics"}'), 4)
  assert.is(e.meter.values.get('otlp_exporter_sent_items{signal="traces"}'), 2)
  await e.stop()
  server.close()
})

test('gRPC: headers go out as metadata', async () => {
  let tenant: grpc.MetadataValue[] = []
  const server = await grpcServer((_signal, metadata) => { tenant = metadata.get('x-tenant'); return Buffer.alloc(0) })
  const e = startExporter({ endpoint: server.endpoint, headers: { 'X-Tenant': 't1' } })
  assert.equal(await e.exporter.consume(batchOf('logs')), { status: 'accepted' })
  assert.equal(tenant, ['t1'])
  await e.stop()
  server.close()
})

test('nobody listening is a retry and an unhealthy exporter; the first success makes it healthy again', async () => {
  for (const protocol of ['grpc', 'http/protobuf'] as const) {
    const probe = await httpServer(() => ({ code: 200 }))
    const { endpoint } = probe
    probe.close()
    const e = startExporter({ endpoint, protocol })
    const outcome = await e.exporter.consume(batchOf('traces'))
    assert.is(outcome.status, 'retry', protocol)
    await e.exporter.consume(batchOf('traces'))
    assert.is(e.status.events.length, 1, 'reported once')
    assert.match(e.status.events[0] as string, /^recoverable/)
    await e.stop()
  }
  let up = false
  const server = await httpServer(() => ({ code: up ? 200 : 503 }))
  const e = startExporter({ endpoint: server.endpoint, protocol: 'http/protobuf' })
  await e.exporter.consume(batchOf('traces'))
  up = true
  await e.exporter.consume(batchOf('traces'))
  assert.equal(e.status.events, ['recoverable: HTTP 503', 'ok'])
  await e.stop()
  server.close()
})

test('an answer that does not come in time is a retry', async () => {
  const { outcome } = await overHttp({ code: 200, hang: true }, { timeout: 80 })
  assert.equal(outcome, { status: 'retry', reason: 'no answer within 80 ms' })
  const blackHole = await httpServer(() => ({ code: 200, hang: true }))
  const e = startExporter({ endpoint: blackHole.endpoint.replace('http://', ''), timeout: 80 })
  assert.is((await e.exporter.consume(batchOf('traces'))).status, 'retry')
  await e.stop()
  blackHole.close()
})

test('a kept connection that the other side closes as the request goes out: sent again at once, on another', async () => {
  let requests = 0
  const server = net.createServer(socket => {
    let first = true
    socket.on('error', () => undefined).on('data', () => {
      requests++
      if (!first) { socket.resetAndDestroy(); return }
      first = false
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const e = startExporter({ endpoint: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`, protocol: 'http/protobuf', max_concurrent_requests: 1 })
  for (let i = 0; i < 3; i++) assert.equal(await e.exporter.consume(batchOf('traces')), { status: 'accepted' })
  assert.is(requests, 5, 'the second and the third went out twice')
  await e.stop()
  server.close()
})

test('a new connection that ends without an answer is a retry', async () => {
  const server = net.createServer(socket => { socket.on('error', () => undefined).on('data', () => socket.resetAndDestroy()) })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const e = startExporter({ endpoint: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`, protocol: 'http/protobuf' })
  assert.is((await e.exporter.consume(batchOf('traces'))).status, 'retry')
  await e.stop()
  server.close()
})

test('what cannot be encoded is rejected at once: no other try would end otherwise', async () => {
  const server = await httpServer(() => ({ code: 200 }))
  const e = startExporter({ endpoint: server.endpoint, protocol: 'http/json', retry_on_failure: { enabled: true, initial_interval: 60_000, max_interval: 60_000, max_elapsed_time: 0, multiplier: 1, randomization_factor: 0 } })
  // A record whose last byte is missing, as out of a damaged document.
  const batch = batchOf('traces')
  const damaged = batch.withColumn('rawLength', (batch.columns.rawLength as Uint32Array).map(n => n - 1))
  const outcome = await e.exporter.consume(damaged.withConstant('a', 'b'))
  assert.ok(outcome.status === 'rejected' && outcome.reason.startsWith('the request cannot be encoded: '), JSON.stringify(outcome))
  assert.is(server.seen.length, 0)
  assert.equal(e.status.events, ['ok'])
  await e.stop()
  server.close()
})

test('a batch of several signals is one request each, and the outcomes are one', async () => {
  const server = await httpServer(seen => seen.path === '/v1/logs' ? { code: 400 } : { code: 200 })
  const e = startExporter({ endpoint: server.endpoint, protocol: 'http/protobuf' })
  const batch = concat([batchOf('traces'), batchOf('logs'), batchOf('metrics')])
  assert.equal(await e.exporter.consume(batch), { status: 'rejected', reason: 'HTTP 400', count: 1, rows: Uint32Array.of(2) })
  assert.equal(server.seen.map(s => s.path).sort(), ['/v1/logs', '/v1/metrics', '/v1/traces'])
  await e.stop()
  server.close()
})

test('a batch that was taken in part sends only the rest when it is sent again', async () => {
  let full = true
  const server = await httpServer(seen => seen.path === '/v1/logs' && full ? { code: 429, headers: { 'retry-after': '1' } } : { code: 200 })
  const e = startExporter({ endpoint: server.endpoint, protocol: 'http/protobuf' })
  const batch = concat([batchOf('traces'), batchOf('logs')])
  assert.equal(await e.exporter.consume(batch), { status: 'retry', reason: 'HTTP 429', afterMs: 1000 })
  full = false
  assert.equal(await e.exporter.consume(batch), { status: 'accepted' })
  assert.equal(server.seen.map(s => s.path).sort(), ['/v1/logs', '/v1/logs', '/v1/traces'])
  await e.stop()
  server.close()
})

test('at most so many requests are under way, in the order they came', async () => {
  const held: (() => void)[] = []
  const server = http.createServer((request, response) => { request.resume().on('end', () => held.push(() => response.end())) })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const e = startExporter({ endpoint: `http://127.0.0.1:${(server.address() as { port: number }).port}`, protocol: 'http/protobuf', max_concurrent_requests: 2 })
  const all = Array.from({ length: 5 }, () => e.exporter.consume(batchOf('traces')))
  for (let done = 0; done < 5; done++) {
    await until(() => held.length > 0, 'a request came')
    assert.ok(held.length <= 2)
    held.shift()?.()
  }
  assert.equal((await Promise.all(all)).map(o => o.status), Array(5).fill('accepted'))
  await e.stop()
  server.close()
})

test('stop gives up what hangs at its deadline, refuses what comes later, and is safe twice and unstarted', async () => {
  const server = await httpServer(() => ({ code: 200, hang: true }))
  for (const protocol of ['grpc', 'http/protobuf'] as const) {
    const e = startExporter({ endpoint: protocol === 'grpc' ? server.endpoint.replace('http://', '') : server.endpoint, protocol, timeout: 60_000 })
    const sending = e.exporter.consume(batchOf('traces'))
    await e.stop(50)
    assert.is((await sending).status, 'retry')
    assert.equal(await e.exporter.consume(batchOf('traces')), { status: 'refused', reason: 'shutting down' })
    await e.stop()
  }
  server.close()
})

test('Retry-After is seconds or a date', () => {
  assert.is(retryAfterMs('120'), 120_000)
  assert.is(retryAfterMs('Wed, 21 Oct 2026 07:28:00 GMT', Date.UTC(2026, 9, 21, 7, 27, 30)), 30_000)
  assert.is(retryAfterMs('Wed, 21 Oct 2015 07:28:00 GMT', Date.UTC(2026, 0, 1)), 0)
  assert.is(retryAfterMs('soon'), undefined)
  assert.is(retryAfterMs(undefined), undefined)
})

test('the scheme of a gRPC endpoint decides about TLS, else the option does', () => {
  const target = (endpoint: string, insecure: boolean): unknown[] => { const { authority, secure, socket } = parseTarget(endpoint, insecure); return [authority, secure, socket] }
  assert.equal(target('http://a:1', false), ['a:1', false, { host: 'a', port: 1 }])
  assert.equal(target('https://a:1/', true), ['a:1', true, { host: 'a', port: 1 }])
  assert.equal(target('a:1', true), ['a:1', false, { host: 'a', port: 1 }])
  assert.equal(target('[::1]:1', false), ['[::1]:1', true, { host: '::1', port: 1 }])
  assert.equal(target('unix:///run/o.sock', false), ['localhost', false, { path: '/run/o.sock' }])
})

test('endpoints that do not fit the protocol are faults of the configuration', () => {
  const faults = (config: object): readonly unknown[] => factory.check?.(config) ?? []
  assert.equal(faults({ endpoint: 'localhost:4317', protocol: 'grpc' }), [])
  assert.equal(faults({ endpoint: 'http://[::1]:4317', protocol: 'grpc' }), [])
  assert.is(faults({ endpoint: 'http://localhost:4317/v1', protocol: 'grpc' }).length, 1)
  assert.is(faults({ endpoint: 'localhost', protocol: 'grpc' }).length, 1)
  assert.equal(faults({ endpoint: 'https://x/otlp', protocol: 'http/json' }), [])
  assert.is(faults({ endpoint: 'localhost:4318', protocol: 'http/protobuf' }).length, 1)
})

test.run()
