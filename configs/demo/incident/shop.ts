/**
 * The instrumented side of the recorded incident, made with the official OpenTelemetry JS SDK and nothing of Tapio's: services
 * of a shop in one process (nginx -> cart -> mysql, nginx -> catalog, nginx -> search) that send traces over gRPC, metrics over
 * HTTP/protobuf and logs over HTTP/JSON. Each cart really connects to the database, so what fails, fails for real.
 *
 * Environment: OTLP_GRPC, OTLP_HTTP and MYSQL (host:port), SHOP_SECONDS. SIGUSR1: the pod `leaking` serves no more.
 */
import { connect } from 'node:net'
import { SpanKind, SpanStatusCode, context, trace, type Span, type Tracer } from '@opentelemetry/api'
import { SeverityNumber, type Logger } from '@opentelemetry/api-logs'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { caller, catalogs, leaking, namespace, otherNginx, searcher, type StoryPod } from './story.js'

const { OTLP_GRPC: grpc = '127.0.0.1:4317', OTLP_HTTP: http = '127.0.0.1:4318', MYSQL: database = '127.0.0.1:3306', SHOP_SECONDS: seconds = '60' } = process.env
const [host = '', port = ''] = database.split(':')

interface Service { readonly tracer: Tracer, readonly logger: Logger, readonly shutdown: () => Promise<void> }
type Attributes = Readonly<Record<string, string | number>>

const resourceOf = (pod: StoryPod) => resourceFromAttributes({
  'service.name': pod.role.name, 'service.namespace': namespace, 'service.instance.id': pod.name, 'k8s.namespace.name': namespace,
  'k8s.pod.name': pod.name, 'k8s.pod.uid': pod.uid, 'k8s.node.name': pod.node
})

function service (pod: StoryPod): Service {
  const resource = resourceOf(pod)
  const spans = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `http://${grpc}` }), scheduledDelayMillis: 1000 })] })
  const logs = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `http://${http}/v1/logs` }), scheduledDelayMillis: 1000 })] })
  return { tracer: spans.getTracer('shop'), logger: logs.getLogger('shop'), shutdown: async () => { await spans.shutdown(); await logs.shutdown() } }
}

const cart = service(caller)
const fronts = [service(leaking), service(otherNginx)]
const catalogsOf = catalogs.map(service)
const search = service(searcher)
const meters = new MeterProvider({
  resource: resourceOf(caller),
  readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `http://${http}/v1/metrics` }), exportIntervalMillis: 5000, exportTimeoutMillis: 4000 })]
})
const orders = meters.getMeter('shop').createCounter('shop.orders', { description: 'Orders by result.' })

const wait = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

async function inSpan<T> (of: Service, name: string, kind: SpanKind, parent: Span | undefined, attributes: Attributes, work: (span: Span) => Promise<T>): Promise<T> {
  const span = of.tracer.startSpan(name, { kind, attributes }, parent === undefined ? context.active() : trace.setSpan(context.active(), parent))
  try {
    return await work(span)
  } finally {
    span.end()
  }
}

function log (of: Service, span: Span, severityNumber: SeverityNumber, body: string, attributes: Attributes = {}): void {
  of.logger.emit({ severityNumber, severityText: SeverityNumber[severityNumber], body, attributes, context: trace.setSpan(context.active(), span) })
}

/** A connection to the database and back. */
function query (): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), timeout: 2000 })
    socket.once('error', reject).once('timeout', () => { socket.destroy(Object.assign(new Error(`connect ETIMEDOUT ${database}`), { code: 'ETIMEDOUT' })) })
    socket.once('connect', () => { socket.end(); resolve() })
  })
}

const request = (method: string, path: string): Attributes => ({ 'http.request.method': method, 'url.path': path })
const toService = (name: string, number = 8080): Attributes => ({ 'server.address': name, 'server.port': number })

async function loadCart (span: Span, order: number): Promise<boolean> {
  try {
    await inSpan(cart, 'SELECT shop.cart', SpanKind.CLIENT, span, { 'db.system.name': 'mysql', 'db.operation.name': 'SELECT', ...toService('mysql', 3306) }, async select => {
      try { await query() } catch (error) {
        select.recordException(error as Error)
        select.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message })
        select.setAttribute('error.type', (error as { code?: string }).code ?? 'Error')
        throw error
      }
    })
    return true
  } catch (error) {
    const { message, code = 'Error' } = error as Error & { code?: string }
    span.setStatus({ code: SpanStatusCode.ERROR, message })
    log(cart, span, SeverityNumber.ERROR, `could not load the cart: ${message}`, { 'error.type': code, 'shop.order': order })
    return false
  }
}

async function checkout (front: Service, order: number): Promise<void> {
  await inSpan(front, 'POST /checkout', SpanKind.SERVER, undefined, request('POST', '/checkout'), async root => {
    const ok = await inSpan(front, 'POST', SpanKind.CLIENT, root, { ...request('POST', '/cart'), ...toService('cart') }, out =>
      inSpan(cart, 'POST /cart', SpanKind.SERVER, out, request('POST', '/cart'), async span => {
        const loaded = await loadCart(span, order)
        span.setAttribute('http.response.status_code', loaded ? 200 : 500)
        return loaded
      }))
    root.setAttribute('http.response.status_code', ok ? 200 : 500)
    if (!ok) root.setStatus({ code: SpanStatusCode.ERROR })
    if (!ok) log(front, root, SeverityNumber.WARN, `order ${order} failed with 500`, { 'shop.order': order })
    orders.add(1, { result: ok ? 'ok' : 'failed' })
  })
}

/** What goes well all the time, an unknown product and a slow search aside. */
async function browse (front: Service, number: number): Promise<void> {
  const [path, name, back] = number % 4 === 3 ? ['/search', 'search', search] as const : ['/products', 'catalog', catalogsOf[number % 2] as Service] as const
  const status = number % 9 === 4 ? 404 : 200
  await inSpan(front, `GET ${path}`, SpanKind.SERVER, undefined, { ...request('GET', path), 'http.response.status_code': status }, root =>
    inSpan(back, `GET ${path}`, SpanKind.SERVER, root, { ...request('GET', path), 'http.response.status_code': status }, async span => {
      await wait(number % 16 === 3 ? 400 : 5 + number % 7)
      if (status === 404) log(back, span, SeverityNumber.WARN, `${name}: no product ${1000 + number}`)
      else if (number % 5 === 0) log(back, span, SeverityNumber.INFO, `${name}: ${3 + number % 20} results`)
    }))
}

let [alive, ended] = [fronts, false]
process.once('SIGUSR1', () => { alive = fronts.slice(1) })
process.once('SIGTERM', () => { ended = true })

const work: Promise<void>[] = []
const startedMs = performance.now()
process.stdout.write('serving\n')
for (let number = 1; !ended && performance.now() - startedMs < Number(seconds) * 1000; number++) {
  const front = alive[number % alive.length] as Service
  work.push(checkout(front, number), browse(front, number))
  await wait(Math.max(0, startedMs + number * 600 - performance.now()))
}
await Promise.all(work)
await Promise.all([...fronts, ...catalogsOf, cart, search, meters].map(of => of.shutdown()))
