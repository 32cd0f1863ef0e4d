/**
 * One HTTP request that holds a place: its body comes in, every byte counted → decompressed → intake → answered. However it
 * ends, it is counted once and its place is given back once. Listeners are shared functions, as in grpc-call.ts.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Origin } from '../../core/data/origin.js'
import { Chunks, type Body } from './chunks.js'
import type { Compression, Decompressed } from './decompressor.js'
import type { Incoming, Place } from './gate.js'
import type { HttpAnswers } from './http-answers.js'
import { malformed, tooLarge, type Refusal, type RequestHead } from './http-head.js'
import type { Answer, Intake } from './intake.js'
import type { RequestOutcome } from './metrics.js'
import { RpcCode } from '../../core/net/grpc/status.js'

/** What all requests of a server share. */
export interface ExchangeContext {
  readonly intake: Intake
  readonly answers: HttpAnswers
  readonly maxBytes: number
  inflate(compression: Compression, bytes: Buffer): Promise<Decompressed>
  count(head: RequestHead, outcome: RequestOutcome): void
  onError(head: RequestHead, error: unknown): void
}

export const exchangeKey = Symbol('exchange')
type Request = IncomingMessage & { [exchangeKey]?: Exchange }

export class Exchange implements Incoming {
  readonly #chunks = new Chunks()
  #state: 'reading' | 'handled' | 'ended' = 'reading'
  /** How it is counted when the connection breaks; Node's parser and timers may know better. */
  broken: RequestOutcome = 'aborted'

  constructor (readonly context: ExchangeContext, readonly request: Request, readonly response: ServerResponse, readonly head: RequestHead, readonly place: Place, readonly origin: Origin | undefined) {
    request[exchangeKey] = this
    place.reads(this)
    // A request that is torn down later (we answer early, the client goes away) must not raise an unheard error.
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', ignore)
  }

  get reading (): boolean { return this.#state === 'reading' }

  data (chunk: Buffer): void {
    if (this.#state !== 'reading') return
    if (this.#chunks.length + chunk.length > this.context.maxBytes) this.#refuse(tooLarge(this.context.maxBytes))
    else if (!this.place.take(chunk.length)) this.#busy()
    else this.#chunks.add(chunk)
  }

  end (): void {
    if (this.#state !== 'reading') return
    this.place.whole()
    const { head: { compression }, context } = this
    if (compression === '') { this.#take(this.#chunks.length === 0 ? empty : this.#chunks); return }
    const body = this.#chunks.length === 0 ? empty : this.#chunks.bytes()
    context.inflate(compression, body).then(result => this.#inflated(result, body.length)).catch((error: unknown) => this.#failed(error))
  }

  /** After `end` too. */
  close (): void {
    if (this.#state !== 'reading' || this.request.complete) return
    this.#leave(this.broken)
  }

  /** Only while its body comes in. */
  giveWay (): void { this.#answer(this.context.intake.tooSlow('http', this.head.signal)) }

  #inflated (result: Decompressed, before: number): void {
    if (this.#state !== 'reading') return
    if (result.status === 'ok') {
      if (this.place.take(Math.max(0, result.body.length - before))) this.#take(result.body)
      else this.#busy()
    } else this.#refuse(result.status === 'too_large' ? tooLarge(this.context.maxBytes) : malformed(result.message))
  }

  #take (body: Body): void {
    const { context: { intake }, head: { signal, encoding } } = this
    this.#state = 'handled'
    try {
      const answer = intake.take('http', signal, encoding, body, this.place, this.origin)
      if (answer instanceof Promise) answer.then(late => this.#answer(late)).catch((error: unknown) => this.#failed(error))
      else this.#answer(answer)
    } catch (error) {
      this.#failed(error)
    }
  }

  #answer (answer: Answer): void {
    this.#state = 'ended'
    this.place.leave()
    this.context.answers.send(this.request, this.response, this.head.signal, this.head.encoding, answer)
  }

  #failed (error: unknown): void {
    this.#state = 'ended'
    this.place.leave()
    this.context.onError(this.head, error)
    this.context.answers.status(this.request, this.response, this.head.encoding, 500, { code: RpcCode.internal, message: 'internal error' })
  }

  #busy (): void { this.#answer(this.context.intake.busy('http', this.head.signal)) }

  #refuse (refusal: Refusal): void {
    this.#leave(refusal.outcome)
    this.context.answers.status(this.request, this.response, this.head.encoding, refusal.http, refusal.status, refusal.headers)
  }

  #leave (outcome: RequestOutcome): void {
    this.#state = 'ended'
    this.context.count(this.head, outcome)
    this.place.leave()
  }
}

const empty = Buffer.alloc(0)

function onData (this: Request, chunk: Buffer): void { this[exchangeKey]?.data(chunk) }
function onEnd (this: Request): void { this[exchangeKey]?.end() }
function onClose (this: Request): void { this[exchangeKey]?.close() }
function ignore (): void {}
