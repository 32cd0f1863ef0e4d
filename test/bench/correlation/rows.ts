/**
 * Batches as a busy cluster sends them: of ten batches four are kernel events with identities, three OTLP spans and two OTLP logs
 * that nobody has read, one Kubernetes events. They are made once and told again with new times, as their making costs more than
 * what is measured.
 */
import type { EventBatch } from '../../../core/data/batch.js'
import { BatchBuilder, type EventInput } from '../../../core/data/builder.js'
import { Severity } from '../../../core/data/enums.js'
import { EventIds } from '../../../core/data/ids.js'
import { readExportRequest } from '../../../core/otlp/reader.js'
import { oracleType, requestType } from '../../../core/otlp/testing/oracle.js'
import { namespaceOf, nodeCount, nodeOf, podAddress, podCount, podName, podOf, podsOfNode, podUid, serviceCount, serviceName } from './cluster.js'

export const batchRows = 4000
/** Of event time: 100,000 events a second, so that correlation thinks every 25 batches. */
export const batchMs = 40
const stepNs = BigInt(batchMs * 1_000_000 / batchRows)
const kinds = ['kernel', 'spans', 'logs', 'kernel', 'spans', 'kubernetes', 'kernel', 'spans', 'logs', 'kernel'] as const
/** Workloads in trouble when it begins; a batch of a kind adds another one. */
const troubled = 20

/** A batch whose rows may be given other times. */
export interface Template { readonly kind: (typeof kinds)[number], at (startMs: number): EventBatch }

/** `share`: of abnormal rows, 0 to 1. */
export function templates (count: number, share: number): Template[] {
  return Array.from({ length: count }, (_, i) => {
    const kind = kinds[i % kinds.length] as Template['kind']
    return { kind, at: kind === 'spans' || kind === 'logs' ? unread(kind, i, share) : columnar(kind === 'kernel' ? kernelRow : kubernetesRow, i, share, kind === 'kernel') }
  })
}

interface Who { readonly pod: number, readonly service: number, readonly isAbnormal: boolean, /** Different in each row. */ readonly n: number }

/**
 * Trouble is where trouble is: of the abnormal rows of a batch all are of the troubled workloads; normal ones are of the 50 pods of one
 * node, as an agent sends them, or of everywhere.
 */
function whoOf (index: number, row: number, share: number, isOfNode = false): Who {
  const n = index * batchRows + row
  const isAbnormal = (row * 7919) % 1000 < share * 1000
  if (!isAbnormal) { const pod = isOfNode ? podOf(index % nodeCount, row % podsOfNode) : (n * 31) % podCount; return { pod, service: pod % serviceCount, isAbnormal, n } }
  const service = (row * 13 + index) % (troubled + Math.floor(index / kinds.length)) * 37 % serviceCount
  return { pod: service + (row % 5) * serviceCount, service, isAbnormal, n }
}

function kernelRow ({ pod, service, isAbnormal, n }: Who): EventInput {
  const base = { signal: 'events', source: 'ebpf', pid: 1000 + pod, tid: 1000 + pod, uid: 0, gid: 0, comm: `proc-${service % 40}`, resource: { 'k8s.pod.uid': podUid(pod) } } as const
  if (!isAbnormal) return { ...base, type: 'process', name: n % 2 === 0 ? 'exec' : 'exit', severity: Severity.info, message: `proc-${service % 40} ended` }
  if (n % 3 === 0) return { ...base, type: 'memory', name: 'oom_kill', severity: Severity.critical, message: `OOM kill: proc-${service % 40} (pid ${n})` }
  const peer = podAddress((service + 40) % serviceCount)
  return { ...base, type: 'network', name: 'tcp_connect_refused', severity: Severity.error, protocol: 'tcp', sourceAddress: podAddress(pod), sourcePort: 40_000 + n % 9000, destinationAddress: peer, destinationPort: 8080, message: `connect to ${peer}:8080 by proc-${service % 40} (pid ${n}) was refused` }
}

const normalReasons = ['Pulled', 'Created', 'Started', 'Scheduled'] as const
const badReasons = [['BackOff', 'Back-off restarting failed container main in pod'], ['Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503'], ['FailedScheduling', '0/200 nodes are available: 200 Insufficient cpu.']] as const

function kubernetesRow ({ pod, service, isAbnormal, n }: Who): EventInput {
  const base = { signal: 'events', type: 'kubernetes', source: 'kubernetes', entityKind: 'Pod', entityNamespace: namespaceOf(service), entityName: podName(pod), entityUid: podUid(pod), resource: { 'k8s.cluster.name': 'bench' } } as const
  const [name, message] = isAbnormal ? badReasons[n % 3] as (typeof badReasons)[number] : [normalReasons[n % 4] as string, 'Container main']
  return { ...base, name, message: `${message} ${podName(pod)}`, severity: isAbnormal ? Severity.warning : Severity.info, attributes: { 'tapio.k8s.change': 'event', 'tapio.k8s.event.type': isAbnormal ? 'Warning' : 'Normal' } }
}

