/**
 * The gate as `service.api` describes it. A client is known by its token or certificate, or else by its address; without `auth`
 * everybody may do everything, because only this machine reaches the API then (config.ts).
 */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Clock } from '../../component/clock.js'
import type { Logger } from '../../telemetry/logger.js'
import { ApiError, scopes, type Caller, type ScopeName } from '../call.js'
import type { ApiConfig, GrantedScope } from '../config.js'
import { scopeOf } from '../dispatch.js'
import type { AuditLog } from './audit.js'
import { Clients } from './clients.js'
import type { Admission, Credentials, Gate } from './gate.js'
import { subjectsOf } from './subjects.js'
import { Tokens } from './tokens.js'

export interface AccessGateOptions {
  readonly config: Pick<ApiConfig, 'auth' | 'rate_limit' | 'max_streams_per_client'>
  readonly audit: AuditLog
  readonly clock: Clock
  readonly logger: Logger
}

export class AccessGate implements Gate {
  readonly #options: AccessGateOptions
  readonly #clients: Clients
  readonly #tokens: Tokens | undefined
  readonly #certificates: ReadonlyMap<string, GrantedScope>

  /** Throws when a token file cannot be used. */
  constructor (options: AccessGateOptions) {
    const { config: { auth, rate_limit: rate, max_streams_per_client: maxStreams }, clock, logger } = options
    this.#options = options
    this.#clients = new Clients({ requestsPerSecond: rate.requests_per_second, burst: rate.burst, maxStreams }, clock)
    this.#tokens = auth === undefined ? undefined : new Tokens(auth.tokens, auth.reload_interval, clock, logger)
    this.#certificates = new Map(auth?.client_certificates.map(({ name, scope }) => [name, scope]))
  }

  enter (method: DescMethod, credentials: Credentials): Admission {
    const caller = this.#callerOf(credentials)
    const known = caller ?? nobody(credentials)
    const key = known.name === anonymous ? `@${known.address}` : known.name
    // Also of those who are refused: guessing tokens is a call too.
    this.#clients.call(key)
    try {
      if (caller === undefined) throw new ApiError('UNAUTHENTICATED', 'the token is not known; it may have been replaced: ask whoever runs this Tapio (service.api.auth.tokens)')
      throwIfBelow(method, caller)
    } catch (error) {
      if (isChange(method)) this.audit(method, known, undefined, (error as ApiError).code)
      throw error
    }
    return { caller, end: method.methodKind === 'unary' ? nothing : this.#clients.openStream(key) }
  }

  audit (method: DescMethod, { name, address }: Caller, request: unknown, code: string): void {
    this.#options.audit.add({ caller: name, address, method: `${method.parent.typeName}/${method.name}`, subjects: subjectsOf(method, request), outcome: code })
  }

  close (): void { this.#tokens?.close() }

  /** Undefined: a token was shown that nobody has. */
  #callerOf ({ authorization, certificateName, address }: Credentials): Caller | undefined {
    if (this.#tokens === undefined) return { name: anonymous, address, scope: 'admin' }
    if (authorization !== undefined && authorization !== '') {
      const identity = this.#tokens.find(authorization)
      return identity === undefined ? undefined : { ...identity, address }
    }
    const scope = certificateName === undefined ? undefined : this.#certificates.get(certificateName)
    return scope === undefined ? { name: anonymous, address, scope: 'public' } : { name: certificateName as string, address, scope }
  }
}

const anonymous = 'anonymous'
const nothing = (): void => undefined
const nobody = ({ address }: Credentials): Caller => ({ name: anonymous, address, scope: 'public' })

function isChange (method: DescMethod): boolean {
  const needs = scopeOf(method)
  return needs === 'write' || needs === 'admin'
}

function throwIfBelow (method: DescMethod, { name, scope }: Caller): void {
  const needs = scopeOf(method)
  if (needs === undefined) throw new ApiError('PERMISSION_DENIED', `${method.parent.typeName}/${method.name} is open to nobody`)
  if (scopes.indexOf(scope) >= scopes.indexOf(needs satisfies ScopeName)) return
  if (scope === 'public') throw new ApiError('UNAUTHENTICATED', `this needs scope ${needs}: send \`authorization: Bearer TOKEN\` or show a client certificate`)
  throw new ApiError('PERMISSION_DENIED', `this needs scope ${needs}; ${JSON.stringify(name)} has ${scope}`)
}
