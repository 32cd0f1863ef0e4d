/** Expressions, words and regular expressions of one pattern, each fault at its place in the file. */
import type { FaultList } from '../config/faults.js'
import type { SourceText } from '../config/source.js'
import type { Span } from '../config/tree.js'
import { isFault, type Expression, type ExpressionFault, type Expressions } from './expression.js'
import type { Located } from './read.js'
import { compileWords, type Words } from './words.js'

const silent: Words = { parts: [] }

export class Compiler {
  constructor (readonly source: SourceText, readonly at: Span, readonly expressions: Expressions, readonly faults: FaultList) {}

  /** Undefined: a fault was said, here or by the reader. */
  expression (located: Located | undefined): Expression | undefined {
    if (located === undefined) return undefined
    const compiled = this.expressions.compile(located.text)
    if (!isFault(compiled)) return compiled
    this.#report(located, compiled)
    return undefined
  }

  words (located: Located | undefined): Words {
    if (located === undefined) return silent
    const compiled = compileWords(located.text, this.expressions)
    if ('parts' in compiled) return compiled
    for (const fault of compiled) this.#report(located, fault)
    return silent
  }

  #report ({ text, at, path }: Located, { message, start, end }: ExpressionFault): void {
    this.faults.error('PAT001', this.#inner(text, at, start, end), path, message)
  }

  /** The place inside of the value, when it stands there as it is: behind a quote, a block's indicator, or at once. */
  #inner (text: string, at: Span, start: number, end: number): Span {
    const raw = this.source.text.slice(at.offset, at.offset + at.length)
    const line = text.slice(text.lastIndexOf('\n', start - 1) + 1).split('\n', 1)[0] as string
    const lineStart = text.lastIndexOf('\n', start - 1) + 1
    const found = line.trim() === '' ? -1 : raw.indexOf(line)
    if (found < 0) return at
    const from = at.offset + found + start - lineStart
    return this.source.span(from, Math.min(from + Math.max(1, end - start), at.offset + at.length))
  }
}
