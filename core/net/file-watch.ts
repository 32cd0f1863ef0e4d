/**
 * Calls back when one of a few files has changed. By looking at them at an interval: Kubernetes swaps mounted secrets by
 * renaming a symbolic link above the file, which file system events of the file itself do not show.
 */
import { statSync } from 'node:fs'
import type { Clock } from '../component/clock.js'
import type { Logger } from '../telemetry/logger.js'

export class FileWatch {
  #seen: string
  /** The state that was last complained of: once is enough. */
  #unusable: string | undefined
  #cancel: () => void = () => {}
  #closed = false

  /** What `onChange` throws is logged, and what was read before stays in use: a half-written file must not take a server down. */
  constructor (readonly paths: readonly string[], readonly intervalMs: number, readonly clock: Clock, readonly logger: Logger, readonly onChange: () => void) {
    this.#seen = marks(paths)
    this.#arm()
  }

  close (): void {
    this.#closed = true
    this.#cancel()
  }

  #arm (): void {
    this.#cancel = this.clock.after(this.intervalMs, () => {
      this.#look()
      if (!this.#closed) this.#arm()
    })
  }

  #look (): void {
    const now = marks(this.paths)
    if (now === this.#seen) return
    try {
      this.onChange()
      this.#seen = now
      this.logger.info('read again after a change', { files: this.paths.join(', ') })
    } catch (error) {
      if (now === this.#unusable) return
      this.#unusable = now
      this.logger.warn('a changed file cannot be used; what was read before stays in use', { files: this.paths.join(', '), error: error instanceof Error ? error.message : String(error) })
    }
  }
}

/** Inode, size and time of each file; '' for one that is not there now. */
function marks (paths: readonly string[]): string {
  return paths.map(path => {
    const stat = statSync(path, { throwIfNoEntry: false, bigint: true })
    return stat === undefined ? '' : `${stat.ino}.${stat.size}.${stat.mtimeNs}`
  }).join()
}
