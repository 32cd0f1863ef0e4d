/** The API of services in this process: the very methods that a server has, with the same checks, without a way in between. */
import { create, type DescMethod, type DescMethodServerStreaming, type DescMethodUnary, type Message, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf'
import type { Logger } from '../../telemetry/logger.js'
import type { Credentials, Gate } from '../access/gate.js'
import { ApiError, type ServedService } from '../call.js'
import { Dispatcher } from '../dispatch.js'
import type { ApiClient, CallOptions } from './client.js'

/** Whoever may read the store's files may ask what they like; there is nothing here to change. */
const reader: Credentials = { authorization: undefined, certificateName: undefined, address: 'local' }
const openGate: Gate = {
  enter: () => ({ caller: { name: 'local', address: 'local', scope: 'read' }, end: () => undefined }),
  audit: () => undefined
}

export interface LocalOptions {
  readonly where: string
  readonly services: readonly ServedService[]
  /** Says what the words of an INTERNAL error do not. */
  readonly logger: Logger
  close(): Promise<void>
}

export class LocalClient implements ApiClient {
  readonly #dispatcher: Dispatcher

  constructor (readonly options: LocalOptions) {
    this.#dispatcher = new Dispatcher({ services: options.services, gate: openGate, recorder: { begin: () => undefined, end: () => undefined }, logger: options.logger })
  }

  get where (): string { return this.options.where }

  async unary<M extends DescMethodUnary> (method: M, request: MessageInitShape<M['input']>, { signal = never }: CallOptions = {}): Promise<MessageShape<M['output']>> {
    try {
      return await this.#dispatcher.unary(method, messageOf(method, request), reader, signal) as MessageShape<M['output']>
    } catch (error) {
      throw this.#named(error)
    }
  }

  async * stream<M extends DescMethodServerStreaming> (method: M, request: MessageInitShape<M['input']>, { signal = never }: CallOptions = {}): AsyncGenerator<MessageShape<M['output']>, void> {
    try {
      for await (const message of this.#dispatcher.stream(method, messageOf(method, request), reader, signal)) yield message as MessageShape<M['output']>
    } catch (error) {
      if (!signal.aborted) throw this.#named(error)
    }
  }

  close (): Promise<void> { return this.options.close() }

  #named (error: unknown): unknown {
    return error instanceof ApiError ? new ApiError(error.code, `${this.where}: ${error.message}`, error.more) : error
  }
}

const never = new AbortController().signal

function messageOf (method: DescMethod, request: object): Message { return create(method.input, request as Record<string, unknown>) }
