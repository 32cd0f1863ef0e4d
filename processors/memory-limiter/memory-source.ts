/** Where the figures come from: the kernel, or a test (`shared` under `memorySourceKey`). */
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { memoryTrimmer } from '../../native/index.js'
import { cgroupMemory, stalledShare, text } from './cgroup-memory.js'

export const memorySourceKey = 'memory-limiter.source'

export interface MemorySource {
  /** The memory that there is for this process, and whose limit that is, in words. */
  readonly totalBytes: number
  readonly of: string
  /** What of it is used, so that the rest is what can still be had: of the whole control group where that has a limit. */
  groupUsedBytes(): number
  /** What this process uses. */
  ownUsedBytes(): number
  /** Share of the last 10 s in which everybody waited for memory, 0 to 1. */
  stalled(): number
  /** Gives back what was freed and is kept by the allocator. */
  trim(): void
}

/** Pseudo files, each read in some 20 us. `root` is for tests. */
export function systemMemory (root = '/'): MemorySource {
  const group = cgroupMemory(root)
  const trimmer = memoryTrimmer()
  const ownUsedBytes = (): number => residentBytes(text(join(root, 'proc/self/status'))) ?? process.memoryUsage.rss()
  return {
    totalBytes: Math.min(group?.limitBytes ?? Infinity, totalmem()),
    of: group === undefined ? 'the machine' : `the control group ${group.directory}`,
    ownUsedBytes,
    groupUsedBytes: () => group?.usedBytes() ?? ownUsedBytes(),
    // Behind a limit of its own, the machine's stalls are its neighbours'.
    stalled: () => group === undefined ? stalledShare(text(join(root, 'proc/pressure/memory'))) ?? 0 : group.stalled() ?? 0,
    trim: () => { trimmer?.() }
  }
}

/** The program and its libraries, as they are mapped from their files. */
const programBytes = 64 * 1024 * 1024

/**
 * Resident memory (RSS), but of pages of files no more than the program's: a store that is mapped into memory fills what there is with pages
 * that go when they are needed.
 */
function residentBytes (status: string | undefined): number | undefined {
  const kib = (field: string): number | undefined => {
    const digits = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status ?? '')?.[1]
    return digits === undefined ? undefined : Number(digits)
  }
  const anonymous = kib('RssAnon')
  return anonymous === undefined ? undefined : (anonymous + (kib('RssShmem') ?? 0)) * 1024 + Math.min(programBytes, (kib('RssFile') ?? 0) * 1024)
}
