/** `permissions.network` against a destination. */

/** Entries: `host`, `host:port`, `*.suffix`, `*:port`, `*`, `[::1]:port`, a path of a Unix socket. Names are compared as they are dialled, without a lookup. */
export function allowsHost (entries: readonly string[], host: string, port: number | undefined): boolean {
  return entries.some(entry => {
    const { host: pattern, port: wanted } = split(entry)
    return (wanted === undefined || wanted === port) && matches(pattern, host.toLowerCase().replace(/^\[(.*)\]$/, '$1'))
  })
}

function split (entry: string): { readonly host: string, readonly port: number | undefined } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry)
  const plain = bracketed ?? /^([^:]*)(?::(\d+))?$/.exec(entry)
  // An IPv6 address without brackets, or a path.
  if (plain === null) return { host: entry.toLowerCase(), port: undefined }
  return { host: (plain[1] ?? '').toLowerCase(), port: plain[2] === undefined ? undefined : Number(plain[2]) }
}

function matches (pattern: string, host: string): boolean {
  if (pattern === '*' || pattern === host) return true
  return pattern.startsWith('*.') && host.endsWith(pattern.slice(1))
}
