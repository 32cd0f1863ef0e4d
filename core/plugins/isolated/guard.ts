/**
 * What a plugin's thread may reach, as far as Node lets it be said in the thread itself: connections and listening sockets by host,
 * `process` without what would end or change the whole process. A fence against accidents and against what a plugin did not declare,
 * not a wall against malice: code of the same process that wants to get around it can (README.md).
 */
import dgram from 'node:dgram'
import net from 'node:net'
import type { PluginPermissions } from '../definition.js'
import { allowsHost } from './hosts.js'

export class PermissionDenied extends Error {
  override readonly name = 'PermissionDenied'
  readonly code = 'ERR_TAPIO_PERMISSION'
}

const denied = (what: string, field: string): PermissionDenied => new PermissionDenied(`the plugin may not ${what}: its \`permissions\` have no \`${field}\` for that`)

/** For the thread it is called in, before any of the plugin's code. */
export function guard ({ network = [], processes = false }: PluginPermissions): void {
  guardConnections(network)
  guardProcess(processes)
}

type Method = (this: unknown, ...args: unknown[]) => unknown

function replace (target: object, name: string, wrap: (original: Method) => Method): void {
  const original = (target as Record<string, unknown>)[name]
  if (typeof original !== 'function') return
  Object.defineProperty(target, name, { value: wrap(original as Method), configurable: false, writable: false })
}

function guardConnections (network: readonly string[]): void {
  const check = (host: string, port: number | undefined, what: string): void => {
    if (!allowsHost(network, host, port)) throw denied(`${what} ${host}${port === undefined ? '' : `:${port}`}`, 'network')
  }
  // http, https, tls, http2 and fetch all connect by this.
  replace(net.Socket.prototype, 'connect', original => function (...args) {
    const { host, port, path } = connectTarget(args)
    check(path ?? host, port, 'connect to')
    return original.apply(this, args)
  })
  replace(net.Server.prototype, 'listen', original => function (...args) {
    const { host, port, path } = connectTarget(args)
    check(path ?? host, port, 'listen on')
    return original.apply(this, args)
  })
  replace(dgram.Socket.prototype, 'send', original => function (...args) {
    const host = args.find(a => typeof a === 'string' && a !== args[0]) as string | undefined
    const port = args.findLast(a => typeof a === 'number') as number | undefined
    check(host ?? 'localhost', port, 'send to')
    return original.apply(this, args)
  })
  replace(dgram.Socket.prototype, 'bind', original => function (...args) {
    const { host, port } = connectTarget(args.map((arg, i) => i === 0 && typeof arg === 'object' && arg !== null && 'address' in arg ? { ...arg, host: arg.address } : arg))
    // Of the system's choice: what a sender does.
    if (port !== undefined && port !== 0) check(host, port, 'listen on')
    return original.apply(this, args)
  })
  replace(dgram.Socket.prototype, 'connect', original => function (...args) {
    check(typeof args[1] === 'string' ? args[1] : 'localhost', args[0] as number, 'connect to')
    return original.apply(this, args)
  })
}

interface Target { readonly host: string, readonly port: number | undefined, readonly path: string | undefined }

/** The forms of net's `connect` and `listen`: (options), (port, host), (path), and the array that net itself makes of them. */
function connectTarget (args: readonly unknown[]): Target {
  let [first, second] = args
  if (Array.isArray(first)) [first, second] = first as unknown[]
  if (typeof first === 'object' && first !== null) {
    const { host = 'localhost', port, path } = first as { host?: string, port?: number | string, path?: string }
    // An HTTP request's options carry the path of its URL beside its port.
    return { host: String(host), port: port === undefined ? undefined : Number(port), path: port === undefined ? path : undefined }
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { host: 'localhost', port: undefined, path: first }
  return { host: typeof second === 'string' ? second : 'localhost', port: first === undefined ? undefined : Number(first), path: undefined }
}

function guardProcess (processes: boolean): void {
  const deny = (what: string): Method => () => { throw new PermissionDenied(`a plugin may not ${what}`) }
  for (const name of ['kill', '_kill', 'dlopen', 'binding', '_linkedBinding', 'setUncaughtExceptionCaptureCallback']) {
    if (name === 'kill' && processes) continue
    if (name in process) Object.defineProperty(process, name, { value: deny(`use process.${name}`), configurable: false, writable: false })
  }
}
