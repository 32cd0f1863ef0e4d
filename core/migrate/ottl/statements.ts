/** Statements of the transform processor that are actions on attributes. */
import type { Scalar } from '../../match/schema.js'
import { attributeOf, readPath, type Path } from './paths.js'
import { Tokens, tokensOf, Untranslatable } from './tokens.js'

/** An action of the attributes processor, as written in YAML. */
export interface Action {
  readonly key: string
  readonly action: 'insert' | 'update' | 'upsert' | 'delete' | 'rename'
  readonly scope?: 'resource'
  readonly value?: Scalar
  readonly from_attribute?: string
}

type Place = ReturnType<typeof attributeOf>

/** Throws `Untranslatable` when it is anything else. */
export function actionOf (statement: string, context: string): Action {
  const tokens = new Tokens(tokensOf(statement))
  const name = tokens.take()
  if (name.kind === 'word' && name.value === 'set') return readSet(tokens, context)
  if (name.kind === 'word' && name.value === 'delete_key') return readDelete(tokens, context)
  throw new Untranslatable(`\`${String(name.value)}\` has no counterpart`)
}

function readSet (tokens: Tokens, context: string): Action {
  tokens.expect('(')
  const place = attributeOf(readPath(tokens), context)
  tokens.expect(',')
  const value = readValue(tokens, context)
  tokens.expect(')')
  if (typeof value === 'object' && value.scope !== place.scope) throw new Untranslatable('the value is an attribute of another scope')
  const source = typeof value === 'object' ? { from_attribute: value.key } : { value }
  return { key: place.key, action: readWhere(tokens, place, context), ...scopeOf(place), ...source }
}

function readValue (tokens: Tokens, context: string): Scalar | Place {
  const { next } = tokens
  if (next?.kind === 'text' || next?.kind === 'number') return tokens.take().value
  if (tokens.accept('true')) return true
  if (tokens.accept('false')) return false
  const path = readPath(tokens)
  if (tokens.next?.value === '(') throw new Untranslatable(`the function \`${path.text}\` has no counterpart`)
  return attributeOf(path, context)
}

function readDelete (tokens: Tokens, context: string): Action {
  tokens.expect('(')
  const map: Path = readPath(tokens)
  tokens.expect(',')
  const key = tokens.take()
  if (key.kind !== 'text') throw new Untranslatable('`delete_key` has a key that is no text')
  tokens.expect(')')
  const place = attributeOf({ ...map, key: key.value }, context)
  if (!tokens.isAtEnd) throw new Untranslatable('`where` stands behind it')
  return { key: place.key, action: 'delete', ...scopeOf(place) }
}

const scopeOf = (place: Place): { readonly scope?: 'resource' } => place.scope === 'resource' ? { scope: 'resource' } : {}

/** `where` may only ask whether the attribute itself is there. */
function readWhere (tokens: Tokens, place: Place, context: string): 'insert' | 'update' | 'upsert' {
  if (tokens.isAtEnd) return 'upsert'
  tokens.expect('where')
  const asked = attributeOf(readPath(tokens), context)
  const sign = tokens.take().value
  const isNil = tokens.accept('nil')
  if (!isNil || !tokens.isAtEnd || asked.key !== place.key || asked.scope !== place.scope || (sign !== '==' && sign !== '!=')) {
    throw new Untranslatable('its `where` asks for more than whether the attribute itself is there')
  }
  return sign === '==' ? 'insert' : 'update'
}
