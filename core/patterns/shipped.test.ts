/** Guarantees: the patterns that come with Tapio load without errors and pass their own tests. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderFaults } from '../config/render.js'
import { defaultPatternDir, PatternLibrary } from './library.js'
import { runTests } from './run-test.js'

const { library, faults } = PatternLibrary.load([defaultPatternDir])

test('they load without errors', () => {
  const errors = faults.filter(f => f.severity === 'error')
  assert.is(errors.length, 0, renderFaults(errors))
  assert.ok(library.patterns.length > 0)
})

for (const { pattern, name, passed, reasons, file, line } of runTests(library)) {
  test(`${pattern}: ${name}`, () => { assert.ok(passed, `${file}:${line}\n${reasons.join('\n')}`) })
}

console.log(`REPORT ${library.patterns.length} patterns, ${library.patterns.filter(p => p.tests.length === 0).length} without a test`)
test.run()
