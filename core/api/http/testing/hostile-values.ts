/** Values made from the OpenAPI document's schemas: such that fit, such that nearly do, and such that do not at all. */
import type { Random } from '../../../data/testing/random.js'
import type { Schema } from '../../openapi/schemas.js'

const hostile: readonly string[] = [
  '', ' ', '\0', '../../etc/passwd', "' OR 1=1 --", '<script>alert(1)</script>', '${jndi:ldap://x}', '__proto__', 'constructor', '\ud800', '🦊'.repeat(30), '\r\nx-injected: 1', '%00%ff', '{{7*7}}',
  'a'.repeat(300), 'a'.repeat(5000), '(a+)+$', 'NaN', '-1', '1e309', '9'.repeat(40), '2026-13-45T99:99:99Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z', '-315576000001s', '315576000000s', 'id,,entity', 'entity.entity', 'null', '\u202e', '\ufeff'
]
const numbers: readonly unknown[] = [0, -0, 1, -1, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 63), 1e21, 1e308, '7', 'NaN', 'Infinity']
const others: readonly unknown[] = [null, true, false, [], {}, [[]], [null], { a: { b: [] } }, { __proto__: null, constructor: 1 }, '', 0]
/** Words of our own: questions that find something go further than such that find nothing. */
const likely: readonly string[] = ['receiver/api', 'exporter/store', 'event', 'cart-0', 'Pod', 'shop', 'ebpf', 'kernel.oom_kill', 'worker-1', '*', 'receiver/api -> *', 'id,time,message,entity.name']

/** How far values are from what the schema asks for. */
export type Mood = 'fits' | 'edge' | 'wild'

export class Values {
  readonly #components: Readonly<Record<string, Schema>>

  constructor (readonly random: Random, document: { readonly components: { readonly schemas: Readonly<Record<string, Schema>> } }) { this.#components = document.components.schemas }

  of (schema: Schema, mood: Mood, depth = 0): unknown {
    const { random } = this
    if (mood === 'wild' && random.chance(0.25)) return random.pick([random.pick(others), random.pick(hostile), random.pick(numbers)])
    if (mood === 'edge' && random.chance(0.15)) return this.#edge(schema)
    if (typeof schema['$ref'] === 'string') return this.of(this.#components[schema['$ref'].split('/').pop() as string] as Schema, mood, depth)
    if (Array.isArray(schema['anyOf'])) return this.of(random.pick(schema['anyOf'] as Schema[]), mood, depth)
    if (Array.isArray(schema['enum'])) return random.pick(schema['enum'] as string[])
    switch (schema['type']) {
      case 'object': return this.#object(schema, mood, depth)
      case 'array': return Array.from({ length: random.below(depth > 3 ? 2 : 4) }, () => this.of(schema['items'] as Schema, mood, depth + 1))
      case 'integer': case 'number': return this.#number(schema)
      case 'boolean': return random.chance(0.5)
      case 'string': return this.#text(schema)
      default: return random.pick(others)
    }
  }

  #object (schema: Schema, mood: Mood, depth: number): Record<string, unknown> {
    const { random } = this
    const made: Record<string, unknown> = {}
    const required = (schema['required'] as string[] | undefined) ?? []
    for (const [name, its] of Object.entries((schema['properties'] as Record<string, Schema> | undefined) ?? {})) {
      if (required.includes(name) ? random.chance(0.97) : random.chance(depth > 4 ? 0.05 : 0.3)) made[name] = this.of(its, mood, depth + 1)
    }
    if (typeof schema['additionalProperties'] === 'object') for (let i = random.below(3); i > 0; i--) made[random.pick(hostile)] = this.of(schema['additionalProperties'] as Schema, mood, depth + 1)
    if (schema['additionalProperties'] === true) for (let i = random.below(3); i > 0; i--) made[random.pick(hostile)] = random.pick([...others, ...numbers])
    if (mood === 'wild' && random.chance(0.2)) made[random.pick([...hostile, 'extra'])] = random.pick(others)
    return made
  }

  #number ({ minimum = -1000, maximum = 1000 }: Schema): number {
    const [low, high] = [Number(minimum), Number(maximum)]
    return this.random.chance(0.3) ? this.random.pick([low, high]) : low + this.random.below(Math.min(high - low, 1000) + 1)
  }

  #text ({ format, pattern, maxLength = 20 }: Schema): string {
    const { random } = this
    if (format === 'date-time') return new Date(Date.UTC(2026, 0, 1) + random.below(1_000_000)).toISOString()
    if (typeof pattern === 'string') return this.#fitting(pattern)
    return random.chance(0.5) ? random.pick(likely) : 'x'.repeat(random.below(Math.min(Number(maxLength), 20)) + 1)
  }

  /** The few patterns of the API: hex digits, whole numbers, durations, ids. */
  #fitting (pattern: string): string {
    const { random } = this
    const hex = /\[0-9a-f\]\{(?:1,)?(\d+)\}/.exec(pattern)
    if (hex !== null) return random.below(600).toString(16).padStart(random.chance(0.9) ? Number(hex[1]) : 3, '0')
    if (pattern.endsWith('s$')) return `${random.below(100)}.5s`
    return pattern.includes('[0-9]') ? String(random.below(1000)) : `collector-${random.below(20)}`
  }

  #edge (schema: Schema): unknown {
    const { random } = this
    switch (schema['type']) {
      case 'string': return random.pick([random.pick(hostile), 'a'.repeat(Number(schema['maxLength'] ?? 4096)), 'a'.repeat(Number(schema['maxLength'] ?? 4096) + 1)])
      case 'integer': return random.pick([Number(schema['minimum'] ?? 0) - 1, Number(schema['maximum'] ?? 0) + 1, ...numbers])
      case 'array': return Array.from({ length: Number(schema['maxItems'] ?? 1000) + random.below(2) }, () => null)
      default: return random.pick([...others, ...hostile])
    }
  }
}

export const hostileText = (random: Random): string => random.pick(hostile)
