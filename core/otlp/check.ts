/**
 * The structural check of a message against schema.ts: every nested message is entered, every length is within its parent,
 * every known field has its wire type. Fields the schema does not know are skipped, as protobuf asks.
 *
 * A known field with another wire type is rejected, where protobuf would call it unknown: it is what a request of another
 * signal or another protocol looks like, and passing it on as an almost empty record would hide the mistake.
 */
import type { Field, MessageType } from './schema.js'
import { maxDepth, WireError, WireType, type WireReader } from './wire.js'

/** Checks the message that ends at `stop`; the reader stands at its start. `depth` = messages around it. */
export function checkMessage (r: WireReader, stop: number, type: MessageType, depth: number): void {
  if (depth > maxDepth) throw new WireError(`messages nested deeper than ${maxDepth}`)
  const outer = r.end
  r.end = stop
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) checkField(r, tag, type, depth)
  r.end = outer
}

/** Checks and skips the field of a message of `type` whose tag was just read. */
export function checkField (r: WireReader, tag: number, type: MessageType, depth: number): void {
  const number = tag >>> 3
  const field = number < type.byNumber.length ? type.byNumber[number] : undefined
  if (field === undefined) { r.skip(tag); return }
  if ((tag & 7) !== field.wire) { checkPacked(r, tag, field, type); return }
  if (field.message !== undefined) checkMessage(r, r.span(), field.message, depth + 1)
  else if (field.idLength !== 0) skipId(r, field)
  else r.skip(tag)
}

function skipId (r: WireReader, field: Field): void {
  const stop = r.span()
  checkIdLength(stop - r.pos, field.idLength, field.idLength === 16 ? 'trace id' : 'span id')
  r.pos = stop
}

/** Ids are empty or whole. Others cannot be told apart from another message's text, and Go receivers refuse them too. */
export function checkIdLength (length: number, wanted: number, name: string): void {
  if (length !== 0 && length !== wanted) throw new WireError(`${name} of ${length} bytes, expected ${wanted}`)
}

function checkPacked (r: WireReader, tag: number, field: Field, type: MessageType): void {
  if (!field.packable || (tag & 7) !== WireType.bytes) throw new WireError(`${type.name}.${field.name} has wire type ${tag & 7}, expected ${field.wire}`)
  const stop = r.span()
  const width = field.wire === WireType.i64 ? 8 : field.wire === WireType.i32 ? 4 : 0
  if (width > 0) {
    if ((stop - r.pos) % width !== 0) throw new WireError(`${type.name}.${field.name}: ${stop - r.pos} packed bytes are not a multiple of ${width}`)
    r.pos = stop
    return
  }
  const outer = r.end
  r.end = stop
  while (r.pos < stop) r.varint()
  r.end = outer
}
