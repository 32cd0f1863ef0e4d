/** Random events over every column, and batches of them: the same ones for the same seed. */
import type { AttributeValue, Attributes } from '../attributes.js'
import type { EventBatch } from '../batch.js'
import { BatchBuilder, type EventInput } from '../builder.js'
import { plainCells, type Cell } from '../cells.js'
import { RawEncoding, eventTypes, signals } from '../enums.js'
import { Resource, Scope } from '../resource.js'
import { otlpRecord, resourceEnvelope, scopeEnvelope } from './otlp-record.js'
import type { Random } from './random.js'

/** One event with about half of the columns. With `raw`, half of the events carry an OTLP record. */
export function randomEvent (random: Random, options: { readonly raw?: boolean } = {}): EventInput {
  const event: Record<string, unknown> = { signal: random.pick(signals), type: random.pick(eventTypes) }
  for (const cell of plainCells.values()) if (random.chance(0.5)) event[cell.name] = randomCell(random, cell)
  if (options.raw === true && random.chance(0.5)) return { ...event, ...randomRecord(random) }
  return {
    ...event,
    ...(random.chance(0.7) ? { resource: random.pick(resources) } : {}),
    ...(random.chance(0.5) ? { scope: random.pick(scopes) } : {}),
    attributes: randomAttributes(random)
  }
}

/** `rows` random events as a batch. */
export function randomBatch (random: Random, rows: number, options: { readonly raw?: boolean } = {}): EventBatch {
  const builder = new BatchBuilder(1 + random.below(Math.max(1, rows)))
  for (let row = 0; row < rows; row++) builder.append(randomEvent(random, options))
  return builder.finish()
}

const resources = [
  new Resource(undefined, { 'service.name': 'cart', 'service.instance.id': 7 }),
  new Resource(undefined, { 'service.name': 'checkout', ports: [80, 443], big: 2n ** 60n }),
  new Resource(resourceEnvelope({ 'service.name': 'pay' }, 'schema')),
  new Resource(resourceEnvelope({ 'service.name': 'pay' })).with({ 'k8s.pod.name': 'pay-0' })
]

const scopes = [
  new Scope(undefined, { name: 'http', version: '1.0', attributes: {} }),
  new Scope(undefined, { name: 'db', version: '', attributes: { driver: 'pg' } }),
  new Scope(scopeEnvelope('grpc', '2'))
]

/** An OTLP record whose attributes are in its bytes; some of them edited. */
function randomRecord (random: Random): EventInput {
  const encoding = random.pick([RawEncoding.otlpSpan, RawEncoding.otlpLogRecord])
  const inBytes = randomAttributes(random)
  const bytes = otlpRecord(encoding, inBytes, random.chance(0.5) ? 'unknown field' : '')
  const attributes: Record<string, AttributeValue> = {}
  const edited = Object.keys(inBytes).filter(() => random.chance(0.2))
  for (const key of edited) if (random.chance(0.5)) attributes[key] = 'edited'
  return { resource: random.pick(resources), scope: random.pick(scopes), attributes, raw: { encoding, bytes, edited } }
}

const keys = ['http.route', 'http.response.status_code', 'url.full', 'app.retry', 'naïve key', '__proto__', 'constructor', '']

export function randomAttributes (random: Random): Attributes {
  const attributes: Record<string, AttributeValue> = {}
  for (const key of keys) {
    if (random.chance(0.3)) Object.defineProperty(attributes, key, { value: randomValue(random), enumerable: true, configurable: true, writable: true })
  }
  return attributes
}

const primitives: readonly AttributeValue[] = ['', 'GET', '/cart/{id}', 'héllo \u{1f600}', '"\\\n', true, false, null, 0, 1, -1, 1.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1,
  1e17, 5e-324, NaN, Infinity, -Infinity, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]

export function randomValue (random: Random, depth = 0): AttributeValue {
  const kind = random.below(depth > 2 ? 8 : 11)
  if (kind < 8) return random.pick(primitives)
  if (kind === 8) return Uint8Array.from({ length: random.below(40) }, () => random.below(256))
  const items = Array.from({ length: random.below(4) }, () => randomValue(random, depth + 1))
  return kind === 9 ? items : Object.fromEntries(items.map((item, i) => [random.pick(['a', '$int', '$$bytes', '__proto__', `k${i}`]), item]))
}

const texts = ['', 'a', 'GET /cart', 'zażółć gęślą jaźń', '\u{1f600}', '\u0000', 'x'.repeat(300), 'Pod', 'otlp', '"quoted"\n']

function randomCell (random: Random, cell: Cell): string | number | bigint {
  switch (cell.storage) {
    case 'string': return random.chance(0.2) ? `text ${random.word()}` : random.pick(texts)
    case 'u64': return random.pick([0n, 1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, BigInt(random.word()) * 4_000_000_007n])
    case 'b8': return randomHex(random, 8)
    case 'b16': return randomHex(random, 16)
    case 'f32': return Math.fround(random.word() / 4294967296)
    case 'f64': return random.pick([0, 1.5, -2.25, 1e300, 5e-324, Infinity, random.word() / 7])
    default: return random.chance(0.3) ? random.pick([0, cell.min, cell.max]) : cell.min + Math.floor(random.word() / 4294967296 * (cell.max - cell.min))
  }
}

function randomHex (random: Random, bytes: number): string {
  const last = random.chance(0.1) ? '0' : 'f'
  return Array.from({ length: bytes * 2 }, () => last === '0' ? '0' : random.below(16).toString(16)).join('')
}
