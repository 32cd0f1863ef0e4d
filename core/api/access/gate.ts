/** Who may call what, how often. Carriers ask before each call; what the answer rests on is in the files beside. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Caller } from '../call.js'

/** What a caller shows. */
export interface Credentials {
  /** The `authorization` header. */
  readonly authorization: string | undefined
  /** Of a client certificate that was checked against `client_ca_file`: its common name ('' when it has none). undefined: none was shown. */
  readonly certificateName: string | undefined
  /** `127.0.0.1`; `unix` for a unix socket. */
  readonly address: string
}

/** A call that may run. `end` says that it is over: streams are counted until then. */
export interface Admission {
  readonly caller: Caller
  end(): void
}

export interface Gate {
  /** Throws ApiError: UNAUTHENTICATED, PERMISSION_DENIED or RESOURCE_EXHAUSTED (with `retryAfterMs`). */
  enter(method: DescMethod, credentials: Credentials): Admission
  /** Writes down a call of scope write or admin, with how it ended (`OK` or an ApiCode). Subjects only (ids), never event contents. */
  audit(method: DescMethod, caller: Caller, request: unknown, code: string): void
}
