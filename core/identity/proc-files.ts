/**
 * What /proc says of one process, read when asked and not before. Synchronous on purpose: procfs waits for no disk, a read
 * takes some 20 µs, and an answer that came later would be about another moment. Every question may find the process gone.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { parseProcCgroup, type CgroupLine } from './proc-cgroup.js'

export interface ProcStat {
  readonly pid: number
  readonly parentPid: number
  readonly comm: string
  /** Milliseconds since boot, cut to the kernel's tick of 10 ms. */
  readonly startedMs: number
}

/** USER_HZ, which the kernel promises to programs on every architecture that Node runs on. */
const msPerTick = 10

export class ProcFiles {
  readonly #proc: string

  constructor (root = '') {
    this.#proc = join('/', root, 'proc')
  }

  stat (pid: number): ProcStat | undefined {
    const text = this.#read(pid, 'stat')
    return text === undefined ? undefined : parseProcStat(text)
  }

  cgroups (pid: number): CgroupLine[] {
    return parseProcCgroup(this.#read(pid, 'cgroup') ?? '')
  }

  /** Inode of the process's network namespace; 0 = unknown (gone, or not permitted: needs CAP_SYS_PTRACE for others' processes). */
  netns (pid: number): number {
    try {
      return Number(/^net:\[(\d+)\]$/.exec(readlinkSync(join(this.#proc, String(pid), 'ns/net')))?.[1] ?? 0)
    } catch {
      return 0
    }
  }

  /** The processes of the cgroup in `directory`, at most `max`. */
  members (directory: string, max: number): number[] {
    try {
      return readFileSync(join(directory, 'cgroup.procs'), 'utf8').split('\n', max).map(Number).filter(pid => pid > 0)
    } catch {
      return []
    }
  }

  #read (pid: number, name: string): string | undefined {
    try {
      return readFileSync(join(this.#proc, String(pid), name), 'utf8')
    } catch {
      return undefined
    }
  }
}

/** proc_pid_stat(5). The name may hold spaces and brackets, so fields are counted from the last bracket. */
export function parseProcStat (text: string): ProcStat | undefined {
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')]
  if (open < 0 || close < open) return undefined
  const fields = text.slice(close + 2).split(' ')
  const [pid, parentPid, ticks] = [parseInt(text, 10), Number(fields[1]), Number(fields[19])]
  if (!Number.isSafeInteger(pid) || !Number.isSafeInteger(parentPid) || !Number.isSafeInteger(ticks)) return undefined
  return { pid, parentPid, comm: text.slice(open + 1, close), startedMs: ticks * msPerTick }
}
