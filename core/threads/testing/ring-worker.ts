/** A thread at one end of a ring, for the tests: writes or reads self-checking payloads, or gets stuck on purpose. */
import { parentPort, workerData } from 'node:worker_threads'
import { tryLatch } from '../ring-latch.js'
import { RingConsumer, RingProducer, type RingMemory } from '../ring.js'
import { Progress } from './ring-progress.js'
import { dawdle, fillPayload, leastPayloadBytes, payloadIsWhole, randomLength, randomSource, rowsOf, Verifier, type Verdict } from './ring-payload.js'

export type RingWork =
  /**
   * Writes `slots` payloads, or until it is told that the ring is closed. `uniform`: all sizes are equally likely.
   * `slow`: always in place, taking its time between claim and commit.
   */
  | { readonly role: 'produce'; readonly tag: number; readonly slots: number; readonly recheckMs?: number; readonly uniform?: boolean; readonly slow?: boolean }
  /** Reads to the end, or `slots` payloads. `spin`: polls instead of sleeping, to be there while a slot is being made. */
  | { readonly role: 'consume'; readonly slots?: number; readonly takeOver?: number; readonly recheckMs?: number; readonly spin?: boolean }
  /** Sends one slot, waits for it to come back on `reply`, and so on (`echo` is the other side). */
  | { readonly role: 'serve' | 'echo'; readonly reply: RingMemory; readonly slots: number; readonly recheckMs: number }
  /** Reads payloads of tag 0, noting each in `progress` (see there) before its release, so that a successor can check. */
  | { readonly role: 'resume'; readonly takeOver?: number; readonly progress: SharedArrayBuffer }
  | { readonly role: 'claim_and_hang'; readonly rows: number }
  | { readonly role: 'latch_and_hang' }
  | { readonly role: 'peek_and_hang'; readonly slots: number }

/** What a worker says: `ready` once it is attached (or stuck as asked), `done` when its work is over. */
export type RingWorkerMessage =
  | { readonly type: 'ready'; readonly index: number }
  | { readonly type: 'done'; readonly status: string; readonly written: number; readonly verdict: Verdict }

const { memory, work } = workerData as { readonly memory: RingMemory; readonly work: RingWork }
const waitMs = 600_000

function say (message: RingWorkerMessage): void {
  parentPort?.postMessage(message)
}

function hang (): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function produce ({ tag, slots, recheckMs = 20, uniform = false, slow = false }: Extract<RingWork, { role: 'produce' }>): void {
  const producer = RingProducer.attach(memory, { recheckMs })
  say({ type: 'ready', index: producer.ref.index })
  const random = randomSource(tag * 7919 + 1)
  const scratch = new Uint8Array(memory.maxSlotBytes)
  let written = 0
  let status = 'written'
  while (written < slots && status === 'written') {
    const length = uniform ? leastPayloadBytes + random(memory.maxSlotBytes - 7) : randomLength(random, memory.maxSlotBytes)
    status = slow || written % 3 === 0 ? writeInPlace(producer, tag, written, length, slow) : writeCopy(producer, scratch.subarray(0, length), tag, written)
    if (status === 'written') written++
  }
  producer.detach()
  say({ type: 'done', status, written, verdict: new Verifier().verdict })
}

function writeCopy (producer: RingProducer, bytes: Uint8Array, tag: number, number: number): string {
  fillPayload(bytes, tag, number)
  return producer.writeSync(bytes, rowsOf(number), { onFull: 'block', timeoutMs: waitMs })
}

function writeInPlace (producer: RingProducer, tag: number, number: number, length: number, slow: boolean): string {
  for (;;) {
    const space = producer.claim(length, rowsOf(number))
    if (typeof space !== 'string') {
      if (slow) dawdle(3000)
      fillPayload(space, tag, number)
      producer.commit()
      return 'written'
    }
    if (space !== 'full' || producer.waitForSpaceSync(length, waitMs) === 'timeout') return space
  }
}

