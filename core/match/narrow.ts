/**
 * The loops: each clears `out[row]` where a field does not match, in one pass over one column. What is costly (a pattern on
 * a string) is asked once per distinct string, resource or scope, and only for those that a row still in question has.
 */
import type { EventBatch } from '../data/batch.js'
import { columnSpecs, words, type ColumnName } from '../data/columns.js'
import type { NumberTest, TextTest, ValueTest } from './tests.js'

export type Narrow = (batch: EventBatch, out: Uint8Array) => void

/** Rows whose presence of a value differs from `wanted`. */
export function byPresence (present: (batch: EventBatch) => ((row: number) => boolean) | undefined, wanted: boolean): Narrow {
  return (batch, out) => {
    const has = present(batch)
    for (let row = 0; row < batch.count; row++) if (out[row] !== 0 && (has === undefined ? false : has(row)) !== wanted) out[row] = 0
  }
}

/** How to see whether a row has a value in a column; undefined when no row has. */
export function columnPresence (name: ColumnName): (batch: EventBatch) => ((row: number) => boolean) | undefined {
  const { storage, absent } = columnSpecs[name]
  const width = storage === 'b16' ? 16 : storage === 'b8' ? 8 : 0
  return batch => {
    const column = batch.columns[name]
    if (column === undefined) return undefined
    if (width > 0) return row => (column as Uint8Array).subarray(row * width, row * width + width).some(b => b !== 0)
    if (column instanceof BigUint64Array) return row => column[row] !== 0n
    return row => !Object.is(column[row], absent)
  }
}

export function byTable (name: ColumnName, table: Uint8Array): Narrow {
  return (batch, out) => {
    const column = batch.columns[name] as Uint8Array | undefined
    if (column === undefined) { out.fill(0); return }
    for (let row = 0; row < batch.count; row++) if (table[column[row] as number] === 0) out[row] = 0
  }
}

export function byNumber (name: ColumnName, test: NumberTest): Narrow {
  const { absent } = columnSpecs[name]
  return (batch, out) => {
    const column = batch.columns[name]
    if (column === undefined) { out.fill(0); return }
    if (column instanceof BigUint64Array) { byWide(column, test, out); return }
    for (let row = 0; row < batch.count; row++) {
      const value = column[row] as number
      // `name` is one of the unsigned, signed or floating columns: NaN equals no number, so it needs no case of its own.
      if (out[row] !== 0 && (value === absent || !test(value))) out[row] = 0
    }
  }
}

function byWide (column: BigUint64Array, test: NumberTest, out: Uint8Array): void {
  const pairs = words(column)
  for (let row = 0; row < column.length; row++) {
    const value = (pairs[row * 2 + 1] as number) * 4294967296 + (pairs[row * 2] as number)
    if (out[row] !== 0 && (value === 0 || !test(value))) out[row] = 0
  }
}

const unknown = 0
const yes = 1
const no = 2

export function byText (name: ColumnName, test: TextTest, wanted: readonly string[] | undefined): Narrow {
  return (batch, out) => {
    const column = batch.columns[name] as Uint32Array | undefined
    if (column === undefined) { out.fill(0); return }
    // Few wanted strings are found in the table as it came, without decoding the others.
    const verdicts = new Uint8Array(batch.strings.length).fill(wanted === undefined ? unknown : no)
    verdicts[0] = no
    for (const text of wanted ?? []) for (const at of batch.strings.find(text)) verdicts[at] = at === 0 ? no : yes
    for (let row = 0; row < batch.count; row++) {
      if (out[row] === 0) continue
      const at = column[row] as number
      let verdict = verdicts[at] as number
      if (verdict === unknown) verdict = verdicts[at] = test(batch.strings.at(at)) ? yes : no
      if (verdict !== yes) out[row] = 0
    }
  }
}

export function byBytes (name: ColumnName, wanted: readonly Buffer[], width: number): Narrow {
  return (batch, out) => {
    const column = batch.columns[name] as Uint8Array | undefined
    if (column === undefined) { out.fill(0); return }
    const bytes = Buffer.from(column.buffer, column.byteOffset, column.byteLength)
    for (let row = 0, at = 0; row < batch.count; row++, at += width) {
      if (out[row] !== 0 && !wanted.some(w => w.compare(bytes, at, at + width) === 0)) out[row] = 0
    }
  }
}

export function byAttribute (key: string, test: ValueTest): Narrow {
  return (batch, out) => {
    const column = batch.attribute(key)
    if (column === undefined) { out.fill(0); return }
    const verdicts = new Uint8Array(column.values.length + 1)
    column.values.forEach((value, i) => { verdicts[i + 1] = Number(test(value)) })
    for (let row = 0; row < batch.count; row++) if (verdicts[column.index[row] as number] === 0) out[row] = 0
  }
}

/** Resources and scopes: one verdict for each in the batch's table. */
export function byOwner (column: 'resource' | 'scope', verdict: (batch: EventBatch, index: number) => boolean): Narrow {
  return (batch, out) => {
    const size = column === 'resource' ? batch.resources.length : batch.scopes.length
    const verdicts = Uint8Array.from({ length: size }, (_, i) => Number(verdict(batch, i)))
    const owners = batch.columns[column]
    for (let row = 0; row < batch.count; row++) if (verdicts[owners[row] as number] === 0) out[row] = 0
  }
}
