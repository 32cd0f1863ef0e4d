/** What of a question for events can be answered by the heads and the index of blocks, before one is unpacked. */
import type { BlockHead } from './block.js'
import { isGiven } from './match.js'
import type { Partition } from './partition.js'
import { StoreError, type EventQuery } from './store.js'
import { entityTerm, idTermOfHex, severityTerm, signTerm } from './terms.js'
import { anyWord, wordTerm, type WordKind } from './words.js'

export class BlockFilter {
  /** Nanoseconds; `until` is exclusive. */
  readonly since: bigint
  readonly until: bigint
  /** A row must have one term of each group; the words are those of blocks that have some. */
  readonly #groups: readonly (readonly number[])[]
  readonly #words: readonly (readonly number[])[]

  /** Throws StoreError for a question that makes no sense. */
  constructor (readonly query: EventQuery) {
    this.since = nanoOf(query.sinceMs, 0n)
    this.until = nanoOf(query.untilMs, 1n << 64n)
    this.#groups = groupsOf(query)
    this.#words = wordGroupsOf(query)
  }

  /** By times alone. */
  isInTime ({ minNano, maxNano }: Pick<BlockHead, 'minNano' | 'maxNano'>): boolean { return maxNano >= this.since && minNano < this.until }

  isAllInTime ({ minNano, maxNano }: Pick<BlockHead, 'minNano' | 'maxNano'>): boolean { return minNano >= this.since && maxNano < this.until }

  isAt (nano: bigint): boolean { return nano >= this.since && nano < this.until }

  /** Rows of a block that may fit, perhaps some that do not; undefined: all rows. */
  rows (partition: Partition, block: BlockHead): number[] | undefined {
    if (!this.isInTime(block) || block.maxSeverity < (this.query.minSeverity ?? 0)) return []
    let rows: number[] | undefined
    for (const group of block.hasWords ? [...this.#groups, ...this.#words] : this.#groups) {
      const having = rowsWithAny(partition, block, group)
      rows = rows === undefined ? having : both(rows, having)
      if (rows.length === 0) return rows
    }
    return rows
  }
}

function rowsWithAny (partition: Partition, block: BlockHead, group: readonly number[]): number[] {
  if (group.length === 1) return partition.rowsWith(block, group[0] as number) ?? []
  const rows = new Set(group.flatMap(term => partition.rowsWith(block, term) ?? []))
  return [...rows].sort((a, b) => a - b)
}

/** Of two ascending lists. */
function both (a: readonly number[], b: readonly number[]): number[] {
  const rows: number[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [left, right] = [a[i] as number, b[j] as number]
    if (left === right) rows.push(left)
    if (left <= right) i++
    if (right <= left) j++
  }
  return rows
}

/** Those that fewest rows have come first. */
function groupsOf ({ traceId, symptomId, entity, minSeverity }: EventQuery): number[][] {
  const groups: number[][] = []
  if (symptomId !== undefined) groups.push([idTermOfHex('symptom', hexOrThrow('symptomId', symptomId))])
  if (traceId !== undefined) groups.push([idTermOfHex('trace', hexOrThrow('traceId', traceId))])
  if (entity !== undefined) groups.push([entityTerm(entity.name)])
  const severe = minSeverity === undefined ? undefined : severityTerm(minSeverity)
  return severe === undefined ? groups : [...groups, [severe]]
}

function wordGroupsOf ({ symptoms, sources, names, signals, namespaces }: EventQuery): number[][] {
  const words = (kind: WordKind, list: readonly string[] | undefined): number[][] => isGiven(list) ? [[...list.map(word => wordTerm(kind, word)), anyWord(kind)]] : []
  return [...isGiven(symptoms) ? [symptoms.map(signTerm)] : [], ...words('name', names), ...words('namespace', namespaces), ...words('source', sources), ...words('signal', signals)]
}

export function hexOrThrow (what: string, id: string): string {
  if (!/^[0-9a-f]{32}$/i.test(id)) throw new StoreError('query', `${what} has 32 hex digits, found ${JSON.stringify(id.slice(0, 64))}`)
  return id
}

/** Rounded to microseconds, which is what a number of milliseconds can say today. */
function nanoOf (ms: number | undefined, absent: bigint): bigint {
  if (ms === undefined || ms === Infinity || ms === -Infinity) return ms === -Infinity ? 0n : absent
  if (Number.isNaN(ms)) throw new StoreError('query', 'a time is not a number')
  return BigInt(Math.max(0, Math.round(ms * 1000))) * 1000n
}
