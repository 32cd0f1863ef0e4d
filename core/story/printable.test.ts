import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { printable, printableCommand, safeJson } from './printable.js'

const test = suite('printable text')

const lines: readonly (readonly [what: string, text: string, shown: string])[] = [
  ['plain text', 'OOM killer invoked on node-7', 'OOM killer invoked on node-7'],
  ['colours', '\u001b[31;1mERROR\u001b[0m: full', 'ERROR: full'],
  ['a cursor that moves', 'a\u001b[2J\u001b[1;1Hb', 'ab'],
  ['an eight-bit control sequence', 'a\u009b2Jb', 'ab'],
  ['lines and tabs', '  a\r\n\tb\n\nc ', 'a b c'],
  ['a bell', 'a\u0007b', 'a\ufffdb'],
  ['text that reorders', 'a\u202eb', 'a\ufffdb'],
  ['joined emoji', '\u{1f469}\u200d\u{1f4bb}', '\u{1f469}\u200d\u{1f4bb}'],
  ['half a character', 'a\ud83d', 'a\ufffd'],
  ['nothing', '', '']
]
for (const [what, text, shown] of lines) test(what, () => { assert.is(printable(text), shown) })

test('long text is cut, and never within a character', () => {
  assert.is(printable('x'.repeat(601)), `${'x'.repeat(599)}…`)
  assert.is(printable('x'.repeat(600)), 'x'.repeat(600))
  for (let length = 2; length < 12; length++) {
    const cut = printable('🚀'.repeat(20), length)
    assert.ok(cut.length <= length && cut.endsWith('…') && !/\p{Surrogate}/u.test(cut), cut)
  }
})

test('the cost of a text does not grow beyond what is shown of it', () => {
  const long = '\u001b['.repeat(5_000_000)
  const startedMs = performance.now()
  printable(long)
  assert.ok(performance.now() - startedMs < 1000)
})

test('a command keeps its lines and its length', () => {
  assert.equal(printableCommand('kubectl get pod \\\n\t-n shop\n'), ['kubectl get pod \\', '  -n shop'])
  assert.equal(printableCommand('\u001b[8mrm\u001b[0m \u200dx\u0003'), ['rm \ufffdx\ufffd'])
  assert.is(printableCommand('x'.repeat(5000))[0]?.length, 5000)
  assert.equal(printableCommand(''), [])
})

test('JSON stays the same JSON', () => {
  const value = { a: '\u009b\u202e\u007f é 🚀' }
  assert.equal(JSON.parse(safeJson(JSON.stringify(value))), value)
  assert.is(safeJson(JSON.stringify(value)), '{"a":"\\u009b\\u202e\\u007f é 🚀"}')
})

test.run()
