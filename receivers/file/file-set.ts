/** The files that are followed: found again at every look, whatever they are called by then. */
import { open, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { baseOf, rotatedNames } from './rotation.js'
import { beginOf, eventFilesIn } from './source.js'
import { beginsWith, headBytes, matchFiles, type Candidate, type Matched, type Tracked } from './tracked-file.js'

/** More are not looked at. */
const maxFiles = 10_000
/** A file that so many looks in a row did not find is gone: one look may fall into its being renamed. */
const looksUntilGone = 20

export interface FileSetEvents {
  /** Cut off or removed before it was read to its end. */
  lost(path: string, bytes: number): void
  failed(path: string, error: unknown): void
}

export class FileSet {
  #tracked: Tracked[]
  /** Configured files that were looked for before: what is rotated away from them from now on is theirs. */
  readonly #followed: Set<string>
  /** By path: not looked into again while it is the same. */
  #candidates = new Map<string, Candidate>()
  #missed = new Map<Tracked, number>()

  constructor (readonly paths: readonly string[], known: readonly Tracked[], readonly events: FileSetEvents) {
    this.#tracked = [...known]
    this.#followed = new Set(known.map(t => t.base))
  }

  get tracked (): readonly Tracked[] { return this.#tracked }

  /** What there is now, oldest first within what belongs together; `isChanged` when other files are known than before, or one by more. */
  async look (signal: AbortSignal): Promise<{ readonly files: readonly Matched[], readonly isChanged: boolean }> {
    const candidates: Candidate[] = []
    const configured = new Set<string>()
    for (const path of this.paths) candidates.push(...await this.#below(path, configured, signal))
    this.#candidates = new Map(candidates.map(c => [c.path, c]))
    const { files, missing } = matchFiles(this.#tracked, candidates, base => configured.has(base) && !this.#followed.has(base))
    for (const base of configured) this.#followed.add(base)
    const kept = missing.filter(tracked => this.#isPatient(tracked))
    this.#missed = new Map(kept.map(tracked => [tracked, (this.#missed.get(tracked) ?? 0) + 1]))
    const isChanged = files.length + kept.length !== this.#tracked.length || files.some(({ candidate, tracked }) => tracked.path !== candidate.path || tracked.inode !== candidate.inode)
    // One that was empty has nothing to be known again by: what it begins with now must be saved before its rows have ids.
    const begun = files.filter(({ candidate, tracked }) => tracked.head === 0 && candidate.begin.length > 0)
    for (const { candidate, tracked } of begun) beginsWith(tracked, candidate.begin)
    for (const { candidate, tracked } of files) saw(tracked, candidate)
    this.#tracked = [...files.map(f => f.tracked), ...kept]
    return { files, isChanged: isChanged || begun.length > 0 }
  }

  /** False: it is gone. */
  #isPatient (tracked: Tracked): boolean {
    if ((this.#missed.get(tracked) ?? 0) < looksUntilGone) return true
    const { path, size, offset, isPassed } = tracked
    if (!isPassed && size > offset && !path.endsWith('.gz')) this.events.lost(path, size - offset)
    return false
  }

  /** `path` itself and what it was rotated to, or what is in it. A path that is not there may come. */
  async #below (path: string, configured: Set<string>, signal: AbortSignal): Promise<Candidate[]> {
    const isDirectory = await stat(path).then(s => s.isDirectory(), () => false)
    if (isDirectory) return this.#all((await eventFilesIn(path)).map(p => [p, baseOf(p)]), signal)
    configured.add(path)
    const directory = dirname(path)
    const names = await readdir(directory).catch(() => [])
    return this.#all([...rotatedNames(path, names).map(name => [join(directory, name), path] as const), [path, path]], signal)
  }

  async #all (paths: readonly (readonly [path: string, base: string])[], signal: AbortSignal): Promise<Candidate[]> {
    const found: Candidate[] = []
    for (const [path, base] of paths.slice(0, maxFiles)) {
      const candidate = await this.#candidate(path, base, signal)
      if (candidate !== undefined) found.push(candidate)
    }
    const place = (c: Candidate): number => paths.findIndex(([, base]) => base === c.base)
    const rotatedFirst = (c: Candidate): number => c.path === c.base ? 1 : 0
    return found.sort((a, b) => place(a) - place(b) || rotatedFirst(a) - rotatedFirst(b) || a.mtimeMs - b.mtimeMs)
  }

  /** undefined: it is no file, or not there any more. */
  async #candidate (path: string, base: string, signal: AbortSignal): Promise<Candidate | undefined> {
    try {
      const { dev, ino, size, mtimeMs } = await stat(path)
      const known = this.#candidates.get(path)
      const inode = `${dev}:${ino}`
      if (known?.inode === inode && known.size === size && known.mtimeMs === mtimeMs) return known
      const file = await open(path)
      try {
        const now = await file.stat()
        if (!now.isFile()) return undefined
        return { base, path, inode: `${now.dev}:${now.ino}`, size: now.size, mtimeMs: now.mtimeMs, ...await beginOf(file, headBytes, signal) }
      } finally {
        await file.close()
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && !signal.aborted) this.events.failed(path, error)
      return undefined
    }
  }
}

function saw (tracked: Tracked, { path, inode, size, begin }: Candidate): void {
  Object.assign(tracked, { path, inode, size })
  beginsWith(tracked, begin)
}
