/**
 * Scenario: one Tapio hands on to another: otlp exporter -> otlp receiver, behind TLS and compressed; and profiles, which
 * are only carried.
 * Guarantees: what goes in comes out byte for byte, in JSON as the same message; what the far side rejects or cannot take is
 * told as such.
 * Does not prove: other machines, threads, other implementations.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejected, retry } from '../../core/component/outcome.js'
import { TestAuthority } from '../../core/net/testing/certificates.js'
import { protobufToJson } from '../../core/otlp/json-encode.js'
import { post } from '../../core/otlp/testing/harness.js'
import { randomMessage, usual } from '../../core/otlp/testing/messages.js'
import { requestType } from '../../core/otlp/testing/oracle.js'
import { plainMessage } from '../../core/otlp/testing/plain.js'
import { Random } from '../../core/otlp/testing/random.js'
import { recordsOf } from '../../core/otlp/testing/records-of.js'
import { signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'
import { startExporter, type StartedExporter } from '../../exporters/otlp/start-for-test.js'
import { batchFrom, batchOf } from '../../exporters/otlp/testing.js'
import { withReceiver, type Started } from '../../receivers/otlp/start-for-test.js'

const folder = mkdtempSync(join(tmpdir(), 'tapio-otlp-hop-'))
test.after(() => rmSync(folder, { recursive: true }))
const authority = await TestAuthority.create(folder)
const [server, client] = [await authority.issue('server'), await authority.issue('client')]

const clientTls = { insecure: false, ca_file: authority.caFile, cert_file: client.certFile, key_file: client.keyFile }
const serverTls = { endpoint: '127.0.0.1:0', tls: { cert_file: server.certFile, key_file: server.keyFile, client_ca_file: authority.caFile } }
const protocols = ['grpc', 'http/protobuf', 'http/json'] as const
type Protocol = typeof protocols[number]

const endpointOf = (r: Started, protocol: Protocol, secure: boolean): string =>
  protocol === 'grpc' ? `localhost:${r.grpcPort}` : `${secure ? 'https' : 'http'}://localhost:${r.httpPort}`

async function withExporter (config: object, use: (e: StartedExporter) => Promise<void>): Promise<void> {
  const e = startExporter(config)
  e.exporter.start()
  try { await use(e) } finally { await e.stop() }
}

/** Requests over the whole schema with fields that no schema knows, those with a record in them. */
function randomRequests (signal: OtlpSignal, count: number): Uint8Array[] {
  const requests: Uint8Array[] = []
  for (let seed = 1; requests.length < count; seed++) {
    const request = randomMessage(new Random(seed), requestType(signal), usual)
    if (recordsOf(request).length > 0 && request.length < 3_000_000) requests.push(request)
  }
  return requests
}

const rawRows = (r: Started): string[] => r.next.batches.flatMap(b => [...b].map(row => Buffer.from(row.raw ?? []).toString('hex')))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

for (const protocol of ['grpc', 'http/protobuf'] as const) {
  for (const compression of ['gzip', 'zstd']) {
    test(`${protocol}: mutual TLS and ${compression} together, every record byte for byte`, async () => {
      await withReceiver({ protocols: { grpc: serverTls, http: serverTls } }, async r => {
        await withExporter({ endpoint: endpointOf(r, protocol, true), protocol, compression, tls: clientTls }, async e => {
          const requests = randomRequests('traces', 12)
          for (const request of requests) assert.equal(await e.exporter.consume(batchOf('traces', request)), { status: 'accepted' })
          assert.equal(rawRows(r), requests.flatMap(request => recordsOf(request).map(x => x.record)))
          assert.is(r.counted({ outcome: 'accepted' }), requests.length)
        })
      })
    })
  }
}

for (const signal of ['traces', 'metrics', 'logs', 'profiles'] as const) {
  test(`${signal} as JSON in, JSON to the next, and JSON again: the same message`, async () => {
    await withReceiver({ protocols: plain }, async first => {
      await withReceiver({ protocols: plain }, async second => {
        await withExporter({ endpoint: endpointOf(second, 'http/json', false), protocol: 'http/json', compression: 'gzip', max_request_bytes: 8 * 2 ** 20 }, async e => {
          const sent = randomRequests(signal, 12)
          for (const request of sent) {
            const reply = await post(first.httpPort, signalFacts[signal].httpPath, protobufToJson(signal, request), { 'content-type': 'application/json' })
            assert.equal([reply.code, reply.body.toString()], [200, '{}'])
          }
          for (const batch of first.next.batches) assert.equal(await e.exporter.consume(batch), { status: 'accepted' })
          assert.equal(rawRows(second), rawRows(first))
          const messages = (r: Started): unknown[] => r.next.batches.map(batch => plainMessage(requestType(signal), batch.raw.buffers[0] as Uint8Array))
          assert.equal(messages(second), sent.map(request => plainMessage(requestType(signal), request)))
        })
      })
    })
  })
}

const plain = { grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: '127.0.0.1:0' } }

for (const protocol of ['grpc', 'http/protobuf'] as const) {
  for (const compression of ['none', 'zstd']) {
    test(`profiles over ${protocol}, compression ${compression}: the whole request, byte for byte`, async () => {
      await withReceiver({ protocols: plain }, async r => {
        await withExporter({ endpoint: endpointOf(r, protocol, false), protocol, compression }, async e => {
          const requests = randomRequests('profiles', 12)
          for (const request of requests) assert.equal(await e.exporter.consume(batchOf('profiles', request)), { status: 'accepted' })
          assert.equal(rawRows(r), requests.map(hex))
        })
      })
    })
  }
}

for (const protocol of protocols) {
  test(`profiles over ${protocol}: what the far side rejects is told and counted, what it cannot take now is a retry`, async () => {
    await withReceiver({ protocols: plain }, async r => {
      await withExporter({ endpoint: endpointOf(r, protocol, false), protocol }, async e => {
        const batch = batchFrom('profiles', { resourceProfiles: [{ scopeProfiles: [{ profiles: [{}, {}, {}] }] }] })
        r.next.answer = () => rejected('no room for profiles', 1, Uint32Array.of(0))
        const outcome = await e.exporter.consume(batch)
        assert.ok(outcome.status === 'rejected' && outcome.count === 1 && outcome.reason.includes('no room for profiles'), JSON.stringify(outcome))
        assert.is(e.meter.values.get('otlp_exporter_rejected_items{signal="profiles"}'), 3)
        r.next.answer = () => retry('full', 3000)
        const later = await e.exporter.consume(batch)
        assert.ok(later.status === 'retry' && later.afterMs === 3000, JSON.stringify(later))
      })
    })
  })
}

test('/v1/profiles: a wrong content type and bytes that are no profiles are refused, and nothing passes', async () => {
  await withReceiver({ protocols: plain }, async r => {
    const path = signalFacts.profiles.httpPath
    const request = randomRequests('profiles', 1)[0] as Uint8Array
    assert.is((await post(r.httpPort, path, request, { 'content-type': 'text/plain' })).code, 415)
    assert.is((await post(r.httpPort, path, request, { 'content-type': 'application/json' })).code, 400)
    assert.is((await post(r.httpPort, path, request.subarray(0, request.length - 1))).code, 400)
    assert.is((await post(r.httpPort, path, request, {}, 'GET')).code, 405)
    assert.is(r.next.batches.length, 0)
    assert.is((await post(r.httpPort, path, request)).code, 200)
    assert.equal(rawRows(r), [hex(request)])
  })
})

test.run()
