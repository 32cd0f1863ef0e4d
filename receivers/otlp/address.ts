/** `host:port` and `[v6]:port`, as Node's servers want them. */
export interface Address { readonly host: string, readonly port: number }

/** Throws when `endpoint` is not of that form: the config's schema has checked before. */
export function parseEndpoint (endpoint: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(endpoint)
  if (match === null) throw new Error(`endpoint "${endpoint}" is not host:port`)
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) }
}
