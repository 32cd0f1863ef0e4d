/** Writing one value of unknown origin into one cell of a column. A value that the column cannot hold leaves the cell absent. */
import { columnNames, columnSpecs, type ColumnArray, type ColumnName, type Storage } from './columns.js'

/** A column as `append` sees it. */
export interface Cell {
  readonly name: ColumnName
  readonly storage: Storage
  /** Place in the builder's list of arrays. */
  readonly slot: number
  /** What an integer column can hold; floats: everything. */
  readonly min: number
  readonly max: number
}

const ranges: Partial<Record<Storage, readonly [number, number]>> = {
  u8: [0, 0xff], u16: [0, 0xffff], u32: [0, 0xffffffff], i32: [-0x80000000, 0x7fffffff]
}

/** Columns whose value in an event is not that of the cell. */
const special: readonly string[] = ['signal', 'type', 'resource', 'scope', 'rawEncoding', 'rawBuffer', 'rawOffset', 'rawLength']

export const slotOf = Object.fromEntries(columnNames.map((name, slot) => [name, slot])) as Readonly<Record<ColumnName, number>>

/** The columns that an event gives by their own name. A Map, so that keys like `constructor` find nothing. */
export const plainCells: ReadonlyMap<string, Cell> = new Map(columnNames.filter(name => !special.includes(name)).map(name => {
  const { storage } = columnSpecs[name]
  const [min, max] = ranges[storage] ?? [-Infinity, Infinity]
  return [name, { name, storage, slot: slotOf[name], min, max }]
}))

/** Writes a number, or leaves the cell when `value` is none or out of the column's range. */
export function putNumber (array: Exclude<ColumnArray, BigUint64Array>, row: number, cell: Cell, value: unknown): void {
  const number = typeof value === 'number' ? value : Number(value)
  if (number >= cell.min && number <= cell.max) array[row] = number
}

const maxU64 = 0xffff_ffff_ffff_ffffn

export function putWide (array: BigUint64Array, row: number, value: unknown): void {
  const wide = typeof value === 'bigint' ? value : toBigInt(value)
  if (wide >= 0n && wide <= maxU64) array[row] = wide
}

function toBigInt (value: unknown): bigint {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return BigInt(value)
  const number = Math.trunc(Number(value))
  return Number.isFinite(number) ? BigInt(number) : -1n
}

/** The value of a hex digit by its character code, 255 for other characters. */
const digits = new Uint8Array(256).fill(255)
for (let i = 0; i < 16; i++) digits[i.toString(16).charCodeAt(0)] = digits[i.toString(16).toUpperCase().charCodeAt(0)] = i

/** Writes `width` bytes from twice as many hex digits; anything else leaves the cell. */
export function putHex (array: Uint8Array, row: number, width: number, value: unknown): void {
  if (typeof value !== 'string' || value.length !== width * 2) return
  const start = row * width
  let wrong = 0
  for (let i = 0; i < width; i++) {
    const high = digits[value.charCodeAt(i * 2)] ?? 255
    const low = digits[value.charCodeAt(i * 2 + 1)] ?? 255
    wrong |= high | low
    array[start + i] = high << 4 | low
  }
  if (wrong > 15) array.fill(0, start, start + width)
}
