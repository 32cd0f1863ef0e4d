/**
 * Scenario: readers of a ring that die with slots in their hands, in any order of deaths by their own doing and kills from outside.
 * Guarantees: a slot is taken out only when it was in hand at two deaths and alone at the second; every other slot is read; figures of the
 * ring stay true.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRing, RingConsumer, RingMonitor, RingProducer, RingSuspects, type RingMemory } from './ring.js'
import { randomSource } from './testing/ring-payload.js'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

class Stage {
  readonly memory: RingMemory = createRing({ capacityBytes: 4096 })
  readonly monitor = new RingMonitor(this.memory)
  readonly suspects = new RingSuspects(this.memory)
  readonly producer = RingProducer.attach(this.memory)
  consumer = RingConsumer.attach(this.memory)

  write (...texts: string[]): void { for (const text of texts) assert.is(this.producer.tryWrite(bytesOf(text), 7), 'written') }

  /** Takes up to `most` slots as the pump does: those that are suspect alone. */
  take (most: number): string[] {
    const taken: string[] = []
    const isSuspect = this.consumer.isSuspect
    while (taken.length < (isSuspect ? 1 : most)) {
      const slot = this.consumer.take()
      if (slot.status !== 'copy') break
      taken.push(slot.bytes.toString())
    }
    return taken
  }

  /** Both ends of a dead thread as the runtime sees them. Undefined: no slot is to blame. */
  die (isBlamed: boolean): string | undefined {
    const { index } = this.consumer.ref
    this.monitor.markDead(this.consumer.ref, { keepCursor: true })
    const poison = this.suspects.died(index, isBlamed)
    this.consumer = RingConsumer.takeOver(this.memory, index) as RingConsumer
    return poison?.bytes.toString()
  }
}

test('what was in hand at a death comes again, slot by slot; the one of the second death does not come a third time', () => {
  const ring = new Stage()
  ring.write('a', 'bad', 'c', 'd', 'e')
  assert.equal(ring.take(3), ['a', 'bad', 'c'])
  assert.is(ring.die(true), undefined)
  assert.equal(ring.take(3), ['a'])
  ring.consumer.settle()
  assert.equal(ring.take(3), ['bad'])
  assert.is(ring.die(true), 'bad')
  assert.equal(ring.take(3), ['c'], 'still a suspect')
  ring.consumer.settle()
  assert.not(ring.consumer.isSuspect)
  assert.equal(ring.take(3), ['d', 'e'])
  ring.consumer.settle()
  assert.is(ring.monitor.stats().usedSlots, 0)
})

test('a kill from outside makes nobody a suspect, and clears nobody', () => {
  const ring = new Stage()
  ring.write('a', 'b')
  assert.equal(ring.take(2), ['a', 'b'])
  assert.is(ring.die(false), undefined)
  assert.not(ring.consumer.isSuspect)
  assert.equal(ring.take(2), ['a', 'b'])
  ring.die(true)
  assert.equal(ring.take(2), ['a'])
  assert.is(ring.die(false), undefined)
  assert.ok(ring.consumer.isSuspect)
  assert.equal(ring.take(2), ['a'])
  assert.is(ring.die(true), 'a')
})

test('a successor that dies before it reads anything blames nothing', () => {
  const ring = new Stage()
  ring.write('a')
  ring.take(1)
  ring.die(true)
  for (let i = 0; i < 3; i++) assert.is(ring.die(true), undefined)
  assert.equal(ring.take(1), ['a'])
  assert.is(ring.die(true), 'a')
  assert.equal(ring.take(1), [])
})

test('whatever the order of writes, reads and deaths: each slot is settled or poison, in order, and poison died alone after a death in hand', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const ring = new Stage()
    const random = randomSource(seed)
    const wasInHand = new Set<string>()
    const over: string[] = []
    let [next, hand] = [0, [] as string[]]
    const settle = (): void => { ring.consumer.settle(); over.push(...hand); hand = [] }
    for (let step = 0; step < 300; step++) {
      switch (random(4)) {
        case 0: if (ring.producer.tryWrite(bytesOf(`slot ${next} ${'x'.repeat(random(200))}`), 1) === 'written') next++; break
        case 1: if (hand.length === 0) hand = ring.take(1 + random(4)); break
        case 2: settle(); break
        case 3: {
          const isBlamed = random(2) === 0
          const poison = ring.die(isBlamed)
          if (poison !== undefined) {
            assert.ok(isBlamed && wasInHand.has(poison))
            assert.equal(hand, [poison])
            over.push(poison)
          }
          if (isBlamed) for (const text of hand) wasInHand.add(text)
          hand = []
        }
      }
    }
    settle()
    for (hand = ring.take(4); hand.length > 0; hand = ring.take(4)) settle()
    assert.equal(over.map(text => Number(text.split(' ')[1])), Array.from({ length: next }, (_, i) => i), `seed ${seed}`)
    assert.is(ring.monitor.stats().usedBytes, 0)
  }
})

test.run()
