/**
 * Tells when one of a few files has changed. Asks the system once an interval rather than waiting for its events: those do not come
 * over network file systems and differ where a file is replaced by a link (Kubernetes mounts). A change is told when the files have
 * been the same for one interval: an editor may need several writes.
 */
import { statSync } from 'node:fs'
import type { Clock } from '../component/clock.js'

export interface ConfigWatchOptions {
  readonly clock: Clock
  readonly intervalMs: number
  /** Asked anew each time. */
  files(): readonly string[]
  onChange(files: readonly string[]): void
}

export class ConfigWatch {
  #known: ReadonlyMap<string, string>
  #seen: ReadonlyMap<string, string>
  #cancel: () => void = () => undefined

  constructor (readonly options: ConfigWatchOptions) {
    this.#known = this.#seen = this.#look()
    this.#wait()
  }

  end (): void { this.#cancel() }

  #wait (): void {
    this.#cancel = this.options.clock.after(this.options.intervalMs, () => {
      this.#ask()
      this.#wait()
    })
  }

  #ask (): void {
    const now = this.#look()
    const isSteady = differing(this.#seen, now).length === 0
    this.#seen = now
    const changed = isSteady ? differing(this.#known, now) : []
    if (changed.length === 0) return
    this.#known = now
    this.options.onChange(changed)
  }

  /** What is not there may come. */
  #look (): ReadonlyMap<string, string> { return new Map(this.options.files().map(file => [file, stateOf(file)])) }
}

function stateOf (file: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}

/** Files of both whose state differs: what is read for the first time has not changed. */
function differing (before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  return [...now].filter(([file, state]) => before.has(file) && before.get(file) !== state).map(([file]) => file)
}
