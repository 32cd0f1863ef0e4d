/**
 * Scenario: a person has a code and looks for what to do.
 * Guarantees: every code has an entry; the example of each makes that code and no other; `tapio explain CODE` tells it.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { faultCodes, patternFaultCodes, type FaultCode } from '../config/fault-codes.js'
import { explainCode, isCode } from '../cli/explain-code.js'
import { entries } from './entries.js'
import { printedOf } from './run-example.js'

const codes = [...Object.keys(faultCodes), ...Object.keys(patternFaultCodes)] as FaultCode[]

test('every code has an entry, in order', () => {
  assert.equal(Object.keys(entries), codes)
})

for (const code of codes) {
  const { example } = entries[code]
  if (typeof example === 'string') continue
  test(`the example of ${code} makes it and nothing else`, async () => {
    const printed = await printedOf(code, example)
    const made = new Set([...printed.matchAll(/^(?:error|warning)\[(\w+)\]/gm)].map(m => m[1]))
    assert.ok(made.delete(code), printed)
    // Where the fault is in what pipelines name, the warning that something is not used may follow from it.
    for (const follows of ['CFG069', ...example.beside ?? []]) made.delete(follows)
    assert.equal([...made], [], printed)
  })
}

test('`tapio explain` tells what a code means and what to do, and the nearest one where there is none', async () => {
  const told: string[] = []
  const io = { out: (text: string) => { told.push(text) }, err: (text: string) => { told.push(text) }, color: false, env: {}, modules: [] }
  assert.is(await explainCode('cfg031', io), 'ok')
  assert.match(told.join(''), /^CFG031: an option is not known\n\n[\s\S]+For instance:\n\n {4}receivers:/)
  told.length = 0
  assert.is(await explainCode('CFG301', io), 'failure')
  assert.match(told.join(''), /no code CFG301; did you mean CFG0/)
  assert.equal([isCode('CFG001'), isCode('PAT001'), isCode('abc123'), isCode('0af7')], [true, true, false, false])
})

test.run()
