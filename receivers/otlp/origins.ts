/** Where a batch came from, when `include_metadata` asks for it: the client's address and headers, never credentials. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Origin } from '../../core/data/origin.js'

export type IncludeMetadata = boolean | readonly string[]

/** Whatever the config says, these stay here: batches are stored, printed and sent on. */
export const credentialHeaders: readonly string[] = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key', 'api-key']

/** Undefined when nothing is asked for. */
export function originOf (include: IncludeMetadata, address: string | undefined, headers: IncomingHttpHeaders): Origin | undefined {
  if (include === false) return undefined
  const metadata: [string, readonly string[]][] = []
  const names = include === true ? Object.keys(headers) : include
  for (const name of names) {
    // A client may call a header `__proto__`, and ask for what every object has.
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined
    if (value === undefined || name.startsWith(':') || credentialHeaders.includes(name)) continue
    metadata.push([name, Array.isArray(value) ? value : [value]])
  }
  return { ...(address === undefined ? {} : { address }), metadata: Object.fromEntries(metadata) }
}

/** Names as the headers have them: in lower case. */
export function includeOf (option: boolean | readonly string[]): IncludeMetadata {
  if (typeof option === 'boolean') return option
  return option.length === 0 ? false : option.map(name => name.toLowerCase())
}
