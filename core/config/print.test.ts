import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig, loadPlain } from './load.js'
import { configAsPlain, printConfig } from './print.js'
import { renderFaults } from './render.js'
import type { ResolvedConfig } from './shape.js'
import { catalog } from './testdata/catalog.js'

const good = readFileSync(new URL('testdata/good.yaml', import.meta.url), 'utf8')

function load (yaml: string, env: Record<string, string> = { TOKEN: 'token-of-the-day' }): ResolvedConfig {
  const result = loadConfig({ configs: [`yaml:${yaml}`] }, catalog, env)
  if (!result.ok) throw new Error(renderFaults(result.faults))
  return result.config
}

/** Without positions, which a printed file has of its own. */
const bare = ({ components, pipelines, service }: ResolvedConfig): unknown =>
  ({ components: components.map(({ at: _at, ...rest }) => rest), pipelines: pipelines.map(({ at: _at, ...rest }) => rest), service })

test('printing with secrets shown and loading again gives the same configuration', () => {
  const config = load(good)
  assert.equal(bare(load(printConfig(config, catalog, { secrets: 'shown' }), {})), bare(config))
})

test('printing what was printed changes nothing more', () => {
  const printed = printConfig(load(good), catalog)
  assert.is(printConfig(load(printed, {}), catalog), printed)
})

test('a `$` survives the round trip', () => {
  const yaml = 'receivers: {file: {path: "a$$b$${env:X}"}}\nexporters: {debug: }\nservice: {pipelines: {main: {receivers: [file], exporters: [debug]}}}'
  const config = load(yaml, {})
  assert.equal(config.components[0]?.config, { path: 'a$b${env:X}', speed: 1 })
  assert.equal(bare(load(printConfig(config, catalog), {})), bare(config))
})

test('secrets are hidden unless asked for, wherever they stand', () => {
  const config = load(good)
  const hidden = printConfig(config, catalog)
  assert.not.match(hidden, 'token-of-the-day')
  assert.not.match(hidden, 'Bearer')
  assert.match(hidden, 'token: "[redacted]"')
  assert.match(printConfig(config, catalog, { secrets: 'shown' }), 'token-of-the-day')
})

test('the plain form is what the programmatic builder loads', () => {
  const config = load(good)
  const again = loadPlain(configAsPlain(config, catalog, { secrets: 'shown' }), catalog)
  assert.ok(again.ok)
  // A program holds no `${…}`, so nothing is unescaped there; the one `$` of the file stays doubled.
  assert.equal(JSON.stringify(bare(again.config)).replaceAll('$$', '$'), JSON.stringify(bare(config)))
})

test.run()
