/** HTTP/2 spoken frame by frame, for what no library would send. https://www.rfc-editor.org/rfc/rfc9113#section-4 */
import { signalFacts } from '../../core/otlp/signals.js'

export const FrameType = { data: 0, headers: 1, priority: 2, rstStream: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9 } as const
export const Flag = { endStream: 1, endHeaders: 4 } as const

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export function frame (type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const settings = frame(FrameType.settings, 0, 0)

export function uint32 (value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** HPACK: a literal without indexing, or one that goes into the table. https://www.rfc-editor.org/rfc/rfc7541#section-6.2 */
export function literal (name: string, value: string, indexed = false): Buffer {
  return Buffer.concat([Buffer.from([indexed ? 0x40 : 0]), text(name), text(value)])
}

/** No Huffman coding; lengths are integers with a prefix of seven bits. */
function text (value: string): Buffer {
  const length = value.length < 127 ? [value.length] : [127, ...varint(value.length - 127)]
  return Buffer.concat([Buffer.from(length), Buffer.from(value, 'latin1')])
}

function varint (value: number): number[] {
  return value < 128 ? [value] : [value & 127 | 128, ...varint(value >>> 7)]
}

/** The headers of an export call: 0x83 is `:method: POST`, 0x86 `:scheme: http`. */
export const callHeaders = Buffer.concat([
  Buffer.from([0x83, 0x86]), literal(':path', signalFacts.traces.grpcPath), literal(':authority', 'x'), literal('content-type', 'application/grpc'), literal('te', 'trailers')
])

/** HEADERS that open stream `stream`. */
export function openCall (stream: number, flags: number = Flag.endHeaders, more: Uint8Array = Buffer.alloc(0)): Buffer {
  return frame(FrameType.headers, flags, stream, Buffer.concat([callHeaders, more]))
}
