/** Where a client's connection goes, read from an endpoint as people write it. */
import type { NetConnectOpts } from 'node:net'

export interface Target {
  readonly secure: boolean
  /** What the other side is called in requests: host:port, or localhost for a unix socket. */
  readonly authority: string
  /** The host alone, without brackets: what a certificate must name. */
  readonly host: string
  readonly socket: NetConnectOpts
}

const unixScheme = 'unix://'

/** The path of `unix:///path`, undefined for anything else. */
export function splitUnix (endpoint: string): string | undefined {
  return endpoint.startsWith(unixScheme) ? endpoint.slice(unixScheme.length) : undefined
}

/**
 * `http://` and `https://` decide about TLS; without a scheme `insecure` does. gRPC wants no path. A unix socket
 * (`unix:///path`) never leaves the machine and is plain text.
 */
export function parseTarget (endpoint: string, insecure: boolean): Target {
  const path = splitUnix(endpoint)
  if (path !== undefined) return { secure: false, authority: 'localhost', host: 'localhost', socket: { path } }
  const match = /^(https?):\/\/([^/]+)\/?$/.exec(endpoint)
  const authority = match?.[2] ?? endpoint
  const colon = authority.lastIndexOf(':')
  const host = authority.slice(0, colon).replace(/^\[|\]$/g, '')
  return { secure: match === null ? !insecure : match[1] === 'https', authority, host, socket: { host, port: Number(authority.slice(colon + 1)) } }
}
