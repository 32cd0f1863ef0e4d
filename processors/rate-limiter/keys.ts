/** Which rows of a batch belong together: each gets the number of its key. Values are looked at once each, not once a row. */
import type { AttributeValue } from '../../core/data/attributes.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { ColumnName } from '../../core/data/columns.js'
import { fieldOf, type Field } from '../../core/match/fields.js'

export interface KeyedRows {
  /** Per row: which of `keys`. */
  readonly of: Uint32Array
  /** One text a key; equal values of the fields, equal texts. */
  readonly keys: readonly string[]
}

/** One field of a batch: a number a row, equal numbers for equal values, and the value of a row as text. */
interface Codes { code (row: number): number, text (row: number): string }

/** Longer values are cut: a key is kept for as long as its bucket. */
const maxTextChars = 256

export class KeyFields {
  readonly #fields: readonly Field[]

  /** Throws when a field does not exist: check with `configFaults` first. */
  constructor (names: readonly string[]) {
    this.#fields = names.map(name => {
      const field = fieldOf(name)
      if (typeof field === 'string') throw new Error(field)
      return field
    })
  }

  /** Undefined: no fields, so all rows are alike. */
  of (batch: EventBatch): KeyedRows | undefined {
    if (this.#fields.length === 0) return undefined
    const parts = this.#fields.map(field => codesOf(batch, field))
    const numbers = new Map<string, number>()
    const byKey = new Map<string, number>()
    const of = new Uint32Array(batch.count)
    let before = ''
    for (let row = 0; row < batch.count; row++) {
      const codes = parts.length === 1 ? String(parts[0]?.code(row)) : parts.map(p => p.code(row)).join()
      // Rows of one sender come together.
      if (row > 0 && codes === before) { of[row] = of[row - 1] as number; continue }
      before = codes
      let number = numbers.get(codes)
      if (number === undefined) {
        // Many resources, one namespace: what differs in number may be one key.
        const key = JSON.stringify(parts.map(p => p.text(row).slice(0, maxTextChars)))
        number = byKey.get(key) ?? byKey.size
        byKey.set(key, number)
        numbers.set(codes, number)
      }
      of[row] = number
    }
    return { of, keys: [...byKey.keys()] }
  }
}

function codesOf (batch: EventBatch, field: Field): Codes {
  switch (field.kind) {
    case 'attribute': {
      const column = batch.attribute(field.key)
      if (column === undefined) return nothing
      return { code: row => column.index[row] as number, text: row => textOf(column.values[(column.index[row] as number) - 1]) }
    }
    case 'resource': {
      const { resource } = batch.layout
      return { code: row => resource[row] as number, text: row => textOf(own(batch.resources[resource[row] as number]?.attributes, field.key)) }
    }
    case 'scope': {
      const { scope } = batch.layout
      return { code: row => scope[row] as number, text: row => batch.scopes[scope[row] as number]?.[field.key] ?? '' }
    }
    case 'text': {
      const column = batch.columns[field.column] as Uint32Array | undefined
      return column === undefined ? nothing : { code: row => column[row] as number, text: row => batch.strings.at(column[row] as number) }
    }
    case 'bytes': return bytesOf(batch.columns[field.column] as Uint8Array | undefined, field.width)
    default: return numbersOf(batch, field.column)
  }
}

const nothing: Codes = { code: () => 0, text: () => '' }

function numbersOf (batch: EventBatch, name: ColumnName): Codes {
  const column = batch.columns[name]
  if (column === undefined) return nothing
  return { code: row => Number(column[row]), text: row => String(column[row]) }
}

function bytesOf (column: Uint8Array | undefined, width: number): Codes {
  if (column === undefined) return nothing
  const numbers = new Map<string, number>()
  const text = (row: number): string => Buffer.from(column.subarray(row * width, row * width + width)).toString('hex')
  const code = (row: number): number => {
    const hex = text(row)
    let number = numbers.get(hex)
    if (number === undefined) numbers.set(hex, number = numbers.size)
    return number
  }
  return { code, text }
}

function own (attributes: Readonly<Record<string, AttributeValue>> | undefined, key: string): AttributeValue | undefined {
  return attributes !== undefined && Object.hasOwn(attributes, key) ? attributes[key] : undefined
}

function textOf (value: AttributeValue | undefined): string {
  if (value === undefined) return ''
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return typeof value === 'object' ? JSON.stringify(value, (_, item: unknown) => typeof item === 'bigint' ? String(item) : item) : String(value)
}
