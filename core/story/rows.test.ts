/** Guarantees: what a backend gets of an incident, read back from the bytes that an OTLP exporter would send. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeBatch } from '../data/codec.js'
import { decodeBatch } from '../data/decode.js'
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import type { Incident } from '../incidents/incident.js'
import { imageIncident, incidents, longIncident, memoryIncident, unknownIncident } from '../incidents/testing/incidents.js'
import { protobufToJson } from '../otlp/json-encode.js'
import { frameExportRequests } from '../otlp/writer.js'
import { incidentOfRow, incidentRows } from './rows.js'
import { incidentTraceId, rootSpanId, stepSpanId } from './trace.js'

const test = suite('incidents as rows')

interface KeyValue { readonly key: string, readonly value: Record<string, unknown> }
interface Link { readonly traceId: string, readonly spanId: string, readonly attributes: readonly KeyValue[] }
interface Span {
  readonly traceId: string, readonly spanId: string, readonly parentSpanId?: string, readonly name: string, readonly startTimeUnixNano: string, readonly endTimeUnixNano: string
  readonly attributes: readonly KeyValue[], readonly links?: readonly Link[], readonly events?: readonly { readonly name: string }[], readonly status?: { readonly code?: number, readonly message?: string }
}
interface Log { readonly eventName: string, readonly severityNumber: number, readonly body: { readonly stringValue: string }, readonly traceId: string, readonly spanId: string, readonly timeUnixNano: string, readonly attributes: readonly KeyValue[] }

function sent (batch: EventBatch, signal: 'traces' | 'logs'): unknown[] {
  const [group, scope, records] = signal === 'traces' ? ['resourceSpans', 'scopeSpans', 'spans'] : ['resourceLogs', 'scopeLogs', 'logRecords']
  return frameExportRequests(batch).filter(request => request.signal === signal).flatMap(request => {
    const json = JSON.parse(protobufToJson(signal, Buffer.concat(request.chunks))) as Record<string, Record<string, Record<string, unknown[]>[]>[]>
    return (json[group as string] ?? []).flatMap(r => (r[scope as string] ?? []).flatMap(s => s[records as string] ?? []))
  })
}
const spansOf = (incident: Incident, sentSteps?: ReadonlySet<string>): Span[] => sent(incidentRows(incident, { withTrace: true, ...(sentSteps !== undefined && { sentSteps }) }), 'traces') as Span[]
const value = (attributes: readonly KeyValue[], key: string): unknown => Object.values(attributes.find(a => a.key === key)?.value ?? {})[0]

test('the event row carries the whole document', () => {
  for (const incident of [...incidents, longIncident(64)]) {
    const batch = incidentRows(incident)
    assert.is(batch.count, 1)
    assert.equal(incidentOfRow(batch.at(0)), incident)
  }
})

test('it survives the codec beside its trace', () => {
  const decoded = decodeBatch(encodeBatch(incidentRows(memoryIncident, { withTrace: true })))
  if (!decoded.ok) throw new Error(decoded.error)
  assert.equal([...decoded.batch].map(row => incidentOfRow(row)?.id), [memoryIncident.id, ...Array.from({ length: 6 }, () => undefined)])
  assert.is((sent(decoded.batch, 'traces')).length, 6)
})

test('without the document it is a log record only', () => {
  const batch = incidentRows(memoryIncident, { withDocument: false })
  assert.is(incidentOfRow(batch.at(0)), undefined)
  assert.is(sent(batch, 'logs').length, 1)
})

test('rows of others are no incidents', () => {
  const builder = new BatchBuilder()
  builder.append({ name: 'tapio.incident' })
  builder.append({ name: 'tapio.incident', raw: { encoding: 7, bytes: Buffer.from('{"schema":1') } })
  builder.append({ name: 'other', raw: { encoding: 7, bytes: Buffer.from(JSON.stringify(memoryIncident)) } })
  assert.equal([...builder.finish()].map(incidentOfRow), [undefined, undefined, undefined])
})

test('the same incident gives the same bytes, ids included; another version another event in the same trace', () => {
  for (const incident of incidents) {
    assert.equal(encodeBatch(incidentRows(incident, { withTrace: true })), encodeBatch(incidentRows(structuredClone(incident), { withTrace: true })))
  }
  const [first, second] = [memoryIncident, { ...memoryIncident, version: 5 }].map(i => incidentRows(i).at(0))
  assert.is.not(first?.get('id'), second?.get('id'))
  assert.is(first?.get('traceId'), second?.get('traceId'))
})

test('the log record names the event, the trace and what was found', () => {
  const [log] = sent(incidentRows(memoryIncident), 'logs') as Log[]
  if (log === undefined) throw new Error('no log record')
  assert.equal([log.eventName, log.severityNumber, log.traceId, log.spanId, log.timeUnixNano], ['tapio.incident', 21, incidentTraceId(memoryIncident), rootSpanId(memoryIncident), String(memoryIncident.updatedMs * 1e6)])
  assert.is(log.body.stringValue, 'Memory exhaustion on node-7 affecting multiple pods. HIGH - 3 services degraded, 2 nodes affected. Confidence: High (93 %).')
  assert.equal(['tapio.incident.id', 'tapio.cause', 'k8s.node.name', 'tapio.incident.status'].map(key => value(log.attributes, key)), ['5b1f0c8e2a9d4477', 'node_memory_exhaustion', 'node-7', 'open'])
  assert.match(JSON.stringify(log.attributes), 'IMMEDIATE: Cordon node-7 to prevent new pods: kubectl cordon node-7')
  assert.match(JSON.stringify(log.attributes), 'degraded Service shop/cart')
})

test('a resolved one and one without a known cause say so', () => {
  const bodies = [imageIncident, unknownIncident].map(i => (sent(incidentRows(i), 'logs') as Log[])[0]?.body.stringValue)
  assert.equal(bodies, [
    'Resolved: Image registry.example/pay:1.9.9 of Deployment shop/pay does not exist. LOW - 1 workload failed. Confidence: Very High (97 %).',
    'Unit chronyd.service failed on node-3. LOW - nothing else is affected. The cause is not known.'
  ])
})

test('the trace is the chain: the cause at the root, each step below the surest of its causes', () => {
  const spans = spansOf(memoryIncident)
  const nameOf = new Map(spans.map(s => [s.spanId, s.name]))
  assert.equal(spans.map(s => [s.name, nameOf.get(s.parentSpanId ?? '')]), [
    ['Memory exhaustion on node-7 affecting multiple pods', undefined],
    ['[KERNEL] OOM killer invoked on node-7', 'Memory exhaustion on node-7 affecting multiple pods'],
    ['[K8S] Pod nginx-7d8f9 OOMKilled', '[KERNEL] OOM killer invoked on node-7'],
    ['[K8S] Pod mysql-5432 Evicted', '[KERNEL] OOM killer invoked on node-7'],
    ['[NET] Connection refused on mysql:3306', '[K8S] Pod mysql-5432 Evicted'],
    ['[K8S] Deployment nginx unable to schedule', '[K8S] Pod nginx-7d8f9 OOMKilled']
  ])
  assert.equal(new Set(spans.map(s => s.traceId)), new Set([incidentTraceId(memoryIncident)]))
  assert.ok(spans.every(s => s.status?.code === 2 && BigInt(s.startTimeUnixNano) <= BigInt(s.endTimeUnixNano)))
  assert.is(spans[4]?.startTimeUnixNano, String((memoryIncident.startMs + 5100) * 1e6))
})

test('spans have names of the semantic conventions and the events behind them', () => {
  const spans = spansOf(memoryIncident)
  const attributes = (i: number, ...keys: string[]): unknown[] => keys.map(key => value(spans[i]?.attributes ?? [], key))
  assert.equal(attributes(2, 'k8s.pod.name', 'k8s.namespace.name', 'k8s.pod.uid', 'tapio.sign', 'tapio.link.kind'), ['nginx-7d8f9', 'shop', '5f0c1e1a-2b9a-4a0e-8f5e-1f6a2b3c4d5e', 'k8s.oom_killed', 'placement'])
  assert.equal(attributes(4, 'server.address', 'server.port'), ['mysql', '3306'])
  assert.equal(spans[5]?.events?.map(e => e.name), ['FailedScheduling'])
})

test('what a tree cannot say are links: further causes, and the spans of applications', () => {
  const spans = spansOf(memoryIncident)
  assert.equal(spans[5]?.links?.map(l => [l.spanId, value(l.attributes, 'tapio.link')]), [[spans[1]?.spanId, 'cause']])
  assert.equal(spans[4]?.links?.map(l => [l.traceId, l.spanId, value(l.attributes, 'tapio.link')]), [['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331', 'evidence']])
})

test('later, only what is new is sent, below what was sent before', () => {
  const known = new Set(memoryIncident.chain.slice(0, 3).map(s => s.id))
  const spans = spansOf(memoryIncident, known)
  assert.equal(spans.map(s => s.name), ['[NET] Connection refused on mysql:3306', '[K8S] Deployment nginx unable to schedule'])
  assert.is(spans[0]?.parentSpanId, stepSpanId(memoryIncident, memoryIncident.chain[2] as Incident['chain'][number]))
  assert.is(incidentRows(memoryIncident, { withTrace: true, sentSteps: new Set(memoryIncident.chain.map(s => s.id)) }).count, 1)
})

test('absurd times, ids and counts are sent as well as they can be', () => {
  const [step] = memoryIncident.chain
  if (step === undefined) throw new Error('no step')
  const odd: Incident = {
    ...memoryIncident, startMs: -5, updatedMs: NaN, title: '\u001b[31mx\ud800', hypotheses: [],
    chain: [{ ...step, timeMs: Infinity, lastMs: -1, severity: 9, evidence: [{ eventId: '', timeMs: NaN, source: '', name: '', message: '', traceId: 'zz', spanId: '0000000000000000', count: -1 }] }]
  }
  const spans = spansOf(odd)
  assert.equal(spans.map(s => [s.name, s.startTimeUnixNano ?? '0', s.endTimeUnixNano ?? '0', s.links?.length ?? 0]), [['x\ufffd', '0', '0', 0], ['[KERNEL] OOM killer invoked on node-7', '0', '0', 0]])
  assert.is(spans[1]?.status?.code ?? 0, 0)
})

test.run()
