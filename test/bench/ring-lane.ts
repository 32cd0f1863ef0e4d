/** One lane of the hand-off bench: a sender and a receiver joined by the ring or by postMessage, and what each does. */
import type { MessagePort } from 'node:worker_threads'
import { RingConsumer, RingProducer, type RingMemory } from '../../core/threads/ring.js'

export type Transport = 'ring' | 'clone' | 'transfer'

export interface Lane {
  readonly transport: Transport
  readonly bytes: number
  /** 0: as fast as it goes. */
  readonly slotsPerSecond: number
  readonly warmMs: number
  readonly runMs: number
  readonly memory: RingMemory
  /** Words: stop, messages received. */
  readonly control: SharedArrayBuffer
  /** process.hrtime of the start, so that both threads' stamps are small numbers on one clock. */
  readonly epoch: bigint
}

export interface LaneResult {
  readonly slots: number
  readonly seconds: number
  /** Hand-off times in microseconds, ascending; empty when the lane is saturated. */
  readonly latenciesUs: readonly number[]
}

/** postMessage has no bound of its own; without one the saturated lane would measure a growing queue. */
const inFlight = 64
const Control = { stop: 0, received: 1 } as const

function elapsedUs (epoch: bigint): number {
  return Number(process.hrtime.bigint() - epoch) / 1000
}

/** Sends until told to stop. Blocks its thread. */
export function send (lane: Lane, port: MessagePort): void {
  const control = new Int32Array(lane.control)
  const source = new Uint8Array(lane.bytes).fill(7)
  const stamp = new Float64Array(source.buffer, 0, 1)
  const hand = lane.transport === 'ring' ? ringHand(lane, source) : portHand(lane, source, port, control)
  let due = elapsedUs(lane.epoch)
  while (Atomics.load(control, Control.stop) === 0) {
    if (lane.slotsPerSecond > 0) {
      due = Math.max(due + 1e6 / lane.slotsPerSecond, elapsedUs(lane.epoch))
      const earlyMs = (due - elapsedUs(lane.epoch)) / 1000
      if (earlyMs > 0) Atomics.wait(control, Control.stop, 0, earlyMs)
      stamp[0] = elapsedUs(lane.epoch)
    }
    hand()
  }
}

function ringHand (lane: Lane, source: Uint8Array): () => void {
  const producer = RingProducer.attach(lane.memory)
  return () => { producer.writeSync(source, 1, { onFull: 'block', timeoutMs: 50 }) }
}

function portHand (lane: Lane, source: Uint8Array, port: MessagePort, control: Int32Array): () => void {
  let sent = 0
  return () => {
    const received = Atomics.load(control, Control.received)
    if (sent - received >= inFlight) {
      Atomics.wait(control, Control.received, received, 50)
      return
    }
    sent++
    if (lane.transport === 'clone') return port.postMessage(source)
    const copy = source.slice()
    port.postMessage(copy, [copy.buffer])
  }
}

/** Counts and times what arrives after the warm-up. */
class Meter {
  #lane: Lane
  #fromMs = 0
  #slots = 0
  #latencies: number[] = []
  #sum = 0

  constructor (lane: Lane) {
    this.#lane = lane
  }

  /** False when the time is over. Reads both ends of the payload, so that the bytes have really crossed. */
  see (bytes: Uint8Array): boolean {
    this.#sum += bytes[0] + bytes[bytes.length - 1]
    // hrtime makes a bigint per call: taken only where its common clock is needed.
    const nowMs = performance.now()
    if (this.#fromMs === 0) this.#fromMs = nowMs + this.#lane.warmMs
    if (nowMs < this.#fromMs) return true
    this.#slots++
    if (this.#lane.slotsPerSecond > 0) this.#latencies.push(elapsedUs(this.#lane.epoch) - new Float64Array(bytes.buffer, bytes.byteOffset, 1)[0])
    return nowMs < this.#fromMs + this.#lane.runMs
  }

  result (): LaneResult {
    const seconds = (performance.now() - this.#fromMs) / 1000
    return { slots: this.#slots, seconds, latenciesUs: this.#latencies.sort((a, b) => a - b) }
  }
}

/** Receives until the time is over, then tells the sender to stop. `blocking`: this thread may sleep (not the main one). */
export async function receive (lane: Lane, port: MessagePort, blocking: boolean): Promise<LaneResult> {
  const control = new Int32Array(lane.control)
  const meter = new Meter(lane)
  if (lane.transport === 'ring') await drainRing(lane, meter, blocking)
  else await drainPort(port, meter, control)
  const result = meter.result()
  Atomics.store(control, Control.stop, 1)
  Atomics.notify(control, Control.stop)
  return result
}

async function drainRing (lane: Lane, meter: Meter, blocking: boolean): Promise<void> {
  const consumer = RingConsumer.attach(lane.memory)
  for (let more = true; more;) {
    const slot = consumer.peek()
    if (slot.status === 'slot') {
      more = meter.see(slot.bytes)
      consumer.release()
    } else if (blocking) {
      consumer.waitForDataSync(1000)
    } else {
      await consumer.waitForData(1000)
    }
  }
  consumer.detach()
}

async function drainPort (port: MessagePort, meter: Meter, control: Int32Array): Promise<void> {
  await new Promise<void>(resolve => {
    port.on('message', (bytes: Uint8Array) => {
      Atomics.add(control, Control.received, 1)
      Atomics.notify(control, Control.received)
      if (!meter.see(bytes)) resolve()
    })
  })
  port.removeAllListeners('message')
}
