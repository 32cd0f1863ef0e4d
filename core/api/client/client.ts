/**
 * The API as its callers see it, whoever answers: a server over gRPC (grpc-client.ts) or a store in this process (local-client.ts).
 * Requests are given as init shapes, answers are messages; both are checked against the service's descriptor.
 */
import type { DescMethodServerStreaming, DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf'

export interface CallOptions {
  /** Aborted: the call is given up and rejects with CANCELLED; a stream ends there. */
  readonly signal?: AbortSignal
  /** How long a unary call may take, retries included; 30 s unless said. Streams have no end. */
  readonly timeoutMs?: number
}

/** Everything rejects with ApiError, whose message is for people and names the server and what to do. */
export interface ApiClient {
  /** For people: `127.0.0.1:9090`; the directory of a store. */
  readonly where: string
  /** Called again by itself when the server says when to come back. For methods that only read: they may be called twice. */
  unary<M extends DescMethodUnary>(method: M, request: MessageInitShape<M['input']>, options?: CallOptions): Promise<MessageShape<M['output']>>
  /** Pulled: the server sends what the loop asks for. Leave it with `break` or `return` and the call is over. */
  stream<M extends DescMethodServerStreaming>(method: M, request: MessageInitShape<M['input']>, options?: CallOptions): AsyncIterable<MessageShape<M['output']>>
  close(): Promise<void>
}
