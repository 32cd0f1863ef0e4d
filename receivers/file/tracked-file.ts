/**
 * A file as it is known again: by its inode and how it begins, since names change when files are rotated, inodes when they are copied or
 * compressed, and contents when they are cut off or written anew.
 */
import { createHash, randomBytes } from 'node:crypto'

/** Bytes of the beginning that tell files apart. */
export const headBytes = 1024

export interface Tracked {
  /** The name it had before it was rotated. */
  readonly base: string
  path: string
  /** `device:number`. */
  inode: string
  /** Of the first `head` bytes, which are as many as there were, when `offset` was reached. */
  print: string
  head: number
  /** Everything before it has been delivered; of a compressed file, in what it holds. */
  offset: number
  /** Bytes that were there when it was looked at last. */
  size: number
  /** Of events that say no id: 8 bytes in hex. */
  readonly ids: string
  /** It was there before its base was followed, and is only known so as not to be taken for news. */
  readonly isPassed: boolean
}

/** A file as it is now. */
export interface Candidate {
  readonly base: string
  readonly path: string
  readonly inode: string
  readonly size: number
  readonly mtimeMs: number
  readonly isCompressed: boolean
  /** The first bytes of what it holds, at most `headBytes`. */
  readonly begin: Buffer
}

export interface Matched {
  readonly candidate: Candidate
  readonly tracked: Tracked
}

export interface Match {
  readonly files: readonly Matched[]
  /** What was followed and is nowhere now: being renamed at this moment, removed, or cut off. */
  readonly missing: readonly Tracked[]
}

export const printOf = (begin: Buffer, bytes: number): string => createHash('sha256').update(begin.subarray(0, bytes)).digest('hex').slice(0, 32)

function holds (candidate: Candidate, tracked: Tracked): boolean {
  return (candidate.isCompressed || candidate.size >= tracked.offset) && isStill(tracked, candidate.begin)
}

/** `isFirst`: whether a base is looked at for the first time, so that what was rotated before is no news. */
export function matchFiles (known: readonly Tracked[], candidates: readonly Candidate[], isFirst: (base: string) => boolean): Match {
  const left = new Set(known)
  const files: Matched[] = []
  const take = (candidate: Candidate, tracked: Tracked): void => { left.delete(tracked); files.push({ candidate, tracked }) }
  const same = (c: Candidate): Tracked | undefined => [...left].find(t => t.inode === c.inode && holds(c, t))
  const open = candidates.filter(candidate => {
    const tracked = same(candidate)
    if (tracked !== undefined) take(candidate, tracked)
    return tracked === undefined
  })
  const moved = open.filter(candidate => {
    const tracked = candidate.begin.length === 0 ? undefined : [...left].find(t => t.base === candidate.base && t.head > 0 && holds(candidate, t))
    if (tracked !== undefined) take(candidate, tracked)
    return tracked === undefined
  })
  for (const candidate of moved) {
    if (files.some(other => isCopy(candidate, other.candidate))) continue
    files.push({ candidate, tracked: newFile(candidate, isFirst(candidate.base) && candidate.path !== candidate.base) })
  }
  return { files, missing: [...left] }
}

/**
 * Of what is there as well and will not be in a moment: cut off (logrotate's `copytruncate`) or, when this one is compressed, removed. Then it
 * is taken for that.
 */
function isCopy (candidate: Candidate, of: Candidate): boolean {
  const { base, path, begin, size, isCompressed } = candidate
  if (path === base || of.base !== base || !begin.equals(of.begin.subarray(0, begin.length))) return false
  return isCompressed || (of.path === base && begin.length > 0 && size <= of.size)
}

function newFile ({ base, path, inode, size, begin }: Candidate, isPassed: boolean): Tracked {
  return { base, path, inode, print: printOf(begin, begin.length), head: begin.length, offset: 0, size, ids: randomBytes(8).toString('hex'), isPassed }
}

/** Whether a file that begins with `begin` is it. */
export function isStill ({ head, print }: Tracked, begin: Buffer): boolean {
  return begin.length >= head && printOf(begin, head) === print
}

/** Its first bytes may have become more: whether they have. */
export function beginsWith (tracked: Tracked, begin: Buffer): boolean {
  if (begin.length <= tracked.head) return false
  tracked.head = begin.length
  tracked.print = printOf(begin, begin.length)
  return true
}

/** Whether a saved value is one. */
export function isTracked (value: unknown): value is Tracked {
  if (typeof value !== 'object' || value === null) return false
  const { base, path, inode, print, head, offset, size, ids, isPassed } = value as Partial<Record<keyof Tracked, unknown>>
  const texts = [base, path, inode, print].every(v => typeof v === 'string')
  const numbers = [head, offset, size].every(v => Number.isSafeInteger(v) && (v as number) >= 0)
  return texts && numbers && typeof ids === 'string' && /^[0-9a-f]{16}$/.test(ids) && typeof isPassed === 'boolean'
}