function columnar (make: (who: Who) => EventInput, index: number, share: number, isOfNode: boolean): Template['at'] {
  const builder = new BatchBuilder(batchRows)
  for (let row = 0; row < batchRows; row++) builder.append({ timeUnixNano: 1n, observedTimeUnixNano: 1n, ...make(whoOf(index, row, share, isOfNode)) })
  const batch = builder.finish({ ids: new EventIds() })
  return startMs => {
    const times = BigUint64Array.from({ length: batchRows }, (_, i) => BigInt(startMs) * 1_000_000n + BigInt(i) * stepNs)
    return batch.withColumn('timeUnixNano', times).withColumn('observedTimeUnixNano', times)
  }
}

const text = (key: string, value: string): object => ({ key, value: { stringValue: value } })
/** What the times in the bytes say until they are told others. */
const markNano = 0x1122_3344_5566_7788n
const endMarkNano = 0x1122_3344_5566_7799n
const podsOfRequest = 40

function idOf (bytes: number, n: number): Buffer {
  const id = Buffer.alloc(bytes, 1)
  id.writeUInt32LE(Math.imul(n, 2654435761) >>> 0, 4)
  return id
}

/** A request of 40 pods as their collector sends it; its times are written into the bytes. */
function unread (kind: 'spans' | 'logs', index: number, share: number): Template['at'] {
  const signal = kind === 'spans' ? 'traces' : 'logs'
  const type = oracleType(requestType(signal))
  const groups = Array.from({ length: podsOfRequest }, (_, g) => group(kind, index, g, share))
  const made = Buffer.from(type.encode(type.fromObject(kind === 'spans' ? { resourceSpans: groups } : { resourceLogs: groups })).finish())
  const [starts, ends] = [placesOf(made, markNano), placesOf(made, endMarkNano)]
  return startMs => {
    const bytes = Buffer.from(made)
    const first = BigInt(startMs) * 1_000_000n
    starts.forEach((at, i) => { bytes.writeBigUInt64LE(first + BigInt(i) * stepNs, at) })
    ends.forEach((at, i) => { bytes.writeBigUInt64LE(first + BigInt(i) * stepNs + 12_000_000n, at) })
    const read = readExportRequest(signal, bytes, { ids: new EventIds(), observedTimeUnixNano: first + BigInt(batchMs) * 1_000_000n })
    if (!read.ok) throw new Error(read.error)
    return read.batch
  }
}

function placesOf (bytes: Buffer, nano: bigint): number[] {
  const mark = Buffer.alloc(8)
  mark.writeBigUInt64LE(nano)
  const found: number[] = []
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 8)) found.push(at)
  return found
}

function group (kind: 'spans' | 'logs', index: number, g: number, share: number): object {
  const rows = batchRows / podsOfRequest
  // Half of the pods are of troubled workloads, and theirs are the abnormal rows.
  const { pod, service } = whoOf(index, g * rows, g % 2 === 0 ? 1 : 0)
  const records = Array.from({ length: rows }, (_, i) => {
    const isAbnormal = g % 2 === 0 && (i * 7919) % 1000 < share * 2000
    return kind === 'spans' ? span(index * batchRows + g * rows + i, service, isAbnormal) : logRecord(index * batchRows + g * rows + i, service, isAbnormal)
  })
  const resource = { attributes: [text('service.name', serviceName(service)), text('k8s.pod.uid', podUid(pod)), text('k8s.namespace.name', namespaceOf(service)), text('k8s.node.name', nodeOf(pod))] }
  return { resource, ...(kind === 'spans' ? { scopeSpans: [{ spans: records }] } : { scopeLogs: [{ logRecords: records }] }) }
}

/** 8 attributes; half of them servers, a quarter clients. */
function span (n: number, service: number, isAbnormal: boolean): object {
  const peer = serviceName((service + 40) % serviceCount)
  const plain = ['http.request.method', 'url.path', 'network.protocol.version', 'user_agent.original', 'http.route', 'url.scheme', 'client.address'].map(key => text(key, `value of ${key}`))
  return {
    traceId: idOf(16, n >> 3), spanId: idOf(8, n), parentSpanId: idOf(8, n + 1), name: `GET /cart/${n % 7}`, kind: n % 4 === 0 ? 3 : n % 4 === 1 ? 1 : 2, startTimeUnixNano: String(markNano), endTimeUnixNano: String(endMarkNano),
    ...(isAbnormal ? { status: { code: 2, message: n % 2 === 0 ? `dial tcp ${podAddress(service)}:8080: connect: connection refused` : '' } } : {}),
    attributes: [...plain, text('server.address', peer)]
  }
}

function logRecord (n: number, service: number, isAbnormal: boolean): object {
  const body = isAbnormal ? n % 2 === 0 ? `request ${n} failed: upstream ${serviceName((service + 40) % serviceCount)} timed out after 3000 ms` : `could not write order ${n}: no space left on device` : `served order ${n} in ${n % 90} ms`
  return { timeUnixNano: String(markNano), severityNumber: isAbnormal ? Severity.error : Severity.info, body: { stringValue: body }, traceId: idOf(16, n >> 3), spanId: idOf(8, n), attributes: [text('logger.name', 'shop.orders'), text('thread.name', 'main')] }
}
