/**
 * The official JavaScript SDK through Tapio: SDK exporter → otlp receiver → otlp exporter → a second otlp receiver.
 * Scenario: every SDK exporter (trace, metric, log × gRPC, HTTP/protobuf, HTTP/JSON), every protocol of ours onwards.
 * Guarantees: every record arrives, and protobuf records arrive with the bytes they were sent with.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { SeverityNumber } from '@opentelemetry/api-logs'
import { OTLPLogExporter as LogGrpc } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as LogJson } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as LogProto } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter as MetricGrpc } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { OTLPMetricExporter as MetricJson } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as MetricProto } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter as TraceGrpc } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as TraceJson } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as TraceProto } from '@opentelemetry/exporter-trace-otlp-proto'
import { ProtobufLogsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor, type LogRecordExporter } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace'
import { encodeBatch } from '../../core/data/codec.js'
import { decodeBatch } from '../../core/data/decode.js'
import type { EventBatch } from '../../core/data/batch.js'
import { otlpSignals, signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'
import { grpcCall, post } from '../../core/otlp/testing/harness.js'
import { randomMessage, usual } from '../../core/otlp/testing/messages.js'
import { requestType } from '../../core/otlp/testing/oracle.js'
import { Random } from '../../core/otlp/testing/random.js'
import { recordsOf } from '../../core/otlp/testing/records-of.js'
import { startExporter } from '../../exporters/otlp/start-for-test.js'
import { startReceiver, type Started } from './start-for-test.js'

const wires = ['grpc', 'http/protobuf', 'http/json'] as const
type Wire = (typeof wires)[number]

interface Chain { readonly first: Started, readonly second: Started }

/** Two receivers with an exporter between them. `rebuild` turns each batch into one that must be framed anew. */
async function withChain (onwards: Wire, rebuild: boolean, use: (chain: Chain) => Promise<void>): Promise<void> {
  const [first, second] = await Promise.all([startReceiver(), startReceiver()])
  const endpoint = onwards === 'grpc' ? `127.0.0.1:${second.grpcPort}` : `http://127.0.0.1:${second.httpPort}`
  const out = startExporter({ endpoint, protocol: onwards, compression: rebuild ? 'gzip' : 'none' })
  first.next.answer = batch => out.exporter.consume(rebuild ? rebuilt(batch) : batch)
  try {
    await use({ first, second })
  } finally {
    await first.stop()
    await out.stop()
    await second.stop()
  }
}

/** Through the codec, and every row chosen: nothing is verbatim any more. */
function rebuilt (batch: EventBatch): EventBatch {
  const decoded = decodeBatch(encodeBatch(batch))
  assert.ok(decoded.ok)
  return decoded.ok ? decoded.batch.select(Uint32Array.from({ length: batch.count }, (_, i) => i)) : batch
}

const recordsIn = (started: Started): string[] => started.next.batches.flatMap(b => [...b].map(row => Buffer.from(row.raw ?? []).toString('hex')))
const named = (started: Started, column: 'name' | 'message'): (string | undefined)[] => started.next.batches.flatMap(b => [...b].map(row => row.get(column)))

const resource = resourceFromAttributes({ 'service.name': 'interop', 'service.instance.id': 'i-1' })
const url = (port: number, signal: OtlpSignal): string => `http://127.0.0.1:${port}${signalFacts[signal].httpPath}`

const traceExporter = (wire: Wire, r: Started): SpanExporter =>
  wire === 'grpc' ? new TraceGrpc({ url: `http://127.0.0.1:${r.grpcPort}` }) : new (wire === 'http/json' ? TraceJson : TraceProto)({ url: url(r.httpPort, 'traces') })
const metricExporter = (wire: Wire, r: Started): PushMetricExporter =>
  wire === 'grpc' ? new MetricGrpc({ url: `http://127.0.0.1:${r.grpcPort}` }) : new (wire === 'http/json' ? MetricJson : MetricProto)({ url: url(r.httpPort, 'metrics') })
const logExporter = (wire: Wire, r: Started): LogRecordExporter =>
  wire === 'grpc' ? new LogGrpc({ url: `http://127.0.0.1:${r.grpcPort}` }) : new (wire === 'http/json' ? LogJson : LogProto)({ url: url(r.httpPort, 'logs') })

async function sendSpans (exporter: SpanExporter, count: number): Promise<InMemorySpanExporter> {
  const memory = new InMemorySpanExporter()
  const provider = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter, maxExportBatchSize: count, maxQueueSize: count * 2 }), new SimpleSpanProcessor({ exporter: memory })] })
  const tracer = provider.getTracer('interop', '1.2.3')
  for (let i = 0; i < count; i++) {
    const parent = tracer.startSpan(`parent ${i}`, { kind: SpanKind.SERVER, attributes: { 'http.route': '/cart/:id', n: i, ratio: 0.5, ok: true, list: ['a', 'b'], big: 2 ** 40 } }, ROOT_CONTEXT)
    const child = tracer.startSpan(`child ${i}`, { links: [{ context: parent.spanContext(), attributes: { why: 'link' } }] }, trace.setSpan(ROOT_CONTEXT, parent))
    child.addEvent('retry', { attempt: 2 })
    child.setStatus({ code: SpanStatusCode.ERROR, message: 'boom ✗' })
    child.end()
    parent.end()
  }
  await provider.forceFlush()
  const finished = memory.getFinishedSpans().slice()
  await provider.shutdown()
  return Object.assign(memory, { getFinishedSpans: () => finished })
}

