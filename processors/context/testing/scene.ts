/** A context processor with its engine, and rows to give it. */
import { Value } from '@sinclair/typebox/value'
import type { Processor } from '../../../core/component/component.js'
import { createShared } from '../../../core/component/services.js'
import { engineOf, type Engine } from '../../../core/correlation/engine.js'
import { entityKey } from '../../../core/correlation/entity.js'
import type { EventBatch } from '../../../core/data/batch.js'
import { BatchBuilder, type EventInput } from '../../../core/data/builder.js'
import { RawEncoding, Severity } from '../../../core/data/enums.js'
import { EventIds } from '../../../core/data/ids.js'
import { jsonToProtobuf } from '../../../core/otlp/json-decode.js'
import { readExportRequest } from '../../../core/otlp/reader.js'
import { testBench, type TestBench } from '../../../core/testing/services.js'
import { schema, type ContextConfig } from '../config.js'
import { factory } from '../factory.js'

export const startMs = Date.UTC(2026, 0, 1, 12)
export const nano = (ms: number): bigint => BigInt(ms) * 1_000_000n
export const uid = '11111111-2222-3333-4444-555555555555'
export const containerId = 'a'.repeat(64)

export function defaultsOf (config: Record<string, unknown> = {}): ContextConfig { return Value.Default(schema, structuredClone(config)) as ContextConfig }

export interface Scene {
  readonly processor: Processor
  readonly engine: Engine
  readonly bench: TestBench
  send (...events: readonly EventInput[]): Promise<void>
  /** One line a symptom: sign, entity, detail. */
  symptoms (): string[]
  calls (callee: string): string[]
}

export async function scene (config: Record<string, unknown> = {}): Promise<Scene> {
  const shared = createShared()
  const bench = testBench('processor', 'context', defaultsOf({ node: 'n0', ...config }), { shared })
  const processor = await factory.create(bench.services) as Processor
  const engine = engineOf(shared)
  return {
    processor, engine, bench,
    send: async (...events) => { await processor.consume(batchOf(events)) },
    symptoms: () => [...engine.symptoms.all()].map(s => `${s.sign} ${entityKey(s.entity)} ${JSON.stringify(s.detail)}`),
    calls: callee => engine.dependencies.callers({ kind: 'Service', namespace: 'shop', name: callee }).map(c => `${entityKey(c.caller)} ${c.calls}/${c.errors}`)
  }
}

export function batchOf (events: readonly EventInput[]): EventBatch {
  const builder = new BatchBuilder()
  for (const event of events) builder.append({ timeUnixNano: nano(startMs), observedTimeUnixNano: nano(startMs), ...event })
  return builder.finish()
}

/** A row that carries an object. */
export function objectRow (kind: string, value: Record<string, unknown>, more: EventInput = {}): EventInput {
  return { signal: 'events', type: 'kubernetes', name: 'ObjectSnapshot', source: 'snapshot', severity: Severity.info, raw: { encoding: RawEncoding.kubernetesJson, bytes: Buffer.from(JSON.stringify({ kind, ...value })) }, ...more }
}

export const podRow = objectRow('Pod', {
  metadata: { namespace: 'shop', name: 'cart-abc-1', uid, labels: { app: 'cart', 'pod-template-hash': 'abc' }, ownerReferences: [{ kind: 'ReplicaSet', name: 'cart-abc', uid: 'r', controller: true }] },
  spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'cart:1' }] },
  status: { podIP: '10.0.0.7', startTime: '2026-01-01T10:00:00Z', containerStatuses: [{ name: 'main', containerID: `containerd://${containerId}` }] }
})
export const serviceRow = (name: string, clusterIP: string): EventInput => objectRow('Service', { metadata: { namespace: 'shop', name }, spec: { clusterIP, selector: { app: name } } })

export const oomKill: EventInput = {
  signal: 'events', type: 'memory', name: 'oom_kill', source: 'ebpf', severity: Severity.critical, pid: 7, comm: 'node', message: 'OOM kill',
  resource: { 'k8s.pod.uid': uid, 'container.id': containerId }, attributes: { 'linux.oom.constraint': 'memcg' }
}
/** Nothing but its time. */
export const tickRow = (afterMs: number): EventInput => ({ signal: 'events', type: 'process', name: 'exec', source: 'ebpf', severity: Severity.info, timeUnixNano: nano(startMs + afterMs), observedTimeUnixNano: nano(startMs + afterMs) })

type Values = Readonly<Record<string, string | number>>

const attributesJson = (values: Values): object[] => Object.entries(values).map(([key, value]) => ({ key, value: typeof value === 'number' ? { intValue: value } : { stringValue: value } }))

export interface SpanInput { readonly id: string, readonly parent?: string, readonly kind: number, readonly error?: string, readonly attributes?: Values, readonly exception?: string }

export function spansBatch (resource: Values, spans: readonly SpanInput[]): EventBatch {
  return otlp('traces', { resourceSpans: [{ resource: { attributes: attributesJson(resource) }, scopeSpans: [{ spans: spans.map(s => ({
    traceId: '0'.repeat(31) + '1', spanId: s.id.padStart(16, '0'), ...(s.parent === undefined ? {} : { parentSpanId: s.parent.padStart(16, '0') }), name: 'op', kind: s.kind,
    startTimeUnixNano: String(nano(startMs)), endTimeUnixNano: String(nano(startMs + 5)), attributes: attributesJson(s.attributes ?? {}),
    ...(s.error === undefined ? {} : { status: { code: 2, message: s.error } }),
    ...(s.exception === undefined ? {} : { events: [{ name: 'exception', attributes: attributesJson({ 'exception.type': 'Error', 'exception.message': s.exception }) }] })
  })) }] }] })
}

export function logsBatch (resource: Values, lines: readonly { readonly severity: number, readonly body: string }[]): EventBatch {
  return otlp('logs', { resourceLogs: [{ resource: { attributes: attributesJson(resource) }, scopeLogs: [{ logRecords: lines.map(l => ({ timeUnixNano: String(nano(startMs)), severityNumber: l.severity, body: { stringValue: l.body } })) }] }] })
}

function otlp (signal: 'traces' | 'logs', request: object): EventBatch {
  const bytes = jsonToProtobuf(signal, Buffer.from(JSON.stringify(request)))
  if (!bytes.ok) throw new Error(bytes.error)
  const read = readExportRequest(signal, bytes.bytes, { ids: new EventIds(new Uint8Array(8), 1), observedTimeUnixNano: nano(startMs) })
  if (!read.ok) throw new Error(read.error)
  return read.batch
}
