/**
 * Scenario: a whole Tapio in each mode: an OTLP client -> otlp receiver -> k8s_attributes -> batch -> otlp exporter -> a second
 * otlp receiver, beside an API server stand-in.
 * Guarantees: resources arrive with what the cluster says of the connection's pod and of a named one; records are untouched.
 * Does not prove: a real API server.
 */
import { createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { modeNames } from '../../core/config/modes.js'
import { otlpRecord, resourceEnvelope } from '../../core/data/testing/otlp-record.js'
import { pipeline } from '../../core/library.js'
import { grpcCall } from '../../core/otlp/testing/harness.js'
import { recordsOf } from '../../core/otlp/testing/records-of.js'
import { Writer } from '../../core/otlp/values.js'
import { makePod, uuidOf } from '../../core/testing/api-server/pods.js'
import { ApiServerStandIn } from '../../core/testing/api-server/server.js'
import { silentLogger } from '../../core/testing/services.js'
import { startReceiver } from '../../receivers/otlp/start-for-test.js'

function freePort (): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function request (resource: Record<string, string>, spans: number): Buffer {
  const scope = Buffer.concat(Array.from({ length: spans }, (_, i) => Writer.create().uint32(18).bytes(otlpRecord(1, { i }, 'unknown')).finish()))
  return Buffer.from(Writer.create().uint32(10).bytes(Buffer.concat([resourceEnvelope(resource, 'unknown'), Writer.create().uint32(18).bytes(scope).finish()])).finish())
}

for (const mode of modeNames) {
  test(`${mode}: resources are enriched, records are as they came`, async () => {
    const server = new ApiServerStandIn()
    const address = await server.start()
    server.store.put('/pods', makePod('client', { ip: '127.0.0.1' }))
    server.store.put('/pods', makePod('named', { uid: uuidOf('named'), node: 'node-2' }))
    const [port, backend] = await Promise.all([freePort(), startReceiver()])
    const tapio = await pipeline().withMode(mode).withLogger(silentLogger).withService({ telemetry: { metrics: { enabled: false }, logs: { level: 'error' } } })
      .receiver('otlp', { protocols: { grpc: { endpoint: `127.0.0.1:${port}`, include_metadata: true } } })
      .processor('k8s_attributes', { auth_type: 'none', api_server: address, wait_for_metadata: true, extract: { metadata: ['k8s.pod.name', 'k8s.node.name'] } })
      .processor('batch', { timeout: '10ms' })
      .exporter('otlp', { endpoint: `127.0.0.1:${backend.grpcPort}`, tls: { insecure: true } }).build()
    try {
      await tapio.start()
      const sent = [request({ 'service.name': 'a' }, 30), request({ 'k8s.pod.uid': uuidOf('named') }, 20)]
      for (const body of sent) assert.is((await grpcCall(port, 'traces', body)).code, 0)
      await tapio.stop()
      const rows = backend.next.batches.flatMap(b => [...b])
      const count = (name: string, node: string): number => rows.filter(r => r.resource.attributes['k8s.pod.name'] === name && r.resource.attributes['k8s.node.name'] === node).length
      assert.equal([rows.length, count('client', 'node-1'), count('named', 'node-2')], [50, 30, 20])
      const records = rows.map(r => Buffer.from(r.raw ?? []).toString('hex')).sort()
      assert.equal(records, sent.flatMap(recordsOf).map(r => r.record).sort())
    } finally {
      await tapio.stop()
      await backend.stop()
      await server.stop()
    }
  })
}

test.run()
