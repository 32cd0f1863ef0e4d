/** Paths of OTTL (`attributes["x"]`, `severity_number`) as fields of conditions (core/match/fields.ts). */
import { Untranslatable, type Tokens } from './tokens.js'

export interface Path {
  /** As written, for messages. */
  readonly text: string
  readonly names: readonly string[]
  /** Of `attributes["key"]`. */
  readonly key: string | undefined
}

/** Where a statement looks from when a path does not say it. */
export type Context = 'resource' | 'scope' | 'span' | 'spanevent' | 'metric' | 'datapoint' | 'log'

const contexts: readonly string[] = ['resource', 'scope', 'span', 'spanevent', 'metric', 'datapoint', 'log', 'instrumentation_scope']

export function readPath (tokens: Tokens): Path {
  const names: string[] = []
  let key: string | undefined
  let text = ''
  for (;;) {
    const token = tokens.take()
    if (token.kind !== 'word') throw new Untranslatable(`\`${String(token.value)}\` is no path`)
    names.push(token.value)
    text += token.value
    if (tokens.accept('[')) {
      const index = tokens.take()
      if (index.kind !== 'text') throw new Untranslatable(`\`${text}[…]\` is indexed by what is no text`)
      tokens.expect(']')
      if (key !== undefined) throw new Untranslatable(`\`${text}["${index.value}"]\` looks into a map in a map`)
      key = index.value
      text += `["${key}"]`
    }
    if (tokens.next?.kind === 'sign' && tokens.next.value === '[') throw new Untranslatable(`\`${text}[…]\` looks into an attribute that is a map or list`)
    if (!tokens.accept('.')) return { text, names, key }
    text += '.'
  }
}

/** Context and the rest of the path: `span.attributes["x"]` in any, `attributes["x"]` in the context of the statement. */
function placed ({ names, text, key }: Path, context: string): { readonly context: string, readonly name: string, readonly key: string | undefined, readonly text: string } {
  const [first = '', ...rest] = names
  const isPrefixed = contexts.includes(first) && rest.length > 0
  const where = isPrefixed ? first : context
  return { context: where === 'instrumentation_scope' ? 'scope' : where, name: (isPrefixed ? rest : names).join('.'), key, text }
}

const ofSpan: Readonly<Record<string, string>> = { name: 'name', kind: 'spanKind', 'status.code': 'statusCode', 'status.message': '' }
const ofLog: Readonly<Record<string, string>> = { body: 'message', severity_number: 'severity', event_name: 'name', 'body.string': 'message' }

/** The name of the field, as a condition has it. */
export function fieldOf (path: Path, context: string): string {
  const { context: where, name, key, text } = placed(path, context)
  const field = fieldIn(where, name, key)
  if (field === undefined || field === '') throw new Untranslatable(`there is no field for \`${text}\`${where === 'datapoint' ? ' (data points are not looked into)' : where === 'spanevent' ? ' (events of spans are not looked into)' : ''}`)
  return field
}

function fieldIn (context: string, name: string, key: string | undefined): string | undefined {
  if (name === 'attributes' && key !== undefined) {
    return context === 'resource' ? `resource.${key}` : context === 'span' || context === 'log' ? `attributes.${key}` : undefined
  }
  if (name === 'resource.attributes' && key !== undefined) return `resource.${key}`
  if (key !== undefined) return undefined
  if (context === 'scope') return name === 'name' || name === 'version' ? `scope.${name}` : undefined
  if (context === 'span') return ofSpan[name]
  if (context === 'log') return ofLog[name]
  return context === 'metric' && name === 'name' ? 'name' : undefined
}

/** Attributes that a statement may write: of the row or of its resource. */
export function attributeOf (path: Path, context: string): { readonly scope: 'record' | 'resource', readonly key: string } {
  const field = fieldOf(path, context)
  const scope = field.startsWith('resource.') ? 'resource' : field.startsWith('attributes.') ? 'record' : undefined
  if (scope === undefined) throw new Untranslatable(`\`${path.text}\` is no attribute`)
  return { scope, key: field.slice(field.indexOf('.') + 1) }
}
