/**
 * Puts records back into a request: resource, scope, records, each with its length in front. Two passes: the lengths have
 * to be known from the inside out, then everything is copied once into one buffer.
 */

/** Where the bytes of a request's records are, one entry a record, in the order they go out. */
export interface RecordList {
  readonly buffers: Buffer[]
  readonly starts: number[]
  readonly ends: number[]
}

/** A run of records with one resource and one scope. `bytes` is the length of the Scope* message. */
export interface ScopeRun { readonly envelope: Uint8Array, readonly from: number, readonly to: number, bytes: number }

export interface ResourceRun { readonly envelope: Uint8Array, readonly scopes: ScopeRun[], bytes: number }

const requestChild = 1 << 3 | 2
const child = 2 << 3 | 2

/** The request of `runs` over `records`. */
export function writeRequest (runs: readonly ResourceRun[], records: RecordList): Buffer {
  const out = Buffer.allocUnsafeSlow(measure(runs, records))
  let at = 0
  for (const resource of runs) {
    at = writeHead(out, at, requestChild, resource.bytes)
    at = copy(resource.envelope, out, at)
    for (const scope of resource.scopes) {
      at = writeHead(out, at, child, scope.bytes)
      at = copy(scope.envelope, out, at)
      for (let i = scope.from; i < scope.to; i++) {
        const start = records.starts[i] as number
        const end = records.ends[i] as number
        at = writeHead(out, at, child, end - start)
        at += (records.buffers[i] as Buffer).copy(out, at, start, end)
      }
    }
  }
  return out
}

/** Fills in the lengths of the runs; returns that of the request. */
function measure (runs: readonly ResourceRun[], records: RecordList): number {
  let total = 0
  for (const resource of runs) {
    resource.bytes = resource.envelope.length
    for (const scope of resource.scopes) {
      scope.bytes = scope.envelope.length
      for (let i = scope.from; i < scope.to; i++) scope.bytes += withHead((records.ends[i] as number) - (records.starts[i] as number))
      resource.bytes += withHead(scope.bytes)
    }
    total += withHead(resource.bytes)
  }
  return total
}

/** A field of `length` bytes with its tag (one byte: field numbers here are 1 and 2) and length. */
export function withHead (length: number): number {
  let bytes = 2
  for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++
  return bytes + length
}

export function writeHead (out: Buffer, at: number, tag: number, length: number): number {
  out[at++] = tag
  let rest = length
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out[at++] = rest & 0x7f | 0x80
  out[at++] = rest
  return at
}

function copy (bytes: Uint8Array, out: Buffer, at: number): number {
  out.set(bytes, at)
  return at + bytes.length
}
