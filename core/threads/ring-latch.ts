/** The claim latch: mutual exclusion between threads that names its holder, so that a dead one's can be freed. */
import { isMainThread, threadId } from 'node:worker_threads'
import { Header, Mark, Word } from './layout.js'
import type { RingView } from './ring-memory.js'

const rounds = 40
const spinsPerRound = 400
const thisThread = threadId + 1

/** Takes the latch, or gives up: after about 50 us on the main thread, 40 ms elsewhere. */
export function tryLatch (words: Int32Array): boolean {
  return Atomics.compareExchange(words, Word.latch, 0, thisThread) === 0 || contend(words, rounds, !isMainThread)
}

/**
 * Takes the latch for a rare operation (attach, detach, markDead), sleeping 1 ms at a time also on the main thread.
 * False after about a second: the holder is most likely dead and not yet marked so.
 */
export function patientLatch (words: Int32Array): boolean {
  return Atomics.compareExchange(words, Word.latch, 0, thisThread) === 0 || contend(words, 1000, true)
}

function contend (words: Int32Array, tries: number, maySleep: boolean): boolean {
  for (let round = 0; round < tries; round++) {
    for (let spin = 0; spin < spinsPerRound; spin++) {
      if (Atomics.load(words, Word.latch) === 0 && Atomics.compareExchange(words, Word.latch, 0, thisThread) === 0) return true
    }
    // Nobody notifies the latch (a notify per claim would cost more than it saves): the time-out alone ends the sleep.
    if (maySleep) Atomics.wait(words, Word.latch, Atomics.load(words, Word.latch) || thisThread, 1)
  }
  return false
}

export function unlatch (words: Int32Array): void {
  Atomics.store(words, Word.latch, 0)
}

/**
 * Frees the latch when `deadThread` holds it. Head moves last in a claim, so only the sequence can be half-way: it is
 * taken again from the last slot that was really claimed.
 */
export function freeLatchOf (ring: RingView, deadThread: number): void {
  const { words } = ring
  if (Atomics.load(words, Word.latch) !== deadThread + 1) return
  const last = words[Word.lastClaim]
  const h = ring.headerAt(last)
  if (last !== words[Word.head] && words[h + Header.position] === last) {
    setSequence(words, words[h + Header.seqLo], words[h + Header.seqHi], words[h + Header.mark] === Mark.padding ? 0 : 1)
  }
  Atomics.compareExchange(words, Word.latch, deadThread + 1, 0)
}

/** Sets the number of the next claim to `lo`/`hi` plus `step`. */
export function setSequence (words: Int32Array, lo: number, hi: number, step: number): void {
  const next = (lo + step) | 0
  words[Word.seqLo] = next
  words[Word.seqHi] = next === 0 && step === 1 ? (hi + 1) | 0 : hi
}
