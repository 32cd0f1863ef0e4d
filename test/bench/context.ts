/**
 * What the context processor costs a row, with 10,000 pods known: rows of the kernel with columns, and OTLP spans that nobody has
 * read, at several shares of abnormal rows. `npm run bench -- context`; about 20 s of CPU.
 */
import { randomBytes } from 'node:crypto'
import type { Processor } from '../../core/component/component.js'
import { createShared } from '../../core/component/services.js'
import { engineOf } from '../../core/correlation/engine.js'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { Severity } from '../../core/data/enums.js'
import { EventIds } from '../../core/data/ids.js'
import { readExportRequest } from '../../core/otlp/reader.js'
import { oracleType, requestType } from '../../core/otlp/testing/oracle.js'
import { uuidOf } from '../../core/testing/api-server/pods.js'
import { testBench } from '../../core/testing/services.js'
import { factory } from '../../processors/context/factory.js'
import { defaultsOf } from '../../processors/context/testing/scene.js'
import { printMachine, printTable, type Report } from './report.js'

const pods = 10_000
const batchRows = 2000
const batches = 100
const shares = [0, 0.01, 0.1, 0.5]
const t0 = Date.UTC(2026, 0, 1)
const nano = (ms: number): bigint => BigInt(ms) * 1_000_000n

export async function run (report: Report): Promise<void> {
  report('# context')
  printMachine(report)
  const rows = [['rows', 'abnormal', 'ns a row', 'rows a second', 'symptoms']]
  for (const [name, make] of [['kernel', kernelBatch], ['spans, unread', spanBatch]] as const) {
    for (const share of shares) rows.push([name, `${share * 100} %`, ...await measure(index => make(share, index))])
  }
  printTable(report, rows)
}

async function measure (make: (index: number) => EventBatch): Promise<string[]> {
  const shared = createShared()
  const { services } = testBench('processor', 'context', defaultsOf({ node: 'n0', enrich: false }), { shared })
  const next = services.get('next') as { answer?: unknown, batches?: unknown[] }
  const processor = await factory.create(services) as Processor
  const { model, symptoms } = engineOf(shared)
  for (let i = 0; i < pods; i++) model.put('Pod', pod(i), t0)
  for (let i = 0; i < 10; i++) await processor.consume(make(i))
  const input = Array.from({ length: batches }, (_, i) => make(10 + i))
  next.batches?.splice(0)
  const started = process.cpuUsage()
  for (const batch of input) await processor.consume(batch)
  const { user, system } = process.cpuUsage(started)
  const ns = (user + system) * 1000 / (batches * batchRows)
  return [ns.toFixed(0), `${(1e9 / ns / 1e6).toFixed(2)}M`, String(symptoms.size)]
}

function pod (i: number): object {
  return { metadata: { namespace: `ns-${i % 100}`, name: `pod-${i}`, uid: uuidOf(`p${i}`) }, spec: { nodeName: `node-${i % 200}`, containers: [{ name: 'main', image: 'app:1' }] }, status: { podIP: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` } }
}

/** Starts and ends of processes; abnormal: refused connections and OOM kills. */
function kernelBatch (share: number, index: number): EventBatch {
  const builder = new BatchBuilder(batchRows)
  for (let i = 0; i < batchRows; i++) {
    const who = (index * 31 + i) % 200
    const isAbnormal = i % 100 < share * 100
    const at = nano(t0 + index * 20) + BigInt(i) * 10_000n
    builder.append({
      signal: 'events', source: 'ebpf', timeUnixNano: at, observedTimeUnixNano: at, pid: 1000 + who, tid: 1000 + who, uid: 0, gid: 0, comm: `proc-${who % 40}`, resource: { 'k8s.pod.uid': uuidOf(`p${who}`) },
      ...(isAbnormal
        ? i % 3 === 0
          ? { type: 'memory', name: 'oom_kill', severity: Severity.critical, message: `OOM kill: proc (pid ${i})` }
          : { type: 'network', name: 'tcp_connect_refused', severity: Severity.error, protocol: 'tcp', sourceAddress: `10.0.0.${who}`, sourcePort: 40_000, destinationAddress: '10.0.1.7', destinationPort: 3306, message: `connect to 10.0.1.7:3306 by proc (pid ${i}) was refused` }
        : { type: 'process', name: i % 2 === 0 ? 'exec' : 'exit', severity: Severity.info, message: `proc-${who} ended` })
    })
  }
  return builder.finish({ ids: new EventIds() })
}

const text = (key: string, value: string): object => ({ key, value: { stringValue: value } })
const type = oracleType(requestType('traces'))

/** 8 attributes a span, 20 pods a request; half of them servers, a quarter clients. */
function spanBatch (share: number, index: number): EventBatch {
  const groups = Array.from({ length: 20 }, (_, g) => ({
    resource: { attributes: [text('service.name', `svc-${g}`), text('k8s.pod.uid', uuidOf(`p${g * 7}`)), text('k8s.namespace.name', `ns-${g}`)] },
    scopeSpans: [{
      spans: Array.from({ length: batchRows / 20 }, (_, i) => ({
        traceId: randomBytes(16), spanId: randomBytes(8), parentSpanId: randomBytes(8), name: `GET /cart/${i % 7}`, kind: i % 4 === 0 ? 3 : i % 4 === 1 ? 1 : 2,
        startTimeUnixNano: String(nano(t0 + index * 20)), endTimeUnixNano: String(nano(t0 + index * 20 + 12)), ...(i % 100 < share * 100 ? { status: { code: 2, message: i % 2 === 0 ? 'connection refused' : '' } } : {}),
        attributes: ['http.request.method', 'url.path', 'server.address', 'network.protocol.version', 'user_agent.original', 'http.route', 'url.scheme', 'client.address'].map(key => text(key, `value of ${key}`))
      }))
    }]
  }))
  const read = readExportRequest('traces', Buffer.from(type.encode(type.fromObject({ resourceSpans: groups })).finish()), { ids: new EventIds(), observedTimeUnixNano: nano(t0 + index * 20) })
  if (!read.ok) throw new Error(read.error)
  return read.batch
}
