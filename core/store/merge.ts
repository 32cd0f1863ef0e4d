/**
 * Few events at a time make small blocks, and a question looks into each. So when sixteen of about one size lie beside each other at the
 * end of a partition, or fill a block, they become one: an event is written again three times at most, and a partition has its full
 * blocks and some dozen more. The space of the old ones is used again by LMDB.
 */
import { concat } from '../data/concat.js'
import { makeBlock, type BlockHead } from './block.js'
import { maxBlockRows } from './block-index.js'
import type { Partition } from './partition.js'

const fan = 16
/** A block of half the rows, or of so many bytes packed, is not merged any more. */
const fullRows = maxBlockRows / 2
const fullBytes = 128 << 10

/** 0: below 16 rows, 1: below 256, 2: below 2048, 3: full. */
function sizeClass ({ rows, bytes }: BlockHead): number {
  return rows >= fullRows || bytes >= fullBytes ? 3 : rows >= 256 ? 2 : rows >= 16 ? 1 : 0
}

/** The blocks to merge now, oldest first; none when there are too few. */
export function mergeable (heads: readonly BlockHead[]): readonly BlockHead[] {
  const last = heads[heads.length - 1]
  const size = last === undefined ? 3 : sizeClass(last)
  if (size === 3) return []
  let start = heads.length
  let [allRows, allBytes] = [0, 0]
  while (start > 0 && sizeClass(heads[start - 1] as BlockHead) === size) {
    const head = heads[--start] as BlockHead
    allRows += head.rows
    allBytes += head.bytes
  }
  if (heads.length - start < fan && allRows < maxBlockRows && allBytes < 2 * fullBytes) return []
  let [end, rows, bytes] = [start, 0, 0]
  for (; end < heads.length; end++) {
    const head = heads[end] as BlockHead
    if (rows + head.rows > maxBlockRows || (end > start && bytes + head.bytes > 2 * fullBytes)) break
    rows += head.rows
    bytes += head.bytes
  }
  return end - start < 2 ? [] : heads.slice(start, end)
}

/** Until there is nothing to merge, or a question is being answered; blocks that cannot be read stay as they are. */
export async function mergeSmall (partition: Partition): Promise<void> {
  for (let old = mergeable(partition.heads); old.length > 0 && !partition.isPinned; old = mergeable(partition.heads)) {
    const batches = old.map(head => partition.read(head)).filter(batch => batch !== undefined)
    const [first, last] = [old[0] as BlockHead, old[old.length - 1] as BlockHead]
    if (batches.length < old.length) return
    const all = concat(batches)
    await partition.replace(old, await makeBlock(all, 0, all.count, first.first, last.storedMs))
  }
}
