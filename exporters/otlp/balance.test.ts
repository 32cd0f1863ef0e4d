/** Which endpoint a row goes to, and what happens when requests are too large or an endpoint is away. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { randomBytes } from 'node:crypto'
import type { EventBatch } from '../../core/data/batch.js'
import { concat } from '../../core/data/concat.js'
import { halveRequest } from '../../core/otlp/split.js'
import { oracleType, requestType } from '../../core/otlp/testing/oracle.js'
import { frameExportRequests } from '../../core/otlp/writer.js'
import type { FakeClock } from '../../core/testing/fake-clock.js'
import { Rendezvous, rowsByEndpoint } from './balance.js'
import { factory } from './factory.js'
import { startExporter } from './start-for-test.js'
import { batchFrom, grpcAnswer, rawServer, spans } from './testing.js'

interface Sink { readonly endpoint: string, readonly names: string[], readonly sizes: number[], close(): void }

/** Takes traces of at most `maxBytes`, and keeps the names of their spans. */
async function sink (maxBytes = Infinity, port = 0): Promise<Sink> {
  const names: string[] = []
  const sizes: number[] = []
  const type = oracleType(requestType('traces'))
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (c: Buffer) => chunks.push(c)).on('end', () => {
      const body = Buffer.concat(chunks)
      sizes.push(body.length)
      if (body.length > maxBytes) { response.writeHead(413).end(); return }
      const message = type.toObject(type.decode(body)) as { resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[] }
      names.push(...message.resourceSpans.flatMap(r => r.scopeSpans.flatMap(s => s.spans.map(span => span.name))))
      response.end()
    })
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, names, sizes, close: () => { server.close(); server.closeAllConnections() } }
}

const named = (from: number, count: number, bytes = 3) => batchFrom('traces', { resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: count }, (_, i) => ({ name: `${from + i}`.padEnd(bytes, '.'), traceId: randomBytes(16) })) }] }] })
/** Spans 0, 1, …, each of a trace of its own that is the same every time. */
const spansOf = (count: number): EventBatch => batchFrom('traces', { resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: count }, (_, i) => {
  const traceId = Buffer.alloc(16, 1)
  traceId.writeUInt32BE(i, 12)
  return { name: String(i), traceId }
}) }] }] })
const numbers = (names: readonly string[]): number[] => names.map(n => parseInt(n, 10)).sort((a, b) => a - b)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

test('load is even, and one endpoint more moves only what it gets', () => {
  const endpoints = Array.from({ length: 10 }, (_, i) => `collector-${i}:4317`)
  const [ten, eleven] = [new Rendezvous(endpoints), new Rendezvous([...endpoints, 'collector-10:4317'])]
  const load = new Array<number>(10).fill(0)
  let moved = 0
  const keys = 100_000
  for (let i = 0; i < keys; i++) {
    const key = randomBytes(4).readUInt32LE()
    const to = ten.pick(key)
    load[to]!++
    const then = eleven.pick(key)
    if (then !== to) { moved++; assert.is(then, 10) }
  }
  const mean = keys / 10
  const deviation = Math.sqrt(load.reduce((sum, n) => sum + (n - mean) ** 2, 0) / 10) / mean
  assert.ok(deviation < 0.05, `deviation ${deviation}`)
  assert.ok(moved > keys / 11 * 0.9 && moved < keys / 11 * 1.1, `${moved} of ${keys} moved`)
  const shuffled = new Rendezvous([...endpoints].reverse())
  for (let key = 0; key < 1000; key++) assert.is(9 - shuffled.pick(key), ten.pick(key), 'the order of endpoints does not matter')
})

test('rows of a trace stay together, rows without one go by their service', () => {
  const traceId = Buffer.alloc(16, 7)
  const batch = batchFrom('logs', { resourceLogs: ['a', 'b'].map(service => ({
    resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
    scopeLogs: [{ logRecords: [{ traceId }, {}, { traceId }, {}] }]
  })) })
  const keys: number[] = []
  const chosen = rowsByEndpoint(batch, 'traceID', Uint32Array.from(upTo(8)), key => keys.push(key) - 1)
  assert.equal([...chosen.values()].map(rows => [...rows]), [[0, 2, 4, 6], [1, 3], [5, 7]])
  const byService = rowsByEndpoint(batch, 'service', Uint32Array.from(upTo(8)), key => keys.push(key))
  assert.equal([...byService.values()].map(rows => [...rows]), [[0, 1, 2, 3], [4, 5, 6, 7]])
})

for (const key of ['traceID', 'none', 'service']) {
  test(`several endpoints, ${key}: every row arrives once`, async () => {
    const sinks = await Promise.all([sink(), sink(), sink()])
    const e = startExporter({ endpoints: sinks.map(s => s.endpoint), protocol: 'http/protobuf', routing_key: key })
    for (let i = 0; i < 3; i++) assert.equal(await e.exporter.consume(named(i * 100, 100)), { status: 'accepted' })
    assert.equal(numbers(sinks.flatMap(s => s.names)), upTo(300))
    assert.is(sinks.filter(s => s.names.length > 0).length, key === 'service' ? 1 : 3)
    await e.stop()
    for (const s of sinks) s.close()
  })
}

