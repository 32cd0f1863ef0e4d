/** Where a server listens: `host:port`, `[v6]:port` or `unix:///path`, as Node's servers want it. */
import { existsSync, statSync, unlinkSync } from 'node:fs'
import { connect, type ListenOptions, type Server } from 'node:net'

export type Address =
  | { readonly kind: 'tcp', readonly host: string, readonly port: number }
  | { readonly kind: 'unix', readonly path: string }

/** Throws when `endpoint` is of no such form: a config's schema has checked before. */
export function parseAddress (endpoint: string): Address {
  if (endpoint.startsWith('unix:')) return { kind: 'unix', path: endpoint.slice('unix:'.length).replace(/^\/\/(?=\/)/, '') }
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(endpoint)
  if (match === null) throw new Error(`endpoint "${endpoint}" is not host:port or unix:///path`)
  return { kind: 'tcp', host: match[1] ?? match[2] ?? '', port: Number(match[3]) }
}

/**
 * Starts `server` at `endpoint`; resolves with the port (0 for a unix socket). A socket file that nobody answers on any
 * more, left by a killed process, is replaced; one that is in use, or any other file, is a fault.
 */
export async function listen (server: Server, endpoint: string, options: Pick<ListenOptions, 'backlog'> = {}): Promise<number> {
  const address = parseAddress(endpoint)
  if (address.kind === 'unix') await removeDeadSocket(address.path)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...options, ...listenOptions(address) }, () => {
      server.off('error', reject)
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : 0)
    })
  })
}

function listenOptions (address: Address): ListenOptions {
  // Its mode is that of the umask: who may connect is for the directory's permissions to say.
  if (address.kind === 'unix') return { path: address.path }
  // Node would take whichever address localhost resolves to first; clients that know only one try IPv4.
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host
  return host === '' ? { port: address.port } : { host, port: address.port }
}

async function removeDeadSocket (path: string): Promise<void> {
  if (!existsSync(path)) return
  if (!statSync(path).isSocket()) throw new Error(`${path} exists and is not a socket`)
  if (await answers(path)) throw new Error(`${path} is in use by another process`)
  unlinkSync(path)
}

function answers (path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => resolve(false))
  })
}