async function sendLogs (exporter: LogRecordExporter, count: number): Promise<InMemoryLogRecordExporter> {
  const memory = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter, maxExportBatchSize: count, maxQueueSize: count * 2 }), new SimpleLogRecordProcessor({ exporter: memory })] })
  const logger = provider.getLogger('interop', '1.2.3')
  for (let i = 0; i < count; i++) {
    logger.emit({ severityNumber: SeverityNumber.WARN, severityText: 'WARN', body: i % 2 === 0 ? `message ${i}` : { structured: [i, 'x', { deep: true }] }, attributes: { i, text: 'naïve' }, eventName: `event ${i}` })
  }
  await provider.forceFlush()
  const finished = memory.getFinishedLogRecords().slice()
  await provider.shutdown()
  return Object.assign(memory, { getFinishedLogRecords: () => finished })
}

async function sendMetrics (exporter: PushMetricExporter): Promise<void> {
  const provider = new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })] })
  const meter = provider.getMeter('interop', '1.2.3')
  meter.createCounter('requests', { unit: '{request}' }).add(5, { route: '/a' })
  meter.createUpDownCounter('queue').add(-3)
  meter.createHistogram('latency', { unit: 'ms' }).record(12.5, { route: '/a' })
  meter.createGauge('temperature').record(21.5)
  meter.createObservableGauge('observed').addCallback(result => { result.observe(7, { x: 'y' }) })
  // Collects and exports once more, so no flush before it.
  await provider.shutdown()
}

let done = 0
for (const wire of wires) {
  for (const onwards of wires) {
    test(`spans of the SDK over ${wire}, onwards over ${onwards}`, async () => {
      await withChain(onwards, false, async ({ first, second }) => {
        const sent = await sendSpans(traceExporter(wire, first), 50)
        assert.is(second.next.rows, 100)
        assert.equal(named(second, 'name').sort(), sent.getFinishedSpans().map(s => s.name).sort())
        const library = recordsOf(ProtobufTraceSerializer.serializeRequest(sent.getFinishedSpans()) ?? new Uint8Array()).map(r => r.record)
        if (onwards !== 'http/json') assert.equal(recordsIn(second), recordsIn(first))
        if (wire !== 'http/json' && onwards !== 'http/json') assert.equal(recordsIn(second).sort(), library.sort())
        done += second.next.rows
      })
    })

    test(`logs of the SDK over ${wire}, onwards over ${onwards}, framed anew`, async () => {
      await withChain(onwards, true, async ({ first, second }) => {
        const sent = await sendLogs(logExporter(wire, first), 60)
        assert.is(second.next.rows, 60)
        assert.equal(named(second, 'name').sort(), sent.getFinishedLogRecords().map(l => l.eventName).sort())
        assert.ok(named(second, 'message').includes('{"structured":[1,"x",{"deep":true}]}'))
        const library = recordsOf(ProtobufLogsSerializer.serializeRequest(sent.getFinishedLogRecords()) ?? new Uint8Array()).map(r => r.record)
        if (onwards !== 'http/json') assert.equal(recordsIn(second), recordsIn(first))
        if (wire !== 'http/json' && onwards !== 'http/json') assert.equal(recordsIn(second).sort(), library.sort())
        assert.is(second.next.batches[0]?.at(0).resource.attributes['service.name'], 'interop')
        done += second.next.rows
      })
    })

    test(`metrics of the SDK over ${wire}, onwards over ${onwards}`, async () => {
      await withChain(onwards, wire === 'grpc', async ({ first, second }) => {
        await sendMetrics(metricExporter(wire, first))
        assert.equal(named(second, 'name').sort(), ['latency', 'observed', 'queue', 'requests', 'temperature'])
        const values = Object.fromEntries(second.next.batches.flatMap(b => [...b].map(row => [row.get('name'), row.get('metricValue')])))
        assert.equal(values, { latency: 12.5, observed: 7, queue: -3, requests: 5, temperature: 21.5 })
        if (onwards !== 'http/json') assert.equal(recordsIn(second), recordsIn(first))
        done += second.next.rows
      })
    })
  }
}

for (const signal of otlpSignals) {
  for (const rebuild of [false, true]) {
    test(`${signal} with unknown fields at every level arrive bit for bit${rebuild ? ', framed anew' : ''}`, async () => {
      await withChain('grpc', rebuild, async ({ first, second }) => {
        const requests = Array.from({ length: 12 }, (_, i) => Buffer.from(randomMessage(new Random(i + 1), requestType(signal), { ...usual, density: 0.8, depth: 8 }))).filter(b => b.length < 3_000_000)
        for (const [i, request] of requests.entries()) {
          const code = i % 2 === 0 ? (await grpcCall(first.grpcPort, signal, request)).code : (await post(first.httpPort, signalFacts[signal].httpPath, request)).code
          assert.ok(code === 0 || code === 200, `request ${i}: ${code}`)
        }
        const expected = signal === 'profiles' ? requests.filter(r => recordsOf(r).length > 0).map(r => r.toString('hex')) : requests.flatMap(r => recordsOf(r).map(x => x.record))
        assert.ok(expected.length > 4, `${expected.length} records`)
        assert.equal(recordsIn(second), expected)
      })
    })
  }
}

test('the counts of the matrix', () => {
  console.log(`\nREPORT otlp interop: official JS SDK exporters 0.223.0, 3 signals x 3 wires in x 3 wires out, ${done} of 1485 records arrived`)
  assert.is(done, 9 * (100 + 60 + 5))
})

test.run()