test('with failover, rows of an endpoint that is away go to the others; without, they wait', async () => {
  const [away, ...here] = await Promise.all([sink(), sink(), sink()])
  away?.close()
  const endpoints = [away, ...here].map(s => s?.endpoint)
  const e = startExporter({ endpoints, protocol: 'http/protobuf', failover: true })
  assert.equal(await e.exporter.consume(named(0, 200)), { status: 'accepted' })
  assert.equal(numbers(here.flatMap(s => s.names)), upTo(200))
  assert.match(e.status.events[0] ?? '', new RegExp(`recoverable: ${away?.endpoint}: `))
  await e.stop()
  const strict = startExporter({ endpoints, protocol: 'http/protobuf' })
  const batch = named(200, 200)
  assert.is((await strict.exporter.consume(batch)).status, 'retry')
  const before = here.flatMap(s => s.names).length
  assert.ok(before > 200 && before < 400)
  await strict.exporter.consume(batch)
  assert.is(here.flatMap(s => s.names).length, before, 'what was taken is not sent again')
  await strict.stop()
  for (const s of here) s.close()
})

for (const failover of [true, false]) {
  test(`an endpoint that comes back gets the traces again that were its own, failover ${failover}`, async () => {
    const [mine, other] = await Promise.all([sink(), sink()])
    const e = startExporter({ endpoints: [mine.endpoint, other.endpoint], protocol: 'http/protobuf', failover })
    const clock = e.clock as FakeClock
    assert.equal(await e.exporter.consume(spansOf(100)), { status: 'accepted' })
    const share = numbers(mine.names)
    assert.ok(share.length > 0 && share.length < 100)
    mine.close()
    assert.is((await e.exporter.consume(spansOf(100))).status, failover ? 'accepted' : 'retry')
    assert.equal(numbers(mine.names), share, 'it is away')
    if (failover) assert.is(other.names.length, 200 - share.length)
    const back = await sink(Infinity, Number(new URL(mine.endpoint).port))
    await clock.advance(5000)
    const before = other.names.length
    assert.equal(await e.exporter.consume(spansOf(100)), { status: 'accepted' })
    assert.equal(numbers(back.names), share)
    assert.is(other.names.length - before, 100 - share.length)
    assert.is(e.status.events.at(-1), 'ok')
    await e.stop()
    back.close()
    other.close()
  })
}

test('a request above max_request_bytes goes in parts; received requests are cut between them, and their bytes stay', async () => {
  const s = await sink()
  const e = startExporter({ endpoint: s.endpoint, protocol: 'http/protobuf', max_request_bytes: 2000 })
  const parts = upTo(8).map(i => named(i * 10, 10, 50))
  const batch = concat(parts)
  assert.ok(batch.unread !== undefined && batch.raw.buffers.length === 8)
  assert.equal(await e.exporter.consume(batch), { status: 'accepted' })
  assert.ok(batch.unread !== undefined, 'nobody read it')
  assert.equal(numbers(s.names), upTo(80))
  assert.ok(s.sizes.every(size => size <= 2000))
  assert.is(s.sizes.reduce((n, size) => n + size), parts.reduce((n, p) => n + (p.raw.buffers[0] as Uint8Array).length, 0))
  await e.stop()
  s.close()
})

test('what the other side finds too large is sent again in halves; a record that is too large alone is rejected', async () => {
  const s = await sink(1000)
  const e = startExporter({ endpoint: s.endpoint, protocol: 'http/protobuf' })
  const batch = concat([named(0, 20, 90), named(20, 1, 2000), named(21, 20, 90)])
  assert.equal(await e.exporter.consume(batch), { status: 'rejected', reason: 'HTTP 413', count: 1, rows: Uint32Array.of(20) })
  assert.equal(numbers(s.names), upTo(41).filter(n => n !== 20))
  assert.is(e.meter.values.get('otlp_exporter_rejected_items{signal="traces"}'), 1)
  assert.is(e.meter.values.get('otlp_exporter_sent_items{signal="traces"}'), 40)
  assert.equal(e.status.events, ['ok'])
  await e.stop()
  s.close()
})

test('gRPC: a message above the other side\'s limit is halved, a quota that is used up is not', async () => {
  const limited = await rawServer((stream, _session, nth) => { grpcAnswer(stream, nth === 1 ? { 'grpc-status': '8', 'grpc-message': 'grpc: received message larger than max (9 vs. 4)' } : { 'grpc-status': '0' }) })
  const e = startExporter({ endpoint: limited.endpoint })
  assert.equal(await e.exporter.consume(spans(4)), { status: 'accepted' })
  assert.is(limited.requests.length, 3)
  await e.stop()
  await limited.close()
  const quota = await rawServer(stream => grpcAnswer(stream, { 'grpc-status': '8', 'grpc-message': 'quota exceeded' }))
  const f = startExporter({ endpoint: quota.endpoint })
  assert.is((await f.exporter.consume(spans(4))).status, 'rejected')
  assert.is(quota.requests.length, 1)
  await f.stop()
  await quota.close()
})

test('halves hold all rows of the whole, down to one', () => {
  const batch = concat([named(0, 3), named(3, 1), named(4, 9)])
  const single: number[] = []
  const halve = (request: ReturnType<typeof frameExportRequests>[number]): void => {
    const halves = halveRequest(batch, request)
    if (halves === undefined) { single.push(...request.rows); return }
    assert.is(halves.reduce((n, h) => n + h.items, 0), request.items)
    halves.forEach(halve)
  }
  frameExportRequests(batch).forEach(halve)
  assert.equal(single, upTo(13))
})

test('one endpoint or several, each as its protocol wants it', () => {
  const faults = (config: object): unknown[] => (factory.check?.({ protocol: 'grpc', ...config }) ?? []).map(f => f.path.join('.'))
  assert.equal(faults({}), [''])
  assert.equal(faults({ endpoint: 'a:1', endpoints: ['b:1'] }), ['endpoints'])
  assert.equal(faults({ endpoints: ['a:1', 'b'] }), ['endpoints.1'])
  assert.equal(faults({ endpoints: ['a:1', 'b:1'] }), [])
})

test.run()
