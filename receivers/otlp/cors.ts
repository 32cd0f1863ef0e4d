/**
 * Cross-origin requests: which web pages may send telemetry from a browser.
 * https://fetch.spec.whatwg.org/#http-cors-protocol
 */
import type { IncomingHttpHeaders } from 'node:http'

export interface CorsConfig { readonly allowed_origins: readonly string[], readonly allowed_headers: readonly string[], readonly max_age: number }

type Headers = Readonly<Record<string, string>>

/** What a page may send without asking for more: the specification's safelist and what OTLP needs. */
const usualHeaders = ['accept', 'content-type', 'content-encoding', 'origin', 'x-requested-with']

/** A host has at most 253 characters. Patterns with two `*` take time by the square of the length. */
const maxOriginLength = 300

export class Cors {
  readonly #origins: readonly RegExp[]
  readonly #anyOrigin: boolean
  readonly #anyHeader: boolean
  readonly #headers: ReadonlySet<string>

  constructor (readonly config: CorsConfig) {
    this.#anyOrigin = config.allowed_origins.includes('*')
    this.#origins = config.allowed_origins.map(wildcard)
    this.#anyHeader = config.allowed_headers.includes('*')
    this.#headers = new Set([...usualHeaders, ...config.allowed_headers.map(h => h.toLowerCase())])
  }

  /** The headers of an answer to a request from `origin`; none when it is not allowed, and the browser then hides the answer. */
  answer (origin: string | undefined): Headers {
    // Caches must not give one origin's answer to another, whether or not there was one.
    if (origin === undefined || origin.length > maxOriginLength || !this.#origins.some(allowed => allowed.test(origin))) return { vary: 'Origin' }
    return {
      vary: 'Origin', 'access-control-allow-origin': this.#anyOrigin ? '*' : origin, 'access-control-expose-headers': 'Retry-After',
      // With `*` the standard forbids credentials: any page could use those of its visitor.
      ...(this.#anyOrigin ? {} : { 'access-control-allow-credentials': 'true' })
    }
  }

  /** The answer to a preflight; without the allowing headers when the page asks for what it may not. */
  preflight (headers: IncomingHttpHeaders): Headers {
    const vary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'
    const allowed = this.answer(headers.origin)
    const wanted = String(headers['access-control-request-headers'] ?? '').split(',').map(h => h.trim().toLowerCase()).filter(h => h !== '')
    const may = allowed['access-control-allow-origin'] !== undefined && headers['access-control-request-method'] === 'POST' && (this.#anyHeader || wanted.every(h => this.#headers.has(h)))
    if (!may) return { vary }
    return {
      ...allowed, vary, 'access-control-allow-methods': 'POST', ...(wanted.length === 0 ? {} : { 'access-control-allow-headers': wanted.join(', ') }),
      ...(this.config.max_age > 0 ? { 'access-control-max-age': String(this.config.max_age) } : {})
    }
  }
}

/** `*` stands for anything within an origin: `https://*.example.com`. */
function wildcard (pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 'i')
}
