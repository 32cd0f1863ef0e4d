/** The addon with its types. One instance a thread; it keeps nothing. */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

declare const ringBrand: unique symbol
export interface RingHandle { readonly [ringBrand]: true }

/** native/*.c. Numbers below 0 are -errno. */
export interface Addon {
  bpf (command: number, attr: Uint8Array, pointers: readonly (number | Uint8Array)[]): number
  ringOpen (fd: number, size: number): RingHandle | number
  /** Whole records into `out`, start and length of each into `index`; how many. */
  ringDrain (ring: RingHandle, out: Uint8Array, index: Uint32Array): number
  ringClose (ring: RingHandle): void
  close (fd: number): number
  /** Nanoseconds to add to CLOCK_BOOTTIME for the time of day. */
  bootOffsetNs (): bigint
  /** Gives back to the system what the allocator keeps of freed memory, of all threads; whether that was anything. */
  trimMemory (): boolean
  /** A NETLINK_ROUTE socket in the network namespace `path` leads to ('' = the process's own), when that has this inode (0 = any). */
  netlinkOpen (path: string, inode: number, groups: number, receiveBytes: number): number
  /** Sets a byte of `ready` for each descriptor that has something to read; how many. Does not wait. */
  netlinkReady (fds: Uint32Array, ready: Uint8Array): number
  netlinkRequest (fd: number, message: Uint8Array): number
  /** Datagrams of the kernel one after the other, each at a multiple of 4; bytes written, 0 when nothing waits. `out`: at least 32 KiB. */
  netlinkRead (fd: number, out: Uint8Array): number
}

/** The addon, or why there is none. */
export function loadAddon (): Addon | { readonly unavailable: string } {
  const path = fileURLToPath(new URL('./tapio.node', import.meta.url))
  if (!existsSync(path)) {
    const reason = existsSync(`${path}.txt`) ? readFileSync(`${path}.txt`, 'utf8') : 'run `npm run build`'
    return { unavailable: `the kernel addon was not built: ${reason}` }
  }
  try {
    return createRequire(import.meta.url)(path) as Addon
  } catch (error) {
    return { unavailable: `the kernel addon cannot be loaded: ${(error as Error).message}` }
  }
}
