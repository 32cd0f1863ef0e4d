/** gRPC's length-prefixed message: one byte that says whether it is compressed, four of length, the message. */
import { gunzipSync, inflateSync } from 'node:zlib'

const prefixBytes = 5

/** The five bytes in front of a message. */
export function messagePrefix (byteLength: number, compressed: boolean): Buffer {
  const prefix = Buffer.allocUnsafe(prefixBytes)
  prefix[0] = compressed ? 1 : 0
  prefix.writeUInt32BE(byteLength, 1)
  return prefix
}

const nothing = new Uint8Array()

/** The first message in `bytes`; empty when there is none or it cannot be read. Never grows beyond `maxBytes`. */
export function readMessage (bytes: Buffer, encoding: string, maxBytes: number): Uint8Array {
  if (bytes.length < prefixBytes) return nothing
  const message = bytes.subarray(prefixBytes, prefixBytes + bytes.readUInt32BE(1))
  if (bytes[0] === 0) return message
  return decompress(message, encoding, maxBytes) ?? nothing
}

function decompress (message: Buffer, encoding: string, maxOutputLength: number): Buffer | undefined {
  try {
    if (encoding === 'gzip') return gunzipSync(message, { maxOutputLength })
    return encoding === 'deflate' ? inflateSync(message, { maxOutputLength }) : undefined
  } catch {
    return undefined
  }
}
