/** `auth.authenticator` names an extension in the Collector; here credentials are options of what uses them. */
import type { YAMLMap } from 'yaml'
import { put, remove, valueAt } from '../document.js'
import type { Dropped, Part } from './rule.js'
import { ensure, isRecord, listOf, textOf } from './values.js'

/** Of an exporter. One that cannot be translated leaves requests without credentials: the backend turns them away, which is counted. */
export function translateClientAuth (part: Part): void {
  const id = textOf(valueAt(part.options, 'auth', 'authenticator'))
  if (id === undefined) return
  remove(part.options, 'auth')
  const extension = part.extension(id)
  const options = isRecord(extension?.options) ? extension.options : {}
  const file = textOf(options['filename'])
  const token = textOf(options['token'])
  const scheme = textOf(options['scheme']) ?? 'Bearer'
  if (extension?.type === 'bearertokenauth' && file !== undefined && scheme === 'Bearer') {
    put(part.options, 'auth', { bearer_token_file: file })
    part.note('translated', ['auth'], '`auth: {bearer_token_file: …}`')
  } else if (extension?.type === 'bearertokenauth' && token !== undefined) {
    put(ensure(part, 'headers'), 'authorization', `${scheme} ${token}`)
    part.note('translated', ['auth'], 'the header `authorization`')
  } else if (extension?.type === 'headers_setter' && setHeaders(part, listOf(options['headers']))) {
    part.note('translated', ['auth'], '`headers`')
  } else {
    part.note('missing', ['auth'], `\`${id}\` cannot be translated: requests go out without its credentials`, 'put a token into `headers` or `auth.bearer_token_file`')
  }
}

/** Only fixed values: a header taken from the client's request is not kept with a batch. */
function setHeaders (part: Part, headers: readonly unknown[]): boolean {
  const fixed = headers.filter(isRecord).map(h => [textOf(h['key']), textOf(h['value'])] as const)
  if (fixed.length === 0 || fixed.some(([key, value]) => key === undefined || value === undefined)) return false
  const map = ensure(part, 'headers')
  for (const [key, value] of fixed) if (key !== undefined) put(map, key, value)
  return true
}

/** Of a server. One that cannot be translated takes the receiver out: it would let everybody in. */
export function translateServerAuth (part: Part, protocol: YAMLMap, path: readonly string[]): Dropped | undefined {
  const id = textOf(valueAt(protocol, 'auth', 'authenticator'))
  if (id === undefined) return undefined
  const extension = part.extension(id)
  const options = isRecord(extension?.options) ? extension.options : {}
  remove(protocol, 'auth')
  const tokens = [...listOf(options['tokens']), options['token']].map(textOf).filter(t => t !== undefined)
  const file = textOf(options['filename'])
  const isBearer = extension?.type === 'bearertokenauth' && (textOf(options['scheme']) ?? 'Bearer') === 'Bearer'
  if (!isBearer || (tokens.length === 0 && file === undefined)) {
    return { why: `\`${[...path, 'auth'].join('.')}\`: \`${id}\` cannot be translated, and without it everybody could send`, help: 'give the receiver `auth: {bearer_token_file: …}` or `auth: {basic: {user: password}}`' }
  }
  put(protocol, 'auth', { ...(tokens.length > 0 && { bearer_tokens: tokens }), ...(file !== undefined && { bearer_token_file: file }) })
  part.note('translated', [...path, 'auth'], '`auth` with the tokens themselves')
  return undefined
}
