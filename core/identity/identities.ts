/**
 * Whose an event is: cgroups, processes and network namespaces joined. Kernel receivers feed it with what they see and ask
 * it for every event; without events it lives from walks of the file system alone.
 *
 * The ids of an event are asked from the surest to the least sure: its cgroup (v2, then the memory controller's, the most
 * telling of both), its process's /proc/PID/cgroup while the process lives, its network namespace.
 */
import type { Clock } from '../component/clock.js'
import { CgroupCache, type CgroupCacheCounts, type CgroupEntry } from './cgroup-cache.js'
import { bestIdentity, parseCgroupPath, type CgroupIdentity } from './cgroup-path.js'
import { findChild, findHierarchies, walkCgroups, type Hierarchy } from './cgroup-tree.js'
import { NetnsIndex, type NetnsOwner } from './netns-index.js'
import { identityOfLines } from './proc-cgroup.js'
import { ProcFiles } from './proc-files.js'
import { ProcessTable } from './process-table.js'

export interface IdentitiesOptions {
  readonly clock: Clock
  /** Prefix of /proc and the cgroup mount points. */
  readonly root?: string
  readonly maxCgroups?: number
  readonly keepRemovedMs?: number
  readonly maxProcesses?: number
  readonly keepEndedMs?: number
  readonly maxNamespaces?: number
  /** Walks again this often, because events may have been lost; 0 = only when a cgroup is asked for that is not known. */
  readonly rescanMs?: number
}

/** The ids a kernel record carries; 0 or 0n = not known. */
export interface Subject {
  readonly cgroupId: bigint
  readonly memcgId: bigint
  readonly pid: number
  readonly netns: number
  /** When, in milliseconds since boot: a pid means somebody else later. */
  readonly bootMs: number
}

export interface Found {
  readonly identity: CgroupIdentity
  /** Of the cgroup that told; '' when none did. */
  readonly path: string
  readonly via: 'cgroup' | 'memory_cgroup' | 'process' | 'netns' | 'none'
}

export interface IdentityCounts extends CgroupCacheCounts {
  readonly cgroups: number
  readonly processes: number
  readonly namespaces: number
  readonly walks: number
  /** Reads of /proc for events whose cgroup was not known, and how many were left out because there were too many. */
  readonly procReads: number
  readonly procReadsSkipped: number
}

const nobody: Found = { identity: { kind: 'other' }, path: '', via: 'none' }
/** A flood of events of unknown cgroups must not become a flood of file reads: 200/s cost some 5 ms/s. */
const procReadsPerSecond = 200
/** Between two walks because of a cgroup that is not known: there are some that no walk finds, as those of other roots. */
const missWalkMs = 10_000
/** Looked at for the network namespace of a cgroup: the first may be on its way out. */
const membersAsked = 3

export class Identities {
  readonly cgroups: CgroupCache
  readonly processes: ProcessTable
  readonly #clock: Clock
  readonly #root: string
  readonly #rescanMs: number
  readonly #proc: ProcFiles
  readonly #netns: NetnsIndex
  #hierarchies: readonly Hierarchy[] = []
  #memory = -1
  #cancel = (): void => undefined
  #walking: Promise<void> | undefined
  #walks = 0
  #walkedMs = 0
  #stopped = false
  readonly #reads = { second: -1, done: 0, total: 0, skipped: 0 }