function consume ({ slots = Infinity, takeOver, recheckMs = 20, spin = false }: Extract<RingWork, { role: 'consume' }>): void {
  const consumer = takeOver === undefined ? RingConsumer.attach(memory, { recheckMs }) : RingConsumer.takeOver(memory, takeOver, { recheckMs })
  if (consumer === undefined) throw new Error('no cursor was kept')
  say({ type: 'ready', index: consumer.ref.index })
  const verifier = new Verifier()
  let status = 'slot'
  while (status === 'slot' && verifier.verdict.slots < slots) {
    const slot = consumer.peek()
    if (slot.status === 'slot') {
      verifier.see(slot.bytes, slot.rows)
      consumer.release()
    } else if (slot.status !== 'empty' || !spin) {
      status = slot.status === 'empty' ? consumer.waitForDataSync(waitMs) : slot.status
    }
  }
  say({ type: 'done', status, written: 0, verdict: verifier.verdict })
}

function resume ({ takeOver, progress }: Extract<RingWork, { role: 'resume' }>): void {
  const noted = new Int32Array(progress)
  const consumer = takeOver === undefined ? RingConsumer.attach(memory) : RingConsumer.takeOver(memory, takeOver)
  if (consumer === undefined) throw new Error('no cursor was kept')
  say({ type: 'ready', index: consumer.ref.index })
  let first = true
  let status = 'slot'
  while (status === 'slot') {
    status = consumer.waitForDataSync(waitMs)
    const slot = consumer.peek()
    if (slot.status !== 'slot') break
    const number = slot.bytes.readInt32LE(4)
    const inOrder = first || number === Atomics.load(noted, Progress.last) + 1
    if (!inOrder || !payloadIsWhole(slot.bytes) || slot.rows !== rowsOf(number)) Atomics.add(noted, Progress.faults, 1)
    if (first) Atomics.store(noted, Progress.first, number)
    first = false
    Atomics.store(noted, Progress.last, number)
    consumer.release()
  }
  say({ type: 'done', status, written: 0, verdict: new Verifier().verdict })
}

function volley ({ role, reply, slots, recheckMs }: Extract<RingWork, { role: 'serve' | 'echo' }>): void {
  const [out, back] = role === 'serve' ? [memory, reply] : [reply, memory]
  const producer = RingProducer.attach(out, { recheckMs })
  const consumer = RingConsumer.attach(back, { recheckMs })
  say({ type: 'ready', index: producer.ref.index })
  const random = randomSource(role === 'serve' ? 3 : 5)
  const verifier = new Verifier()
  const bytes = new Uint8Array(40)
  let status = 'slot'
  for (let turn = 0; turn < slots && status === 'slot'; turn++) {
    if (role === 'serve') writeCopy(producer, bytes, 0, turn)
    status = consumer.waitForDataSync(waitMs)
    const slot = consumer.peek()
    if (slot.status !== 'slot') break
    verifier.see(slot.bytes, slot.rows)
    consumer.release()
    dawdle(random(2000))
    if (role === 'echo') writeCopy(producer, bytes, 0, turn)
  }
  say({ type: 'done', status, written: 0, verdict: verifier.verdict })
}

switch (work.role) {
  case 'serve':
  case 'echo': volley(work); break
  case 'produce': produce(work); break
  case 'consume': consume(work); break
  case 'resume': resume(work); break
  case 'claim_and_hang': {
    const producer = RingProducer.attach(memory)
    const space = producer.claim(24, work.rows)
    if (typeof space === 'string') throw new Error(`no claim: ${space}`)
    space.fill(7, 0, 12)
    say({ type: 'ready', index: producer.ref.index })
    hang()
    break
  }
  case 'latch_and_hang': {
    const producer = RingProducer.attach(memory)
    if (!tryLatch(new Int32Array(memory.buffer))) throw new Error('no latch')
    say({ type: 'ready', index: producer.ref.index })
    hang()
    break
  }
  case 'peek_and_hang': {
    const consumer = RingConsumer.attach(memory)
    for (let i = 0; i < work.slots; i++) {
      if (consumer.waitForDataSync(waitMs) !== 'slot') throw new Error('no slot')
      consumer.release()
    }
    if (consumer.waitForDataSync(waitMs) !== 'slot') throw new Error('no slot')
    say({ type: 'ready', index: consumer.ref.index })
    hang()
  }
}
