/**
 * A stream of responses as HTTP: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) or one JSON
 * document a line. The next response is asked for when the client has taken the last: a slow one holds one and the socket's buffer.
 */
import type { ServerResponse } from 'node:http'
import { toJson, type DescMessage, type Message } from '@bufbuild/protobuf'
import type { Clock } from '../../component/clock.js'
import { ApiError } from '../call.js'
import { problemOf } from './problem.js'

export const eventStreamType = 'text/event-stream'
export const linesType = 'application/x-ndjson'
export type StreamType = typeof eventStreamType | typeof linesType

/** So long the head waits for the first response: what is wrong with a call shows by then, and has a status of its own. */
const headWaitMs = 250
/** Proxies and laptops drop connections that are silent for a minute. */
const keepAliveMs = 15_000
/** When a browser connects again. */
const retryMs = 2000

export interface StreamedAnswer {
  readonly response: ServerResponse
  readonly type: StreamType
  readonly schema: DescMessage
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Sends the head; called once, before anything else is written. */
  begin(): void
}

/** Ends when the stream does, or the client. Rejects with what the stream threw before the head was sent; later errors are part of the stream. */
export async function sendStream (answer: StreamedAnswer, messages: AsyncGenerator<Message, void>): Promise<void> {
  const { clock, signal, type } = answer
  const writer = new Writer(answer)
  const cancelHead = clock.after(headWaitMs, () => writer.begin())
  // Lines have no comments: their streams say something by themselves now and then.
  const keepAlive = type === eventStreamType ? repeat(clock, keepAliveMs, () => writer.comment()) : () => {}
  try {
    for await (const message of messages) {
      cancelHead()
      await writer.message(message)
      if (signal.aborted) break
    }
    // A method may end quietly when it is told to; the client is to know why.
    if (signal.reason instanceof ApiError) throw signal.reason
    writer.begin()
  } catch (error) {
    if (!writer.begun) throw error
    writer.problem(error instanceof ApiError ? error : new ApiError('INTERNAL', 'the stream broke off; the log of Tapio says why'))
    if (!(error instanceof ApiError)) throw error
  } finally {
    cancelHead()
    keepAlive()
    if (writer.begun) answer.response.end()
  }
}

class Writer {
  begun = false
  #wroteMs = 0

  constructor (readonly answer: StreamedAnswer) {}

  begin (): void {
    if (this.begun || this.answer.response.destroyed) return
    this.begun = true
    this.answer.begin()
    if (this.answer.type === eventStreamType) this.#write(`retry: ${retryMs}\n\n`)
    else this.answer.response.flushHeaders()
  }

  /** Resolves when there is room for another one, or nobody reads any more. */
  async message (message: Message): Promise<void> {
    const { schema, type, response, signal } = this.answer
    const json = JSON.stringify(toJson(schema, message))
    this.begin()
    if (!this.#write(type === eventStreamType ? `${idOf(message)}data: ${json}\n\n` : `${json}\n`)) await drained(response, signal)
  }

  comment (): void {
    if (this.begun && this.answer.clock.monotonicMs() - this.#wroteMs >= keepAliveMs && !this.answer.response.writableNeedDrain) this.#write(': still here\n\n')
  }

  problem (error: ApiError): void {
    const problem = JSON.stringify(problemOf(error))
    this.#write(this.answer.type === eventStreamType ? `event: error\ndata: ${problem}\n\n` : `{"error":${problem}}\n`)
  }

  #write (text: string): boolean {
    if (this.answer.response.destroyed) return true
    this.#wroteMs = this.answer.clock.monotonicMs()
    return this.answer.response.write(text)
  }
}

/** Where a browser goes on after a break (`Last-Event-ID`): the response's resume token. */
function idOf (message: Message): string {
  const token = (message as { readonly resumeToken?: unknown }).resumeToken
  return typeof token === 'string' && token !== '' && !/[\r\n\0]/.test(token) ? `id: ${token}\n` : ''
}

function drained (response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
    signal.addEventListener('abort', done)
    if (response.destroyed || signal.aborted) done()
  })
}

function repeat (clock: Clock, everyMs: number, act: () => void): () => void {
  let cancel = clock.after(everyMs, again)
  function again (): void {
    cancel = clock.after(everyMs, again)
    act()
  }
  return () => cancel()
}
