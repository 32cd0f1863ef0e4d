/**
 * The one message of a unary call, out of chunks that may be cut anywhere.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: 1 byte compressed-flag, 4 bytes length (big endian), message.
 */
import { Chunks, type Body } from './chunks.js'
import { RpcCode } from '../../core/net/grpc/status.js'

export const prefixBytes = 5

/** Why a body is no message of ours, in gRPC's words. */
export interface MessageFault { readonly code: number, readonly message: string, readonly outcome: 'too_large' | 'malformed' | 'aborted' }

export class MessageReader {
  /** The compressed-flag, once the prefix is there. */
  compressed = false
  #length = -1
  #prefix: Buffer | undefined
  #prefixFilled = 0
  #message: Buffer | undefined
  #chunks: Chunks | undefined

  constructor (readonly maxBytes: number) {}

  /** Takes the next bytes of the body; a fault when they can no longer become a message. */
  push (chunk: Buffer): MessageFault | undefined {
    let body = chunk
    if (this.#length < 0) {
      const taken = this.#readPrefix(chunk)
      if (typeof taken !== 'number') return taken
      if (this.#length < 0) return undefined
      if (this.#length > this.maxBytes) return tooLarge(this.maxBytes)
      body = chunk.subarray(taken)
    }
    if (body.length === 0) return undefined
    if (this.#chunks === undefined && this.#message === undefined && body.length === this.#length) {
      this.#message = body
      return undefined
    }
    if (this.#received + body.length > this.#length) return { code: RpcCode.unimplemented, message: 'more than one message, or bytes behind it, in a call that takes one', outcome: 'malformed' }
    this.#chunks ??= new Chunks()
    this.#chunks.add(body)
    return undefined
  }

  /** The message when the body has ended, as it was sent, or what is missing: clients that give up end their side first. Once. */
  end (): Body | MessageFault {
    if (this.#length < 0 && this.#prefixFilled === 0) return { code: RpcCode.unimplemented, message: 'no message in a call that takes one', outcome: 'aborted' }
    if (this.#length < 0 || this.#received < this.#length) return { code: RpcCode.internal, message: 'the call ended in the middle of its message', outcome: 'aborted' }
    const message = this.#message ?? this.#chunks ?? Buffer.alloc(0)
    this.release()
    return message
  }

  /**
   * Lets go of the bytes. Node's stream, and what hangs on it, outlives its call until a full collection: a young one takes
   * the native half's handle for a root. Bytes that hung there too were what made V8 collect, at 64 MB of them.
   */
  release (): void {
    this.#message = undefined
    this.#chunks = undefined
    this.#prefix = undefined
  }

  get #received (): number { return this.#message?.length ?? this.#chunks?.length ?? 0 }

  /** How many bytes of `chunk` belong to the prefix. */
  #readPrefix (chunk: Buffer): number | MessageFault {
    let prefix = chunk
    let taken = prefixBytes
    if (this.#prefix !== undefined || chunk.length < prefixBytes) {
      this.#prefix ??= Buffer.alloc(prefixBytes)
      taken = chunk.copy(this.#prefix, this.#prefixFilled)
      this.#prefixFilled += taken
      if (this.#prefixFilled < prefixBytes) return taken
      prefix = this.#prefix
    }
    const flag = prefix[0] as number
    if (flag > 1) return { code: RpcCode.internal, message: `compressed-flag ${flag} is neither 0 nor 1`, outcome: 'malformed' }
    this.compressed = flag === 1
    this.#length = prefix.readUInt32BE(1)
    return taken
  }
}

export function tooLarge (maxBytes: number): MessageFault {
  return { code: RpcCode.resourceExhausted, message: `the message is larger than ${maxBytes} bytes`, outcome: 'too_large' }
}
