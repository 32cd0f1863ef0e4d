/** One stream of one collector: Hello, then batches, one after the other; the stream's own flow control keeps the rest back. */
import { status as codes, type ServerDuplexStream } from '@grpc/grpc-js'
import type { Clock } from '../../core/component/clock.js'
import { encodeAck, encodeWelcome, readFromCollector, wireVersion, type Batch, type Fault, type Hello } from '../../core/wire/messages.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Collector } from './collector.js'
import type { Collectors } from './collectors.js'
import type { ReceiverMetrics, StreamEnd } from './metrics.js'

export type WireStream = ServerDuplexStream<Buffer, Buffer>

export interface SessionOptions {
  readonly collectors: Collectors
  readonly metrics: ReceiverMetrics
  readonly logger: Logger
  readonly clock: Clock
  readonly helloTimeoutMs: number
  readonly maxBytes: number
  readonly remembered: number
}

/** Why a stream is ended by us, as gRPC says it. */
interface End { readonly end: StreamEnd, readonly code: codes, readonly details: string }

const shutdown: End = { end: 'shutdown', code: codes.UNAVAILABLE, details: 'shutting down' }

export class Session {
  /** Aborted when nothing more may be done for this stream. */
  readonly #over = new AbortController()
  readonly #done: Promise<void>
  #end: End | undefined
  #collector: Collector | undefined

  constructor (readonly stream: WireStream, readonly options: SessionOptions) {
    stream.on('cancelled', () => this.#over.abort()).on('error', () => this.#over.abort())
    this.#done = this.#run()
  }

  /** Resolves when the stream has ended and nothing of it is being delivered. */
  get done (): Promise<void> { return this.#done }

  /** Lets what is being delivered finish. */
  stop (): void { this.#finish(shutdown) }

  async #run (): Promise<void> {
    const { metrics, clock, helloTimeoutMs } = this.options
    const cancel = clock.after(helloTimeoutMs, () => { if (this.#collector === undefined) this.#finish({ end: 'refused', code: codes.DEADLINE_EXCEEDED, details: 'no Hello came in time' }) })
    let end: StreamEnd = 'closed'
    try {
      for await (const bytes of this.stream as AsyncIterable<Buffer>) {
        const fault = await this.#read(bytes)
        if (fault !== undefined) this.#finish(fault)
        if (this.#end !== undefined) break
      }
    } catch {
      end = 'broken'
    }
    cancel()
    this.#over.abort()
    if (this.#collector?.supersede === this.#supersede) this.#collector.supersede = undefined
    metrics.ended(this.#end?.end ?? end)
    if (this.#end === undefined) this.stream.end()
  }

  readonly #supersede = (): void => this.#finish({ end: 'superseded', code: codes.ABORTED, details: 'the collector has connected anew; two collectors must not have the same id' })

  /** Once: tells the collector, and ends the waiting for more. */
  #finish (end: End): void {
    if (this.#end !== undefined) return
    this.#end = end
    this.#over.abort()
    // Also ends the reading above.
    this.stream.emit('error', { code: end.code, details: end.details })
  }

  /** What is wrong with the message, when something is. */
  async #read (bytes: Buffer): Promise<End | undefined> {
    const message = readFromCollector(bytes)
    if (message.kind === 'malformed') return malformed(message)
    if (message.kind === 'hello') return this.#collector === undefined ? this.#greet(message) : malformed({ kind: 'malformed', reason: 'a second Hello' })
    if (this.#collector === undefined) return malformed({ kind: 'malformed', reason: 'a batch before the Hello' })
    return this.#take(this.#collector, message)
  }

  async #greet (hello: Hello): Promise<End | undefined> {
    const { collectors, maxBytes, remembered, logger } = this.options
    if (hello.version !== wireVersion) return { end: 'refused', code: codes.FAILED_PRECONDITION, details: `this server speaks version ${wireVersion} of Tapio's protocol, the collector version ${hello.version}` }
    const collector = collectors.find(hello.collector)
    if (collector === undefined) return { end: 'refused', code: codes.RESOURCE_EXHAUSTED, details: 'as many collectors as max_collectors allows are connected' }
    collector.supersede?.()
    collector.supersede = this.#supersede
    this.#collector = collector
    await collector.greet(hello)
    if (this.#end !== undefined) return undefined
    logger.info('a collector has connected', { collector: collector.name, peer: this.stream.getPeer(), taken: collector.taken })
    this.#write(encodeWelcome({ taken: collector.taken, maxBytes, remembered, rejections: collector.rejections }))
    return undefined
  }

  async #take (collector: Collector, batch: Batch): Promise<End | undefined> {
    const answer = await collector.take(batch, this.#over.signal)
    switch (answer.kind) {
      case 'ack': this.#write(encodeAck(answer)); return undefined
      case 'undeliverable': return { ...shutdown, details: answer.reason }
      case 'out_of_order': return malformed({ kind: 'malformed', reason: answer.reason })
    }
  }

  #write (message: Buffer): void {
    if (this.#end === undefined && !this.stream.cancelled) this.stream.write(message)
  }
}

function malformed ({ reason }: Fault): End {
  return { end: 'malformed', code: codes.INVALID_ARGUMENT, details: reason }
}
