/** What must outlive a restart: the position in the journal, and which facts one of two sources has told. One small file. */
import { join } from 'node:path'
import { readPosition, writePosition } from '../../core/delivery/position-file.js'
import type { Pairing } from './pairs.js'

export interface State { readonly cursor?: string, readonly pairs: readonly Pairing[] }

export type Loaded =
  | { readonly status: 'read', readonly state: State }
  | { readonly status: 'none' }
  | { readonly status: 'useless', readonly reason: string }

export class StateFile {
  readonly path: string

  /** `name` is the component's id; what a file name may not hold is written as `_`. */
  constructor (directory: string, name: string) {
    this.path = join(directory, `${name.replace(/[^\w.-]/g, '_')}.json`)
  }

  /** Never rejects. */
  async load (): Promise<Loaded> {
    const read = await readPosition(this.path)
    return read.status === 'read' ? { status: 'read', state: stateOf(read.value) } : read
  }

  /** Rejects with the system's error; what was saved before is then still there. */
  async save (state: State): Promise<void> { await writePosition(this.path, state) }
}

function stateOf (value: unknown): State {
  const { cursor, pairs } = (typeof value === 'object' && value !== null ? value : {}) as { cursor?: unknown, pairs?: unknown }
  return { ...(typeof cursor === 'string' && cursor !== '' && { cursor }), pairs: Array.isArray(pairs) ? pairs.filter(isPairing) : [] }
}

function isPairing (value: unknown): value is Pairing {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [key, bus, journal] = value as unknown[]
  return typeof key === 'string' && Number.isSafeInteger(bus) && Number.isSafeInteger(journal)
}
