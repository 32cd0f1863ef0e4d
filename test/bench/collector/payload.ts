/**
 * Export requests made before the clock runs: about 380 bytes a span, 8 attributes a span and 6 a resource, one resource a
 * request, as an SDK sends it. Several variants with ids of their own, so that nobody sees the same bytes twice in a row.
 */
import { seeded, type Random } from '../../../core/data/testing/random.js'

export interface Payload {
  readonly body: Buffer
  readonly spans: number
  /** Sum of the hashes of its span ids, modulo 2^32: what arrives is compared with what went out by this. */
  readonly sum: number
}

const verbs = ['GET', 'POST', 'PUT', 'DELETE']
const startNano = 1_767_225_600_000_000_000n

export function payloads (variants: number, spans: number): Payload[] {
  return Array.from({ length: variants }, (_, variant) => payload(seeded(1 + variant), variant, spans))
}

/** Order of arrival does not matter, so hashes are added; both words count, each in its own way. */
export function idHash (high: number, low: number): number {
  return (Math.imul(high, 0x9e3779b1) ^ Math.imul(low, 0x85ebca6b)) >>> 0
}

function payload (random: Random, variant: number, spans: number): Payload {
  let sum = 0
  const records: Buffer[] = []
  const trace = randomBytes(random, 16)
  for (let i = 0; i < spans; i++) {
    const id = randomBytes(random, 8)
    sum = sum + idHash(id.readUInt32BE(0), id.readUInt32BE(4)) >>> 0
    records.push(field(2, span(random, trace, id, i)))
  }
  const scope = field(1, text(1, 'io.opentelemetry.http'), text(2, '2.1.0'))
  const scopeSpans = field(2, scope, ...records)
  return { body: field(1, field(1, ...resource(random, variant)), scopeSpans), spans, sum }
}

/** The pod's address is what enrichment looks a pod up by. */
function resource (random: Random, variant: number): Buffer[] {
  const pod = variant % 250
  return [
    attribute(1, 'service.name', `checkout-${pod % 50}`),
    attribute(1, 'service.version', `1.${random.below(20)}.${random.below(10)}`),
    attribute(1, 'service.instance.id', randomBytes(random, 16).toString('hex')),
    attribute(1, 'k8s.pod.ip', podAddress(pod)),
    attribute(1, 'telemetry.sdk.language', 'nodejs'),
    attribute(1, 'host.name', `node-${pod % 8}`)
  ]
}

export const podAddress = (pod: number): string => `10.244.${pod >> 7}.${1 + pod % 128}`

function span (random: Random, trace: Buffer, id: Buffer, i: number): Buffer {
  const route = `/api/v1/resource-${random.below(40)}/{id}`
  const verb = random.pick(verbs)
  const start = startNano + BigInt(i) * 1_234_567n
  const failed = random.below(20) === 0
  return Buffer.concat([
    field(1, trace), field(2, id), field(4, randomBytes(random, 8)), text(5, `${verb} ${route}`), varintField(6, 2),
    fixed64(7, start), fixed64(8, start + BigInt(random.below(50_000_000))),
    attribute(9, 'http.request.method', verb), attribute(9, 'http.route', route),
    attribute(9, 'http.response.status_code', failed ? 503 : 200), attribute(9, 'url.scheme', 'https'),
    attribute(9, 'server.address', `checkout-${random.below(50)}.team-${random.below(20)}.svc.cluster.local`),
    attribute(9, 'server.port', 8080), attribute(9, 'user_agent.original', `checkout-client/1.${random.below(8)}`),
    attribute(9, 'network.peer.address', `10.244.0.${random.below(250)}`),
    field(15, varintField(3, failed ? 2 : 1))
  ])
}

function attribute (number: number, key: string, value: string | number): Buffer {
  return field(number, text(1, key), field(2, typeof value === 'string' ? text(1, value) : varintField(3, value)))
}

function varint (value: number): Buffer {
  const bytes: number[] = []
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push(value & 0x7f | 0x80)
  return Buffer.from([...bytes, value])
}

function field (number: number, ...content: readonly Buffer[]): Buffer {
  const length = content.reduce((n, c) => n + c.length, 0)
  return Buffer.concat([varint(number << 3 | 2), varint(length), ...content])
}

const text = (number: number, value: string): Buffer => field(number, Buffer.from(value))
const varintField = (number: number, value: number): Buffer => Buffer.concat([varint(number << 3), varint(value)])

function fixed64 (number: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9)
  bytes[0] = number << 3 | 1
  bytes.writeBigUInt64LE(value, 1)
  return bytes
}

function randomBytes (random: Random, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; at += 4) bytes.writeUInt32BE(random.word(), at)
  return bytes
}
