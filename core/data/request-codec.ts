/** Unread requests and origins as they stand in a document's header (codec.ts draws it), read back and checked. */
import { checkRequest } from '../otlp/reader.js'
import { UnreadRecords, type RecordSignal } from '../otlp/unread.js'
import { WireError } from '../otlp/wire.js'
import type { AttributeValue } from './attributes.js'
import { signals } from './enums.js'
import type { Origin } from './origin.js'
import { Malformed } from './plain-msgpack.js'
import type { RequestHead } from './unread.js'

/** `[signal, [rows, items, first id, observed ns, source], …]`. */
export function readRequests ([signal, ...requests]: readonly AttributeValue[]): UnreadRecords {
  const name = signals[signal as number]
  if (name !== 'traces' && name !== 'logs' && name !== 'metrics') throw new Malformed(`requests of signal ${String(signal)}`)
  return new UnreadRecords(name satisfies RecordSignal, requests.map(readHead))
}

function readHead (entry: AttributeValue): RequestHead {
  if (!Array.isArray(entry)) throw new Malformed('a request is not of the expected form')
  const [rows, items, firstId, observed, source] = entry
  if (!isCount(rows) || !isCount(items) || !(firstId instanceof Uint8Array) || firstId.length !== 16 || typeof source !== 'string') throw new Malformed('a request is not of the expected form')
  if (typeof observed !== 'bigint' && !Number.isSafeInteger(observed)) throw new Malformed('a request has no time')
  return { rows, items, firstId, observedTimeUnixNano: BigInt.asUintN(64, BigInt(observed as bigint | number)), source }
}

const isCount = (n: AttributeValue | undefined): n is number => typeof n === 'number' && Number.isInteger(n) && n >= 0 && n <= 0xffffffff

/** Throws Malformed unless the buffers are the requests that `unread` says they are. */
export function checkRequests (unread: UnreadRecords, buffers: readonly Uint8Array[]): void {
  unread.requests.forEach((head, i) => {
    try {
      const { records, items } = checkRequest(unread.name, buffers[i] as Uint8Array, head.rows)
      if (records !== head.rows || items !== head.items) throw new Malformed(`request ${i} holds ${records} records, the document says ${head.rows}`)
    } catch (error) {
      if (error instanceof WireError) throw new Malformed(`request ${i}: ${error.message}`)
      throw error
    }
  })
}

/** `[address|nil, metadata|nil]`; what is not of that form is left out. */
export function readOrigin (entry: AttributeValue | undefined): Origin | undefined {
  if (!Array.isArray(entry)) return undefined
  const [address, metadata] = entry
  return {
    ...typeof address === 'string' ? { address } : {},
    ...metadata === null || typeof metadata !== 'object' || Array.isArray(metadata) || metadata instanceof Uint8Array ? {} : { metadata: readMetadata(metadata) }
  }
}

function readMetadata (entry: { readonly [key: string]: AttributeValue }): Record<string, readonly string[]> {
  const metadata: Record<string, readonly string[]> = {}
  for (const [name, values] of Object.entries(entry)) {
    if (Array.isArray(values)) Object.defineProperty(metadata, name, { value: values.filter(v => typeof v === 'string'), enumerable: true, writable: true, configurable: true })
  }
  return metadata
}
