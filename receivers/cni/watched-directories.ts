/** Tells that something happened in one of some directories. A hint only: what happened is read, and read again at intervals. */
import { watch, type FSWatcher } from 'node:fs'
import { statOf } from './directory.js'

/** inotify gives a user 8192 of them on small machines (fs.inotify.max_user_watches). */
const maxWatches = 1024

export class WatchedDirectories {
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher, readonly inode: bigint | undefined }>()
  #dirty = false

  /** Watches these and no others; those that are not there are tried again at the next call. */
  set (paths: readonly string[]): void {
    const wanted = new Set(paths.slice(0, maxWatches))
    // A directory that was replaced takes its watch with it.
    for (const [path, { inode }] of this.#watchers) if (!wanted.has(path) || statOf(path)?.ino !== inode) this.#forget(path)
    for (const path of wanted) if (!this.#watchers.has(path)) this.#add(path)
  }

  /** Whether something happened since the last call. */
  take (): boolean {
    const dirty = this.#dirty
    this.#dirty = false
    return dirty
  }

  close (): void { this.set([]) }

  #add (path: string): void {
    try {
      const watcher = watch(path, { persistent: false }, () => { this.#dirty = true })
      watcher.on('error', () => { this.#forget(path) })
      this.#watchers.set(path, { watcher, inode: statOf(path)?.ino })
      this.#dirty = true
    } catch {} // not there, or no watches left: the intervals do it
  }

  #forget (path: string): void {
    this.#watchers.get(path)?.watcher.close()
    this.#watchers.delete(path)
    this.#dirty = true
  }
}
