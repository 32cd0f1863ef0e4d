/** The files of a dump. */
import { lstat, readdir } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'

export interface DumpFile { readonly path: string, /** From the given directory, with `/`. */ readonly name: string, readonly bytes: number, readonly changedMs: number }

/** Deeper than any dump tool goes. */
const maxDepth = 24

export interface Scan { readonly files: readonly DumpFile[], readonly beyondLimit: number }

/** In the order of their names. Links are not followed, so a dump cannot lead out of itself or in a circle. Throws when a path is not there. */
export async function scan (paths: readonly string[], maxFiles: number): Promise<Scan> {
  const files: DumpFile[] = []
  let beyondLimit = 0
  const take = (path: string, root: string, { size, mtimeMs }: { readonly size: number, readonly mtimeMs: number }): void => {
    if (files.length === maxFiles) beyondLimit++
    else files.push({ path, name: path === root ? basename(path) : relative(root, path), bytes: size, changedMs: mtimeMs })
  }
  const walk = async (directory: string, root: string, depth: number): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true })
    for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
      const path = join(directory, entry.name)
      if (entry.isDirectory() && depth < maxDepth) await walk(path, root, depth + 1)
      else if (entry.isFile()) take(path, root, await lstat(path))
    }
  }
  for (const path of paths) {
    const stats = await lstat(path)
    if (stats.isDirectory()) await walk(path, path, 0)
    else take(path, path, stats)
  }
  return { files, beyondLimit }
}
