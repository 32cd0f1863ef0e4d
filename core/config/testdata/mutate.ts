/** Small random damage to a text, for fuzz tests of what reads it. */
import type { Random } from './random.js'

export type Mutation = (text: string, random: Random) => string

/** Takes a few characters out, puts one of `pieces` in, puts one in the place of a few, repeats a few; or one of `more`, as often as each of these. */
export function mutated (text: string, random: Random, pieces: readonly string[], more: readonly Mutation[] = []): string {
  const at = random.below(text.length + 1)
  const to = Math.min(text.length, at + random.below(12))
  const kind = random.below(4 + more.length)
  switch (kind) {
    case 0: return text.slice(0, at) + text.slice(to)
    case 1: return text.slice(0, at) + random.pick(pieces) + text.slice(at)
    case 2: return text.slice(0, at) + random.pick(pieces) + text.slice(to)
    case 3: return text.slice(0, at) + text.slice(at, to).repeat(1 + random.below(4)) + text.slice(to)
    default: return (more[kind - 4] as Mutation)(text, random)
  }
}
