/** Payloads that betray themselves: every word follows from who wrote it, its number and its place. */

/** Bytes of the two words every payload starts with: the writer's tag and its own running number. */
export const leastPayloadBytes = 8

function mix (seed: number, place: number): number {
  let x = Math.imul(seed ^ (place * 0x9e3779b1), 0x85ebca6b)
  x ^= x >>> 13
  return Math.imul(x, 0xc2b2ae35) | 0
}

/** Events a slot says it holds. */
export function rowsOf (number: number): number {
  return 1 + (number * 7) % 13
}

export function fillPayload (bytes: Uint8Array, tag: number, number: number): void {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
  const seed = mix(tag, number)
  words[0] = tag
  words[1] = number
  for (let i = 2; i < words.length; i++) words[i] = mix(seed, i)
  for (let i = words.length * 4; i < bytes.length; i++) bytes[i] = mix(seed, i)
}

/** Whether a payload is whole, by its own tag and number. Throws when it is not aligned to a word. */
export function payloadIsWhole (bytes: Uint8Array): boolean {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
  const seed = mix(words[0], words[1])
  for (let i = 2; i < words.length; i++) if (words[i] !== mix(seed, i)) return false
  for (let i = words.length * 4; i < bytes.length; i++) if (bytes[i] !== (mix(seed, i) & 255)) return false
  return true
}

/** xorshift32: the same seed gives the same run. Answers an integer from 0 to `below` - 1. */
export function randomSource (seed: number): (below: number) => number {
  let x = seed | 0 || 1
  return below => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % below
  }
}

/** Mostly small, some larger, now and then up to `maxBytes`. */
export function randomLength (random: (below: number) => number, maxBytes: number): number {
  const dice = random(1000)
  const range = dice < 900 ? 64 : dice < 995 ? 512 : maxBytes
  return leastPayloadBytes + random(Math.min(range, maxBytes) - leastPayloadBytes + 1)
}

/** What a reader has found out about the payloads it saw. */
export interface Verdict {
  slots: number
  rows: number
  torn: number
  lost: number
  reordered: number
  wrongRows: number
  /** Number of the next payload expected, by tag. */
  next: number[]
}

export class Verifier {
  readonly verdict: Verdict = { slots: 0, rows: 0, torn: 0, lost: 0, reordered: 0, wrongRows: 0, next: [] }

  see (bytes: Uint8Array, rows: number): void {
    const { verdict } = this
    if (bytes.length < leastPayloadBytes) {
      verdict.slots++
      verdict.torn++
      return
    }
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, 2)
    const tag = words[0]
    const number = words[1]
    verdict.slots++
    verdict.rows += rows
    if (!payloadIsWhole(bytes) || words[0] !== tag || words[1] !== number) {
      verdict.torn++
      return
    }
    const expected = verdict.next[tag] ?? 0
    if (number < expected) verdict.reordered++
    else verdict.lost += number - expected
    if (rows !== rowsOf(number)) verdict.wrongRows++
    verdict.next[tag] = number + 1
  }
}

/** Short busy waits of varying length move the two sides' steps against each other, through every interleaving. */
export function dawdle (turns: number): void {
  const word = new Int32Array(new SharedArrayBuffer(4))
  for (let i = 0; i < turns; i++) Atomics.add(word, 0, 1)
}
