/** gRPC's length-prefixed message: one byte that says whether it is compressed, four of length, the message. */
import { decompress, isCompression } from '../../core/net/compression.js'

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
export async function readMessage (bytes: Buffer, encoding: string, maxBytes: number): Promise<Uint8Array> {
  if (bytes.length < prefixBytes) return nothing
  const message = bytes.subarray(prefixBytes, prefixBytes + bytes.readUInt32BE(1))
  if (bytes[0] === 0) return message
  if (!isCompression(encoding)) return nothing
  const result = await decompress(encoding, message, maxBytes)
  return result.status === 'ok' ? result.body : nothing
}
