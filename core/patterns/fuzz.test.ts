/** Guarantees: whatever is in a pattern file, loading it, asking it and running its tests neither throws nor hangs. */
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderFaults } from '../config/render.js'
import { randomOf, type Random } from '../config/testdata/random.js'
import { PatternLibrary } from './library.js'
import { runTests } from './run-test.js'

const rounds = process.env['TAPIO_TEST_LONG'] === '1' ? 20_000 : 300
const folder = new URL('testdata/', import.meta.url)
const seeds = readdirSync(folder).filter(f => f.endsWith('.yaml')).map(f => readFileSync(new URL(f, folder), 'utf8'))
const lines = seeds.flatMap(text => text.split('\n'))
const words = seeds.flatMap(text => text.match(/[A-Za-z_]{3,}/g) ?? [])
const pieces = ['{', '}', '[', ']', ': ', ', ', '"', "'", '\n', '\n    ', '- ', '&a ', '*a', '|\n', '{{', '}}', '((', '))', '.map(x, ', '.all(x, ', ' in ', '?.', '.?', '[0]', '__proto__', 'constructor', 'null', '~', '1e999', '-1', '.nan', '9'.repeat(50), '(a+)+$', '\\', '\u0000', '😀', 'subject', 'let: ', 'for: ', 'not: ', 'any: ', 'sequence: ']

function mutate (text: string, random: Random): string {
  const at = random.below(text.length + 1)
  const to = Math.min(text.length, at + random.below(12))
  switch (random.below(6)) {
    case 0: return text.slice(0, at) + text.slice(to)
    case 1: return text.slice(0, at) + random.pick(pieces) + text.slice(at)
    case 2: return text.slice(0, at) + random.pick(words) + text.slice(to)
    case 3: return text.slice(0, at) + text.slice(at, at + random.below(400)) + text.slice(at)
    case 4: return text.split('\n').map(line => random.below(60) === 0 ? random.pick(lines) : line).join('\n')
    // A word for another: the file stays YAML, and gets past the first stage.
    default: { const word = random.pick(words); return text.replace(new RegExp(`\\b${word}\\b`), () => random.pick(words)) }
  }
}

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
