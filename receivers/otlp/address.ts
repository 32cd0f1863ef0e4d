import type { Server } from 'node:net'

/** `host:port` and `[v6]:port`, as Node's servers want them. */
export interface Address { readonly host: string, readonly port: number }

/** Throws when `endpoint` is not of that form: the config's schema has checked before. */
export function parseEndpoint (endpoint: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(endpoint)
  if (match === null) throw new Error(`endpoint "${endpoint}" is not host:port`)
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) }
}

/** Resolves with the port. */
export function listen (server: Server, endpoint: string): Promise<number> {
  const { host, port } = parseEndpoint(endpoint)
  return new Promise((resolve, reject) => {
    // Node would take whichever address localhost resolves to first; clients that know only one try IPv4.
    const address = host === 'localhost' ? '127.0.0.1' : host
    server.once('error', reject).listen({ port, ...(address === '' ? {} : { host: address }) }, () => {
      server.off('error', reject)
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port)
    })
  })
}
