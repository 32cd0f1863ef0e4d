/**
 * What a method of the API is, whatever carries it: gRPC (grpc/), REST and server-sent events (http/). Methods live in services/,
 * take and give messages of gen/, and know neither status lines nor metadata.
 *
 * Streams are async iterables, pulled: the carrier asks for the next message when the client has room for it, so a slow client
 * holds one message and no more. A method that ends early (`return`, an abandoned loop) must let go of what it holds in `finally`.
 */
import type { DescMethodBiDiStreaming, DescMethodServerStreaming, DescMethodUnary, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf'

/** gRPC's codes by name (https://grpc.io/docs/guides/status-codes/): http/problem.ts makes HTTP statuses of them. */
export const apiCodes = {
  CANCELLED: 1, INVALID_ARGUMENT: 3, DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, ALREADY_EXISTS: 6, PERMISSION_DENIED: 7, RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9, ABORTED: 10, OUT_OF_RANGE: 11, UNIMPLEMENTED: 12, INTERNAL: 13, UNAVAILABLE: 14, UNAUTHENTICATED: 16
} as const
export type ApiCode = keyof typeof apiCodes

/**
 * The answer is this error. Thrown by methods on purpose and the only error whose words a client sees: all others become
 * INTERNAL, with the words in the log alone.
 */
export class ApiError extends Error {
  constructor (
    readonly code: ApiCode,
    /** For the client's people: what was found, what was expected, what to do. */
    message: string,
    readonly more: {
      /** When to try again: gRPC `RetryInfo`, HTTP `Retry-After`. */
      readonly retryAfterMs?: number
      /** Wrong fields by path (`filter.trace_id`), with what is wrong. */
      readonly fields?: readonly { readonly path: string, readonly reason: string }[]
    } = {}
  ) { super(message) }
}

/** Lower ones are part of higher ones. */
export const scopes = ['public', 'read', 'write', 'admin'] as const
export type ScopeName = (typeof scopes)[number]

/** Who calls. */
export interface Caller {
  /** Of the token or certificate; `anonymous`. Rates and streams are counted by it, and by address for those without a name. */
  readonly name: string
  /** `127.0.0.1`, `unix`. */
  readonly address: string
  readonly scope: ScopeName
}

export interface Call {
  readonly caller: Caller
  /** Aborts when the client went away, its deadline passed or the server ends: whatever waits must stop waiting. */
  readonly signal: AbortSignal
  /** `tapio.v1.EventService/GetEvents`. */
  readonly method: string
}

export type UnaryMethod<M extends DescMethodUnary> = (request: MessageShape<M['input']>, call: Call) => Promise<MessageInitShape<M['output']>>
export type StreamMethod<M extends DescMethodServerStreaming> = (request: MessageShape<M['input']>, call: Call) => AsyncIterable<MessageInitShape<M['output']>>
export type BothWaysMethod<M extends DescMethodBiDiStreaming> = (requests: AsyncIterable<MessageShape<M['input']>>, call: Call) => AsyncIterable<MessageInitShape<M['output']>>

type MethodOf<M> = M extends DescMethodUnary ? UnaryMethod<M> : M extends DescMethodServerStreaming ? StreamMethod<M> : M extends DescMethodBiDiStreaming ? BothWaysMethod<M> : never

/** All methods of a service, by their names with a small first letter. */
export type Implementation<S extends DescService> = { readonly [K in keyof S['method']]: MethodOf<S['method'][K]> }

export interface ServedService { readonly service: DescService, readonly methods: Readonly<Record<string, UntypedMethod>> }

/** A method as carriers see it: which of the three it is says its descriptor's `methodKind`. */
export type UntypedMethod = (request: never, call: Call) => Promise<unknown> | AsyncIterable<unknown>

export function serve<S extends DescService> (service: S, implementation: Implementation<S>): ServedService {
  return { service, methods: implementation as unknown as Readonly<Record<string, UntypedMethod>> }
}
