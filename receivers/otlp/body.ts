/** The body of an HTTP request: read within its bounds, then decompressed within them. */
import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, inflate, type InputType, type ZlibOptions } from 'node:zlib'
import type { Place } from './gate.js'

export type BodyResult =
  | { readonly status: 'ok', readonly body: Buffer }
  | { readonly status: 'too_large' | 'malformed' | 'busy' | 'aborted', readonly message: string }

/** Reads the whole body of at most `maxBytes`, every chunk counted in `place` as it comes. */
export function readBody (request: IncomingMessage, maxBytes: number, place: Place): Promise<BodyResult> {
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    let length = 0
    const settle = (result: BodyResult): void => {
      request.off('data', onData).off('end', onEnd).off('error', onAbort).off('close', onAbort)
      // A request that is torn down later (we answer early, the client goes away) must not raise an unheard error.
      request.on('error', () => {})
      resolve(result)
    }
    const onData = (chunk: Buffer): void => {
      length += chunk.length
      if (length > maxBytes) settle(tooLarge(maxBytes))
      else if (!place.take(chunk.length)) settle({ status: 'busy', message: 'too many requests in flight' })
      else chunks.push(chunk)
    }
    const onEnd = (): void => settle({ status: 'ok', body: chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks, length) })
    const onAbort = (): void => settle({ status: 'aborted', message: 'the client went away before the end of the body' })
    request.on('data', onData).on('end', onEnd).on('error', onAbort).on('close', onAbort)
  })
}

function tooLarge (maxBytes: number): BodyResult {
  return { status: 'too_large', message: `the body is larger than ${maxBytes} bytes` }
}

type Inflater = (bytes: InputType, options: ZlibOptions) => Promise<Buffer>

/** By content-encoding; `deflate` is the zlib format, as RFC 9110 has it. */
const inflaters: Readonly<Record<string, Inflater>> = {
  gzip: promisify<InputType, ZlibOptions, Buffer>(gunzip),
  deflate: promisify<InputType, ZlibOptions, Buffer>(inflate)
}

export const contentEncodings = Object.keys(inflaters)

/**
 * Decompresses, a few at a time: until a body is out its size is unknown, so what the queue lets in at once (libuv has four
 * threads for it anyway) times the size limit is the memory that bombs can take.
 */
export class Decompressor {
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor (readonly maxBytes: number, readonly concurrency = 4) {}

  async run (encoding: string, body: Buffer): Promise<BodyResult> {
    const inflater = inflaters[encoding] as Inflater
    if (this.#running >= this.concurrency) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#running++
    try {
      return { status: 'ok', body: await inflater(body, { maxOutputLength: this.maxBytes }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(this.maxBytes)
      return { status: 'malformed', message: `the body is not ${encoding}: ${(error as Error).message}` }
    } finally {
      // The place goes to the next in line, or back.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}
