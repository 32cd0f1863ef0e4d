/** Endpoints and URLs: empty when `text` is right, else what is wrong with it. The text itself is never part of the answer. */

/** `host:port`, `[::1]:port` or `unix:///path`. Port 0 (any free port) is allowed: tests and side-by-side runs need it. */
export function endpointFault (text: string): string {
  if (text.startsWith('unix:')) return /^unix:\/\/\/[^\0]+$/.test(text) ? '' : 'a socket is written unix:///path/to.sock'
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'an endpoint has no scheme: write host:port'
  const colon = text.lastIndexOf(':')
  if (colon < 0) return 'the port is missing: write host:port'
  return hostFault(text.slice(0, colon)) || portFault(text.slice(colon + 1))
}

function hostFault (host: string): string {
  if (host === '') return 'the host is missing: write 127.0.0.1 for this machine only or 0.0.0.0 for all interfaces'
  if (host.startsWith('[') !== host.endsWith(']')) return 'the brackets round the IPv6 address do not match'
  if (host.startsWith('[')) return /^\[[0-9a-fA-F:.]+(?:%[\w.-]+)?\]$/.test(host) ? '' : 'there is no IPv6 address between the brackets'
  if (host.includes(':')) return 'an IPv6 address stands in brackets: [::1]:4317'
  return /^[\w.-]+$/.test(host) ? '' : 'the host may hold letters, digits, ".", "-" and "_"'
}

function portFault (port: string): string {
  if (!/^\d+$/.test(port)) return 'the port must be a number'
  return Number(port) <= 65535 ? '' : 'the port must be at most 65535'
}

/** `http://host:port/path` or https. */
export function urlFault (text: string): string {
  if (!/^https?:\/\//i.test(text)) return 'a URL starts with http:// or https://'
  return URL.canParse(text) ? '' : 'the part after :// is not a host with an optional port and path'
}
