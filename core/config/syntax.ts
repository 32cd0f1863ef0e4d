/** Faults of text that is not YAML, each at the place where the writer has to look. */
import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, type Node, type YAMLError } from 'yaml'
import type { FaultList } from './faults.js'
import type { SourceText } from './source.js'
import { syntaxWords } from './syntax-words.js'

export function reportSyntax (source: SourceText, errors: readonly YAMLError[], faults: FaultList): void {
  let lastLine = -1
  let contents: readonly unknown[] | undefined
  for (const error of errors) {
    const start = Math.min(error.pos[0], source.text.length)
    const [lineStart, lineEnd] = source.lineBounds(start)
    // One slip breaks the rest of its line in several ways; the first says it best.
    if (lineStart === lastLine) continue
    lastLine = lineStart
    const words = syntaxWords(error.code)
    const open = error.code === 'MISSING_CHAR' || error.code === 'BAD_INDENT' ? opening(contents ??= withTokens(source), error.pos[0]) : undefined
    if (open === undefined) {
      faults.error(words.code, source.span(start, Math.max(start, Math.min(error.pos[1], lineEnd))), [], words.message, { help: words.help })
    } else {
      faults.error(words.code, source.span(open, open + 1), [], `this ${source.text[open] ?? ''} is not closed`)
    }
  }
}

/** Parses again, keeping the tokens, which a good file would pay for in vain. */
function withTokens (source: SourceText): readonly unknown[] {
  const documents = parseAllDocuments(source.text, { prettyErrors: false, uniqueKeys: false, logLevel: 'silent', keepSourceTokens: true })
  return Array.isArray(documents) ? documents.map(document => document.contents) : []
}

/** Where the quote or bracket starts that the parser still waited for at `position`. */
function opening (contents: readonly unknown[], position: number): number | undefined {
  for (const node of contents) {
    const found = openingIn(node, position)
    if (found !== undefined) return found
  }
  return undefined
}

function openingIn (node: unknown, position: number): number | undefined {
  if (!(isMap(node) || isSeq(node) || isScalar(node)) || isAlias(node) || !node.range || position < node.range[0]) return undefined
  const parts = isMap(node) ? node.items.flatMap(pair => [pair.key, pair.value]) : isSeq(node) ? node.items : []
  for (const part of parts.toReversed()) {
    const inner = openingIn(part, position)
    if (inner !== undefined) return inner
  }
  return position === node.range[1] && !isClosed(node) ? node.range[0] : undefined
}

function isClosed (node: Node): boolean {
  const token = node.srcToken
  if (token?.type === 'flow-collection') {
    const wanted = token.start.type === 'flow-map-start' ? 'flow-map-end' : 'flow-seq-end'
    return token.end.some(end => end.type === wanted)
  }
  if (token?.type !== 'double-quoted-scalar' && token?.type !== 'single-quoted-scalar') return true
  return token.source.length > 1 && token.source.endsWith(token.source.charAt(0))
}
