/** Synthetic events for the benches: 32 leaf fields (20 columns, 12 attributes), 500 pods, 4096 traces, few distinct values. */
import type { EventInput } from '../../core/data/builder.js'
import { seeded, type Random } from '../../core/data/testing/random.js'

const verbs = ['GET', 'POST', 'PUT', 'DELETE']
const routes = Array.from({ length: 40 }, (_, i) => `/api/v1/resource-${i}/{id}`)
const regions = ['eu-central-1', 'eu-west-1', 'us-east-1']
const startNano = 1_767_225_600_000_000_000n

/** `count` plain objects, the same ones for the same seed. */
export function syntheticEvents (count: number, seed = 1): EventInput[] {
  const random = seeded(seed)
  const traces = Array.from({ length: 4096 }, () => hex(random, 16))
  const uids = Array.from({ length: 500 }, () => hex(random, 16))
  return Array.from({ length: count }, (_, i) => event(random, i, traces, uids))
}

function event (random: Random, i: number, traces: string[], uids: string[]): EventInput {
  const pod = random.below(500)
  const verb = random.pick(verbs)
  const route = random.pick(routes)
  const status = random.below(20) === 0 ? 503 : 200
  return {
    signal: 'traces',
    type: 'span',
    severity: status === 200 ? 9 : 17,
    timeUnixNano: startNano + BigInt(i) * 1_234_567n,
    observedTimeUnixNano: startNano + BigInt(i) * 1_234_567n + 4_000_001n,
    durationNano: BigInt(random.below(50_000_000)),
    source: 'otlp',
    name: `${verb} ${route}`,
    message: status === 200 ? 'request served' : 'upstream connect error or disconnect/reset before headers',
    confidence: 0.5,
    traceId: random.pick(traces),
    spanId: hex(random, 8),
    parentSpanId: hex(random, 8),
    entityKind: 'Pod',
    entityNamespace: `team-${pod % 20}`,
    entityName: `checkout-${pod % 50}-${pod}`,
    entityUid: uids[pod] as string,
    pid: 1000 + random.below(30_000),
    destinationPort: 8080,
    httpStatusCode: status,
    attributes: attributes(random, pod, verb, route, status)
  }
}

function attributes (random: Random, pod: number, verb: string, route: string, status: number): NonNullable<EventInput['attributes']> {
  return {
    'http.request.method': verb,
    'http.route': route,
    'http.response.status_code': status,
    'url.scheme': 'https',
    'server.address': `checkout-${pod % 50}.team-${pod % 20}.svc.cluster.local`,
    'server.port': 8080,
    'network.protocol.version': '1.1',
    'user_agent.original': `checkout-client/1.${random.below(8)}`,
    'cloud.region': random.pick(regions),
    'deployment.environment.name': 'production',
    'app.retry': random.below(10) === 0,
    'app.queue.depth': random.below(64)
  }
}

function hex (random: Random, bytes: number): string {
  let text = ''
  while (text.length < bytes * 2) text += random.word().toString(16).padStart(8, '0')
  return text
}
