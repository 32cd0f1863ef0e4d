/** What must outlive a restart: the position in the journal, and which facts one of two sources has told. One small file. */
import { inside } from '../../core/files/inside.js'
import type { Pairing } from './pairs.js'

export interface State { readonly cursor?: string, readonly pairs: readonly Pairing[] }

/** `name` is the component's id; what a file name may not hold is written as `_`. */
export function statePath (directory: string, name: string): string {
  return inside(directory, `${name.replace(/[^\w.-]/g, '_')}.json`)
}

/** What of a file's document is of use. */
export function stateOf (value: unknown): State {
  const { cursor, pairs } = (typeof value === 'object' && value !== null ? value : {}) as { cursor?: unknown, pairs?: unknown }
  return { ...(typeof cursor === 'string' && cursor !== '' && { cursor }), pairs: Array.isArray(pairs) ? pairs.filter(isPairing) : [] }
}

function isPairing (value: unknown): value is Pairing {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [key, bus, journal] = value as unknown[]
  return typeof key === 'string' && Number.isSafeInteger(bus) && Number.isSafeInteger(journal)
}
