/**
 * Attributes are the columns nobody declared: one sparse column a key. Values are few and repeat, so a column is a table
 * of distinct values and one u32 a row that points into it (0 = the row has no such attribute).
 */

/** OTLP's AnyValue in JavaScript. An integer outside +-2^53 is a bigint (64 bits at most: beyond, the codec writes digits). */
export type AttributeValue = string | number | bigint | boolean | Uint8Array | null | AttributeValue[] | { [key: string]: AttributeValue }

export type Attributes = Readonly<Record<string, AttributeValue>>

export interface AttributeColumn {
  /** Per row: 0 = absent, k = `values[k - 1]`. */
  readonly index: Uint32Array
  readonly values: readonly AttributeValue[]
  /**
   * A column is the whole truth for its key. True when Tapio changed it: an exporter must then patch the raw bytes (drop the
   * key, add the row's value). False: raw bytes, where a row has any, say the same.
   */
  readonly edited: boolean
}

/** What `column` holds for `row`, or undefined. */
export function attributeAt (column: AttributeColumn | undefined, row: number): AttributeValue | undefined {
  const at = column?.index[row] ?? 0
  return at === 0 ? undefined : column?.values[at - 1]
}

/** The same value for every row. */
export function constantColumn (value: AttributeValue, rows: number, edited = true): AttributeColumn {
  return { index: new Uint32Array(rows).fill(1), values: [toAttributeValue(value)], edited }
}

/** `target[key] = value` for keys from outside: `__proto__` becomes a key like any other instead of the prototype. */
export function setOwn (target: { [key: string]: AttributeValue }, key: string, value: AttributeValue): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  else target[key] = value
}

/** OTLP's own limit on nesting (protobuf's). */
const maxDepth = 100

/**
 * Anything as an AttributeValue of its own: a deep copy, so that the caller may go on changing its object. What OTLP cannot
 * hold becomes its text (dates, functions) or null (undefined, cycles, beyond 100 levels): one such value would spoil the
 * document of the whole batch.
 */
export function toAttributeValue (value: unknown, path: readonly object[] = []): AttributeValue {
  switch (typeof value) {
    case 'string': case 'number': case 'boolean': case 'bigint': return value
    case 'object': return value === null ? null : copyObject(value, path)
    case 'undefined': return null
    default: return String(value)
  }
}

function copyObject (value: object, path: readonly object[]): AttributeValue {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (path.length >= maxDepth || path.includes(value)) return null
  const inner = [...path, value]
  if (Array.isArray(value)) return Array.from(value, item => toAttributeValue(item, inner))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return String(value)
  return copyAttributes(value, inner)
}

/** The own properties of `source`, each as an AttributeValue. */
export function copyAttributes (source: object, path: readonly object[] = []): { [key: string]: AttributeValue } {
  const copy: { [key: string]: AttributeValue } = {}
  for (const [key, item] of Object.entries(source)) setOwn(copy, key, toAttributeValue(item, path))
  return copy
}

/** Collects one column row by row; equal primitive values share an entry. */
export class AttributeColumnBuilder {
  readonly #values: AttributeValue[] = []
  readonly #known = new Map<AttributeValue, number>()
  #index: Uint32Array

  constructor (rows: number) { this.#index = new Uint32Array(rows) }

  set (row: number, value: AttributeValue): void {
    const at = typeof value === 'object' ? this.#values.push(toAttributeValue(value)) : this.#place(value)
    if (row >= this.#index.length) this.#index = grow(this.#index, Math.max(row + 1, this.#index.length * 2))
    this.#index[row] = at
  }

  /** Whether `row` has a value. */
  has (row: number): boolean {
    return (this.#index[row] ?? 0) !== 0
  }

  finish (rows: number, edited: boolean): AttributeColumn {
    const index = this.#index.length >= rows ? this.#index.subarray(0, rows) : grow(this.#index, rows)
    return { index, values: this.#values, edited }
  }

  #place (value: AttributeValue): number {
    const known = this.#known.get(value)
    if (known !== undefined) return known
    const at = this.#values.push(toAttributeValue(value))
    this.#known.set(value, at)
    return at
  }
}

function grow (index: Uint32Array, rows: number): Uint32Array {
  const grown = new Uint32Array(rows)
  grown.set(index)
  return grown
}
