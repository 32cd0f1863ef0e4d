/**
 * One HTTP/2 connection to one endpoint, opened when first needed and again after it ended. A connection that the other
 * side is closing (GOAWAY) finishes its calls while the next one takes the new calls. After a failure, calls fail at once
 * until the back-off is over, and say when that is.
 */
import type { ClientHttp2Session } from 'node:http2'
import { Backoff, type RetryPolicy } from '../../delivery/backoff.js'
import { longestMs, type Clock } from '../../component/clock.js'

/** gRPC's connection back-off (doc/connection-backoff.md), but never longer than a retry waits. */
const reconnectPolicy: RetryPolicy = { initialMs: 1000, maxMs: 30_000, multiplier: 1.6, jitter: 0.2, maxElapsedMs: 0 }

export interface Keepalive {
  /** A ping after each so many milliseconds; 0 = none. */
  readonly timeMs: number
  readonly timeoutMs: number
  readonly permitWithoutStream: boolean
}

export interface ConnectionOptions {
  readonly open: (signal: AbortSignal) => Promise<ClientHttp2Session>
  readonly keepalive: Keepalive
  readonly clock: Clock
}

/** No session, and why; `afterMs` = when it is worth asking again. */
export interface NotConnected { readonly reason: string, readonly afterMs?: number }

export class Connection {
  /** Calls under way. */
  active = 0
  #session: ClientHttp2Session | undefined
  #opening: Promise<ClientHttp2Session | NotConnected> | undefined
  #failure: { readonly reason: string, readonly untilMs: number } | undefined
  #backoff = new Backoff(reconnectPolicy)
  readonly #open = new Set<ClientHttp2Session>()
  readonly #abort = new AbortController()
  #keepaliveMs: number

  constructor (readonly options: ConnectionOptions) {
    this.#keepaliveMs = options.keepalive.timeMs
  }

  /** Shares one attempt among all who ask meanwhile. */
  session (): ClientHttp2Session | Promise<ClientHttp2Session | NotConnected> {
    const session = this.#session
    if (session !== undefined && !session.closed && !session.destroyed) return session
    return (this.#opening ??= this.#connect().finally(() => { this.#opening = undefined }))
  }

  /** A call had no answer in time: if the other side does not answer a ping either, it is gone, and the rest need not wait. */
  suspect (session: ClientHttp2Session): void { this.#ping(session) }

  close (): void {
    this.#abort.abort()
    for (const session of this.#open) session.destroy()
  }

  async #connect (): Promise<ClientHttp2Session | NotConnected> {
    const { clock } = this.options
    const waitMs = (this.#failure?.untilMs ?? 0) - clock.monotonicMs()
    if (this.#failure !== undefined && waitMs > 0) return { reason: this.#failure.reason, afterMs: Math.ceil(waitMs) }
    try {
      const session = await this.options.open(this.#abort.signal)
      this.#adopt(session)
      return session
    } catch (error) {
      const reason = (error as Error).message
      const afterMs = this.#backoff.next()
      this.#failure = { reason, untilMs: clock.monotonicMs() + afterMs }
      return { reason, afterMs: Math.ceil(afterMs) }
    }
  }

  #adopt (session: ClientHttp2Session): void {
    this.#failure = undefined
    this.#backoff = new Backoff(reconnectPolicy)
    this.#session = session
    this.#open.add(session)
    const endKeepalive = this.#keepAlive(session)
    session
      // Calls learn of it from their streams.
      .on('error', () => undefined)
      .on('goaway', (code: number, _last: number, data?: Uint8Array) => { this.#goaway(session, code, data) })
      .on('close', () => { endKeepalive(); this.#open.delete(session) })
    if (this.#abort.signal.aborted) session.destroy()
  }

  /** New calls go to a new connection; those whose number the other side has accepted finish here. */
  #goaway (session: ClientHttp2Session, code: number, data: Uint8Array | undefined): void {
    if (this.#session === session) this.#session = undefined
    if (!session.closed) session.close()
    // gRFC A8: whoever pings too often halves the rate.
    if (code === enhanceYourCalm && data !== undefined && Buffer.from(data).toString() === 'too_many_pings') this.#keepaliveMs = Math.min(longestMs, this.#keepaliveMs * 2)
  }

  #keepAlive (session: ClientHttp2Session): () => void {
    const { keepalive } = this.options
    if (this.#keepaliveMs === 0) return () => undefined
    const timer = setInterval(() => {
      if (this.active > 0 || keepalive.permitWithoutStream) this.#ping(session)
    }, this.#keepaliveMs).unref()
    return () => clearInterval(timer)
  }

  #ping (session: ClientHttp2Session): void {
    if (session.destroyed) return
    const { timeoutMs } = this.options.keepalive
    const timer = setTimeout(() => session.destroy(new Error(`no answer to a ping within ${timeoutMs} ms`)), timeoutMs).unref()
    const end = (): void => clearTimeout(timer)
    session.once('close', end)
    const sent = session.ping(() => { end(); session.off('close', end) })
    // Too many pings are under way already; theirs decide.
    if (!sent) end()
  }
}

const enhanceYourCalm = 11
