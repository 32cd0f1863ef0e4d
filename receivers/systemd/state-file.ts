/** What must outlive a restart: the position in the journal, and which facts one of two sources has told. One small file. */
import { mkdir, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { inside } from '../../core/files/inside.js'
import { openToWrite } from '../../core/files/safe-open.js'
import type { Pairing } from './pairs.js'

export interface State { readonly cursor?: string, readonly pairs: readonly Pairing[] }

const version = 1

export class StateFile {
  readonly path: string

  /** `name` is the component's id; what a file name may not hold is written as `_`. */
  constructor (directory: string, name: string) {
    this.path = inside(directory, `${name.replace(/[^\w.-]/g, '_')}.json`)
  }

  /** Nothing when there is no file or it is of no use: the journal is then read from where the options say. */
  async load (): Promise<State> {
    try {
      const { version: found, cursor, pairs } = JSON.parse(await readFile(this.path, 'utf8')) as { version?: unknown, cursor?: unknown, pairs?: unknown }
      if (found !== version) return { pairs: [] }
      return { ...(typeof cursor === 'string' && cursor !== '' && { cursor }), pairs: Array.isArray(pairs) ? pairs.filter(isPairing) : [] }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' && !(error instanceof SyntaxError)) throw error
      return { pairs: [] }
    }
  }

  /** Whole or not at all, also when the machine dies: written beside, then put in place. */
  async save (state: State): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 })
    const beside = `${this.path}.new`
    const file = await openToWrite(beside, 'w')
    try {
      await file.writeFile(JSON.stringify({ version, ...state }))
      await file.sync()
    } finally { await file.close() }
    await rename(beside, this.path)
  }
}

function isPairing (value: unknown): value is Pairing {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [key, source, count] = value as unknown[]
  return typeof key === 'string' && (source === 'bus' || source === 'journal') && Number.isSafeInteger(count)
}
