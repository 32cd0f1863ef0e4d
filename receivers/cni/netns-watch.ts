/** A netlink socket in every namespace, and what each namespace has: asked for once, then kept by changes. */
import { dumps, type NetlinkSockets } from '../../native/index.js'
import type { Namespace } from './namespaces.js'
import { NetworkState, type Change } from './network-state.js'

export interface Seen extends Change { readonly inode: number }
export interface WatchCounts { lost: number, malformed: number, dropped: number, unreadable: number }

/** What is asked for, in this order: addresses are told with the names of their links. */
const asked = ['link', 'address'] as const

interface Watched {
  readonly inode: number
  readonly fd: number
  readonly state: NetworkState
  /** Index into `asked` of what is being told; -1: nothing. */
  dumping: number
  /** Number of the request whose answer is awaited; 0 = it has still to be made. */
  seq: number
  /** All has been told once. */
  synced: boolean
  /** It was there before anyone looked: what it has is not news. */
  readonly old: boolean
}

export class NetnsWatch {
  readonly counts: WatchCounts = { lost: 0, malformed: 0, dropped: 0, unreadable: 0 }
  readonly #watched = new Map<number, Watched>()
  readonly #byFd = new Map<number, Watched>()
  #seq = 0
  #first = true
  /** Why namespaces could not be entered, by inode. */
  readonly faults = new Map<number, string>()

  constructor (readonly sockets: NetlinkSockets) {}

  get size (): number { return this.#watched.size }

  /** Everything there is, is known. */
  get synced (): boolean { return this.faults.size === 0 && [...this.#watched.values()].every(w => w.synced) }

  * states (): Generator<{ readonly inode: number, readonly state: NetworkState }> {
    for (const { inode, state, synced } of this.#watched.values()) if (synced) yield { inode, state }
  }

  /** Enters those that are new and leaves those that are gone; whether anything was. */
  update (namespaces: ReadonlyMap<number, Namespace>): boolean {
    let changed = false
    this.faults.clear()
    for (const watched of this.#watched.values()) {
      if (namespaces.has(watched.inode)) continue
      this.#leave(watched)
      changed = true
    }
    for (const { inode, path } of namespaces.values()) {
      if (this.#watched.has(inode)) continue
      const opened = this.sockets.add(path, inode)
      if ('fault' in opened) {
        // Gone between listing and entering.
        if (opened.fault !== 'ENOENT' && opened.fault !== 'ESRCH') this.faults.set(inode, `${path}: ${opened.fault}`)
        continue
      }
      const watched = { inode, fd: opened.fd, state: new NetworkState(), dumping: 0, seq: 0, synced: false, old: this.#first }
      this.#watched.set(inode, watched)
      this.#byFd.set(opened.fd, watched)
      watched.state.beginDump()
      changed = true
    }
    this.#first = false
    this.counts.unreadable = this.faults.size
    return changed
  }

  /** What changed since the last time; what a namespace has at its first sight is told when the namespace is new. */
  read (): Seen[] {
    const seen: Seen[] = []
    // Each round may end one dump of a namespace and begin its next.
    for (let round = 0; round <= asked.length; round++) {
      for (const watched of this.#watched.values()) this.#ask(watched)
      for (const { fd, messages, malformed, lost } of this.sockets.read()) {
        const watched = this.#byFd.get(fd)
        if (watched === undefined) continue
        this.counts.malformed += malformed
        if (lost) this.#again(watched)
        for (const message of messages) {
          if (message.kind === 'end') { this.#ended(watched, message.seq, message.error !== 0 || message.interrupted, seen); continue }
          const change = watched.state.apply(message)
          if (change !== undefined && isNews(watched, message.seq, change)) seen.push({ ...change, inode: watched.inode })
        }
      }
      if (![...this.#watched.values()].some(w => w.dumping >= 0 && w.seq === 0)) break
    }
    this.counts.dropped = [...this.#watched.values()].reduce((sum, w) => sum + w.state.dropped, 0)
    return seen
  }

  close (): void {
    for (const watched of this.#watched.values()) this.#leave(watched)
    this.sockets.close()
  }

  #leave ({ inode, fd }: Watched): void {
    this.sockets.remove(fd)
    this.#watched.delete(inode)
    this.#byFd.delete(fd)
  }

  #ask (watched: Watched): void {
    const what = asked[watched.dumping]
    if (what === undefined || watched.seq !== 0) return
    this.#seq = this.#seq % 0xffffffff + 1
    // EBUSY: the answer that is no longer wanted is still being read.
    if (this.sockets.dump(watched.fd, dumps[what], this.#seq) === '') watched.seq = this.#seq
  }

  #again (watched: Watched): void {
    this.counts.lost++
    watched.state.beginDump()
    watched.dumping = 0
    watched.seq = 0
  }

  #ended (watched: Watched, seq: number, failed: boolean, seen: Seen[]): void {
    const what = asked[watched.dumping]
    if (what === undefined || seq === 0 || seq !== watched.seq) return
    watched.seq = 0
    if (failed) return
    for (const change of watched.state.endDump(what)) if (watched.synced) seen.push({ ...change, inode: watched.inode })
    watched.dumping++
    if (watched.dumping < asked.length) return
    watched.dumping = -1
    watched.synced = true
  }
}

/** Every namespace is born with a loopback interface. */
function isNews ({ synced, old }: Watched, seq: number, { interfaceName }: Change): boolean {
  return seq === 0 || synced || (!old && interfaceName !== 'lo')
}
