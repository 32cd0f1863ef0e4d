/** How one request travels: implemented over gRPC and HTTP. */
import type { Compression } from '../../core/net/compression.js'
import type { FramedRequest } from '../../core/otlp/writer.js'
import type { Credentials } from '../../core/net/credentials.js'

/** What became of one request, in the words of OTLP. */
export type Sent =
  | { readonly status: 'success', readonly rejectedItems: number, readonly message: string }
  /** `reachable` = the other side answered: it is there but busy. */
  | { readonly status: 'retry', readonly message: string, readonly afterMs?: number, readonly reachable: boolean }
  /** `data` = it is this request that is refused, and others may pass; otherwise nothing gets through (credentials, path). */
  /** `tooLarge` = in smaller requests the same records may pass. */
  | { readonly status: 'rejected', readonly message: string, readonly data: boolean, readonly tooLarge?: boolean }

export interface Sender {
  /** Never rejects. Aborting `signal` gives the request up, as a retry. */
  send(request: FramedRequest, signal: AbortSignal): Promise<Sent>
  close(): void
}

export interface SenderOptions {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'none' | Compression
  readonly timeoutMs: number
  readonly insecure: boolean
  readonly credentials: Credentials
}

/** A wait that somebody asks for beyond this is a mistake, or would be one to believe. */
const longestWaitMs = 24 * 3_600_000

/** With `afterMs` only when there is one: an absent wait leaves it to the back-off. */
export function sentRetry (message: string, reachable: boolean, afterMs?: number): Sent {
  return afterMs === undefined ? { status: 'retry', message, reachable } : { status: 'retry', message, reachable, afterMs: Math.min(afterMs, longestWaitMs) }
}

/** Bytes that are no message (of a damaged document) are so for ever: trying again would only hold up the others. */
export function notEncoded (error: unknown): Sent {
  return { status: 'rejected', message: `the request cannot be encoded: ${error instanceof Error ? error.message : String(error)}`, data: true }
}
