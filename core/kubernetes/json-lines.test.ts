import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { LineSplitter, LineTooLong } from './json-lines.js'

function split (bytes: Buffer, cuts: readonly number[], maxBytes = 1000): { lines: string[], pending: number } {
  const splitter = new LineSplitter(maxBytes)
  const lines: string[] = []
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    lines.push(...splitter.push(bytes.subarray(from, cut)))
    from = cut
  }
  return { lines, pending: splitter.pending }
}

test('lines are the same wherever the chunks end, also within a character', () => {
  const bytes = Buffer.from('{"a":"é🙂"}\n\n  \n{"b":2}\r\n{"c":3}\n')
  const whole = ['{"a":"é🙂"}', '{"b":2}\r', '{"c":3}']
  for (let cut = 0; cut <= bytes.length; cut++) assert.equal(split(bytes, [cut]), { lines: whole, pending: 0 })
  assert.equal(split(bytes, Array.from(bytes.keys())), { lines: whole, pending: 0 })
})

test('random cuts of random lines', () => {
  const random = seeded(7)
  for (let round = 0; round < 200; round++) {
    const lines = Array.from({ length: 1 + random.below(20) }, (_, i) => JSON.stringify({ i, text: 'ä'.repeat(random.below(40)) }))
    const bytes = Buffer.from(lines.map(l => `${l}\n`).join(''))
    const cuts = Array.from({ length: random.below(12) }, () => random.below(bytes.length)).sort((a, b) => a - b)
    assert.equal(split(bytes, cuts).lines, lines)
  }
})

test('a line without end is pending, and one that is too long ends it', () => {
  assert.equal(split(Buffer.from('{"a":1}\n{"b"'), [3]), { lines: ['{"a":1}'], pending: 4 })
  assert.is(split(Buffer.from(`${'x'.repeat(1000)}\n`), [500]).lines.length, 1)
  assert.throws(() => split(Buffer.from('x'.repeat(1001)), [500]), (e: unknown) => e instanceof LineTooLong)
})

test.run()
