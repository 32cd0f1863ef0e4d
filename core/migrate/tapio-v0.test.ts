/**
 * Scenario: the short form of the original Tapio is written in the long form.
 * Guarantees: what is written loads to the same configuration as the short form does; substitutions stay; what has no effect is said.
 */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { registryUrl } from '../cli/registry.js'
import { loadConfig } from '../config/load.js'
import { printConfig } from '../config/print.js'
import { renderFaults } from '../config/render.js'
import { SourceText } from '../config/source.js'
import { openCatalog } from '../instance.js'
import { migrateSeed } from './tapio-v0.js'

const catalog = await openCatalog([registryUrl])
const env = { BATCH: '500', NODE: 'node-7' }

function printed (text: string): string {
  const loaded = loadConfig({ configs: ['/in.yaml'], texts: new Map([['/in.yaml', text]]) }, catalog, env)
  assert.ok(loaded.ok, loaded.ok ? '' : renderFaults(loaded.faults))
  return printConfig(loaded.config, catalog)
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

const files: readonly (readonly [name: string, text: string])[] = [
  ['configs/seed.yaml', read('../../../configs/seed.yaml')],
  ['a small one', 'collectors: {otel: {enabled: true, endpoint: 0.0.0.0:4317}, systemd: {enabled: false}}\n'],
  ['with pipelines of its own', 'intelligence: {pipeline: {mode: debug, enableCorrelation: false}}\ncollectors: {otel: {}}\nexporters: {debug: {verbosity: normal}}\n'],
  ['with substitutions', 'intelligence: {pipeline: {batchSize: "${env:BATCH}"}}\ncollectors: {otel: {endpoint: "127.0.0.1:4317"}}\nexporters: {otlp: {endpoint: "${env:NODE}:4317", tls: {insecure: true}}}\n']
]

for (const [name, text] of files) {
  test(`${name}: the same configuration`, () => {
    const migrated = migrateSeed(new SourceText('in.yaml', text, '/'), catalog)
    assert.ok(migrated.ok, migrated.ok ? '' : renderFaults(migrated.faults))
    if (!migrated.ok) return
    assert.is(printed(migrated.yaml), printed(text))
    assert.not.match(migrated.yaml, /^(intelligence|collectors|correlation):/m)
    for (const variable of text.match(/\$\{[^}]+\}/g) ?? []) assert.ok(migrated.yaml.includes(variable))
  })
}

test('an option without effect is said, with its line', () => {
  const migrated = migrateSeed(new SourceText('in.yaml', 'intelligence:\n  pipeline:\n    maxRetries: 3\ncollectors: {otel: {}}\n', '/'), catalog)
  assert.ok(migrated.ok)
  const note = migrated.ok ? migrated.notes.find(n => n.kind === 'changed') : undefined
  assert.is(note?.line, 3)
  assert.is(note?.path, 'intelligence.pipeline.maxRetries')
})

test('anything else is a fault', () => {
  for (const text of ['', 'receivers: {}', 'a: [', 'collectors: {otell: {}}']) assert.not.ok(migrateSeed(new SourceText('in.yaml', text, '/'), catalog).ok, text)
})

test.run()
