/**
 * Which names a request may call this server by, and which pages may make it change something.
 *
 * A page of a stranger can point a name of its own at 127.0.0.1 (DNS rebinding) and then reads answers as its own; a request
 * that changes something it can send without reading the answer (CSRF). Both show in headers that no page can forge.
 */
import { isIP } from 'node:net'
import type { Address } from '../../net/listen.js'
import { HttpError } from './problem.js'

export class Hosts {
  readonly #names: ReadonlySet<string>
  readonly #anyAddress: boolean
  readonly #any: boolean

  /** `allowed`: names that lead here, with or without port. */
  constructor (endpoint: Address, allowed: readonly string[]) {
    this.#any = endpoint.kind === 'unix' || allowed.includes('*')
    const bound = endpoint.kind === 'tcp' ? endpoint.host.toLowerCase() : ''
    // Who listens on all addresses is called by any of them; a rebound name is never an address.
    this.#anyAddress = ['', '0.0.0.0', '::'].includes(bound)
    this.#names = new Set([bound, ...allowed.map(name => name.toLowerCase())].filter(name => name !== ''))
  }

  /** Throws HttpError 421. */
  check (header: string | undefined): void {
    if (this.#any) return
    const host = (header ?? '').toLowerCase()
    const name = nameOf(host)
    if (isLoopback(name) || this.#names.has(name) || this.#names.has(host) || (this.#anyAddress && isIP(name) !== 0)) return
    throw new HttpError(421, 'PERMISSION_DENIED', `this server is not known as ${JSON.stringify(host.slice(0, 100))}; call it by its address, or add the name to allowed_hosts of service.api`)
  }
}

/** Without port and brackets. */
function nameOf (host: string): string {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(host)
  return match?.[1] ?? match?.[2] ?? ''
}

export function isLoopback (name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}

/** Whether `origin` is a page of this very server. Not by scheme: in front of it may be a proxy that speaks TLS. */
export function isOwnOrigin (origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === (host ?? '').toLowerCase()
}
