/** Carries calls between grpc-js and the dispatcher: unary ones, and streams at the speed at which their client reads. */
import { fromBinary, toBinary, type DescMethod, type DescService, type Message } from '@bufbuild/protobuf'
import { Metadata, type sendUnaryData, type ServerDuplexStream, type ServerUnaryCall, type ServerWritableStream, type ServiceDefinition, type StatusObject, type UntypedServiceImplementation } from '@grpc/grpc-js'
import type { Clock } from '../../component/clock.js'
import type { Deadline } from '../../component/component.js'
import { aborted } from '../../delivery/in-flight.js'
import { ApiError } from '../call.js'
import type { Dispatcher } from '../dispatch.js'
import { credentialsOf } from './credentials.js'
import { methodDefinition } from './definition.js'
import { OpenCall } from './open-call.js'
import { statusOf } from './status.js'

/** What grpc-js hands over: a request, or what is wrong with its bytes. grpc-js itself would call that INTERNAL. */
type Decoded = Message | ApiError
type Unary = ServerUnaryCall<Decoded, Uint8Array>
type Stream = ServerWritableStream<Decoded, Uint8Array>
type BothWays = ServerDuplexStream<Decoded, Uint8Array>

export interface CallsOptions {
  readonly dispatcher: Dispatcher
  readonly clock: Clock
  /** Clients show certificates. */
  readonly mutual: boolean
  readonly unaryTimeoutMs: number
}

const shuttingDown = new ApiError('UNAVAILABLE', 'this Tapio is shutting down; connect anew')

export class Calls {
  readonly #running = new Map<OpenCall, Promise<void>>()
  #stopping = false

  constructor (readonly options: CallsOptions) {}

  definition (service: DescService): ServiceDefinition {
    return Object.fromEntries(service.methods.map(method => [method.localName, {
      ...methodDefinition(method),
      requestDeserialize: (bytes: Buffer) => decode(method, bytes),
      responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }]))
  }

  handlers (service: DescService): UntypedServiceImplementation {
    return Object.fromEntries(service.methods.map(method => [method.localName, this.#handler(method)]))
  }

  /** Streams end at once, so that their clients find another server; other calls may finish until the deadline. */
  async stop (deadline: Deadline): Promise<void> {
    this.#stopping = true
    for (const call of this.#running.keys()) if (call.streams) call.end(shuttingDown)
    const over = aborted(deadline.signal)
    await Promise.race([Promise.all(this.#running.values()), over.promise])
    over.cancel()
    for (const call of this.#running.keys()) call.end(shuttingDown)
  }

  #handler (method: DescMethod): UntypedServiceImplementation[string] {
    switch (method.methodKind) {
      case 'unary': return (call: Unary, callback: sendUnaryData<Uint8Array>) => { this.#run(call, false, open => this.#unary(method, call, callback, open)) }
      case 'server_streaming': return (call: Stream) => { this.#run(call, true, open => this.#stream(method, call, call.request, open)) }
      case 'bidi_streaming': return (call: BothWays) => { this.#run(call, true, open => this.#stream(method, call, requestsOf(call), open)) }
      case 'client_streaming': throw new Error(`${method.name}: methods with a stream of requests and one response are not carried`)
    }
  }

  #run (call: Unary | Stream | BothWays, streams: boolean, carry: (open: OpenCall) => Promise<void>): void {
    const { clock, unaryTimeoutMs } = this.options
    const open = new OpenCall(call, streams ? Infinity : unaryTimeoutMs, streams, clock)
    if (this.#stopping) open.end(shuttingDown)
    this.#running.set(open, carry(open).finally(() => { open.close(); this.#running.delete(open) }))
  }

  async #unary (method: DescMethod, call: Unary, callback: sendUnaryData<Uint8Array>, { signal }: OpenCall): Promise<void> {
    const over = aborted(signal)
    try {
      // A method that does not hear the signal must not keep its client.
      const answer = await Promise.race([over.promise, this.#answer(method, call, signal)])
      if (!(answer instanceof Uint8Array)) throw signal.reason
      callback(null, answer)
    } catch (error) {
      callback(this.#status(method, error))
    } finally {
      over.cancel()
    }
  }

  async #answer (method: DescMethod, call: Unary, signal: AbortSignal): Promise<Uint8Array> {
    const { dispatcher, mutual } = this.options
    signal.throwIfAborted()
    return encode(method, await dispatcher.unary(method, fit(call.request), credentialsOf(call, mutual), signal))
  }

  async #stream (method: DescMethod, call: Stream | BothWays, requests: Decoded | AsyncIterable<Message>, { signal }: OpenCall): Promise<void> {
    const { dispatcher, mutual } = this.options
    let ended = false
    const fail = (error: unknown): void => {
      if (ended || call.cancelled) return
      ended = true
      call.emit('error', this.#status(method, error))
    }
    // Also ends the reading of requests.
    signal.addEventListener('abort', () => { fail(signal.reason) }, { once: true })
    try {
      signal.throwIfAborted()
      const answers = dispatcher.stream(method, fit(requests), credentialsOf(call, mutual), signal)
      let next = answers.next()
      // Who is refused is so within this turn; others learn now that they are heard, also when there is nothing to tell them yet.
      await Promise.race([next, new Promise(resolve => setImmediate(resolve))])
      if (!signal.aborted) call.sendMetadata(new Metadata())
      for (let answer = await next; answer.done !== true; answer = await next) {
        if (!await written(call, encode(method, answer.value), signal)) { await answers.return(); return }
        next = answers.next()
      }
      if (!signal.aborted) call.end()
    } catch (error) {
      fail(error)
    }
  }

  #status (method: DescMethod, error: unknown): StatusObject {
    if (!(error instanceof ApiError)) this.options.dispatcher.options.logger.error('an answer of the API could not be sent', { method: `${method.parent.typeName}/${method.name}`, error })
    return statusOf(error)
  }
}

function decode (method: DescMethod, bytes: Uint8Array): Decoded {
  try {
    return fromBinary(method.input, bytes)
  } catch (error) {
    return new ApiError('INVALID_ARGUMENT', `the request is not a ${method.input.typeName}: ${(error as Error).message}`)
  }
}

const encode = (method: DescMethod, answer: Message): Uint8Array => toBinary(method.output, answer)

function fit<T extends object> (request: T | ApiError): T {
  if (request instanceof ApiError) throw request
  return request
}

async function * requestsOf (call: BothWays): AsyncGenerator<Message> {
  // The other direction is still written to when enough has been read.
  for await (const request of call.iterator({ destroyOnReturn: false }) as AsyncIterable<Decoded>) yield fit(request)
}

/**
 * Resolves when HTTP/2 has taken the message, which is when the client has room for it: nothing waits behind it. False: the call
 * is over.
 */
function written (call: Stream | BothWays, message: Uint8Array, signal: AbortSignal): Promise<boolean> {
  return new Promise(resolve => {
    if (signal.aborted) { resolve(false); return }
    const over = (): void => { resolve(false) }
    signal.addEventListener('abort', over, { once: true })
    call.write(message, () => { signal.removeEventListener('abort', over); resolve(!signal.aborted) })
  })
}
