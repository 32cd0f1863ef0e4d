/** Ids that are the same whenever the same thing is read again: a copy that comes after a restart can be recognised. */
import { createHash } from 'node:crypto'

export function eventId (...parts: readonly (string | number | bigint)[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32)
}
