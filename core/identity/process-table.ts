/**
 * pid -> process and its ancestors. A pid is used again, so a process is its pid *and* its start: a table by pid alone would
 * make a stranger the parent. Fed by exec and exit events and by /proc when asked; all times are milliseconds since boot
 * (CLOCK_BOOTTIME), as in kernel records and /proc/PID/stat.
 *
 * Bounded: at `maxProcesses` the process that ended first goes, then the one heard of longest ago.
 */
import type { Clock } from '../component/clock.js'
import type { ProcStat } from './proc-files.js'

export interface Process {
  readonly pid: number
  readonly parentPid: number
  readonly comm: string
  /** When it began; for one first seen by an exec event: at the latest then. */
  readonly startedMs: number
  readonly endedMs?: number
  /** Cgroup v2 id, 0n = unknown. */
  readonly cgroupId: bigint
}

export interface ProcessTableOptions {
  readonly clock: Clock
  /** About 200 bytes each. */
  readonly maxProcesses: number
  /** How long a process that ended is remembered: its children's events come later than its exit. */
  readonly keepEndedMs: number
  /** Asks /proc; undefined when the process is gone. */
  readonly read: (pid: number) => ProcStat | undefined
}

type Known = { -readonly [K in keyof Process]: Process[K] } & { endedAtClockMs?: number }

/** /proc cuts starts to ticks of 10 ms, kernel records do not. */
const toleranceMs = 10
/** Deeper than any real tree; the bound is against a wrong one. */
const maxAncestors = 64

export class ProcessTable {
  /** Of one pid, ascending by start: its uses. */
  readonly #byPid = new Map<number, Known[]>()
  readonly #ended = new Set<Known>()
  #size = 0
  #evicted = 0
  #reused = 0

  constructor (readonly options: ProcessTableOptions) {}

  get size (): number { return this.#size }
  /** Let go of while they might still have been asked for. */
  get evicted (): number { return this.#evicted }
  /** Pids seen in use again. */
  get reused (): number { return this.#reused }

  /** An exec event at `atMs`. The pid keeps its process: exec changes only the image. */
  executed (process: { pid: number, parentPid: number, comm: string, cgroupId: bigint }, atMs: number): void {
    const current = this.#living(process.pid)
    const startedMs = this.options.read(process.pid)?.startedMs
    // Started after the event: somebody else's pid by now, whose start says nothing of this one.
    const known = startedMs !== undefined && startedMs <= atMs + toleranceMs ? startedMs : undefined
    // The pid may be used again, by a child of the same parent too, and nobody told of the exit: the start tells.
    if (current !== undefined && (known ?? current.startedMs) <= current.startedMs + toleranceMs) Object.assign(current, process)
    else this.#add({ ...process, startedMs: known ?? atMs })
  }

  /** An exit event at `atMs`; `durationMs` since the start, which makes the start exact. */
  exited (process: { pid: number, parentPid: number, comm: string, cgroupId: bigint }, atMs: number, durationMs: number): void {
    const startedMs = atMs - durationMs
    const known = this.#byPid.get(process.pid)?.find(p => p.endedMs === undefined && Math.abs(p.startedMs - startedMs) <= toleranceMs) ?? this.#living(process.pid)
    const ended = known !== undefined && known.startedMs >= startedMs - toleranceMs ? known : this.#add({ ...process, startedMs })
    Object.assign(ended, { startedMs, endedMs: atMs, endedAtClockMs: this.options.clock.monotonicMs() })
    this.#ended.add(ended)
    this.#expire()
  }

  /** The process that had `pid` at `atMs`, also one that has ended; asks /proc when it is not known. */
  at (pid: number, atMs: number): Process | undefined {
    const known = this.#byPid.get(pid)?.findLast(p => p.startedMs <= atMs + toleranceMs && (p.endedMs ?? Infinity) >= atMs - toleranceMs)
    if (known !== undefined) return known
    const stat = this.options.read(pid)
    if (stat === undefined || stat.startedMs > atMs + toleranceMs) return undefined
    return this.#add({ pid, parentPid: stat.parentPid, comm: stat.comm, startedMs: stat.startedMs, cgroupId: 0n })
  }

  /**
   * The process and its ancestors, nearest first, as far as they are known. Ends where a parent began later than its child:
   * its pid then belongs to somebody else.
   */
  ancestry (pid: number, atMs: number): Process[] {
    const line: Process[] = []
    let [next, childStartedMs] = [this.at(pid, atMs), Infinity]
    while (next !== undefined && next.startedMs <= childStartedMs + toleranceMs && line.length < maxAncestors) {
      line.push(next)
      if (next.parentPid === 0 || next.parentPid === next.pid) break
      childStartedMs = next.startedMs
      // A parent may have ended since and the child been given to another; at the child's start the first was alive.
      next = this.at(next.parentPid, childStartedMs) ?? this.at(next.parentPid, atMs)
    }
    return line
  }

  #living (pid: number): Known | undefined {
    return this.#byPid.get(pid)?.findLast(p => p.endedMs === undefined)
  }

  #add (process: Known): Known {
    const uses = this.#byPid.get(process.pid) ?? []
    if (uses.length > 0) this.#reused++
    // One that is still open had an exit nobody told.
    for (const use of uses) if (use.endedMs === undefined && use.startedMs < process.startedMs) this.#end(use, process.startedMs)
    uses.push(process)
    uses.sort((a, b) => a.startedMs - b.startedMs)
    // Set anew, so that the map's order is when a pid was last heard of.
    this.#byPid.delete(process.pid)
    this.#byPid.set(process.pid, uses)
    this.#size++
    this.#makeRoom()
    return process
  }

  #end (process: Known, atMs: number): void {
    process.endedMs = atMs
    process.endedAtClockMs = this.options.clock.monotonicMs()
    this.#ended.add(process)
  }

  #expire (): void {
    const nowMs = this.options.clock.monotonicMs()
    for (const process of this.#ended) {
      if (nowMs - (process.endedAtClockMs ?? nowMs) <= this.options.keepEndedMs) break
      this.#remove(process)
    }
  }

  #makeRoom (): void {
    if (this.#size <= this.options.maxProcesses) return
    this.#expire()
    while (this.#size > this.options.maxProcesses) {
      const [oldest = this.#byPid.values().next().value?.[0]] = this.#ended
      if (oldest === undefined) return
      this.#remove(oldest)
      this.#evicted++
    }
  }

  #remove (process: Known): void {
    this.#ended.delete(process)
    const left = this.#byPid.get(process.pid)?.filter(p => p !== process) ?? []
    if (left.length === 0) this.#byPid.delete(process.pid)
    else this.#byPid.set(process.pid, left)
    this.#size--
  }
}
