import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LineWriter } from './line-writer.js'

const failure = (code: string): Error => Object.assign(new Error(code), { code })

/** A descriptor that takes `sizes[i]` bytes at its i-th call, or throws when it is an error; afterwards everything. */
function pipe (sizes: (number | Error)[]) {
  let text = ''
  const write = (_fd: number, bytes: Uint8Array): number => {
    const next = sizes.shift() ?? bytes.length
    if (next instanceof Error) throw next
    text += Buffer.from(bytes.subarray(0, next)).toString()
    return Math.min(next, bytes.length)
  }
  return { write, text: () => text }
}

test('short writes and interruptions are finished before the call returns', () => {
  const { write, text } = pipe([2, failure('EINTR'), 1, failure('EAGAIN'), 3])
  new LineWriter(2, { writeBytes: write }).write('0123456789\n')
  assert.is(text(), '0123456789\n')
})

test('a reader that does not read costs whole lines, counted and told, never half ones, and is waited for once', () => {
  // Two attempts at the rest of the first line (at 0 and 5 ms), then one for each further line.
  const { write, text } = pipe([4, ...Array.from({ length: 5 }, () => failure('EAGAIN'))])
  const lost: number[] = []
  const writer = new LineWriter(2, { maxWaitMs: 5, writeBytes: write, onLost: lines => { lost.push(lines); writer.write(`lost ${lines}\n`) } })
  writer.write('first line\n')
  assert.is(text(), 'firs')
  for (let i = 0; i < 3; i++) writer.write('gone\n')
  assert.is(writer.dropped, 3)
  writer.write('fifth\n')
  assert.is(text(), 'first line\nfifth\nlost 3\n')
  assert.equal(lost, [3])
})

test('a closed reader ends writing without an exception', () => {
  const { write, text } = pipe([failure('EPIPE')])
  const writer = new LineWriter(2, { writeBytes: write })
  writer.write('a\n')
  writer.write('b\n')
  assert.is(writer.dropped, 2)
  assert.is(text(), '')
})

test.run()
