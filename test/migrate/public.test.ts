/**
 * Scenario: real configurations of others (corpus.json) are loaded as they are, migrated, and started where they can be, on loopback.
 * Guarantees: every one is migrated; what is written is valid, or says that no pipeline is left; the reports are the ones in
 * expected/corpus; the table of the README is what was measured.
 * Does not prove: that what they ran with behaves the same (the reports say what does not). Without the files it is skipped, saying so.
 * TAPIO_UPDATE_GOLDEN=1 writes reports and table anew.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderNotes } from '../../core/migrate/report.js'
import { corpusFolder, index, publicConfigs, room } from './testing/files.js'
import { outcomeOf } from './testing/outcome.js'
import { run } from './testing/running.js'
import { lines, type Row } from './testing/table.js'

const update = process.env['TAPIO_UPDATE_GOLDEN'] === '1'
const configs = publicConfigs()
const rows: Row[] = []

/** Needs what is not on this machine to start: the files of a certificate. */
const needsFiles: readonly string[] = ['contrib-secure-tracing']

const starts = async (name: string, text: string): Promise<boolean> => {
  if (needsFiles.includes(name)) return false
  const { sent, taken } = await run(text)
  assert.is(taken, sent, 'not every request was taken')
  return sent > 0
}

if (configs.length < index.length) {
  // Other people's texts are not part of this repository: which ones, and where from, is in the index.
  console.log(`REPORT not run here: ${index.length - configs.length} of ${index.length} configurations are not in ${corpusFolder} (test/migrate/README.md)`)
}

test('the index names at least 15 configurations of at least 8 origins, each with its licence', () => {
  assert.ok(index.length >= 15)
  assert.ok(new Set(index.map(c => c.repo)).size >= 8)
  for (const { commit, licence } of index) {
    assert.match(commit, /^[0-9a-f]{40}$/)
    assert.ok(['Apache-2.0', 'MIT', 'BSD-3-Clause'].includes(licence))
  }
})

for (const config of configs) {
  const { name } = config
  test(name, async () => {
    const outcome = outcomeOf(config)
    const { asItIs, migrated, after } = outcome
    assert.ok(migrated.ok, migrated.ok ? '' : migrated.faults.map(f => f.message).join('\n'))
    const report = renderNotes(`${name}.yaml`, migrated.notes, false)
    const path = join(room, 'expected', 'corpus', `${name}.txt`)
    if (update) writeFileSync(path, report)
    assert.fixture(report, readFileSync(path, 'utf8'))
    assert.is(after?.ok, migrated.runs, after?.ok === false ? after.faults.map(f => f.message).join('\n') : '')
    rows.push({ config, outcome, startsAsItIs: asItIs.ok && await starts(name, config.text), startsAfter: migrated.runs && await starts(name, migrated.yaml) })
  })
}

test('the table of the README is what was measured', () => {
  if (configs.length < index.length) return
  const path = join(room, 'README.md')
  const readme = readFileSync(path, 'utf8')
  const measured = readme.replace(/<!-- measured:table -->[\s\S]*<!-- \/measured:table -->/, () => `<!-- measured:table -->\n${lines(rows).join('\n')}\n<!-- /measured:table -->`)
  if (update) writeFileSync(path, measured)
  assert.fixture(readFileSync(path, 'utf8'), measured)
})

test.run()
