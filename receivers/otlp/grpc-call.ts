/**
 * One gRPC call: its head has been taken and holds a place → its message comes in, every byte counted → decompressed →
 * intake → answered. However it ends, it is counted once and its place is given back once.
 *
 * The listeners are shared functions that find the call on their stream: closures for each call showed in the profile.
 */
import type { ServerHttp2Stream } from 'node:http2'
import type { RpcStatus } from '../../core/otlp/responses.js'
import type { Origin } from '../../core/data/origin.js'
import { NGHTTP2_CANCEL, RpcCode } from '../../core/net/grpc/status.js'
import { wholeBody, type Body } from './chunks.js'
import type { Compression, Decompressed } from './decompressor.js'
import type { Deadlines, Limited } from './deadlines.js'
import type { Incoming, Place } from './gate.js'
import type { CallHead } from './grpc-head.js'
import { MessageReader, type MessageFault } from './grpc-message.js'
import type { GrpcAnswers } from './grpc-answers.js'
import type { Answer, Intake } from './intake.js'
import type { RequestOutcome } from './metrics.js'
import { rpcStatusOf } from './status.js'

/** What all calls of a server share. */
export interface CallContext {
  readonly intake: Intake
  readonly answers: GrpcAnswers
  readonly deadlines: Deadlines<Call>
  readonly maxBytes: number
  readonly readTimeoutMs: number
  now(): number
  inflate(encoding: Compression, bytes: Buffer): Promise<Decompressed>
  count(head: CallHead, outcome: RequestOutcome): void
  onError(head: CallHead, error: unknown): void
}

export const callKey = Symbol('call')
export type CallStream = ServerHttp2Stream & { [callKey]?: Call }

type State = 'reading' | 'handled' | 'ended'

export class Call implements Limited, Incoming {
  readonly #reader: MessageReader
  readonly #arrivedMs: number
  #state: State = 'reading'
  deadlineMs: number
  /** All of the message is here, and it is being decompressed. */
  #whole = false
  /** The client ended it before its message was whole: Node's ends its side before it resets, and then we may answer first. */
  abandoned = false

  constructor (readonly context: CallContext, readonly stream: CallStream, readonly head: CallHead, readonly place: Place, readonly origin: Origin | undefined) {
    this.#reader = new MessageReader(context.maxBytes)
    this.#arrivedMs = context.now()
    this.deadlineMs = this.#arrivedMs + Math.min(context.readTimeoutMs, head.timeoutMs)
    context.deadlines.add(this)
    place.reads(this)
    stream.on('data', onData).on('end', onEnd)
  }

  data (chunk: Buffer): void {
    if (this.#state !== 'reading') return
    if (!this.place.take(chunk.length)) { this.#busy(); return }
    const fault = this.#reader.push(chunk)
    if (fault !== undefined) this.#refuse(fault)
  }

  end (): void {
    // A stream that was taken back ends as well, before it closes.
    if (this.#state !== 'reading' || this.stream.aborted) return
    const message = this.#reader.end()
    if ('outcome' in message) { this.#refuse(message); return }
    this.place.whole()
    if (!this.#reader.compressed) { this.#take(message); return }
    if (this.head.encoding === '') { this.#refuse({ code: RpcCode.internal, message: 'the message is compressed but there is no grpc-encoding', outcome: 'malformed' }); return }
    // The client has done its part: only its own patience counts from here on.
    this.deadlineMs = this.#arrivedMs + this.head.timeoutMs
    this.#whole = true
    this.context.inflate(this.head.encoding, wholeBody(message)).then(result => this.#inflated(result, message.length)).catch((error: unknown) => this.#failed(error))
  }

  /** The stream is gone: by its own end, or by a client that no longer waits. */
  close (): void {
    this.context.deadlines.delete(this)
    if (this.#state === 'reading') this.#leave('aborted')
    else if (this.#state === 'handled') this.#state = 'ended'
  }

  /** Only while its message comes in. */
  giveWay (): void {
    const answer = this.context.intake.tooSlow('grpc', this.head.signal)
    this.#reader.release()
    if (answer.status !== 'success') this.#answerWith(rpcStatusOf(answer))
  }

  expire (): void {
    const { context, head } = this
    // Answered, and the client does not take the answer.
    if (this.#state === 'ended') { context.deadlines.delete(this); this.stream.close(NGHTTP2_CANCEL); return }
    const waited = this.#whole || head.timeoutMs <= context.readTimeoutMs || this.#state === 'handled'
    const message = waited ? `no answer within the client's ${head.timeoutMs} ms` : `no whole request within ${context.readTimeoutMs} ms`
    const status = { code: RpcCode.deadlineExceeded, message }
    // What the pipeline holds stays counted as held, and its answer is what is counted as the outcome.
    if (this.#state === 'handled') this.#answerWith(status)
    else this.#end(status, 'timeout')
  }

  #inflated (result: Decompressed, before: number): void {
    if (this.#state === 'ended') return
    if (result.status === 'ok') {
      if (this.place.take(Math.max(0, result.body.length - before))) this.#take(result.body)
      else this.#busy()
    } else if (result.status === 'too_large') this.#refuse({ code: RpcCode.resourceExhausted, message: result.message, outcome: 'too_large' })
    else this.#refuse({ code: RpcCode.internal, message: result.message, outcome: 'malformed' })
  }

  #take (message: Body): void {
    const { context, head } = this
    this.#state = 'handled'
    try {
      const answer = context.intake.take('grpc', head.signal, 'protobuf', message, this.place, this.origin)
      if (answer instanceof Promise) {
        this.deadlineMs = this.#arrivedMs + head.timeoutMs
        if (head.timeoutMs === Infinity) context.deadlines.delete(this)
        answer.then(late => this.#answer(late), (error: unknown) => this.#failed(error))
      } else this.#answer(answer)
    } catch (error) {
      this.#failed(error)
    }
  }

  #answer (answer: Answer): void {
    this.place.leave()
    if (this.#state === 'ended') return
    if (answer.status === 'success') {
      this.#state = 'ended'
      this.#mayTake()
      this.context.answers.success(this.stream, answer.partial)
    } else this.#answerWith(rpcStatusOf(answer))
  }

  #failed (error: unknown): void {
    this.place.leave()
    this.context.onError(this.head, error)
    if (this.#state !== 'ended') this.#answerWith({ code: RpcCode.internal, message: 'internal error' })
  }

  #busy (): void {
    const answer = this.context.intake.busy('grpc', this.head.signal)
    this.#reader.release()
    this.place.leave()
    if (answer.status !== 'success') this.#answerWith(rpcStatusOf(answer))
  }

  #refuse (fault: MessageFault): void {
    this.#end({ code: fault.code, message: fault.message }, fault.outcome)
  }

  #end (status: RpcStatus, outcome: RequestOutcome): void {
    this.#leave(outcome)
    this.#answerWith(status)
  }

  #leave (outcome: RequestOutcome): void {
    this.#state = 'ended'
    this.#reader.release()
    this.abandoned = outcome === 'aborted'
    this.context.count(this.head, outcome)
    this.place.leave()
  }

  #answerWith (status: RpcStatus): void {
    this.#state = 'ended'
    this.#mayTake()
    this.context.answers.status(this.stream, status)
  }

  /** How long the client may take over its answer; `close` takes the call out. */
  #mayTake (): void {
    const { context } = this
    this.deadlineMs = context.now() + context.readTimeoutMs
    context.deadlines.add(this)
  }
}

function onData (this: CallStream, chunk: Buffer): void { this[callKey]?.data(chunk) }
function onEnd (this: CallStream): void { this[callKey]?.end() }
