/**
 * What an OTLP server answers: Export*ServiceResponse (the same numbers for every signal) and google.rpc.Status, in
 * protobuf and JSON, both ways.
 * https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto and error_details.proto
 */
import { signalFacts, type OtlpSignal } from './signals.js'
import { Writer } from './values.js'
import { orElse, WireReader } from './wire.js'

export interface PartialSuccess { readonly rejected: number, readonly message: string }

/** Empty for a full success: the specification wants partial_success unset then. */
export function encodeExportResponse (partial: PartialSuccess | undefined): Buffer {
  const w = Writer.create()
  if (partial !== undefined) {
    w.uint32(10).fork()
    if (partial.rejected !== 0) w.uint32(8).int64(partial.rejected)
    if (partial.message !== '') w.uint32(18).string(partial.message)
    w.ldelim()
  }
  return Buffer.from(w.finish())
}

export function exportResponseJson (signal: OtlpSignal, partial: PartialSuccess | undefined): string {
  if (partial === undefined) return '{}'
  return JSON.stringify({ partialSuccess: { [signalFacts[signal].rejectedName]: String(partial.rejected), errorMessage: partial.message } })
}

/** Undefined when nothing was rejected and nothing said, or when the answer cannot be read: it was a success all the same. */
export function decodeExportResponse (bytes: Uint8Array): PartialSuccess | undefined {
  return orElse(undefined, () => {
    const r = new WireReader(bytes)
    let rejected = 0
    let message = ''
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag !== 10) { r.skip(tag); continue }
      const outer = r.end
      r.end = r.span()
      for (let inner = r.tag(); inner !== 0; inner = r.tag()) {
        if (inner === 8) { r.varint(); rejected = Number(r.int64()) } else if (inner === 18) message = r.text(r.span())
        else r.skip(inner)
      }
      r.end = outer
    }
    return rejected > 0 || message !== '' ? { rejected, message } : undefined
  })
}

export function parseExportResponseJson (signal: OtlpSignal, text: string): PartialSuccess | undefined {
  const partial = (parseObject(text) as { partialSuccess?: Record<string, unknown> } | undefined)?.partialSuccess
  if (typeof partial !== 'object' || partial === null) return undefined
  const rejected = Number(partial[signalFacts[signal].rejectedName] ?? 0) || 0
  const message = typeof partial['errorMessage'] === 'string' ? partial['errorMessage'] : ''
  return rejected > 0 || message !== '' ? { rejected, message } : undefined
}

export interface RpcStatus {
  /** google.rpc.Code, the numbers of gRPC. */
  readonly code: number
  readonly message: string
  /** RetryInfo.retry_delay: the client may try again after this. */
  readonly retryAfterMs?: number
  /** BadRequest: what was wrong with the request. */
  readonly badRequest?: string
}

const retryInfoType = 'type.googleapis.com/google.rpc.RetryInfo'
const badRequestType = 'type.googleapis.com/google.rpc.BadRequest'

export function encodeStatus (status: RpcStatus): Buffer {
  const w = Writer.create().uint32(8).int32(status.code).uint32(18).string(status.message)
  const { retryAfterMs, badRequest } = status
  if (retryAfterMs !== undefined) {
    const { seconds, nanos } = duration(retryAfterMs)
    const info = Writer.create().uint32(10).fork().uint32(8).int64(seconds).uint32(16).int32(nanos).ldelim()
    writeAny(w, retryInfoType, info)
  }
  if (badRequest !== undefined) writeAny(w, badRequestType, Writer.create().uint32(10).fork().uint32(18).string(badRequest).ldelim())
  return Buffer.from(w.finish())
}

function writeAny (w: Writer, type: string, message: Writer): void {
  w.uint32(26).fork().uint32(10).string(type).uint32(18).bytes(message.finish()).ldelim()
}

export function statusJson (status: RpcStatus): string {
  const { code, message, retryAfterMs, badRequest } = status
  const details: unknown[] = []
  if (retryAfterMs !== undefined) details.push({ '@type': retryInfoType, retryDelay: `${(retryAfterMs / 1000).toFixed(3)}s` })
  if (badRequest !== undefined) details.push({ '@type': badRequestType, fieldViolations: [{ description: badRequest }] })
  return JSON.stringify({ code, message, ...(details.length > 0 ? { details } : {}) })
}

/** Message and retry delay of a google.rpc.Status; undefined when `bytes` are not one. */
export function decodeStatus (bytes: Uint8Array): RpcStatus | undefined {
  return orElse(undefined, () => {
    const r = new WireReader(bytes)
    let code = 0
    let message = ''
    let retryAfterMs: number | undefined
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === 8) { r.varint(); code = r.low } else if (tag === 18) message = r.text(r.span())
      else if (tag === 26) retryAfterMs = readRetryInfo(r, r.span()) ?? retryAfterMs
      else r.skip(tag)
    }
    return retryAfterMs === undefined ? { code, message } : { code, message, retryAfterMs }
  })
}

/** The delay in milliseconds when the Any that ends at `stop` is a RetryInfo. */
function readRetryInfo (r: WireReader, stop: number): number | undefined {
  const any = fieldsOf(r.bytes, r.pos, stop)
  r.pos = stop
  const type = any.get(1)
  const value = any.get(2)
  if (!Array.isArray(type) || !Array.isArray(value) || new WireReader(r.bytes, ...type).text(type[1]) !== retryInfoType) return undefined
  const delay = fieldsOf(r.bytes, ...value).get(1)
  if (!Array.isArray(delay)) return 0
  const fields = fieldsOf(r.bytes, ...delay)
  return Math.max(0, Math.round(numberOf(fields.get(1)) * 1000 + numberOf(fields.get(2)) / 1e6))
}

/** Length-delimited fields as [start, end), varints as numbers; the last of each. */
function fieldsOf (bytes: Uint8Array, start: number, end: number): Map<number, number | [number, number]> {
  const r = new WireReader(bytes, start, end)
  const found = new Map<number, number | [number, number]>()
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if ((tag & 7) === 0) { r.varint(); found.set(tag >>> 3, Number(r.int64())) } else if ((tag & 7) === 2) {
      const stop = r.span()
      found.set(tag >>> 3, [r.pos, stop])
      r.pos = stop
    } else r.skip(tag)
  }
  return found
}

const numberOf = (field: number | [number, number] | undefined): number => typeof field === 'number' ? field : 0

function duration (ms: number): { seconds: number, nanos: number } {
  const seconds = Math.floor(ms / 1000)
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) }
}

/** The message of a google.rpc.Status in JSON, '' when there is none. */
export function parseStatusMessageJson (text: string): string {
  const message = (parseObject(text) as { message?: unknown } | undefined)?.message
  return typeof message === 'string' ? message : ''
}

function parseObject (text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
