/**
 * The files that were rotated away: `events.tapio` becomes `events-20260131T120000.000Z.tapio`, compressed
 * `events-20260131T120000.000Z.tapio.gz`. Only names of exactly that form are ever renamed to, compressed or deleted.
 */
import { createReadStream } from 'node:fs'
import { access, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { openToWrite } from '../../core/files/safe-open.js'

export interface KeepOptions {
  /** 0 = all. */
  readonly maxFiles: number
  /** 0 = any age. */
  readonly maxAgeMs: number
}

export class RotatedFiles {
  readonly #directory: string
  readonly #stem: string
  readonly #extension: string

  constructor (readonly path: string) {
    this.#directory = dirname(path)
    this.#extension = extname(path)
    this.#stem = basename(path, this.#extension)
  }

  /** Renames the current file (an atomic step: it is there under the one name or the other). Returns the new path. */
  async take (nowMs: number): Promise<string> {
    const stamp = new Date(nowMs).toISOString().replace(/[-:]/g, '')
    for (let n = 0; ; n++) {
      const target = join(this.#directory, `${this.#stem}-${stamp}${n === 0 ? '' : `-${n}`}${this.#extension}`)
      if (await exists(target) || await exists(`${target}.gz`)) continue
      await rename(this.path, target)
      return target
    }
  }

  /** Deletes the oldest beyond what is kept. */
  async prune (nowMs: number, { maxFiles, maxAgeMs }: KeepOptions): Promise<void> {
    const files = await this.list()
    const surplus = maxFiles === 0 ? 0 : Math.max(0, files.length - maxFiles)
    const gone = files.filter((file, i) => i < surplus || (maxAgeMs > 0 && file.atMs < nowMs - maxAgeMs))
    for (const { name } of gone) await rm(join(this.#directory, name), { force: true })
  }

  /** Oldest first. */
  async list (): Promise<{ name: string, atMs: number }[]> {
    const found: { name: string, atMs: number, n: number }[] = []
    for (const name of await readdir(this.#directory)) {
      const match = name.startsWith(`${this.#stem}-`) ? /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3}Z)(?:-(\d+))?(.*)$/.exec(name.slice(this.#stem.length + 1)) : null
      if (match === null || ![this.#extension, `${this.#extension}.gz`].includes(match[8] ?? '')) continue
      found.push({ name, atMs: Date.parse(`${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}`), n: Number(match[7] ?? 0) })
    }
    return found.sort((a, b) => a.atMs - b.atMs || a.n - b.n)
  }
}

/** Under a `.partial` name until it is whole, so that nobody takes half an archive for one; then the original goes. */
export async function compress (path: string, signal: AbortSignal): Promise<void> {
  const partial = `${path}.gz.partial`
  try {
    await pipeline(createReadStream(path), createGzip(), (await openToWrite(partial, 'w')).createWriteStream(), { signal })
    await rename(partial, `${path}.gz`)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  await rm(path)
}

async function exists (path: string): Promise<boolean> {
  return access(path).then(() => true, () => false)
}
