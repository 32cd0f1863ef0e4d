/** Guarantees: whatever is in a pattern file, loading it, asking it and running its tests neither throws nor hangs. */
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderFaults } from '../config/render.js'
import { mutated } from '../config/testdata/mutate.js'
import { randomOf, type Random } from '../config/testdata/random.js'
import { PatternLibrary } from './library.js'
import { runTests } from './run-test.js'

const rounds = process.env['TAPIO_TEST_LONG'] === '1' ? 20_000 : 300
const folder = new URL('testdata/', import.meta.url)
const seeds = readdirSync(folder).filter(f => f.endsWith('.yaml')).map(f => readFileSync(new URL(f, folder), 'utf8'))
const lines = seeds.flatMap(text => text.split('\n'))
const words = seeds.flatMap(text => text.match(/[A-Za-z_]{3,}/g) ?? [])
const pieces = ['{', '}', '[', ']', ': ', ', ', '"', "'", '\n', '\n    ', '- ', '&a ', '*a', '|\n', '{{', '}}', '((', '))', '.map(x, ', '.all(x, ', ' in ', '?.', '.?', '[0]', '__proto__', 'constructor', 'null', '~', '1e999', '-1', '.nan', '9'.repeat(50), '(a+)+$', '\\', '\u0000', '😀', 'subject', 'let: ', 'for: ', 'not: ', 'any: ', 'sequence: ']

const mutate = (text: string, random: Random): string => mutated(text, random, [...pieces, random.pick(words)], [
  (whole, r) => {
    const at = r.below(whole.length + 1)
    return whole.slice(0, at) + whole.slice(at, at + r.below(400)) + whole.slice(at)
  },
  (whole, r) => whole.split('\n').map(line => r.below(60) === 0 ? r.pick(lines) : line).join('\n'),
  // A word for another: the file stays YAML, and gets past the first stage.
  (whole, r) => { const word = r.pick(words); return whole.replace(new RegExp(`\\b${word}\\b`), () => r.pick(words)) }
])

test('random changes to pattern files end in patterns or in faults', () => {
  const random = randomOf(11)
  let [asked, failed] = [0, 0]
  for (let i = 0; i < rounds; i++) {
    let text = random.pick(seeds)
    for (let n = 1 + random.below(4); n > 0; n--) text = mutate(text, random)
    try {
      const { library, faults } = PatternLibrary.parse(text)
      renderFaults(faults)
      for (const fault of faults) assert.ok(fault.line >= 1 && fault.column >= 1 && fault.message.length < 2000)
      const results = runTests(library)
      asked += results.length
      failed += results.filter(r => !r.passed).length
    } catch (error) {
      throw new Error(`threw for ${JSON.stringify(text)}`, { cause: error })
    }
  }
  // Or it would have tested the YAML parser alone.
  assert.ok(asked > rounds / 2, `${asked} cases ran`)
  assert.ok(failed > 0)
})

test.run()
