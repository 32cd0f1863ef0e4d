/** The network of one node as it is now: files, namespaces and netlink joined, looked at in turns; each look gives what is new. */
import { join } from 'node:path'
import type { Clock } from '../../core/component/clock.js'
import type { EventInput } from '../../core/data/builder.js'
import { NetlinkSockets } from '../../native/index.js'
import { duplicateProblems, Leaks, placedAddresses, usageOf, usageProblems, type Placed } from './address-problems.js'
import { parseAttachment, type Attachment } from './attachments.js'
import { ConfFiles, type ConfState } from './conf-files.js'
import type { CniConfig } from './config.js'
import { namesIn, ParsedFiles, statOf } from './directory.js'
import { changeEvent, turnEvent } from './events.js'
import { Leases, type Lease } from './leases.js'
import { linkProblems } from './link-problems.js'
import { listNamespaces, type NamespaceList } from './namespaces.js'
import { NetnsWatch, type Seen } from './netns-watch.js'
import { Pace } from './pace.js'
import { Problems, type Problem } from './problems.js'
import type { Reports } from './reports.js'
import { Subjects } from './subjects.js'
import { WatchedDirectories } from './watched-directories.js'

const maxProblems = 10_000
const maxAttachmentBytes = 1 << 18
/** Of directories of leases, a network each. */
const maxNetworks = 256

export class NodeNetwork {
  readonly #conf: ConfFiles
  readonly #leases: Leases
  readonly #attachments: ParsedFiles<Attachment>
  readonly #leaks: Leaks
  readonly #problems = new Problems(maxProblems)
  readonly #files: Pace
  readonly #spaces: Pace
  readonly #fileWatch = new WatchedDirectories()
  readonly #spaceWatch = new WatchedDirectories()
  #netlink: NetnsWatch | undefined
  #state: ConfState = { networks: [], problems: [] }
  #leased: readonly Lease[] = []
  #attached: readonly Attachment[] = []
  #list: NamespaceList = { namespaces: new Map(), containers: new Set(), complete: false, unfinished: false }
  #subjects = new Subjects([], new Map())

  constructor (readonly config: CniConfig, readonly clock: Clock, readonly reports: Reports) {
    this.#conf = new ConfFiles(this.#at(config.conf_dir), config.bin_dirs.map(d => this.#at(d)), config.cni_versions)
    this.#leases = new Leases(config.max_leases)
    this.#attachments = new ParsedFiles(config.max_leases, maxAttachmentBytes, (_, text) => parseAttachment(text))
    this.#leaks = new Leaks(config.leak_grace)
    this.#files = new Pace(clock, config.rescan_interval)
    this.#spaces = new Pace(clock, config.rescan_interval)
  }

  /** Whether there is a place for configurations. */
  open (): boolean {
    const sockets = NetlinkSockets.open()
    if ('unavailable' in sockets) this.reports.without('interfaces and addresses', sockets.unavailable)
    else this.#netlink = new NetnsWatch(sockets)
    return statOf(this.#at(this.config.conf_dir)) !== undefined
  }

  close (): void {
    this.#netlink?.close()
    this.#fileWatch.close()
    this.#spaceWatch.close()
  }

  /** What is new since the last look. */
  async look (): Promise<EventInput[]> {
    const read = this.#files.due(this.#fileWatch.take())
    if (read) this.#files.took(() => { this.#readFiles() })
    // A name whose namespace is mounted in a moment tells nothing when it is.
    const listed = this.#spaces.due(this.#spaceWatch.take() || this.#list.unfinished)
    if (listed) await this.#spaces.tookAsync(() => this.#listSpaces())
    if (read || listed) this.#subjects = new Subjects(this.#attached, this.#list.namespaces)
    const before = this.#netlink?.synced
    const seen = this.#netlink?.read() ?? []
    const nowNs = this.clock.unixNano()
    const changed = read || listed || seen.length > 0 || before !== this.#netlink?.synced || this.#problems.waiting
    const turns = changed ? this.#problems.update(this.#allProblems(), this.clock.monotonicMs()) : []
    if (changed) this.#report()
    return [...this.#wanted(seen).map(s => changeEvent(s, this.#subjects.ofNamespace(s.inode), nowNs)), ...turns.map(t => turnEvent(t, nowNs))]
  }

  #readFiles (): void {
    const { config } = this
    this.#state = this.#conf.read()
    this.#attached = this.#attachments.read(this.#at(config.cache_dir))
    const dataDirs = [...new Set([config.ipam_dir, ...this.#state.networks.map(n => n.dataDir).filter(d => d !== '')])].map(d => this.#at(d))
    this.#leased = this.#leases.read(dataDirs)
    this.#fileWatch.set([
      this.#at(config.conf_dir), ...config.bin_dirs.map(d => this.#at(d)), this.#at(config.cache_dir), ...dataDirs,
      ...dataDirs.flatMap(d => (namesIn(d, maxNetworks) ?? []).map(n => join(d, n)))
    ])
    this.reports.networks(this.#state.networks)
  }

  async #listSpaces (): Promise<void> {
    const { root, netns_dirs: dirs, processes, max_namespaces: max } = this.config
    const directories = dirs.map(d => this.#at(d))
    this.#spaceWatch.set(directories)
    this.#list = await listNamespaces({ root, directories, processes, max, nowMs: this.clock.unixMs() })
    this.#netlink?.update(this.#list.namespaces)
  }

  #allProblems (): Problem[] {
    const { config } = this
    const { networks, problems } = this.#state
    const states = [...this.#netlink?.states() ?? []]
    const placed = [...placedAddresses(states)]
    return [
      ...problems,
      ...usageProblems(usageOf(networks, this.#leased), config.usage_warning),
      ...this.#leaks.find(this.#leased, this.#leakView(placed), this.clock.unixMs()),
      ...duplicateProblems(placed, networks, this.#subjects),
      ...linkProblems(states, this.#subjects, config.link_down_after, this.#holders(placed))
    ]
  }

  #leakView (placed: readonly Placed[]) {
    const nsfs = statOf('/proc/self/ns/net')?.dev
    return {
      placed: new Set(placed.map(p => p.address)),
      complete: this.#netlink?.synced === true && this.#list.complete,
      containers: this.#list.containers,
      subjects: this.#subjects,
      // The file stays for a moment when the namespace is no longer mounted there.
      netnsExists: (path: string) => { const stat = statOf(this.#at(path)); return stat !== undefined && stat.dev === nsfs }
    }
  }

  /** The container that has leased an address of a namespace. */
  #holders (placed: readonly Placed[]): (inode: number) => string {
    const byAddress = new Map(this.#leased.map(l => [l.address, l.containerId]))
    const byInode = new Map(placed.flatMap(p => byAddress.has(p.address) ? [[p.inode, byAddress.get(p.address) as string] as const] : []))
    return inode => byInode.get(inode) ?? ''
  }

  #wanted (seen: readonly Seen[]): Seen[] {
    return seen.filter(({ name }) => this.config.changes.some(kind => name.startsWith(kind)))
  }

  #report (): void {
    this.reports.usage(usageOf(this.#state.networks, this.#leased))
    this.reports.problems(this.#problems.told, this.#problems.dropped)
    if (this.#netlink !== undefined) this.reports.namespaces(this.#netlink.size, this.#netlink.counts, this.#netlink.faults)
  }

  #at (path: string): string { return this.config.root === '' ? path : join(this.config.root, path) }
}
