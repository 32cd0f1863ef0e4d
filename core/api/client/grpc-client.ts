/** The API of a server, over gRPC. Loads grpc-js: import it when it is needed. */
import { isIP } from 'node:net'
import { checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls'
import { create, type DescMethod, type DescMethodServerStreaming, type DescMethodUnary, type Message, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf'
import { ChannelCredentials, Client, connectivityState, credentials as grpcCredentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { systemClock, type Clock } from '../../component/clock.js'
import { ApiError } from '../call.js'
import { methodDefinition } from '../grpc/definition.js'
import type { ApiClient, CallOptions } from './client.js'
import { endpointOf, readOption, tokenOf, type Endpoint, type ServerAddress } from './endpoint.js'
import { failureOf } from './failure.js'
import { pause } from './pause.js'

const defaultTimeoutMs = 30_000
/** A server that does not answer the dial within this is not there. */
const connectTimeoutMs = 10_000
/** A page of a thousand events with long messages. */
const maxMessageBytes = 64 << 20
const maxAttempts = 4

export class GrpcClient implements ApiClient {
  readonly #endpoint: Endpoint
  readonly #client: Client
  readonly #metadata = new Metadata()
  readonly #hasToken: boolean

  /** Throws an Error for people when a certificate or the token cannot be used. */
  constructor (address: ServerAddress, readonly clock: Clock = systemClock) {
    this.#endpoint = endpointOf(address)
    const token = tokenOf(address)
    this.#hasToken = token !== undefined
    if (token !== undefined) this.#metadata.set('authorization', `Bearer ${token}`)
    this.#client = new Client(this.#endpoint.target, this.#endpoint.secure ? secured(address, this.#endpoint) : grpcCredentials.createInsecure(), {
      'grpc.max_receive_message_length': maxMessageBytes,
      // A stream may be silent; a server that is gone is found within this.
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.initial_reconnect_backoff_ms': 500,
      'grpc.max_reconnect_backoff_ms': 5000,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      // Where to ask is said by the address alone.
      'grpc.enable_http_proxy': 0,
      ...(this.#endpoint.secure && isIP(this.#endpoint.host) !== 0 && { 'grpc.ssl_target_name_override': 'localhost' }),
      ...(address.serverName !== undefined && { 'grpc.ssl_target_name_override': address.serverName, 'grpc.default_authority': address.serverName })
    })
  }

  get where (): string { return this.#endpoint.where }

  async unary<M extends DescMethodUnary> (method: M, request: MessageInitShape<M['input']>, { signal, timeoutMs = defaultTimeoutMs }: CallOptions = {}): Promise<MessageShape<M['output']>> {
    const deadlineMs = this.clock.monotonicMs() + timeoutMs
    await this.#connected(Math.min(timeoutMs, connectTimeoutMs), signal)
    for (let attempt = 1; ; attempt++) {
      const leftMs = deadlineMs - this.clock.monotonicMs()
      try {
        return await this.#once(method, request, leftMs, signal) as MessageShape<M['output']>
      } catch (error) {
        const failure = this.#failure(error, signal)
        const { retryAfterMs } = failure.more
        if (retryAfterMs === undefined || attempt === maxAttempts || this.clock.monotonicMs() + retryAfterMs >= deadlineMs || isAborted(signal)) throw failure
        await pause(this.clock, retryAfterMs, signal)
      }
    }
  }

  async * stream<M extends DescMethodServerStreaming> (method: M, request: MessageInitShape<M['input']>, { signal }: CallOptions = {}): AsyncGenerator<MessageShape<M['output']>, void> {
    await this.#connected(connectTimeoutMs, signal)
    if (isAborted(signal)) return
    const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
    // Cancelled at the end, it ends with an error that nobody waits for any more.
    const stream = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, create(method.input, request), this.#metadata).on('error', () => undefined)
    const cancel = (): void => stream.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      for await (const message of stream as AsyncIterable<Message>) yield message as MessageShape<M['output']>
    } catch (error) {
      if (isAborted(signal)) return
      throw this.#failure(error, undefined)
    } finally {
      signal?.removeEventListener('abort', cancel)
      stream.cancel()
    }
  }

  close (): Promise<void> {
    this.#client.close()
    return Promise.resolve()
  }

  #once (method: DescMethod, request: object, timeoutMs: number, signal: AbortSignal | undefined): Promise<Message> {
    const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, create(method.input, request as Record<string, unknown>), this.#metadata, { deadline: Date.now() + Math.max(1, timeoutMs) }, (error, answer) => {
        signal?.removeEventListener('abort', cancel)
        if (error === null) resolve(answer as Message)
        else reject(error)
      })
      const cancel = (): void => call.cancel()
      if (isAborted(signal)) cancel()
      else signal?.addEventListener('abort', cancel, { once: true })
    })
  }

  /**
   * Waits while it is dialled. When that fails it says nothing: the call then does, with the reason. An address that swallows
   * packets would otherwise hold a stream for ever.
   */
  async #connected (timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const channel = this.#client.getChannel()
    const overMs = Date.now() + timeoutMs
    for (let state = channel.getConnectivityState(true); state === connectivityState.IDLE || state === connectivityState.CONNECTING; state = channel.getConnectivityState(true)) {
      if (isAborted(signal)) return
      if (Date.now() >= overMs) throw new ApiError('UNAVAILABLE', `${this.where} does not answer (no connection within ${Math.round(timeoutMs / 1000)} s): is it the right address, and may this machine reach it?`)
      // Not longer than a moment, so that a signal is seen.
      await new Promise<void>(resolve => channel.watchConnectivityState(state, Math.min(overMs, Date.now() + 200), () => resolve()))
    }
  }

  #failure (error: unknown, signal: AbortSignal | undefined): ApiError {
    if (error instanceof ApiError) return error
    if (isAborted(signal)) return new ApiError('CANCELLED', 'the call was given up')
    return failureOf(error as ServiceError, { where: this.where, secure: this.#endpoint.secure, hasToken: this.#hasToken })
  }
}

function isAborted (signal: AbortSignal | undefined): boolean { return signal?.aborted === true }

/**
 * grpc-js names the host in the handshake, which for an address is not allowed (and Node warns of it): another name is said there,
 * and the address compared here.
 */
function secured ({ caFile, certFile, keyFile, skipVerify, serverName }: ServerAddress, { host }: Endpoint): ChannelCredentials {
  const files = {
    ...(caFile !== undefined && { ca: readOption('--ca-file', caFile) }),
    ...(certFile !== undefined && { cert: readOption('--cert-file', certFile) }),
    ...(keyFile !== undefined && { key: readOption('--key-file', keyFile) })
  }
  if (files.ca !== undefined && !files.ca.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`--ca-file "${caFile}" holds no certificate (PEM)`)
  const named = [caFile, certFile, keyFile].filter(path => path !== undefined)
  try {
    return ChannelCredentials.createFromSecureContext(createSecureContext(files), {
      rejectUnauthorized: skipVerify !== true,
      ...(serverName === undefined && isIP(host) !== 0 && { checkServerIdentity: (_name: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate) })
    })
  } catch (error) {
    // OpenSSL's words name no file.
    throw new Error(`${named.join(', ')} cannot be used: ${(error as Error).message}`, { cause: error })
  }
}
