/**
 * A small instrumented program, made with the official OpenTelemetry JS SDK and nothing of Tapio's: three services of a
 * shop in one process (frontend -> cart -> db) that send traces over gRPC, metrics over HTTP/protobuf and logs over
 * HTTP/JSON. For a while in the middle the database refuses connections, and it shows in all three signals.
 *
 * Environment: OTLP_GRPC and OTLP_HTTP (host:port), SHOP_SECONDS (how long, default 6), SHOP_ORDERS_PER_SECOND (default 100).
 * Prints one JSON line at its end with what it sent.
 */
import { SpanKind, SpanStatusCode, context, trace, type Span, type Tracer } from '@opentelemetry/api'
import { SeverityNumber, type Logger } from '@opentelemetry/api-logs'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

const grpc = process.env['OTLP_GRPC'] ?? '127.0.0.1:4317'
const http = process.env['OTLP_HTTP'] ?? '127.0.0.1:4318'
const seconds = Number(process.env['SHOP_SECONDS'] ?? 6)
const ordersPerSecond = Number(process.env['SHOP_ORDERS_PER_SECOND'] ?? 100)

const sent = { spans: 0, logs: 0, metricExports: 0, failedOrders: 0 }

interface Service { readonly name: string, readonly tracer: Tracer, readonly logger: Logger, readonly shutdown: () => Promise<void> }

function service (name: string, pod: string): Service {
  const resource = resourceFromAttributes({
    'service.name': name, 'service.version': '1.4.2', 'k8s.namespace.name': 'shop', 'k8s.pod.name': pod, 'k8s.node.name': 'node-7', 'host.name': 'node-7'
  })
  const spans = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `http://${grpc}` }), maxQueueSize: 8192, scheduledDelayMillis: 200 })] })
  const logs = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `http://${http}/v1/logs` }), maxQueueSize: 8192, scheduledDelayMillis: 200 })] })
  return { name, tracer: spans.getTracer('shop', '1.4.2'), logger: logs.getLogger('shop', '1.4.2'), shutdown: async () => { await spans.shutdown(); await logs.shutdown() } }
}

const frontend = service('frontend', 'frontend-5c9f7')
const cart = service('cart', 'cart-7d8f9')
const db = service('db', 'db-0')

const meters = new MeterProvider({
  resource: resourceFromAttributes({ 'service.name': 'frontend', 'k8s.namespace.name': 'shop', 'k8s.pod.name': 'frontend-5c9f7', 'k8s.node.name': 'node-7' }),
  readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `http://${http}/v1/metrics` }), exportIntervalMillis: 500, exportTimeoutMillis: 400 })]
})
const meter = meters.getMeter('shop')
const orders = meter.createCounter('shop.orders', { description: 'Orders by result.' })
const duration = meter.createHistogram('http.server.request.duration', { unit: 's' })
meter.createObservableGauge('process.memory.usage', { unit: 'By' }).addCallback(result => { result.observe(process.memoryUsage().rss) })

function inSpan<T> (s: Service, name: string, kind: SpanKind, parent: Span | undefined, work: (span: Span) => T): T {
  const around = parent === undefined ? context.active() : trace.setSpan(context.active(), parent)
  const span = s.tracer.startSpan(name, { kind }, around)
  sent.spans++
  try {
    return work(span)
  } finally {
    span.end()
  }
}

function log (s: Service, span: Span, severityNumber: SeverityNumber, body: string, attributes: Record<string, string | number>): void {
  s.logger.emit({ severityNumber, severityText: SeverityNumber[severityNumber], body, attributes, context: trace.setSpan(context.active(), span) })
  sent.logs++
}

/** One order; false when the database could not be reached. */
function order (number: number, broken: boolean): boolean {
  return inSpan(frontend, 'POST /checkout', SpanKind.SERVER, undefined, root => {
    root.setAttributes({ 'http.request.method': 'POST', 'url.path': '/checkout', 'order.number': number })
    const ok = inSpan(cart, 'cart.Checkout', SpanKind.SERVER, root, span => inSpan(db, 'SELECT cart', SpanKind.CLIENT, span, query => {
      query.setAttributes({ 'db.system.name': 'mysql', 'server.address': 'mysql', 'server.port': 3306 })
      if (!broken) return true
      query.setStatus({ code: SpanStatusCode.ERROR, message: 'connect ECONNREFUSED mysql:3306' })
      log(cart, query, SeverityNumber.ERROR, 'could not load the cart: connect ECONNREFUSED mysql:3306', { 'order.number': number, 'error.type': 'ECONNREFUSED' })
      return false
    }))
    root.setAttribute('http.response.status_code', ok ? 200 : 500)
    if (!ok) root.setStatus({ code: SpanStatusCode.ERROR })
    log(frontend, root, ok ? SeverityNumber.INFO : SeverityNumber.WARN, ok ? `order ${number} placed` : `order ${number} failed with 500`, { 'order.number': number })
    return ok
  })
}

let stop = false
process.once('SIGTERM', () => { stop = true })
process.once('SIGINT', () => { stop = true })

const startedMs = performance.now()
for (let number = 1; !stop; number++) {
  const atSeconds = (performance.now() - startedMs) / 1000
  if (atSeconds >= seconds) break
  const beginMs = performance.now()
  const ok = order(number, atSeconds > seconds * 0.5 && atSeconds < seconds * 0.7)
  if (!ok) sent.failedOrders++
  orders.add(1, { result: ok ? 'ok' : 'failed' })
  duration.record((performance.now() - beginMs) / 1000, { 'http.route': '/checkout' })
  const nextMs = startedMs + number * 1000 / ordersPerSecond
  if (nextMs > performance.now()) await new Promise(resolve => setTimeout(resolve, nextMs - performance.now()))
}
await Promise.all([frontend.shutdown(), cart.shutdown(), db.shutdown(), meters.shutdown()])
console.log(JSON.stringify(sent))
