/** The source line of a fault, with everything secret in it masked, cut to a readable width. */
import { isSchema } from './describe.js'
import { visible, type Excerpt } from './faults.js'
import { notation } from './schema.js'
import { kinds, type ComponentCatalog } from './shape.js'
import type { SourceText } from './source.js'
import { nearest } from './suggest.js'
import type { Span } from './tree.js'

const maxWidth = 120
const mask = '[redacted]'

/** Words in keys whose values are hidden while a file does not parse, when no schema can say yet what is secret. */
const commonWords = ['token', 'secret', 'password', 'passwd', 'passphrase', 'apikey', 'credential', 'credentials', 'authorization', 'auth', 'bearer', 'privatekey']

export class Excerpts {
  readonly #sources: ReadonlyMap<string, SourceText>
  readonly #masked = new Map<string, Span[]>()
  readonly #words: readonly string[]
  /** Sources that did not parse: what is secret in them is guessed from the keys. */
  readonly #guessing: boolean

  constructor (sources: ReadonlyMap<string, SourceText>, masked: readonly Span[], catalog: ComponentCatalog, guessing: boolean) {
    this.#sources = sources
    for (const span of masked) {
      const spans = this.#masked.get(span.source)
      if (spans === undefined) this.#masked.set(span.source, [span])
      else spans.push(span)
    }
    this.#guessing = guessing
    this.#words = guessing ? [...commonWords, ...secretNames(catalog)] : []
  }

  of (at: Span): Excerpt | undefined {
    const source = this.#sources.get(at.source)
    if (source === undefined || at.offset > source.text.length || source.text === '') return undefined
    const [start, end] = source.lineBounds(at.offset)
    const hidden = this.#hiddenIn(source, start, end)
    return place(source.text, start, end, at, hidden)
  }

  /** Stretches of a line that must not be shown, in order, joined where they overlap. */
  #hiddenIn (source: SourceText, start: number, end: number): readonly (readonly [number, number])[] {
    const spans: [number, number][] = (this.#masked.get(source.name) ?? [])
      .map(span => [Math.max(start, span.offset), Math.min(end, span.offset + span.length)] as [number, number])
      .filter(([from, to]) => from < to)
    if (this.#guessing) {
      const from = guess(source.text.slice(start, end), this.#words)
      if (from !== undefined) spans.push([start + from, end])
    }
    spans.sort((a, b) => a[0] - b[0])
    const joined: [number, number][] = []
    for (const [from, to] of spans) {
      const last = joined.at(-1)
      if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
      else joined.push([from, to])
    }
    return joined
  }
}

/** Builds the shown text piece by piece, so that the caret lands on the same place after masking. */
function place (text: string, start: number, end: number, at: Span, hidden: readonly (readonly [number, number])[]): Excerpt {
  let shown = ''
  let position = start
  let [caret, caretEnd] = [-1, -1]
  const stop = Math.min(end, Math.max(at.offset + 1, at.offset + at.length))
  const advance = (to: number, piece: string, isMask: boolean): void => {
    if (at.offset >= position && at.offset < to) caret = shown.length + (isMask ? 0 : at.offset - position)
    if (stop > position && stop <= to) caretEnd = shown.length + (isMask ? piece.length : stop - position)
    shown += piece
    position = to
  }
  for (const [from, to] of hidden) {
    advance(from, text.slice(position, from), false)
    advance(to, mask, true)
  }
  advance(end, text.slice(position, end), false)
  const column = caret < 0 ? shown.length : caret
  return cut(visible(shown.replaceAll('\t', ' ')), column, Math.max(1, (caretEnd < 0 ? shown.length : caretEnd) - column))
}

function cut (text: string, column: number, length: number): Excerpt {
  if (text.length <= maxWidth) return { text, column, length }
  const from = Math.max(0, Math.min(column - maxWidth / 3, text.length - maxWidth))
  const start = Math.floor(from)
  const piece = text.slice(start, start + maxWidth)
  return { text: piece, column: column - start, length: Math.max(1, Math.min(length, maxWidth - (column - start))) }
}

/** Where the value of a key that sounds secret starts, or the whole line when it looks like a piece of a key or certificate. */
function guess (line: string, words: readonly string[]): number | undefined {
  for (const match of line.matchAll(/([\w-]+)["']?\s*[:=]/g)) {
    const parts = [match[1] ?? '', ...(match[1] ?? '').split(/[_-]/)]
    if (parts.some(part => part.length > 2 && soundsSecret(part, words))) return match.index + match[0].length
  }
  return /^\s*#|[:=]/.test(line.replace(/=+\s*$/, '')) || line.trim().length < 16 ? undefined : 0
}

const soundsSecret = (word: string, words: readonly string[]): boolean =>
  words.some(w => w.length > 3 && word.toLowerCase().replaceAll(/[_-]/g, '').includes(w)) || nearest(word, words) !== undefined

/** The names of all secret options of all components. */
function secretNames (catalog: ComponentCatalog): string[] {
  const names = new Set<string>()
  for (const kind of kinds) {
    for (const type of catalog.types(kind)) {
      const schema = catalog.find(kind, type)?.schema
      if (schema !== undefined) gather(schema, '', false, names, 0)
    }
  }
  return [...names]
}

function gather (part: object, name: string, isNames: boolean, names: Set<string>, depth: number): void {
  if (isSchema(part) && notation(part) === 'secret' && name !== '') names.add(name)
  if (depth > 40) return
  for (const [key, value] of Object.entries(part) as [string, unknown][]) {
    if (typeof value === 'object' && value !== null) gather(value, isNames ? key : name, !isNames && key === 'properties', names, depth + 1)
  }
}
