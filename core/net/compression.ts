/** Compression of request bodies as HTTP's content-encoding and gRPC's grpc-encoding name it, within limits. */
import { promisify } from 'node:util'
import { deflate, gunzip, gunzipSync, gzip, inflate, inflateSync, type InputType, type ZlibOptions } from 'node:zlib'
import { loadZstd } from './zstd.js'

/** `deflate` is the zlib format, as RFC 9110 and gRPC have it. */
export const compressions = ['gzip', 'deflate', 'zstd'] as const
export type Compression = (typeof compressions)[number]

export const isCompression = (name: string): name is Compression => (compressions as readonly string[]).includes(name)

export type Decompressed =
  | { readonly status: 'ok', readonly body: Buffer }
  | { readonly status: 'too_large' | 'malformed', readonly message: string }

type Zlib = (body: InputType, options: ZlibOptions) => Promise<Buffer>

const zlibs: Readonly<Record<'gzip' | 'deflate', { readonly inflate: Zlib, readonly inflateSync: typeof gunzipSync, readonly deflate: Zlib }>> = {
  gzip: { inflate: promisify<InputType, ZlibOptions, Buffer>(gunzip), inflateSync: gunzipSync, deflate: promisify<InputType, ZlibOptions, Buffer>(gzip) },
  deflate: { inflate: promisify<InputType, ZlibOptions, Buffer>(inflate), inflateSync: inflateSync, deflate: promisify<InputType, ZlibOptions, Buffer>(deflate) }
}

/** Below this a hand-over to libuv's threads costs more CPU than the work; above it would hold the event loop for over a millisecond. */
const inlineBytes = 64 * 1024

/** What `body` was before it was compressed, if that is at most `maxBytes` (1 or more). Never rejects. */
export async function decompress (compression: Compression, body: Uint8Array, maxBytes: number): Promise<Decompressed> {
  try {
    if (compression === 'zstd') {
      const out = (await loadZstd()).decompress(body, maxBytes)
      return out === undefined ? tooLarge(maxBytes) : { status: 'ok', body: out }
    }
    const { inflate: later, inflateSync: now } = zlibs[compression]
    // A small body may still be a bomb: what comes out inline is bounded as well, and the rest is left to a thread.
    if (body.length <= inlineBytes) {
      const out = inline(now, body, Math.min(maxBytes, 16 * inlineBytes))
      if (out !== undefined) return { status: 'ok', body: out }
    }
    return { status: 'ok', body: await later(body, { maxOutputLength: maxBytes }) }
  } catch (error) {
    if (isTooLarge(error)) return tooLarge(maxBytes)
    return { status: 'malformed', message: `the body is not ${compression}: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function inline (inflateNow: typeof gunzipSync, body: Uint8Array, maxBytes: number): Buffer | undefined {
  try {
    return inflateNow(body, { maxOutputLength: maxBytes })
  } catch (error) {
    if (isTooLarge(error)) return undefined
    throw error
  }
}

/** `body` compressed at a level that favours speed: telemetry is sent once. */
export async function compress (compression: Compression, body: Uint8Array): Promise<Buffer> {
  if (compression === 'zstd') return (await loadZstd()).compress(body)
  return zlibs[compression].deflate(body, { level: 1 })
}

const isTooLarge = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'

function tooLarge (maxBytes: number): Decompressed {
  return { status: 'too_large', message: `the body is larger than ${maxBytes} bytes` }
}
