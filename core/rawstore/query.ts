/** Questions to a store, answered from its files alone: the process that wrote them may run, be dead or be another version. */
import type { Block } from './block.js'
import { SegmentReader, type Damage } from './segment-reader.js'
import { typeBit, type BlockPlace } from './segment-format.js'
import { listSegments, parseRawId, rawId, type SegmentFile } from './segments.js'
import { decodeFields, type RawType, type RawValue } from './types.js'

/** All that is given must fit; times are nanoseconds since the epoch, `until` is exclusive. */
export interface RawQuery {
  readonly since?: bigint
  readonly until?: bigint
  readonly cgroupId?: bigint
  readonly pid?: number
  /** Names of types. */
  readonly types?: readonly string[]
  /** Id of the last record that was seen: go on behind it. */
  readonly after?: string
  readonly limit?: number
}

export interface RawRecord {
  readonly id: string
  readonly timeUnixNano: bigint
  readonly typeId: number
  /** Absent when the segment does not describe it. */
  readonly type?: RawType
  readonly cgroupId: bigint
  readonly pid: number
  readonly bytes: Uint8Array
}

export type RawFound =
  | { readonly kind: 'record', readonly record: RawRecord }
  | { readonly kind: 'damage', readonly segment: string, readonly damage: Damage }

/** Records in the order they were written, segment by segment, and what could not be read. Holds one block at a time. */
export async function * queryRaw (directory: string, query: RawQuery): AsyncGenerator<RawFound> {
  const after = query.after === undefined ? undefined : parseRawId(query.after)
  let left = query.limit ?? Infinity
  for (const segment of await listSegments(directory)) {
    if (after !== undefined && segment.id < after.segment) continue
    const from = after?.segment === segment.id ? after.number + 1 : 0
    for await (const found of inSegment(segment, query, from)) {
      if (found.kind === 'record' && left-- <= 0) return
      yield found
    }
  }
}

/** One record by its id; undefined when it is not kept any more, or never was. */
export async function fetchRaw (directory: string, id: string): Promise<RawRecord | undefined> {
  const wanted = parseRawId(id)
  const segment = (await listSegments(directory)).find(s => s.id === wanted?.segment)
  if (wanted === undefined || segment === undefined) return undefined
  for await (const found of inSegment(segment, {}, wanted.number)) if (found.kind === 'record') return found.record.id === id ? found.record : undefined
  return undefined
}

/** A record's fields by its type's description; only what the store itself knows when there is none. */
export function fieldsOf (record: RawRecord): Record<string, RawValue> {
  return record.type === undefined ? {} : decodeFields(record.type, record.bytes)
}

async function * inSegment (segment: SegmentFile, query: RawQuery, from: number): AsyncGenerator<RawFound> {
  const reader = await SegmentReader.open(segment.path).catch((error: NodeJS.ErrnoException) => error)
  if (reader instanceof Error) {
    // Deleted since it was listed: nothing to say.
    if (reader.code !== 'ENOENT') yield { kind: 'damage', segment: segment.id, damage: { offset: 0, bytes: segment.bytes, reason: reader.message, tail: false } }
    return
  }
  try {
    for (const damage of reader.damages) yield { kind: 'damage', segment: segment.id, damage }
    const wanted = wantedTypes(reader, query.types)
    for (const place of reader.blocks) {
      if (place.first + place.count <= from || !mayHold(place, query, wanted)) continue
      const block = await reader.block(place)
      if (typeof block === 'string') yield { kind: 'damage', segment: segment.id, damage: { offset: place.offset, bytes: place.length, reason: block, tail: false } }
      else yield * inBlock(block, { segment: segment.id, query, from, wanted, types: reader.types })
    }
  } finally {
    await reader.close()
  }
}

/** Ids are the writer's own, so names are looked up in every segment anew; undefined = all. */
function wantedTypes (reader: SegmentReader, names: readonly string[] | undefined): ReadonlySet<number> | undefined {
  if (names === undefined || names.length === 0) return undefined
  return new Set([...reader.types.values()].filter(type => names.includes(type.name)).map(type => type.id))
}

function mayHold (place: BlockPlace, query: RawQuery, wanted: ReadonlySet<number> | undefined): boolean {
  if (query.since !== undefined && place.maxTime < query.since) return false
  if (query.until !== undefined && place.minTime >= query.until) return false
  return wanted === undefined || [...wanted].some(id => (place.types & typeBit(id)) !== 0)
}

interface BlockQuestion { segment: string, query: RawQuery, from: number, wanted: ReadonlySet<number> | undefined, types: ReadonlyMap<number, RawType> }

function * inBlock (block: Block, { segment, query, from, wanted, types }: BlockQuestion): Generator<RawFound> {
  const { since, until, cgroupId, pid } = query
  for (let i = Math.max(0, from - block.first); i < block.count; i++) {
    const [timeUnixNano, typeId] = [block.times[i] as bigint, block.typeIds[i] as number]
    if (pid !== undefined && block.pids[i] !== pid) continue
    if (wanted !== undefined && !wanted.has(typeId)) continue
    if (cgroupId !== undefined && block.cgroups[i] !== cgroupId) continue
    if ((since !== undefined && timeUnixNano < since) || (until !== undefined && timeUnixNano >= until)) continue
    const type = types.get(typeId)
    yield {
      kind: 'record',
      record: { id: rawId(segment, block.first + i), timeUnixNano, typeId, ...(type !== undefined && { type }), cgroupId: block.cgroups[i] as bigint, pid: block.pids[i] as number, bytes: block.bytes(i) }
    }
  }
}
