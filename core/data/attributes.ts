/**
 * Attributes are the columns nobody declared: one sparse column a key. Values are few and repeat, so a column is a table
 * of distinct values and one u32 a row that points into it (0 = the row has no such attribute).
 */

/** OTLP's AnyValue in JavaScript. An int64 outside +-2^53 is a bigint. */
export type AttributeValue = string | number | bigint | boolean | Uint8Array | null | AttributeValue[] | { [key: string]: AttributeValue }

export type Attributes = Readonly<Record<string, AttributeValue>>

export interface AttributeColumn {
  /** Per row: 0 = absent, k = `values[k - 1]`. */
  readonly index: Uint32Array
  readonly values: readonly AttributeValue[]
  /**
   * True when Tapio changed this key: the column is then the whole truth for it, and an exporter must patch the raw bytes
   * (drop the key, add the row's value). False: the raw bytes say the same.
   */
  readonly edited: boolean
}

export function attributeAt (column: AttributeColumn | undefined, row: number): AttributeValue | undefined {
  const at = column?.index[row] ?? 0
  return at === 0 ? undefined : column?.values[at - 1]
}

/** The same value for every row. */
export function constantColumn (value: AttributeValue, rows: number, edited = true): AttributeColumn {
  return { index: new Uint32Array(rows).fill(1), values: [value], edited }
}

/** Collects one column row by row; equal primitive values share an entry. */
export class AttributeColumnBuilder {
  readonly #values: AttributeValue[] = []
  readonly #known = new Map<AttributeValue, number>()
  #index: Uint32Array

  constructor (rows: number) { this.#index = new Uint32Array(rows) }

  set (row: number, value: AttributeValue): void {
    let at = typeof value === 'object' ? undefined : this.#known.get(value)
    if (at === undefined) {
      at = this.#values.push(value)
      if (typeof value !== 'object') this.#known.set(value, at)
    }
    if (row >= this.#index.length) {
      const grown = new Uint32Array(Math.max(row + 1, this.#index.length * 2))
      grown.set(this.#index)
      this.#index = grown
    }
    this.#index[row] = at
  }

  finish (rows: number, edited: boolean): AttributeColumn {
    const index = this.#index.length >= rows ? this.#index.subarray(0, rows) : grow(this.#index, rows)
    return { index, values: this.#values, edited }
  }
}

function grow (index: Uint32Array, rows: number): Uint32Array {
  const grown = new Uint32Array(rows)
  grown.set(index)
  return grown
}
