/**
 * How deep a text or value is nested. Readers of YAML, and whoever walks through objects, go down one call a level; at the end of the
 * stack V8 may not throw but abort (a regular expression that is compiled there), so deep texts must not get that far.
 */
import { Lexer } from 'yaml'

/** Objects of Kubernetes stay below 60, schemas in CustomResourceDefinitions included. */
export const maxDepth = 200

export function assertShallowValue (value: unknown): void {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) throw new Error(`nested deeper than ${maxDepth}`)
    level = level.flatMap(v => typeof v === 'object' && v !== null ? Object.values(v) as unknown[] : [])
  }
}

export function assertShallowYaml (text: string): void {
  if (hasDeepLine(text) || hasDeepFlow(text)) throw new Error(`nested deeper than ${maxDepth}`)
}

/** Every level of block style takes a column, or an indicator (`- - -`), before its content. */
function hasDeepLine (text: string): boolean {
  let prefix = 0
  let inPrefix = true
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === '\n') { prefix = 0; inPrefix = true } else if (inPrefix && (c === ' ' || c === '-' || c === '?' || c === ':')) {
      if (++prefix > 2 * maxDepth) return true
    } else inPrefix = false
  }
  return false
}

/** Brackets within texts do not count, and only the lexer knows which are; most files have too few to ask it. */
function hasDeepFlow (text: string): boolean {
  let brackets = 0
  for (let i = 0; i < text.length && brackets <= maxDepth; i++) if (text[i] === '[' || text[i] === '{') brackets++
  if (brackets <= maxDepth) return false
  let depth = 0
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') { if (++depth > maxDepth) return true } else if (token === ']' || token === '}') depth--
  }
  return false
}
