/** "Did you mean": the nearest allowed spelling, or nothing when none is near enough to be what was meant. */
import { distance } from 'fastest-levenshtein'

/** Words longer than this are no misspelling of an option, and the distance is quadratic in the length. */
const maxWordLength = 100

export function nearest (word: string, allowed: readonly string[]): string | undefined {
  if (word.length > maxWordLength) return undefined
  const wanted = fold(word)
  let best: string | undefined
  // A third of the word may differ: `endpont` finds `endpoint`, `foo` finds nothing.
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of allowed) {
    if (candidate.length > maxWordLength) continue
    const d = typingDistance(wanted, fold(candidate))
    if (d < bestDistance) [best, bestDistance] = [candidate, d]
  }
  return best
}

/** Levenshtein's distance, with one swap of neighbours (`otpl`) as one slip rather than two. */
function typingDistance (word: string, candidate: string): number {
  let best = distance(word, candidate)
  if (word.length > 30) return best
  for (let i = 0; i + 1 < word.length && best > 1; i++) {
    const swapped = word.slice(0, i) + word.charAt(i + 1) + word.charAt(i) + word.slice(i + 2)
    best = Math.min(best, distance(swapped, candidate) + 1)
  }
  return best
}

/** camelCase, dashes and case are the commonest slips, so they cost nothing. */
const fold = (word: string): string => word.toLowerCase().replaceAll(/[_-]/g, '')

const maxListed = 20

/** `a, b, c` for a message; long lists are cut with their number said. */
export function listed (words: readonly string[]): string {
  if (words.length === 0) return 'none'
  if (words.length <= maxListed) return words.join(', ')
  return `${words.slice(0, maxListed).join(', ')} and ${words.length - maxListed} more`
}
