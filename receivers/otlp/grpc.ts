/**
 * OTLP over gRPC: the Export methods of the four services on @grpc/grpc-js, with the message left as bytes.
 *
 * Life of a call: its head arrives (a place is taken, or it is turned away before a byte of the message is read) → the
 * message within `read_timeout` → bytes counted → intake → status. The interceptor sees every end of a call, also those
 * that grpc-js decides alone (too large, cannot be decompressed, cancelled), so all are counted and every place is freed.
 */
import grpc from '@grpc/grpc-js'
import type { Deadline } from '../../core/component/component.js'
import { encodeExportResponse, encodeStatus, type RpcStatus } from '../../core/otlp/responses.js'
import { otlpSignals, signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'
import type { GrpcConfig } from './config.js'
import type { Place } from './gate.js'
import type { Answer } from './intake.js'
import type { ListenerOptions } from './listener-options.js'
import type { RequestOutcome } from './metrics.js'
import { draining, rpcStatusOf } from './status.js'

export type GrpcOptions = ListenerOptions<GrpcConfig>

/** One call, shared by the interceptor and the handler through the call's metadata; never sent. */
interface Admission { readonly place: Place, handled: boolean }
const admissionKey = Symbol('admission')
type Admitted = grpc.Metadata & { [admissionKey]?: Admission }

const signalOfPath = new Map(otlpSignals.map(signal => [signalFacts[signal].grpcPath, signal]))
const { status: Code } = grpc

export class GrpcServer {
  readonly #server: grpc.Server
  #stopping = false

  constructor (readonly options: GrpcOptions) {
    const { config } = options
    this.#server = new grpc.Server({
      'grpc.max_receive_message_length': Math.floor(config.max_recv_msg_size_mib * 1024 * 1024),
      'grpc.max_concurrent_streams': config.max_concurrent_streams,
      interceptors: [(method, call) => this.#intercept(method.path, call)]
    })
    for (const signal of otlpSignals) this.#server.addService(definition(signal), { Export: this.#handler(signal) })
  }

  /** Resolves with the port. */
  start (): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(this.options.config.endpoint, grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port)
        else reject(new Error(`otlp receiver cannot listen on ${this.options.config.endpoint} (grpc): ${error.message}`))
      })
    })
  }

  /** Lets the calls under way finish until the deadline, then ends them. */
  stop (deadline: Deadline): Promise<void> {
    this.#stopping = true
    return new Promise(resolve => {
      const force = (): void => this.#server.forceShutdown()
      this.#server.tryShutdown(() => { deadline.signal.removeEventListener('abort', force); resolve() })
      if (deadline.signal.aborted) force()
      else deadline.signal.addEventListener('abort', force, { once: true })
    })
  }

  #handler (signal: OtlpSignal): grpc.handleUnaryCall<Buffer, Buffer> {
    return (call, callback) => {
      const admission = (call.metadata as Admitted)[admissionKey] as Admission
      admission.handled = true
      this.#answer(signal, call.request, admission.place).then(
        answer => { admission.place.leave(); respond(answer, callback) },
        (error: unknown) => {
          admission.place.leave()
          this.options.logger.error('otlp request failed', { transport: 'grpc', signal, error: String(error) })
          callback({ code: Code.INTERNAL, details: 'internal error' })
        })
    }
  }

  async #answer (signal: OtlpSignal, message: Buffer, place: Place): Promise<Answer> {
    if (!place.take(message.length)) return this.options.intake.busy('grpc', signal)
    return this.options.intake.take('grpc', signal, 'protobuf', message, place)
  }

  #intercept (path: string, call: grpc.ServerInterceptingCallInterface): grpc.ServerInterceptingCall {
    const { gate, clock, readTimeoutMs } = this.options
    const signal = signalOfPath.get(path) ?? 'none'
    let admission: Admission | undefined
    const countEnd = this.#countEnds(call, signal, () => admission?.handled === true)
    let cancelTimer = (): void => {}
    const listener = new grpc.ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const place = this.#stopping ? undefined : gate.enter()
        if (place === undefined) { call.sendStatus(this.#turnAway()); return }
        admission = { place, handled: false }
        ;(metadata as Admitted)[admissionKey] = admission
        cancelTimer = clock.after(readTimeoutMs, () => call.sendStatus({ code: Code.DEADLINE_EXCEEDED, details: `no whole request within ${readTimeoutMs} ms` }))
        next(metadata)
      })
      .withOnReceiveHalfClose(next => { cancelTimer(); next() })
      .withOnCancel(() => {
        cancelTimer()
        if (admission?.handled !== true) admission?.place.leave()
        countEnd()
      })
      .build()
    return new grpc.ServerInterceptingCall(call, new grpc.ResponderBuilder().withStart(next => next(listener)).build())
  }

  /**
   * Counts how a call ended that never reached the handler. grpc-js answers oversized and undecodable messages itself,
   * below every interceptor, so the call's own sendStatus is wrapped. The answer counts a call that ended without status.
   */
  #countEnds (call: grpc.ServerInterceptingCallInterface, signal: OtlpSignal | 'none', handled: () => boolean): () => void {
    let counted = false
    const count = (outcome: RequestOutcome): void => {
      if (!counted && !handled()) this.options.metrics.request('grpc', signal, outcome)
      counted = true
    }
    const send = call.sendStatus.bind(call)
    call.sendStatus = status => {
      count(outcomeOf(status))
      send(status)
    }
    return () => count('aborted')
  }

  #turnAway (): ReturnType<typeof toGrpc> {
    if (this.#stopping) return toGrpc(draining)
    return toGrpc({ code: Code.RESOURCE_EXHAUSTED, message: 'too many requests in flight', retryAfterMs: this.options.retryAfterMs })
  }
}

type CallStatus = Parameters<grpc.ServerInterceptingCallInterface['sendStatus']>[0]

function outcomeOf (status: CallStatus): RequestOutcome {
  switch (status.code) {
    case Code.RESOURCE_EXHAUSTED: return status.metadata?.get(detailsKey).length ? 'retry' : 'too_large'
    case Code.UNAVAILABLE: return 'refused'
    case Code.DEADLINE_EXCEEDED: return 'timeout'
    case Code.INTERNAL: return 'malformed'
    // grpc-js says the same of an unknown compression and of a stream that ended, or broke, before its message was whole.
    case Code.UNIMPLEMENTED: return status.details?.startsWith('Received no request message') === true ? 'aborted' : 'not_otlp'
    default: return 'aborted'
  }
}

const detailsKey = 'grpc-status-details-bin'

function respond (answer: Answer, callback: grpc.sendUnaryData<Buffer>): void {
  if (answer.status === 'success') callback(null, encodeExportResponse(answer.partial))
  else callback(toGrpc(rpcStatusOf(answer)))
}

function toGrpc (status: RpcStatus): { code: grpc.status, details: string, metadata: grpc.Metadata } {
  const metadata = new grpc.Metadata()
  metadata.set(detailsKey, encodeStatus(status))
  return { code: status.code, details: status.message, metadata }
}

const same = (bytes: Buffer): Buffer => bytes

function definition (signal: OtlpSignal): grpc.ServiceDefinition {
  return {
    Export: {
      path: signalFacts[signal].grpcPath, requestStream: false, responseStream: false,
      requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same
    }
  }
}
