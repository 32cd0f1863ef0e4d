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
  const source = typeof value === 'object' ? value : undefined
  const given = typeof value === 'object' ? { from_attribute: value.key } : { value }
  return { key: place.key, action: readWhere(tokens, place, source, context), ...scopeOf(place), ...given }
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

/** `where` may ask whether the attribute is there, and whether its source is: without a source nothing is set anyway. */
function readWhere (tokens: Tokens, place: Place, source: Place | undefined, context: string): 'insert' | 'update' | 'upsert' {
  if (tokens.isAtEnd) return 'upsert'
  tokens.expect('where')
  let action: 'insert' | 'update' | 'upsert' = 'upsert'
  do {
    const asked = attributeOf(readPath(tokens), context)
    const isThere = readIsThere(tokens)
    if (isSame(asked, place) && action === 'upsert') action = isThere ? 'update' : 'insert'
    else if (!isThere || source === undefined || !isSame(asked, source)) throw new Untranslatable(asksMore)
  } while (tokens.accept('and'))
  if (!tokens.isAtEnd) throw new Untranslatable(asksMore)
  return action
}

const asksMore = 'its `where` asks for more than whether the attribute, or what it is taken from, is there'

const isSame = (a: Place, b: Place): boolean => a.key === b.key && a.scope === b.scope

function readIsThere (tokens: Tokens): boolean {
  const sign = tokens.take().value
  if ((sign !== '==' && sign !== '!=') || !tokens.accept('nil')) throw new Untranslatable(asksMore)
  return sign === '!='
}
