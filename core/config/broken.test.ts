/**
 * Every file of testdata/broken against what it must be blamed for (testdata/broken-table.ts) and against the text people
 * read (`<name>.txt` beside it; `TAPIO_UPDATE_GOLDEN=1` writes them anew, to be read before they are committed).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { faultCodes } from './fault-codes.js'
import type { Fault } from './faults.js'
import { loadConfig } from './load.js'
import { renderFaults } from './render.js'
import { expectedFaults } from './testdata/broken-table.js'
import { catalog } from './testdata/catalog.js'

// The golden files are not copied to dist/, where this runs.
const folder = join(fileURLToPath(import.meta.url), '..', '..', '..', '..', 'core', 'config', 'testdata', 'broken')
const names = readdirSync(folder).filter(f => f.endsWith('.yaml')).map(f => f.slice(0, -'.yaml'.length)).sort()
const update = process.env['TAPIO_UPDATE_GOLDEN'] === '1'

function load (name: string): { readonly errors: readonly Fault[]; readonly text: string } {
  const result = loadConfig({ configs: [`${name}.yaml`], cwd: folder }, catalog, { WORD: 'hello' })
  const errors = result.ok ? [] : result.faults
  return { errors, text: renderFaults([...errors, ...result.warnings]) }
}

test('there is a row in the table for every broken file and a file for every row', () => {
  assert.equal(names, Object.keys(expectedFaults).sort())
  assert.ok(names.length >= 45)
})

for (const name of names) {
  test(`${name}: code, line, column and key path of every fault`, () => {
    const { errors } = load(name)
    assert.equal(errors.map(f => [f.code, f.line, f.column, f.path]), expectedFaults[name])
  })

  test(`${name}: the message`, () => {
    const { text } = load(name)
    const golden = join(folder, `${name}.txt`)
    if (update) writeFileSync(golden, text)
    assert.is(text, readFileSync(golden, 'utf8'))
  })
}

test('the file with many faults gets all of them in one go', () => {
  assert.ok(load('many-faults').errors.length >= 12)
})

test('the example in the README is what people see', () => {
  assert.ok(readFileSync(join(folder, '..', '..', 'README.md'), 'utf8').includes(load('unknown-option').text))
})

test('no message shows the secret of a broken file', () => {
  for (const name of names) assert.not.match(load(name).text, 'hunter2')
})

test('the table of broken files has nearly every code an error can have', () => {
  const seen = new Set(Object.values(expectedFaults).flatMap(rows => rows.map(([code]) => code)))
  // Sources that cannot be opened, `--set`, and warnings have tests of their own (load, pipelines, secret-sources, plugins, seed).
  const elsewhere = ['CFG001', 'CFG002', 'CFG010', 'CFG042', 'CFG043', 'CFG069', 'CFG070', 'CFG075', 'CFG076', 'CFG080', 'CFG081', 'CFG083']
  assert.equal(Object.keys(faultCodes).filter(code => !seen.has(code as never)).sort(), elsewhere)
})

test.run()
