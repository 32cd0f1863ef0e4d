/** Where a feed stopped, in a form that may come back from anybody, years later. */
import { StoreError } from './store.js'
import { pack, unpack } from './tables.js'

/** The event to go on with: its partition and its number there. */
export interface EventPlace { readonly partition: number, readonly event: number }

export const eventToken = ({ partition, event }: EventPlace): string => pack(['e', partition, event]).toString('base64url')
/** `sequence`: of the last change that was told. */
export const incidentToken = (sequence: number): string => pack(['i', sequence]).toString('base64url')

/** Throws StoreError for what is no token of this feed. */
export function parseEventToken (token: string): EventPlace {
  const [kind, partition, event] = parts(token)
  if (kind !== 'e' || !isCount(partition) || !isCount(event)) throw new StoreError('query', 'the token is not one of an event feed')
  return { partition, event }
}

export function parseIncidentToken (token: string): number {
  const [kind, sequence] = parts(token)
  if (kind !== 'i' || !isCount(sequence)) throw new StoreError('query', 'the token is not one of an incident feed')
  return sequence
}

export const isIncidentToken = (token: string): boolean => parts(token)[0] === 'i'

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function parts (token: string): unknown[] {
  try {
    const value = unpack(Buffer.from(token.slice(0, 64), 'base64url'))
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}
