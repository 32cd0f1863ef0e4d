/**
 * Many NETLINK_ROUTE sockets, one a network namespace, looked at together without waiting. A socket holds its namespace: it
 * must be closed when nobody else is in there.
 */
import { loadAddon, type Addon } from './addon.js'
import { errorName } from './bpf-calls.js'
import { changeGroups, dumpRequest, parseNetlink, type Parsed } from './netlink.js'

/** What came from one socket. `lost`: the kernel had to drop messages, ask for everything anew. */
export interface Received extends Parsed { readonly fd: number, readonly lost: boolean }

/** Room for many datagrams of at most 32 KiB. */
const readBytes = 256 * 1024
/** In the kernel, a socket: some hundred changes. It doubles this, and cuts it at net.core.rmem_max. */
const receiveBytes = 256 * 1024
/** Reads of one socket in a row, so that a flood in one namespace does not hold up the others: 64 * 256 KiB. */
const maxReads = 64
const [enobufs, emsgsize] = [105, 90]

export class NetlinkSockets {
  readonly #addon: Addon
  readonly #buffer = new Uint8Array(readBytes)
  #fds = new Uint32Array(0)
  #ready = new Uint8Array(0)

  private constructor (addon: Addon) { this.#addon = addon }

  static open (): NetlinkSockets | { readonly unavailable: string } {
    const addon = loadAddon()
    return 'unavailable' in addon ? addon : new NetlinkSockets(addon)
  }

  get size (): number { return this.#fds.length }

  /** A socket that hears the changes in the namespace of `path` ('' = the own one), or why not. */
  add (path: string, inode: number): { readonly fd: number } | { readonly fault: string } {
    const fd = this.#addon.netlinkOpen(path, inode, changeGroups, receiveBytes)
    if (fd < 0) return { fault: errorName(-fd) }
    this.#watch([...this.#fds, fd])
    return { fd }
  }

  remove (fd: number): void {
    if (!this.#fds.includes(fd)) return
    this.#watch([...this.#fds].filter(f => f !== fd))
    this.#addon.close(fd)
  }

  close (): void {
    for (const fd of this.#fds) this.#addon.close(fd)
    this.#watch([])
  }

  /** Asks for all there is of one kind (`dumps`); '' or why it could not. One at a time: the answer ends with `end`. */
  dump (fd: number, what: number, seq: number): string {
    const result = this.#addon.netlinkRequest(fd, dumpRequest(what, seq))
    return result < 0 ? errorName(-result) : ''
  }

  /** What waits now, by socket. */
  * read (): Generator<Received> {
    if (this.#fds.length === 0 || this.#addon.netlinkReady(this.#fds, this.#ready) <= 0) return
    // Sockets may be removed by whoever gets what was read.
    const ready = [...this.#fds].filter((_, i) => this.#ready[i] === 1)
    for (const fd of ready) yield * this.readOne(fd)
  }

  * readOne (fd: number): Generator<Received> {
    for (let n = 0; n < maxReads && this.#fds.includes(fd); n++) {
      const length = this.#addon.netlinkRead(fd, this.#buffer)
      if (length === 0) return
      if (length < 0) {
        yield { fd, messages: [], malformed: 0, lost: true }
        if (length !== -enobufs && length !== -emsgsize) return
      } else yield { fd, ...parseNetlink(this.#buffer.subarray(0, length)), lost: false }
    }
  }

  #watch (fds: readonly number[]): void {
    this.#fds = Uint32Array.from(fds)
    this.#ready = new Uint8Array(fds.length)
  }
}
