/**
 * Profiles pass through. Their records point into one dictionary a request (v1development), so a request cannot be split
 * or joined: the whole of it is one row, and goes out as it came.
 *
 * Below Profile only the wire format is checked, not the field types: v1development still renumbers its fields between
 * releases, and a profile of another release must not be refused by a part that only carries it.
 */
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import { EventType, RawEncoding, Signal } from '../data/enums.js'
import { Resource } from '../data/resource.js'
import { checkField } from './check.js'
import { readEnvelope } from './locate.js'
import { fillConstants, type ReadOptions } from './read-options.js'
import { signalFacts } from './signals.js'
import { WireReader } from './wire.js'

const { request, resourceMessage, scopeMessage } = signalFacts.profiles
const dictionary = 18

/** One row, or none when the request holds no profile. `dataPointCount` is the number of profiles. */
export function readProfiles (bytes: Uint8Array, options: ReadOptions): EventBatch {
  const r = new WireReader(bytes)
  let profiles = 0
  let resource: Resource | undefined
  const onProfile = (stop: number): void => { profiles++; skipFields(r, stop) }
  const onScope = (stop: number): void => { readEnvelope(r, stop, scopeMessage, 2, onProfile) }
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === dictionary) { skipFields(r, r.span()); continue }
    if (tag !== 10) { checkField(r, tag, request, 0); continue }
    const envelope = readEnvelope(r, r.span(), resourceMessage, 1, onScope)
    if (envelope !== undefined) resource ??= new Resource(envelope)
  }
  return oneRow(bytes, profiles, resource, options)
}

function skipFields (r: WireReader, stop: number): void {
  const outer = r.end
  r.end = stop
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) r.skip(tag)
  r.end = outer
}

function oneRow (bytes: Uint8Array, profiles: number, resource: Resource | undefined, options: ReadOptions): EventBatch {
  const rows = profiles === 0 ? 0 : 1
  const builder = new BatchBuilder(rows)
  builder.rows(rows)
  fillConstants(builder, Signal.profiles, EventType.profile, RawEncoding.otlpProfile, options)
  if (rows === 1) {
    builder.column('timeUnixNano')[0] = options.observedTimeUnixNano
    builder.column('dataPointCount')[0] = profiles
    builder.column('rawOffset')[0] = 0
    builder.column('rawLength')[0] = bytes.length
    if (resource !== undefined) builder.column('resource')[0] = builder.resource(resource)
  }
  return builder.finish({ ids: options.ids, raw: { buffers: [bytes], complete: true } })
}
