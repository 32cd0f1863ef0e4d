/**
 * Which terms the rows of one block have, in `2^bits` shards by the low bits of the term, so that a look-up reads some hundred bytes:
 *
 *   terms u16 | term u32, … ascending | pointer u16, … | list ends u16, … | lists (row-set.ts)
 *
 * A pointer below 8000 hex is the only row; else its low bits are the number of a list.
 */
import { decodeRows, encodeRows, encodeSpan } from './row-set.js'
import type { Span } from './words.js'

const isList = 0x8000
/** Rows of a block, so that a row fits a pointer. */
export const maxBlockRows = 4096
const termsPerShard = 64
const maxBits = 8
/** A shard's lists must fit 16 bits; the worst one (every row, every second one) has 8 KiB a term. */
const maxListBytes = 0xffff

export interface BlockIndex { readonly bits: number, readonly shards: readonly Buffer[] }

type Rows = readonly number[]

/** `words`: terms of which only first and last row are kept. */
export function encodeIndex (terms: ReadonlyMap<number, Rows>, words: ReadonlyMap<number, Span> = new Map()): BlockIndex {
  const all = new Set([...terms.keys(), ...words.keys()])
  const bits = Math.max(0, Math.min(maxBits, Math.ceil(Math.log2(all.size / termsPerShard))))
  const ofShard: number[][] = Array.from({ length: 1 << bits }, () => [])
  for (const term of Uint32Array.from(all).sort()) (ofShard[term & (1 << bits) - 1] as number[]).push(term)
  return { bits, shards: ofShard.map(shard => encodeShard(shard, terms, words)) }
}

function encodeShard (shard: readonly number[], terms: ReadonlyMap<number, Rows>, words: ReadonlyMap<number, Span>): Buffer {
  const lists: Buffer[] = []
  const head = Buffer.alloc(2 + shard.length * 6)
  head.writeUInt16LE(shard.length, 0)
  let listBytes = 0
  shard.forEach((term, i) => {
    const rows = terms.get(term)
    const [first, last] = spanOf(rows, words.get(term))
    head.writeUInt32LE(term, 2 + i * 4)
    const at = 2 + shard.length * 4 + i * 2
    if (first === last) { head.writeUInt16LE(first, at); return }
    head.writeUInt16LE(isList | lists.length, at)
    const exact = rows === undefined || words.has(term) ? undefined : encodeRows(rows)
    // All rows between the first and the last: more than there are, which whoever looks up sees.
    const list = exact !== undefined && listBytes + exact.length <= maxListBytes - 8 * (shard.length - i) ? exact : encodeSpan(first, last)
    lists.push(list)
    listBytes += list.length
  })
  const ends = Buffer.alloc(lists.length * 2)
  let end = 0
  lists.forEach((list, i) => { ends.writeUInt16LE(end += list.length, i * 2) })
  return Buffer.concat([head, ends, ...lists])
}

/** Of a term's rows, of a word, or of both when they happen to be one number. */
function spanOf (rows: Rows | undefined, word: Span | undefined): Span {
  const own: Span | undefined = rows === undefined ? undefined : [rows[0] as number, rows[rows.length - 1] as number]
  if (own === undefined || word === undefined) return (own ?? word) as Span
  return [Math.min(own[0], word[0]), Math.max(own[1], word[1])]
}

export const shardOf = (term: number, bits: number): number => term & (1 << bits) - 1

/** Rows that have the term, and perhaps others; undefined when none has. */
export function lookUp (shard: Buffer, term: number, rows: number): number[] | undefined {
  const count = shard.readUInt16LE(0)
  let [low, high] = [0, count - 1]
  while (low <= high) {
    const middle = low + high >> 1
    const found = shard.readUInt32LE(2 + middle * 4)
    if (found === term) return rowsAt(shard, count, middle, rows)
    if (found < term) low = middle + 1
    else high = middle - 1
  }
  return undefined
}

function rowsAt (shard: Buffer, count: number, at: number, rows: number): number[] {
  const pointersAt = 2 + count * 4
  const pointer = shard.readUInt16LE(pointersAt + at * 2)
  if ((pointer & isList) === 0) return pointer < rows ? [pointer] : []
  const endsAt = pointersAt + count * 2
  const list = pointer & ~isList
  let lists = 0
  for (let i = 0; i < count; i++) if ((shard.readUInt16LE(pointersAt + i * 2) & isList) !== 0) lists++
  const base = endsAt + lists * 2
  const start = list === 0 ? 0 : shard.readUInt16LE(endsAt + (list - 1) * 2)
  return decodeRows(shard.subarray(base + start, base + shard.readUInt16LE(endsAt + list * 2)), rows)
}
