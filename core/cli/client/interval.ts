/** How often a command looks, on the command line. */
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../../config/units.js'

/** Milliseconds. */
export function parseInterval (text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms < 250 || ms > 60_000) throw new InvalidArgumentError('give a duration from 250ms to 1m.')
  return ms
}
