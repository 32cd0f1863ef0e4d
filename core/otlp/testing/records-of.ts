/** The records of a request with the envelopes around them, as bytes, by a walk that shares no code with the reader. */
import protobuf from 'protobufjs'

export interface RecordBytes {
  readonly record: string
  /** Everything in the Scope* and Resource* messages that is not a child, in order. */
  readonly scope: string
  readonly resource: string
}

/** All as hex, so that they compare and print well. */
export function recordsOf (request: Uint8Array): RecordBytes[] {
  return split(request, 1).children.flatMap(resource => {
    const r = split(resource, 2)
    return r.children.flatMap(scope => {
      const s = split(scope, 2)
      return s.children.map(record => ({ record: hex(record), scope: hex(s.rest), resource: hex(r.rest) }))
    })
  })
}

function split (bytes: Uint8Array, child: number): { children: Uint8Array[], rest: Uint8Array } {
  const r = protobuf.Reader.create(bytes)
  const children: Uint8Array[] = []
  const rest: Uint8Array[] = []
  while (r.pos < r.len) {
    const from = r.pos
    const tag = r.uint32()
    if (tag === (child << 3 | 2)) { children.push(r.bytes()); continue }
    r.skipType(tag & 7, 0, tag >>> 3)
    rest.push(bytes.subarray(from, r.pos))
  }
  return { children, rest: Buffer.concat(rest) }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
