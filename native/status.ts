/**
 * What this kernel supports and which processes of the machine have Tapio's programs attached, with what they cost. Programs are
 * recognised by the hook of their link and by their tag, the kernel's digest of the instructions. What other processes hold is
 * read from /proc, as root may.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { BpfCalls, BpfError } from './bpf-calls.js'
import { loadAddon } from './addon.js'
import { possibleCpus, type KernelFacts } from './kernel-facts.js'
import { KernelSession, readCounters, type RecordCounters } from './kernel-session.js'
import { programNames, type ProgramName } from './record-table.js'

export interface HookSupport {
  readonly program: ProgramName
  readonly hook: string
  /** '' when it loads and attaches here. */
  readonly unavailable: string
  readonly running: readonly RunningHook[]
}

export interface RunningHook {
  readonly pid: number
  /** While it was watched: calls, and nanoseconds they took together. */
  readonly runs: number
  readonly ns: number
  /** Since it was loaded: times the hook was skipped because it had interrupted itself. */
  readonly missed: number
}

export interface KernelStatus {
  readonly facts: KernelFacts
  readonly hooks: readonly HookSupport[]
  /** What became of the records of each process, by record type number. */
  readonly counters: ReadonlyMap<number, readonly RecordCounters[]>
  /** How long running programs were watched. */
  readonly watchedMs: number
}

/** Loads every program once and lets go of it; then watches those that run for `watchMs`, with the kernel's statistics on. */
export async function kernelStatus (watchMs: number): Promise<KernelStatus | { readonly unavailable: string }> {
  const session = KernelSession.open({ programs: programNames, ringBytes: 65_536, settings: () => ({}) })
  if ('unavailable' in session) return session
  const hooks = session.hooks.map(h => ({ program: h.program, hook: h.hook, unavailable: h.unavailable, tag: h.unavailable === '' ? fdInfo('self', h.fd)['prog_tag'] : undefined }))
  session.close()
  const { statistics, calls } = openStatistics()
  const before = othersPrograms(new Map(hooks.map(h => [h.hook, h.tag])))
  const startedMs = performance.now()
  if (before.length > 0 && statistics >= 0) await new Promise(resolve => setTimeout(resolve, watchMs))
  const watchedMs = performance.now() - startedMs
  const running = before.map(p => ({ hook: p.hook, ...change(p, fdInfo(p.pid, p.fd)) }))
  if (statistics >= 0) calls.close(statistics)
  return {
    facts: session.facts,
    hooks: hooks.map(({ program, hook, unavailable }) => ({ program, hook, unavailable, running: running.filter(r => r.hook === hook).map(({ pid, runs, ns, missed }) => ({ pid, runs, ns, missed })) })),
    counters: new Map([...new Set(before.map(p => p.pid))].flatMap(pid => { const c = countersOf(pid, calls); return c === undefined ? [] : [[pid, c] as const] })),
    watchedMs
  }
}

type Info = Readonly<Record<string, string>>
interface Held { readonly pid: number, readonly fd: number, readonly info: Info }

/** Statistics cost every program of the machine some nanoseconds, so they are on only meanwhile; without the right to it, -1. */
function openStatistics (): { readonly statistics: number, readonly calls: BpfCalls } {
  const addon = loadAddon()
  if ('unavailable' in addon) throw new Error(addon.unavailable)
  const calls = new BpfCalls(addon)
  try {
    return { statistics: calls.enableStats(), calls }
  } catch (error) {
    if (!(error instanceof BpfError)) throw error
    return { statistics: -1, calls }
  }
}

function change ({ pid, info: from }: Held, to: Info): RunningHook {
  const grown = (key: string): number => Math.max(0, Number(to[key] ?? from[key] ?? 0) - Number(from[key] ?? 0))
  return { pid, runs: grown('run_cnt'), ns: grown('run_time_ns'), missed: Number(to['recursion_misses'] ?? 0) }
}

/** Our programs that other processes have attached: a link that names the hook, and the program it leads to. */
function othersPrograms (tags: ReadonlyMap<string, string | undefined>): (Held & { readonly hook: string })[] {
  return readdirSync('/proc').map(Number).filter(pid => pid > 0 && pid !== process.pid).flatMap(pid => {
    const all = held(pid)
    const links = all.filter(({ info }) => info['tp_name'] !== undefined && tags.get(info['tp_name']) === info['prog_tag'])
    return links.flatMap(({ info }) => {
      const program = all.find(h => h.info['prog_id'] === info['prog_id'] && h.info['run_cnt'] !== undefined)
      return program === undefined ? [] : [{ ...program, hook: info['tp_name'] as string }]
    })
  })
}

function held (pid: number): Held[] {
  try {
    return readdirSync(`/proc/${pid}/fdinfo`).map(fd => ({ pid, fd: Number(fd), info: fdInfo(pid, Number(fd)) }))
  } catch {
    return []
  }
}

/** /proc/PID/fdinfo/FD as a map; empty when it is gone. */
function fdInfo (pid: number | 'self', fd: number): Info {
  try {
    return Object.fromEntries([...readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8').matchAll(/^(\w+):\s*(.*)$/gm)].map(m => [m[1], m[2]])) as Info
  } catch {
    return {}
  }
}

/** The `counters` map of a process, known by its shape, which a test holds. */
function countersOf (pid: number, calls: BpfCalls): RecordCounters[] | undefined {
  const map = held(pid).find(({ info }) => info['map_type'] === '6' && info['value_size'] === '32' && info['max_entries'] === '16')
  if (map === undefined) return undefined
  try {
    const fd = calls.mapById(Number(map.info['map_id']))
    try { return readCounters(calls, fd, possibleCpus()) } finally { calls.close(fd) }
  } catch (error) {
    if (!(error instanceof BpfError)) throw error
    return undefined
  }
}
