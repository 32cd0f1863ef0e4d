/** Which pages of other servers may call this one: none, unless their origins are listed. https://fetch.spec.whatwg.org/#http-cors-protocol */
import type { IncomingHttpHeaders } from 'node:http'

type Headers = Readonly<Record<string, string>>

const requestHeaders = 'authorization, content-type, content-encoding, last-event-id'
const answerHeaders = 'etag, retry-after, www-authenticate'
const maxAgeSeconds = 600

export class Cors {
  readonly #origins: ReadonlySet<string>
  readonly #any: boolean

  /** `*` allows every page; credentials of the browser are never asked for, tokens are sent by the page itself. */
  constructor (allowed: readonly string[]) {
    this.#origins = new Set(allowed.map(origin => origin.toLowerCase()))
    this.#any = this.#origins.has('*')
  }

  allows (origin: string): boolean { return this.#any || this.#origins.has(origin.toLowerCase()) }

  /** For an answer to a page of another origin; without the allowing headers the browser hides it from the page. */
  answer (origin: string | undefined): Headers {
    if (this.#origins.size === 0) return {}
    if (origin === undefined || !this.allows(origin)) return { vary: 'Origin' }
    return { vary: 'Origin', 'access-control-allow-origin': this.#any ? '*' : origin, 'access-control-expose-headers': answerHeaders }
  }

  /** For an OPTIONS request that asks before the real one. */
  preflight (headers: IncomingHttpHeaders, methods: readonly string[]): Headers {
    const answer = this.answer(headers.origin)
    if (answer['access-control-allow-origin'] === undefined || headers['access-control-request-method'] === undefined) return answer
    return { ...answer, 'access-control-allow-methods': methods.join(', '), 'access-control-allow-headers': requestHeaders, 'access-control-max-age': String(maxAgeSeconds) }
  }
}
