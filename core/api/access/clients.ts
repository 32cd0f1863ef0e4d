/** What each client has used: a token bucket for its calls, and how many streams it has open. Bounded: strangers are cheap to make. */
import type { Clock } from '../../component/clock.js'
import { TokenBucket } from '../../recovery/token-bucket.js'
import { ApiError } from '../call.js'

export interface ClientLimits {
  /** 0 = no limit. */
  readonly requestsPerSecond: number
  readonly burst: number
  readonly maxStreams: number
}

interface Client { readonly bucket: TokenBucket, streams: number }

/** About 100 bytes each. */
const maxClients = 10_000

export class Clients {
  /** In the order of their last call. */
  readonly #clients = new Map<string, Client>()

  constructor (readonly limits: ClientLimits, readonly clock: Clock) {}

  get size (): number { return this.#clients.size }

  /** Throws RESOURCE_EXHAUSTED, saying when to try again. */
  call (key: string): void {
    const { requestsPerSecond } = this.limits
    if (requestsPerSecond === 0) return
    const { bucket } = this.#of(key)
    if (bucket.tryTake(this.clock.monotonicMs())) return
    const retryAfterMs = bucket.waitMs()
    throw new ApiError('RESOURCE_EXHAUSTED', `more than ${requestsPerSecond} calls a second; try again in ${retryAfterMs} ms (service.api.rate_limit)`, { retryAfterMs })
  }

  /** Counts a stream; the function given back says that it is over. Throws RESOURCE_EXHAUSTED. */
  openStream (key: string): () => void {
    const client = this.#of(key)
    const { maxStreams } = this.limits
    if (client.streams >= maxStreams) throw new ApiError('RESOURCE_EXHAUSTED', `${maxStreams} streams of this client are open already; end one first (service.api.max_streams_per_client)`)
    client.streams++
    let open = true
    return () => {
      if (!open) return
      open = false
      client.streams--
    }
  }

  #of (key: string): Client {
    const known = this.#clients.get(key)
    if (known !== undefined) {
      this.#clients.delete(key)
      this.#clients.set(key, known)
      return known
    }
    if (this.#clients.size >= maxClients) this.#forgetOne()
    const { requestsPerSecond: perSecond, burst } = this.limits
    const client = { bucket: new TokenBucket({ perSecond, burst }, this.clock.monotonicMs()), streams: 0 }
    this.#clients.set(key, client)
    return client
  }

  /** The one that called longest ago and has no stream. All have one: whoever is new has to wait. */
  #forgetOne (): void {
    for (const [key, { streams }] of this.#clients) {
      if (streams > 0) continue
      this.#clients.delete(key)
      return
    }
    throw new ApiError('RESOURCE_EXHAUSTED', `${maxClients} clients have streams open; try again later`, { retryAfterMs: 1000 })
  }
}
