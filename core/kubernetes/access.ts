/** How an API server is reached: where it is, and what proves who we are. */
import type { SecureContextOptions } from 'node:tls'

/** Access cannot be had with this configuration: the message names the place and what to do. */
export class AccessFault extends Error {
  override readonly name = 'AccessFault'
}

export interface TlsOptions extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> {
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

export interface Credentials {
  /** The value of the Authorization header. */
  readonly authorization?: string
  /** The same object as long as nothing in it has changed: connections are kept for it. */
  readonly tls: TlsOptions
}

export interface Access {
  readonly server: URL
  /** Asked before every request; answers from memory while what it has is good. Throws AccessFault. */
  credentials(): Promise<Credentials>
  /** The server did not accept the last ones (401). */
  refused(): void
}

/** Nothing but an address: kubectl proxy, tests. */
export function openAccess (server: string): Access {
  const credentials: Credentials = { tls: {} }
  return { server: serverUrl(server, 'the API server'), credentials: () => Promise.resolve(credentials), refused: () => undefined }
}

export function serverUrl (text: string, place: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw new AccessFault(`${place}: expected an http:// or https:// address, found "${text}"`)
  return url
}
