/**
 * Scenario: configurations of the Collector, written for this test after the shapes people have (agent, gateway, DaemonSet, sampling,
 * authenticators, anchors), are migrated.
 * Guarantees: what is written is valid but for those that say so; text and report are, byte for byte, the ones in expected/; comments stay;
 * what was migrated once changes no more in meaning; those that can run take OTLP and deliver it.
 * TAPIO_UPDATE_GOLDEN=1 writes the expected files anew.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { inOrder, renderNotes } from '../../core/migrate/report.js'
import { ownConfigs, room } from './testing/files.js'
import { outcomeOf } from './testing/outcome.js'
import { run } from './testing/running.js'

const update = process.env['TAPIO_UPDATE_GOLDEN'] === '1'

function expectFile (name: string, text: string): void {
  const path = join(room, 'expected', name)
  if (update) writeFileSync(path, text)
  assert.ok(existsSync(path), `${path} is missing: TAPIO_UPDATE_GOLDEN=1 writes it`)
  assert.fixture(text, readFileSync(path, 'utf8'))
}

const left: readonly string[] = ['nothing-left']
const runAsTheyAre: readonly string[] = ['as-it-is']

for (const config of ownConfigs()) {
  const { name } = config
  test(`${name}: what is written and what is said`, () => {
    const { migrated, after } = outcomeOf(config)
    assert.ok(migrated.ok)
    expectFile(`${name}.yaml`, migrated.yaml)
    expectFile(`${name}.txt`, renderNotes(`${name}.yaml`, migrated.notes, false))
    assert.is(migrated.runs, !left.includes(name))
    assert.is(after?.ok, !left.includes(name), after?.ok === false ? after.faults.map(f => f.message).join('\n') : '')
    assert.equal(migrated.notes, inOrder(migrated.notes))
  })

  test(`${name}: comments of the file stay`, () => {
    const { migrated } = outcomeOf(config)
    assert.ok(migrated.ok)
    for (const [, comment] of config.text.matchAll(/^ *# (.+)$/gm)) assert.ok(migrated.yaml.includes(comment as string), comment)
  })

  test(`${name}: the same twice, and what it makes needs no more`, () => {
    const [first, second] = [outcomeOf(config), outcomeOf(config)]
    assert.equal(first.migrated, second.migrated)
    if (!first.migrated.ok || !first.migrated.runs) return
    const again = outcomeOf({ name, text: first.migrated.yaml }).migrated
    assert.ok(again.ok)
    assert.equal(again.notes.filter(n => n.kind === 'missing').map(n => `${n.path}: ${n.message}`), [])
  })

  test(`${name}: ${runAsTheyAre.includes(name) ? 'runs as it is' : 'does not run as it is'}`, async () => {
    assert.is(outcomeOf(config).asItIs.ok, runAsTheyAre.includes(name))
    if (!runAsTheyAre.includes(name)) return
    const { sent, taken, arrived } = await run(config.text)
    assert.is(taken, sent)
    assert.equal([...arrived].sort(), ['logs', 'metrics', 'traces'])
  })
}

for (const [name, expected] of Object.entries({ agent: ['logs', 'metrics', 'traces'], gateway: ['logs', 'traces'], daemonset: ['logs', 'metrics', 'traces'], sampling: ['traces'], anchors: ['logs', 'traces'] })) {
  test(`${name}: migrated, it takes OTLP and delivers ${expected.join(', ')}`, async () => {
    const config = ownConfigs().find(c => c.name === name)
    const { migrated } = outcomeOf(config ?? { name, text: '' })
    assert.ok(migrated.ok)
    const { sent, taken, arrived } = await run(migrated.yaml)
    assert.ok(sent > 0)
    assert.is(taken, sent)
    assert.equal([...arrived].sort(), expected)
  })
}

test.run()
