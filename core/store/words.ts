/**
 * What events of a block share with many others: names, sources, signals, namespaces. A list of rows each would cost two bytes a row for
 * little, so a block says from which row to which a word is there: enough to leave out blocks that have none.
 */
import type { EventBatch } from '../data/batch.js'
import { signals } from '../data/enums.js'
import { namespaceAttributes, textTerm } from './terms.js'

export type WordKind = 'name' | 'source' | 'signal' | 'namespace'

const seeds: Readonly<Record<WordKind, number>> = { name: 0xa11e, source: 0x50ce, signal: 0x5169, namespace: 0x4a5e }

/** Different words of one kind in a block; where there are more the block has `anyWord` instead. */
const maxWords = 512

export const wordTerm = (kind: WordKind, word: string): number => textTerm(seeds[kind], word)
/** That of a block in which any word of this kind may be. */
export const anyWord = (kind: WordKind): number => textTerm(~seeds[kind], '')

/** First and last row. */
export type Span = readonly [first: number, last: number]

/** Term -> where it is among the rows of `batch` from `from` to `to` (excluded), counted from `from`. */
export function wordsOf (batch: EventBatch, from: number, to: number): Map<number, Span> {
  const words = new Map<number, Span>()
  const { strings, columns: { name, source, signal, resource, entityNamespace } } = batch
  const textAt = (at: number): string[] => at === 0 ? [] : [strings.at(at)]
  const add = (kind: WordKind, ...columns: [Uint32Array | Uint8Array | undefined, (at: number) => readonly string[]][]): void => { addWords(words, kind, columns, from, to) }
  add('name', [name, textAt])
  add('source', [source, textAt])
  add('signal', [signal, code => [signals[code] ?? '']])
  const inResource = (at: number): string[] => namespaceAttributes.map(key => batch.resources[at]?.attributes[key]).filter(value => typeof value === 'string')
  const columns = namespaceAttributes.map(key => batch.attributes.get(key)).filter(column => column !== undefined)
  add('namespace', [entityNamespace, textAt], [resource, inResource], ...columns.map(({ index, values }): [Uint32Array, (at: number) => string[]] => [index, at => {
    const value = values[at - 1]
    return typeof value === 'string' ? [value] : []
  }]))
  return words
}

function addWords (words: Map<number, Span>, kind: WordKind, columns: readonly [Uint32Array | Uint8Array | undefined, (at: number) => readonly string[]][], from: number, to: number): void {
  const spans = new Map<number, Span>()
  for (const [column, wordsAt] of columns) {
    if (column === undefined) continue
    for (const [at, [first, last]] of spansOf(column, from, to)) {
      for (const word of wordsAt(at)) join(spans, wordTerm(kind, word), first, last)
      if (spans.size > maxWords) return void words.set(anyWord(kind), [0, to - from - 1])
    }
  }
  for (const [term, [first, last]] of spans) join(words, term, first, last)
}

/** Value of a cell -> first and last row that has it. */
function spansOf (column: Uint32Array | Uint8Array, from: number, to: number): Map<number, [number, number]> {
  const spans = new Map<number, [number, number]>()
  for (let row = from; row < to; row++) {
    const value = column[row] as number
    const span = spans.get(value)
    if (span === undefined) spans.set(value, [row - from, row - from])
    else span[1] = row - from
  }
  return spans
}

function join (spans: Map<number, Span>, term: number, first: number, last: number): void {
  const known = spans.get(term)
  spans.set(term, known === undefined ? [first, last] : [Math.min(known[0], first), Math.max(known[1], last)])
}
