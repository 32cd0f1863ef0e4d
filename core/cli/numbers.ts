/** Numbers on the command line. */
import { InvalidArgumentError } from 'commander'

/** How many: a whole number above 0. */
export function parseCount (text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) throw new InvalidArgumentError('give a whole number above 0.')
  return Number(text)
}