  constructor (options: IdentitiesOptions) {
    const { clock, root = '', maxCgroups = 16_384, keepRemovedMs = 600_000, maxProcesses = 32_768, keepEndedMs = 60_000, maxNamespaces = 4096, rescanMs = 300_000 } = options
    this.#clock = clock
    this.#root = root
    this.#rescanMs = rescanMs
    this.#proc = new ProcFiles(root)
    this.cgroups = new CgroupCache({ clock, maxEntries: maxCgroups, keepRemovedMs })
    this.processes = new ProcessTable({ clock, maxProcesses, keepEndedMs, read: pid => this.#budget() ? this.#proc.stat(pid) : undefined })
    this.#netns = new NetnsIndex({ maxNamespaces, hostNetns: this.#proc.netns(1) })
  }

  get counts (): IdentityCounts {
    return { ...this.cgroups.counts, cgroups: this.cgroups.size, processes: this.processes.size, namespaces: this.#netns.size, walks: this.#walks, procReads: this.#reads.total, procReadsSkipped: this.#reads.skipped }
  }

  /** The hierarchies that are followed: v2 and, where it is one of its own, the memory controller's. */
  get hierarchies (): readonly Hierarchy[] { return this.#hierarchies }

  /** Walks once and from then on now and then. Attach the kernel's cgroup events first: what they tell wins over the walk. */
  async start (): Promise<void> {
    const all = await findHierarchies(this.#root)
    this.#hierarchies = all.filter(h => h.number === 0 || h.controllers.includes('memory'))
    this.#memory = all.find(h => h.controllers.includes('memory'))?.number ?? -1
    await this.walk()
    this.#schedule()
  }

  /** Safe twice and before start; resolves when no walk is under way. */
  async stop (): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#walking
  }

  /** One walk of all hierarchies; a second call while one runs waits for that. */
  walk (): Promise<void> {
    this.#walking ??= this.#walkAll().finally(() => { this.#walking = undefined })
    return this.#walking
  }

  /** `cut`: the record had no room for the whole path; resolves when the file system was asked for it. */
  async cgroupCreated (event: { hierarchy: number, id: bigint, parentId: bigint, path: string, cut?: boolean }): Promise<void> {
    const hierarchy = this.#hierarchies.find(h => h.number === event.hierarchy)
    if (hierarchy === undefined && this.#hierarchies.length > 0) return
    this.cgroups.created(event.hierarchy, event.id, event.path)
    const parent = event.cut === true ? this.cgroups.lookup(event.hierarchy, event.parentId) : undefined
    if (parent === undefined || hierarchy === undefined) return
    const path = await findChild(hierarchy, parent.path, event.id)
    if (path !== undefined) this.cgroups.corrected(event.hierarchy, event.id, path)
  }

  cgroupRemoved (hierarchy: number, id: bigint): void {
    this.cgroups.removed(hierarchy, id)
  }

  /** A process of this cgroup was seen in this network namespace. */
  observeNetns (subject: Pick<Subject, 'netns' | 'cgroupId' | 'memcgId'>): void {
    if (subject.netns !== 0) this.#netns.observe(subject.netns, this.#ofCgroups(subject)?.identity ?? nobody.identity)
  }

  netns (inode: number): NetnsOwner | undefined {
    return this.#netns.lookup(inode)
  }

  /** Never waits and never throws; `via: 'none'` when nothing is known. */
  of (subject: Subject): Found {
    const byCgroup = this.#ofCgroups(subject)
    // The root cgroup of v2 says nothing on a hybrid machine: others are asked before it is believed.
    if (byCgroup !== undefined && byCgroup.identity.kind !== 'other') return byCgroup
    if (byCgroup === undefined && subject.cgroupId !== 0n) this.#missed()
    return this.#ofProcess(subject) ?? this.#ofNetns(subject.netns) ?? byCgroup ?? nobody
  }

  /** Its creation was lost, or it is older than the start and the first walk was cut: for the next of its events. */
  #missed (): void {
    const nowMs = this.#clock.monotonicMs()
    if (this.#stopped || this.#hierarchies.length === 0 || nowMs - this.#walkedMs < missWalkMs) return
    void this.walk()
  }

  #ofCgroups (subject: Pick<Subject, 'cgroupId' | 'memcgId'>): Found | undefined {
    const v2 = subject.cgroupId === 0n ? undefined : this.cgroups.lookup(0, subject.cgroupId)
    // Where memory is a v2 controller both ids are of the same hierarchy.
    const memory = subject.memcgId === 0n ? undefined : this.#memory > 0 ? this.cgroups.lookup(this.#memory, subject.memcgId) : subject.memcgId === subject.cgroupId ? v2 : this.cgroups.lookup(0, subject.memcgId)
    const known = [v2, memory].filter((entry): entry is CgroupEntry => entry !== undefined)
    if (known.length === 0) return undefined
    const identity = bestIdentity(known.map(entry => entry.identity))
    const told = known.find(entry => entry.identity === identity) ?? known[0] as CgroupEntry
    return { identity: told.identity, path: told.path, via: told === v2 ? 'cgroup' : 'memory_cgroup' }
  }

  #ofProcess ({ pid, bootMs }: Subject): Found | undefined {
    if (pid === 0 || !this.#budget()) return undefined
    const stat = this.#proc.stat(pid)
    // Started after the event: somebody else's pid by now.
    if (stat === undefined || stat.startedMs > bootMs + 10) return undefined
    const lines = this.#proc.cgroups(pid)
    const identity = identityOfLines(lines)
    const path = lines.find(line => sameOwner(parseCgroupPath(line.path), identity))?.path ?? ''
    return identity.kind === 'other' ? undefined : { identity, path, via: 'process' }
  }

  #ofNetns (inode: number): Found | undefined {
    const owner = inode === 0 ? undefined : this.#netns.lookup(inode)
    if (owner === undefined) return undefined
    const { containerIds, ...shared } = owner
    const [only] = containerIds
    const identity: CgroupIdentity = containerIds.length === 1 && only !== undefined ? { kind: 'container', containerId: only, ...shared } : { kind: 'pod', ...shared }
    return { identity, path: '', via: 'netns' }
  }

  #budget (): boolean {
    const second = Math.floor(this.#clock.monotonicMs() / 1000)
    if (second !== this.#reads.second) Object.assign(this.#reads, { second, done: 0 })
    if (this.#reads.done >= procReadsPerSecond) { this.#reads.skipped++; return false }
    this.#reads.done++
    this.#reads.total++
    return true
  }

  async #walkAll (): Promise<void> {
    this.#walks++
    this.#walkedMs = this.#clock.monotonicMs()
    for (const hierarchy of this.#hierarchies) await this.#walkOne(hierarchy)
  }

  async #walkOne (hierarchy: Hierarchy): Promise<void> {
    const sinceMs = this.#clock.monotonicMs()
    const ids = new Set<bigint>()
    const max = this.cgroups.options.maxEntries
    for await (const { id, path } of walkCgroups(hierarchy, max)) {
      if (this.#stopped) return
      ids.add(id)
      this.cgroups.seen(hierarchy.number, id, path, sinceMs)
      this.#readNetns(hierarchy, path)
    }
    // A walk that was cut short has not seen what it does not name.
    if (ids.size < max) this.cgroups.reconcile(hierarchy.number, ids, sinceMs)
  }

  #readNetns (hierarchy: Hierarchy, path: string): void {
    const identity = parseCgroupPath(path)
    if (identity.kind !== 'container') return
    for (const pid of this.#proc.members(`${hierarchy.directory}${path}`, membersAsked)) {
      const inode = this.#proc.netns(pid)
      if (inode !== 0) { this.#netns.observe(inode, identity); return }
    }
  }

  #schedule (): void {
    if (this.#rescanMs === 0 || this.#stopped) return
    this.#cancel = this.#clock.after(this.#rescanMs, () => { void this.walk().finally(() => this.#schedule()) })
  }
}

const sameOwner = (a: CgroupIdentity, b: CgroupIdentity): boolean => a.kind === b.kind && a.containerId === b.containerId && a.podUid === b.podUid && a.unit === b.unit
