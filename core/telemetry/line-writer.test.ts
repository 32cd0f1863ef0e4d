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
  new LineWriter(2, 50, write).write('0123456789\n')
  assert.is(text(), '0123456789\n')
})

test('a reader that does not read costs whole lines, counted, never half ones', () => {
  const stuck = Array.from({ length: 4 }, () => failure('EAGAIN'))
  const { write, text } = pipe([4, ...stuck.slice(0, 2), ...stuck.slice(2)])
  const writer = new LineWriter(2, 5, write)
  writer.write('first line\n')
  assert.is(text(), 'firs')
  writer.write('lost\n')
  assert.is(writer.dropped, 1)
  writer.write('third\n')
  assert.is(text(), 'first line\nthird\n')
})

test('a closed reader ends writing without an exception', () => {
  const { write, text } = pipe([failure('EPIPE')])
  const writer = new LineWriter(2, 5, write)
  writer.write('a\n')
  writer.write('b\n')
  assert.is(writer.dropped, 2)
  assert.is(text(), '')
})

test.run()
