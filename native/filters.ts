/** The sets that programs look things up in (bpf/lib/settings.h), and the settings that say which are used. */
import type { KernelSession } from './kernel-session.js'

/** What to report on. An empty `include` means everything; `exclude` wins. */
export interface Listed<T> { readonly include: readonly T[], readonly exclude: readonly T[] }

export interface Filters {
  /** v2 cgroup ids; cgroups made below them later are added by the kernel side. */
  readonly cgroups: Listed<bigint>
  readonly netns: Listed<number>
  readonly pids: Listed<number>
  readonly comms: Listed<string>
}

const sets = [['cgroups', 'cgroup_set', 0x01], ['netns', 'netns_set', 0x04], ['pids', 'pid_set', 0x10], ['comms', 'comm_set', 0x40]] as const
const include = 1
const exclude = 2

/** `settings.filters`: a bit for each set in use, and the next one when only what is included passes. */
export function filterBits (filters: Filters): number {
  return sets.reduce((bits, [name, , bit]) => {
    const list: Listed<unknown> = filters[name]
    return bits | (list.include.length + list.exclude.length > 0 ? bit : 0) | (list.include.length > 0 ? bit << 1 : 0)
  }, 0)
}

/** Fills the sets. Call before programs are loaded: one that runs with an empty set lets through what nobody asked for. */
export function fillSets (session: KernelSession, filters: Filters): void {
  for (const [name, map] of sets) {
    const fd = session.loader.map(map)?.fd
    if (fd === undefined) continue
    const list: Listed<bigint | number | string> = filters[name]
    for (const [keys, value] of [[list.include, include], [list.exclude, exclude]] as const) {
      for (const key of keys) session.calls.update(fd, setKey(key), word(value))
    }
  }
}

/** A cgroup id, a number or a comm as the kernel side has it. */
function setKey (key: bigint | number | string): Buffer {
  if (typeof key === 'number') return word(key)
  const out = Buffer.alloc(typeof key === 'bigint' ? 8 : 16)
  if (typeof key === 'bigint') out.writeBigUInt64LE(key)
  else out.write(key.slice(0, 15))
  return out
}

/** Marks drop reasons, by number, that the network program keeps to itself. */
export function quietReasons (session: KernelSession, numbers: readonly number[]): void {
  const map = session.loader.map('quiet_reasons')
  if (map === undefined) return
  for (const n of numbers) if (n < map.definition.maxEntries) session.calls.update(map.fd, word(n), word(1))
}

function word (value: number): Buffer {
  const out = Buffer.alloc(4)
  out.writeUInt32LE(value)
  return out
}

/** A token bucket as the programs want it: at most `perSecond` records, `burstMs` of them saved up. 0 = no limit. */
export function rateSettings (perSecond: number, burstMs: number): { readonly interval_ns: bigint, readonly burst_ns: bigint } {
  if (perSecond === 0) return { interval_ns: 0n, burst_ns: 0n }
  return { interval_ns: BigInt(Math.round(1e9 / perSecond)), burst_ns: BigInt(Math.round(burstMs * 1e6)) }
}

/** Index of each program's token bucket; append-only. */
export const bucketOf = { process: 0, memory: 1, network: 2, syscalls: 3, cgroup: 4, bench: 5 } as const
