/**
 * Scenario: frames of random sizes claimed, held and released in random order.
 * Guarantees: what is held keeps its bytes; neighbours lie side by side; memory is used anew and bounded, and what finds no room in it has
 * its own; with no blocks nothing is used anew.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../data/testing/random.js'
import { FrameMemory, type Frame } from './frame-memory.js'

const memory = suite('frame memory')
const mib = 1 << 20

memory('what is held keeps its bytes, whatever is claimed and released beside it', () => {
  const random = seeded(3)
  for (const blocks of [0, 1, 4, 32]) {
    const frames = new FrameMemory(blocks)
    const held: { frame: Frame, value: number, times: number }[] = []
    const buffers = new Set<ArrayBufferLike>()
    for (let step = 0; step < 20_000; step++) {
      if (held.length === 0 || random.chance(held.length < 40 ? 0.6 : 0.4)) {
        const frame = frames.claim(8 * (1 + random.below(random.chance(0.02) ? 100_000 : 8000)))
        const value = random.below(256)
        frame.bytes.fill(value)
        const times = 1 + random.below(3)
        for (let i = 1; i < times; i++) frame.hold()
        if (blocks > 0 && frame.bytes.buffer.byteLength === mib) buffers.add(frame.bytes.buffer)
        held.push({ frame, value, times })
      } else {
        const at = random.below(held.length)
        const one = held[at] as typeof held[number]
        assert.ok(one.frame.bytes.equals(Buffer.alloc(one.frame.bytes.length, one.value)), `step ${step}: changed while it was held`)
        one.frame.release()
        if (--one.times === 0) held.splice(at, 1)
      }
    }
    if (blocks > 0) assert.ok(buffers.size >= Math.min(blocks, 2))
  }
})

memory('neighbours lie side by side, aligned, and room is used anew at once when nobody holds any', () => {
  const frames = new FrameMemory(4)
  const [a, b] = [frames.claim(48), frames.claim(80)]
  assert.equal([b.bytes.buffer === a.bytes.buffer, b.bytes.byteOffset - a.bytes.byteOffset], [true, 48])
  a.release()
  const c = frames.claim(8)
  assert.is(c.bytes.byteOffset, b.bytes.byteOffset + 80)
  b.release()
  c.release()
  assert.is(frames.claim(8).bytes.byteOffset, 0)
})

memory('bounded: what finds no room has memory of its own, and blocks come back', () => {
  const frames = new FrameMemory(2)
  const half = (): Frame => frames.claim(mib / 2)
  const held = [half(), half(), half(), half()]
  assert.is(new Set(held.map(f => f.bytes.buffer)).size, 2)
  const own = half()
  assert.is(own.bytes.buffer.byteLength, mib / 2)
  held[0]?.release()
  assert.is(half().bytes.buffer.byteLength, mib / 2, 'a block is used anew as a whole')
  held[1]?.release()
  assert.is(half().bytes.buffer, held[0]?.bytes.buffer)
  assert.is(frames.claim(mib / 2 + 8).bytes.buffer.byteLength, mib / 2 + 8, 'a large one has its own')
})

memory('without blocks every frame has its own', () => {
  const frames = new FrameMemory(0)
  const [a, b] = [frames.claim(64), frames.claim(64)]
  assert.equal([frames.lends, a.bytes.buffer === b.bytes.buffer], [false, false])
})

memory.run()
