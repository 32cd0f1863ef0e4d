/**
 * Attributes by name, and those that are columns already: whole columns, each distinct value once. Records of OTLP: their bytes are looked
 * through, and only those of a row with a secret are written anew (records.ts). Resources: the same rows with another one.
 */
import { createHmac } from 'node:crypto'
import { BatchBuilder, concat, type AttributeValue, type Consumer, type EventBatch, type EventInput, type EventRow, type Outcome, type Processor } from 'tapio/plugin'
import type { RedactionConfig } from './index.js'
import { maskRecord } from './records.js'
import { countIn, replaceIn, rules, type Rule } from './rules.js'

export interface RedactorParts {
  readonly config: RedactionConfig
  readonly next: Consumer
  redacted (rule: string, times: number): void
}

type Values = Readonly<Record<string, AttributeValue>>

const maxDepth = 40
const texts = ['message', 'name', 'statusMessage'] as const
const otlp = ['traces', 'logs', 'metrics']
/** Raw bytes of Tapio's own events are of another encoding than OTLP's (1 to 4). */
const lastOtlpEncoding = 4

export class Redactor implements Processor {
  readonly #parts: RedactorParts
  readonly #keys: ReadonlySet<string>
  readonly #rules: readonly Rule[]

  constructor (parts: RedactorParts) {
    this.#parts = parts
    this.#keys = new Set(parts.config.keys)
    this.#rules = parts.config.patterns.flatMap(name => rules[name] ?? [])
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const { batch: clean, order } = this.#redact(this.#columns(batch))
    const outcome = this.#parts.next.consume(clean)
    if (order === undefined) return outcome
    return outcome instanceof Promise ? outcome.then(o => inOrder(o, order)) : inOrder(outcome, order)
  }

  #columns (batch: EventBatch): EventBatch {
    let out = batch
    for (const key of this.#keys) {
      const column = batch.attribute(key)
      if (column === undefined) continue
      this.#parts.redacted('key', column.index.reduce((n, at) => at === 0 ? n : n + 1, 0))
      const isRemoved = this.#parts.config.action === 'remove'
      out = out.withAttribute(key, { index: isRemoved ? new Uint32Array(batch.count) : column.index, values: isRemoved ? [] : column.values.map(v => this.#hidden(v)), edited: true })
    }
    for (const [key, column] of batch.attributes) {
      if (this.#keys.has(key) || !column.values.some(v => this.#isSecret(v))) continue
      out = out.withAttribute(key, { ...column, values: column.values.map(v => this.#clean(v)), edited: true })
    }
    return out
  }

  /** Rows with a secret go on behind the others. `order`: the number that each row of what goes on came with; undefined: the same. */
  #redact (batch: EventBatch): { readonly batch: EventBatch, readonly order?: readonly number[] } {
    const resources = batch.resources.map(r => this.#ofResource(r.attributes))
    const [stay, moved]: [number[], number[]] = [[], []]
    const builder = new BatchBuilder()
    for (const row of batch) {
      const resource = resources[batch.columns.resource[row.row] as number]
      const record = this.#record(row)
      if (resource === undefined && record === undefined && !texts.some(t => this.#isSecret(row.get(t) ?? null))) { stay.push(row.row); continue }
      builder.append(this.#anew(row, resource, record))
      moved.push(row.row)
    }
    if (moved.length === 0) return { batch }
    const anew = builder.finish()
    return { batch: stay.length === 0 ? anew : concat([batch.select(Uint32Array.from(stay)), anew]), order: [...stay, ...moved] }
  }

  #record (row: EventRow): Uint8Array | undefined {
    const { raw } = row
    return raw === undefined || !isOtlp(row) ? undefined : maskRecord(row.signal, raw, this.#rules, rule => this.#parts.redacted(rule, 1))
  }

  #anew (row: EventRow, resource: Values | undefined, record: Uint8Array | undefined): EventInput {
    const { attributes: own, ...event } = row.toObject()
    const { raw } = row
    // What the record says was counted there.
    const clean = Object.fromEntries(texts.flatMap(t => event[t] === undefined ? [] : [[t, this.#clean(event[t], record === undefined)]]))
    const bytes = record ?? raw
    if (bytes === undefined || !isOtlp(row)) return { ...event, ...clean, resource: resource ?? event.resource, attributes: own }
    const edited = [...row.batch.attributes].filter(([, column]) => column.edited).map(([key]) => key)
    const attributes = Object.fromEntries(Object.entries(own).filter(([key]) => edited.includes(key)))
    return { ...event, ...clean, resource: resource ?? event.resource, attributes, raw: { encoding: row.batch.columns.rawEncoding?.[row.row] ?? 0, bytes, edited } }
  }

  /** Undefined: it has no secret. */
  #ofResource (attributes: Values): Values | undefined {
    const entries = Object.entries(attributes)
    if (!entries.some(([key, value]) => this.#keys.has(key) || this.#isSecret(value))) return undefined
    return Object.fromEntries(entries.flatMap(([key, value]): [string, AttributeValue][] => {
      if (!this.#keys.has(key)) return [[key, this.#clean(value)]]
      this.#parts.redacted('key', 1)
      return this.#parts.config.action === 'remove' ? [] : [[key, this.#hidden(value)]]
    }))
  }

  #isSecret (value: AttributeValue, depth = 0): boolean {
    if (typeof value === 'string') return countIn(value, this.#rules) > 0
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
    return depth > maxDepth || Object.values(value).some(v => this.#isSecret(v, depth + 1))
  }

  #clean (value: AttributeValue, isCounted = true, depth = 0): AttributeValue {
    if (typeof value === 'string') {
      return replaceIn(value, this.#rules, (rule, match) => {
        if (isCounted) this.#parts.redacted(rule, 1)
        return '*'.repeat(match.length)
      })
    }
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
    if (depth > maxDepth) return '****'
    if (Array.isArray(value)) return value.map(v => this.#clean(v, isCounted, depth + 1))
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, this.#clean(v, isCounted, depth + 1)]))
  }

  #hidden (value: AttributeValue): string {
    const { action, hash_key: key = '' } = this.#parts.config
    return action === 'hash' ? createHmac('sha256', key).update(text(value)).digest('hex').slice(0, 16) : '****'
  }
}

const isOtlp = (row: EventRow): boolean => otlp.includes(row.signal) && (row.batch.columns.rawEncoding?.[row.row] ?? 0) <= lastOtlpEncoding

const text = (value: AttributeValue): string => typeof value === 'string' ? value : JSON.stringify(value, (_key, v: unknown) => typeof v === 'bigint' ? String(v) : v)

function inOrder (outcome: Outcome, order: readonly number[]): Outcome {
  if (outcome.status !== 'rejected' || outcome.rows === undefined) return outcome
  return { ...outcome, rows: Uint32Array.from(outcome.rows, row => order[row] as number).sort() }
}
