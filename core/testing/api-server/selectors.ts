/** Label and field selectors as the API server reads them, as far as its clients in the tests use them. */
import type { KubeObject } from '../../kubernetes/objects.js'

export type Selector = (object: KubeObject) => boolean

/** `a=b`, `a==b`, `a!=b`, `a in (b, c)`, `a notin (b, c)`, `a`, `!a`, joined by commas. */
export function labelSelector (text: string): Selector {
  const terms = splitTerms(text).map(labelTerm)
  return object => terms.every(term => term(object.metadata?.labels ?? {}))
}

function labelTerm (term: string): (labels: Readonly<Record<string, string>>) => boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term)
  if (set !== null) {
    const [, key = '', operator, values = ''] = set
    const wanted = values.split(',').map(v => v.trim())
    return labels => (operator === 'in') === wanted.includes(labels[key] ?? '\u0000')
  }
  const pair = /^([^!=\s]+)\s*(!=|==?)\s*(.*)$/.exec(term)
  if (pair !== null) {
    const [, key = '', operator, value = ''] = pair
    return labels => (operator !== '!=') === (labels[key] === value)
  }
  return term.startsWith('!') ? labels => !(term.slice(1) in labels) : labels => term in labels
}

/** `path=value` and `path!=value` by the object's own fields. */
export function fieldSelector (text: string): Selector {
  const terms = splitTerms(text).map(term => {
    const [, path = '', operator, value = ''] = /^([^!=]+)(!=|==?)(.*)$/.exec(term) ?? []
    return (object: KubeObject): boolean => (operator !== '!=') === (fieldAt(object, path) === value)
  })
  return object => terms.every(term => term(object))
}

function fieldAt (object: KubeObject, path: string): string {
  let at: unknown = object
  for (const key of path.trim().split('.')) at = (at as Record<string, unknown> | undefined)?.[key]
  return at === undefined ? '' : String(at)
}

function splitTerms (text: string): string[] {
  return text.split(/,(?![^(]*\))/).map(t => t.trim()).filter(t => t !== '')
}
