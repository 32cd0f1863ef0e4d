/**
 * Makes anything a caller passes as log fields safe to print: secrets hidden, errors spelled out, size and depth bounded,
 * never throwing. The result holds only null, booleans, finite numbers, strings, arrays and null-prototype objects.
 */
import type { LineBudget } from './line-budget.js'
import { hideSecrets, isSecretKey, redacted } from './log-secrets.js'
import type { LogFields } from './logger.js'

const maxDepth = 6
const maxItems = 64
/** Twice what a line can show, so that a secret on the edge of what is shown is still seen whole. */
const maxScannedChars = 8192
/** Room for a key's punctuation, a number or a short marker such as "[circular]". */
const scalarBytes = 26

export type Plain = Record<string, unknown>

export interface SafeFieldsOptions {
  readonly budget: LineBudget
  /** Keys that the line already has: a field of that name gets "_" behind it, for a JSON object must not name one key twice. */
  readonly reserved: ReadonlySet<string>
  /** Applied to every string after its secrets are hidden. */
  readonly clean: (text: string) => string
}

export function safeFields (fields: LogFields, options: SafeFieldsOptions): Plain {
  const walk = new Walk(options)
  const safe = walk.visit(fields, 0)
  if (typeof safe !== 'object' || safe === null || Array.isArray(safe)) return { fields: safe }
  const renamed: Plain = Object.create(null) as Plain
  for (const [key, value] of Object.entries(safe)) renamed[options.reserved.has(key) ? `${key}_` : key] = value
  return renamed
}

/** `text` without secrets, at most `maxBytes` of JSON; a huge one is cut before anything looks at all of it. */
export function safeText (text: string, { budget, clean }: Pick<SafeFieldsOptions, 'budget' | 'clean'>, maxBytes?: number): string {
  return budget.text(clean(hideSecrets(text.slice(0, maxScannedChars))), maxBytes)
}

class Walk {
  readonly #options: SafeFieldsOptions
  readonly #above = new Set<object>()

  constructor (options: SafeFieldsOptions) {
    this.#options = options
  }

  visit (value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#text(value)
    if (!this.#options.budget.spend(scalarBytes)) return '[cut]'
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
    if (value === null || value === undefined || typeof value === 'boolean') return value
    if (typeof value === 'object') return this.#object(value, depth)
    return typeof value === 'bigint' ? this.#text(value.toString()) : `[${typeof value}]`
  }

  #text (text: string): string {
    return safeText(text, this.#options)
  }

  #object (value: object, depth: number): unknown {
    if (this.#above.has(value)) return '[circular]'
    if (depth >= maxDepth) return '[too deep]'
    this.#above.add(value)
    try {
      return this.#members(value, depth + 1)
    } catch {
      // A getter, a Proxy or a toJSON of the caller threw: the line matters more than this value.
      return '[unreadable]'
    } finally {
      this.#above.delete(value)
    }
  }

  #members (value: object, depth: number): unknown {
    if (value instanceof Error) return this.#error(value, depth)
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return `[${value.byteLength} bytes]`
    if (Array.isArray(value) || value instanceof Set) return this.#list(value, depth)
    if (value instanceof Map) return this.#record([...value].map(([k, v]) => [String(k), v]), depth)
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON === 'function') return this.visit(toJSON.call(value), depth)
    return this.#record(pairOf(value) ?? Object.keys(value).map(key => [key, undefined]), depth, value as Plain)
  }

  #list (values: Iterable<unknown>, depth: number): unknown[] {
    const list: unknown[] = []
    for (const value of values) {
      if (list.length >= maxItems || this.#options.budget.left < scalarBytes * 2) return [...list, '[more cut]']
      list.push(this.visit(value, depth))
    }
    return list
  }

  /** `entries` in their order; with `source`, values are read from it only when their turn comes. */
  #record (entries: readonly (readonly [string, unknown])[], depth: number, source?: Plain): Plain {
    const record: Plain = Object.create(null) as Plain
    let kept = 0
    for (const [key, given] of entries) {
      const keyBytes = Buffer.byteLength(JSON.stringify(key.slice(0, 256))) + 3
      if (++kept > maxItems || !this.#options.budget.spend(keyBytes)) {
        record['cut'] = true
        break
      }
      const value = given === undefined && source !== undefined ? source[key] : given
      const secret = isSecretKey(key) && value !== null && value !== undefined && typeof value !== 'boolean'
      record[this.#options.clean(key.slice(0, 256))] = this.visit(secret ? redacted : value, depth)
    }
    return record
  }

  #error (error: Error, depth: number): Plain {
    const own = Object.entries(error).filter(([key]) => key !== 'cause' && key !== 'stack' && key !== 'message')
    const entries: [string, unknown][] = [['type', error.constructor?.name ?? error.name], ['message', error.message], ...own]
    if (error.cause !== undefined) entries.push(['cause', error.cause])
    entries.push(['stack', error.stack])
    if (error instanceof AggregateError) entries.splice(2, 0, ['errors', error.errors])
    return this.#record(entries, depth)
  }
}

/** `{key: 'authorization', value: 'x'}`, the shape of OTLP attributes and of header lists, with its value hidden. */
function pairOf (value: object): [string, unknown][] | undefined {
  const { key, name, value: held } = value as { key?: unknown, name?: unknown, value?: unknown }
  const label = typeof key === 'string' ? key : name
  if (held === undefined || typeof label !== 'string' || !isSecretKey(label)) return undefined
  return Object.keys(value).map(k => [k, k === 'value' ? redacted : (value as Plain)[k]])
}
