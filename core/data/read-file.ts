/** A file of events as it lies on disk: packed or not, batches or JSON lines; what it is is seen by how it begins. */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Names of files that hold events. */
export const eventFile = /\.(tapio|msgpack|jsonl|ndjson|json)(\.gz)?$/

export interface OpenedFile {
  readonly looksLikeJson: boolean
  /** From the first byte on, unpacked. Errors of the system come out of the iteration. */
  readonly chunks: AsyncIterable<Uint8Array>
}

export async function openEventFile (path: string, signal: AbortSignal): Promise<OpenedFile> {
  const raw = await peek(createReadStream(path, { signal }))
  const gzip = raw.head[0] === 0x1f && raw.head[1] === 0x8b
  const { head, chunks } = gzip ? await peek(gunzip(raw.chunks)) : raw
  return { looksLikeJson: /^\s*\{/.test(Buffer.from(head.subarray(0, 64)).toString('latin1')), chunks }
}

/** The first chunk, and the same chunks from the start. */
async function peek (source: AsyncIterable<Uint8Array>): Promise<{ head: Uint8Array, chunks: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  async function * chunks (): AsyncGenerator<Uint8Array> {
    try {
      for (let step = first; step.done !== true; step = await iterator.next()) yield step.value
    } finally {
      await iterator.return?.()
    }
  }
  return { head: first.done === true ? new Uint8Array() : first.value, chunks: chunks() }
}

function gunzip (chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // The error of a broken archive comes out of reading its output; the callback only has to be there.
  return pipeline(chunks, createGunzip(), () => undefined) as AsyncIterable<Uint8Array>
}
