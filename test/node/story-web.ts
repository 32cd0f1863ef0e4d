/**
 * The application `web` of story.test.ts, in a process of its own: every 300 ms a request that asks `cart` over a new connection, told
 * with the official OpenTelemetry SDK. Environment: CART (`address:port`), OTLP (URL for gRPC), POD_UID, FAILURES (how many requests
 * must have failed, the first not counted: its answer never came). Prints the finished spans as a JSON line, their bytes in hex, and ends.
 */
import { connect } from 'node:net'
import { credentials } from '@grpc/grpc-js'
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { recordsOf } from '../../core/otlp/testing/records-of.js'

const { CART = '', OTLP = '', POD_UID = '', FAILURES = '3' } = process.env
const [host = '', port = ''] = CART.split(':')
/** Bounds a run that nothing fails in. */
const mostRequests = 60

const kept = new InMemorySpanExporter()
const provider = new TracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'web', 'k8s.pod.uid': POD_UID }),
  spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: OTLP, credentials: credentials.createInsecure() }), scheduledDelayMillis: 100 }), new SimpleSpanProcessor({ exporter: kept })]
})
const tracer = provider.getTracer('story')

/** Resolves when cart has closed the connection in peace, which is its answer. */
function ask (): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => { socket.write('GET /cart\n') })
    socket.on('error', reject).on('end', () => { reject(new Error('cart closed the connection without an answer')) }).on('data', () => { resolve(); socket.destroy() })
  })
}

function failed (span: Span, error: Error): void {
  span.recordException(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
}

/** Whether it worked. */
async function request (): Promise<boolean> {
  const server = tracer.startSpan('GET /basket', { kind: SpanKind.SERVER, attributes: { 'http.route': '/basket' } }, ROOT_CONTEXT)
  const client = tracer.startSpan('GET /cart', { kind: SpanKind.CLIENT, attributes: { 'server.address': host, 'server.port': Number(port) } }, trace.setSpan(context.active(), server))
  const error = await ask().then(() => undefined, (e: unknown) => e as Error)
  if (error !== undefined) {
    failed(client, error)
    server.setAttribute('http.response.status_code', 500)
    server.setStatus({ code: SpanStatusCode.ERROR })
  }
  client.end()
  server.end()
  return error === undefined
}

for (let [n, failures] = [0, -1]; failures < Number(FAILURES) && n < mostRequests; n++) {
  if (!await request()) failures++
  await new Promise(resolve => setTimeout(resolve, 300))
}
await provider.forceFlush()
console.log(JSON.stringify(kept.getFinishedSpans().map(span => ({
  traceId: span.spanContext().traceId,
  exception: String(span.events[0]?.attributes?.['exception.message'] ?? ''),
  record: recordsOf(ProtobufTraceSerializer.serializeRequest([span]) ?? new Uint8Array())[0]?.record
}))))
await provider.shutdown()
