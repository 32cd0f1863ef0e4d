/**
 * A library that follows its files. A change is read once it has stood still for a look; a file that has become bad keeps the
 * patterns it had, those of other files are taken anew.
 */
import { statSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Clock } from '../component/clock.js'
import type { Fault } from '../config/faults.js'
import { PatternLibrary, type LoadOptions } from './library.js'
import type { Pattern } from './pattern.js'

export interface LiveOptions extends LoadOptions {
  readonly paths: readonly string[]
  readonly clock: Clock
  /** Between two looks; 0: never look. */
  readonly intervalMs: number
  /** After each load: the first, and those that changed something. */
  readonly onLoad: (faults: readonly Fault[]) => void
}

const maxLooked = 1000

export class LivePatterns {
  #library = PatternLibrary.empty
  #loaded = ''
  /** What the last look saw, when it was not what is loaded. */
  #seen = ''
  #cancel: () => void = () => undefined
  #closed = false

  constructor (readonly options: LiveOptions) {
    this.#load(this.#marks())
    this.#arm()
  }

  /** Another object after each change. */
  get library (): PatternLibrary { return this.#library }

  close (): void {
    this.#closed = true
    this.#cancel()
  }

  #arm (): void {
    const { clock, intervalMs } = this.options
    if (intervalMs <= 0) return
    this.#cancel = clock.after(intervalMs, () => {
      this.#look()
      if (!this.#closed) this.#arm()
    })
  }

  #look (): void {
    const now = this.#marks()
    // An editor writes a file in several steps: it must look the same twice.
    if (now !== this.#loaded && now === this.#seen) this.#load(now)
    this.#seen = now
  }

  #load (marks: string): void {
    this.#loaded = marks
    const { library, faults } = PatternLibrary.load(this.options.paths, this.options)
    const bad = new Set(faults.filter(f => f.severity === 'error').map(f => f.file))
    this.#library = bad.size === 0 ? library : withKept(library, this.#library, bad)
    this.options.onLoad(faults)
  }

  #marks (): string { return this.options.paths.map(path => marksOf(resolve(this.options.cwd ?? process.cwd(), path))).join() }
}

/** In a file that is bad, patterns that are good are new, and the bad ones are as they were. */
function withKept (now: PatternLibrary, before: PatternLibrary, bad: ReadonlySet<string>): PatternLibrary {
  const ids = new Set(now.patterns.map(p => p.id))
  const kept: Pattern[] = before.patterns.filter(p => bad.has(p.file) && !ids.has(p.id))
  return kept.length === 0 ? now : new PatternLibrary([...now.patterns, ...kept], now.files)
}

/** Inode, size and time of the pattern files at a path; a path that is not there now, or cannot be looked at, is ''. */
function marksOf (path: string): string {
  try {
    const stat = statSync(path, { throwIfNoEntry: false, bigint: true })
    if (stat === undefined) return ''
    if (!stat.isDirectory()) return `${stat.ino}.${stat.size}.${stat.mtimeNs}`
    const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter(e => !e.isDirectory() && /\.ya?ml$/.test(e.name)).map(e => join(e.parentPath, e.name))
    return files.sort().slice(0, maxLooked).map(file => `${file}:${marksOf(file)}`).join()
  } catch {
    return ''
  }
}
