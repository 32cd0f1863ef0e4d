/** Names made from data, kept inside one directory. */
import { lstat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { linkFault } from './safe-open.js'

/** Of a component of a path, in bytes: what Linux takes. */
const maxNameBytes = 255

/**
 * What is wrong with `name` as the name of one file in a directory; '' = nothing. Not refused: what is only odd to look at (a bidirectional
 * mark): it stays inside. Names are compared as bytes; no file system Tapio writes to takes another character for `/` or `.`.
 */
export function nameFault (name: string): string {
  if (name === '') return 'is empty'
  if (name === '.' || name === '..') return `"${name}" is a directory`
  if (name.includes('\0')) return 'holds a zero byte'
  if (name.includes('/') || name.includes(sep)) return 'holds a `/`'
  if (Buffer.from(name).toString() !== name) return 'is no text: half of a character is missing'
  return Buffer.byteLength(name) > maxNameBytes ? `has ${Buffer.byteLength(name)} bytes; at most ${maxNameBytes} may be` : ''
}

/** The path of file `name` in `directory`. Throws when it would be anywhere else. */
export function inside (directory: string, name: string): string {
  const fault = nameFault(name)
  if (fault !== '') throw new Error(`a file's name ${fault}`)
  return join(directory, name)
}

/** Rejects when one of the `names`, each in the one before it, is a symbolic link: the way from `root` to a file, without leaving `root`. What is not there yet is no fault. */
export async function refuseLinks (root: string, names: readonly string[]): Promise<void> {
  let path = root
  for (const name of names) {
    path = inside(path, name)
    const found = await lstat(path).catch((error: NodeJS.ErrnoException) => { if (error.code === 'ENOENT') return undefined; throw error })
    if (found === undefined) return
    if (found.isSymbolicLink()) throw linkFault(path, Object.assign(new Error('a symbolic link'), { code: 'ELOOP' }))
  }
}
