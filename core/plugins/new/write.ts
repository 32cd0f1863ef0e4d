/** Writes a new project. Nothing that is there is touched. */
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What may be in a folder that a project is begun in. */
const harmless = new Set(['.git', '.DS_Store'])

/** Why no project can be begun in `folder`; undefined when it can. */
export function folderFault (folder: string): string | undefined {
  if (!existsSync(folder)) return undefined
  if (!statSync(folder).isDirectory()) return `${folder} is a file`
  const [found, ...more] = readdirSync(folder).filter(name => !harmless.has(name))
  return found === undefined ? undefined : `${folder} is not empty: it has ${found}${more.length === 0 ? '' : ` and ${more.length} more`}`
}

/** Throws the error of the file system, also when a file came to be meanwhile. */
export function writeProject (folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    const at = join(folder, path)
    mkdirSync(dirname(at), { recursive: true })
    writeFileSync(at, text, { flag: 'wx' })
  }
}
