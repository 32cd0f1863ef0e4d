/**
 * Scenario: files with names of the Collector: other types of a component, older options, extensions that are not needed.
 * Guarantees: they load as if they were written with Tapio's names, the id as written, with a warning where the name is old or nothing is
 * behind it; what is written wins; a wrong value is still a fault at its place.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { registryUrl } from '../cli/registry.js'
import { openCatalog, planConfig } from '../instance.js'
import { configJsonSchema } from './json-schema.js'
import { loadConfig, type LoadResult } from './load.js'
import { printConfig } from './print.js'
import { renderFaults } from './render.js'
import { Ajv } from 'ajv'
import { parse } from 'yaml'

const catalog = await openCatalog([registryUrl])

const around = (exporters: string, more = '', extensions = ''): string => `
receivers: {otlp: {protocols: {http: }}}
exporters: ${exporters}
${more}
service: {${extensions}pipelines: {logs: {receivers: [otlp], exporters: [${Object.keys(parse(exporters) as object).join(', ')}]}}}
`

const load = (text: string): LoadResult => loadConfig({ configs: ['/in.yaml'], texts: new Map([['/in.yaml', text]]) }, catalog, {})

function optionsOf (text: string, id: string): Record<string, unknown> {
  const loaded = load(text)
  if (!loaded.ok) throw new Error(renderFaults(loaded.faults))
  assert.ok(planConfig(loaded.config, catalog).ok)
  return loaded.config.components.find(c => c.id.text === id)?.config as Record<string, unknown>
}

const named: readonly (readonly [id: string, exporters: string, option: string, expected: unknown])[] = [
  ['otlp_grpc', '{otlp_grpc: {endpoint: "a:4317"}}', 'protocol', 'grpc'],
  ['otlphttp/x', '{otlphttp/x: {endpoint: "http://a:4318"}}', 'protocol', 'http/protobuf'],
  ['otlp_http', '{otlp_http: {endpoint: "http://a:4318", protocol: http/json}}', 'protocol', 'http/json'],
  ['logging', '{logging: }', 'verbosity', 'basic'],
  ['logging/a', '{logging/a: {loglevel: DEBUG}}', 'verbosity', 'detailed'],
  ['debug', '{debug: {logLevel: info}}', 'verbosity', 'normal']
]

for (const [id, exporters, option, expected] of named) {
  test(`${exporters}: ${option} is ${String(expected)}`, () => assert.is(optionsOf(around(exporters), id)[option], expected))
}

test('what is printed loads to the same', () => {
  const loaded = load(around('{otlphttp: {endpoint: "http://a:4318"}, logging: {loglevel: debug}}'))
  assert.ok(loaded.ok)
  if (!loaded.ok) return
  const printed = printConfig(loaded.config, catalog)
  const again = load(printed)
  assert.ok(again.ok)
  assert.is(again.ok ? printConfig(again.config, catalog) : '', printed)
})

test('an older name is warned of, with the new one', () => {
  const { warnings } = load(around('{debug: {loglevel: debug}}'))
  assert.equal(warnings.map(w => [w.code, w.path, w.suggestion]), [['CFG043', 'exporters.debug.loglevel', 'verbosity']])
})

const wrong: readonly (readonly [exporters: string, code: string, path: string])[] = [
  ['{debug: {loglevel: loud}}', 'CFG033', 'exporters.debug.loglevel'],
  ['{debug: {loglevel: debug, verbosity: basic}}', 'CFG031', 'exporters.debug.loglevel'],
  ['{otlphttp: {endpoint: "a:4318"}}', 'CFG041', 'exporters.otlphttp.endpoint'],
  ['{otlphttp: 5}', 'CFG030', 'exporters.otlphttp']
]

for (const [exporters, code, path] of wrong) {
  test(`${exporters} is ${code} at ${path}`, () => {
    const loaded = load(around(exporters))
    assert.equal(loaded.ok ? [] : loaded.faults.map(f => [f.code, f.path]), [[code, path]])
  })
}

test('extensions that are not needed are left out, each with a warning that says where to look', () => {
  const loaded = load(around('{debug: }', 'extensions: {health_check: {endpoint: 0.0.0.0:13133}, zpages/a: , pprof: }', 'extensions: [health_check, zpages/a, pprof], '))
  assert.ok(loaded.ok)
  assert.equal(loaded.warnings.map(w => [w.code, w.path]), [['CFG083', 'extensions.health_check'], ['CFG083', 'extensions.zpages/a'], ['CFG083', 'extensions.pprof']])
  for (const { help } of loaded.warnings) assert.match(help ?? '', /`/)
})

test('any other extension is a fault', () => {
  const loaded = load(around('{debug: }', 'extensions: {bearertokenauth: {token: x}, health_check: }', 'extensions: [bearertokenauth, health_check], '))
  assert.equal(loaded.ok ? [] : loaded.faults.map(f => [f.code, f.path]), [['CFG050', 'extensions.bearertokenauth']])
})

test('one that is named and not defined is a fault still', () => {
  const loaded = load(around('{debug: }', '', 'extensions: [opamp], '))
  assert.equal(loaded.ok ? [] : loaded.faults.map(f => f.code), ['CFG060'])
})

test('an editor takes the other names, and does not offer them', () => {
  const schema = configJsonSchema(catalog)
  const check = new Ajv({ strict: false, logger: false }).compile(schema)
  assert.ok(check(parse(around('{otlphttp/x: {endpoint: "http://a:4318"}, logging: }'))), JSON.stringify(check.errors))
  assert.not.ok(check(parse(around('{otlphttps: {endpoint: "http://a:4318"}}'))))
  const { properties } = schema as { properties: { exporters: { properties: object } } }
  assert.not.ok(Object.keys(properties.exporters.properties).includes('otlphttp'))
})

test.run()
