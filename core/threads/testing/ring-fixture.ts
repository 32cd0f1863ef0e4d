/** Small helpers of the ring's tests: short texts in and out, and the raw words of the memory. */
import type { RingConsumer, RingMemory, RingProducer } from '../ring.js'

export function bytesOf (text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Writes each text as one slot of one row and answers what became of each. */
export function writeAll (producer: RingProducer, ...texts: string[]): string[] {
  return texts.map(text => producer.tryWrite(bytesOf(text), 1))
}

/** Reads and releases until there is nothing: the texts, then the status that ended it. */
export function readAll (consumer: RingConsumer): string[] {
  const seen: string[] = []
  for (;;) {
    const slot = consumer.peek()
    if (slot.status !== 'slot') return [...seen, slot.status]
    seen.push(slot.bytes.toString())
    consumer.release()
  }
}

/** The ring's memory as words, for tests that break it. */
export function wordsOf (memory: RingMemory): Int32Array {
  return new Int32Array(memory.buffer)
}
