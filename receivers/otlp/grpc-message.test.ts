import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Random } from '../../core/otlp/testing/random.js'
import { Chunks, wholeBody } from './chunks.js'
import { MessageReader } from './grpc-message.js'
import { framed } from './raw-call-for-test.js'

/** What a reader makes of `body` cut at `cuts`: the message, or the fault's code. */
function read (body: Buffer, cuts: readonly number[], maxBytes = 1_000_000): Buffer | number {
  const reader = new MessageReader(maxBytes)
  const edges = [0, ...[...cuts].sort((a, b) => a - b), body.length]
  for (let i = 1; i < edges.length; i++) {
    const fault = reader.push(body.subarray(edges[i - 1], edges[i]))
    if (fault !== undefined) return fault.code
  }
  const end = reader.end()
  return 'outcome' in end ? end.code : wholeBody(end)
}

test('a message is the same however its bytes are cut', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const message = Buffer.from(random.bytes([0, 1, 4, 5, 6, 300, 20_000, 70_000][seed % 8] as number))
    const body = framed(message)
    const cuts = Array.from({ length: seed % 3 === 0 ? 200 : seed % 7 }, () => random.below(body.length + 1))
    assert.equal(read(body, cuts), message, `seed ${seed}`)
  }
  const byByte = framed(Buffer.from('every byte alone'))
  assert.equal(read(byByte, Array.from({ length: byByte.length }, (_, i) => i)), Buffer.from('every byte alone'))
})

test('two messages, and bytes behind one, are too many wherever they are cut', () => {
  const [one, two] = [framed(Buffer.from('one')), framed(Buffer.from('two'))]
  for (const extra of [two, Buffer.from([0])]) {
    const body = Buffer.concat([one, extra])
    for (let cut = 0; cut <= body.length; cut++) assert.is(read(body, [cut]), 12, `cut at ${cut}`)
  }
  assert.is(read(Buffer.concat([framed(Buffer.alloc(0)), Buffer.from([1])]), [5]), 12)
})

test('no message, part of one, a strange flag and too long a one are faults', () => {
  assert.is(read(Buffer.alloc(0), []), 12)
  for (let length = 1; length < 8; length++) assert.is(read(framed(Buffer.from('one')).subarray(0, length), []), 13, `${length} bytes`)
  assert.is(read(framed(Buffer.from('one'), 2), []), 13)
  assert.is(read(framed(Buffer.alloc(101)).subarray(0, 5), [], 100), 8, 'refused by its prefix alone')
  assert.equal(read(framed(Buffer.alloc(100)), [], 100), Buffer.alloc(100))
  assert.is(read(Buffer.from([0, 255, 255, 255, 255]), []), 8)
})

test('a hundred thousand small chunks are held as few large ones', () => {
  const chunks = new Chunks()
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 100_000; i++) chunks.add(Buffer.from([i & 255]))
  assert.is(chunks.length, 100_000)
  assert.ok(process.memoryUsage().arrayBuffers - before < 8 * 1024 * 1024)
  const bytes = chunks.bytes()
  assert.is(bytes.length, 100_000)
  assert.ok(bytes.every((b, i) => b === (i & 255)))
})

test.run()
