/** Times on the command line. */
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../config/units.js'

/** Milliseconds since the epoch of `10m` (so long ago) or of `2026-01-01T12:00:00Z`. */
export function parseWhenMs (text: string): number {
  const ago = parseDuration(text)
  const ms = ago === undefined ? Date.parse(text) : Date.now() - ago
  if (Number.isNaN(ms) || ms < 0 || (ago === undefined && !/^\d{4}-/.test(text))) throw new InvalidArgumentError('give a duration, as 10m or 2h, or a time, as 2026-01-01T12:00:00Z.')
  return ms
}
