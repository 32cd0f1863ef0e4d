import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FaultList } from './faults.js'
import { loadConfig } from './load.js'
import { parseValueText } from './parse.js'
import { SourceText } from './source.js'
import { retype, substitute } from './substitute.js'
import { catalog } from './testdata/catalog.js'
import { toPlain } from './tree.js'

const folder = mkdtempSync(join(tmpdir(), 'tapio-substitute-'))
writeFileSync(join(folder, 'token'), 'abc$def\n')
writeFileSync(join(folder, 'port'), '4317\r\n')
mkdirSync(join(folder, 'dir'))
test.after(() => { rmSync(folder, { recursive: true }) })

const env = { PORT: '4317', HOST: 'example.org', EMPTY: '', YES: 'true', PASS: 'p${env:PORT}$$', LIST: '[1, 2]', ZERO: '007', WORDS: 'a: b' }

function run (yaml: string): { value: unknown; faults: FaultList } {
  const faults = new FaultList()
  const source = new SourceText('t', yaml, folder)
  const node = parseValueText(source, faults)
  if (node === undefined) throw new Error('not YAML')
  return { value: toPlain(substitute(node, [], { env, faults, files: new Set(), sources: new Map([['t', source]]) })), faults }
}

const cases: readonly (readonly [yaml: string, expected: unknown])[] = [
  ['${env:HOST}', 'example.org'],
  ['${HOST}', 'example.org'],
  ['${env:PORT}', 4317],
  ['"${env:PORT}"', 4317],
  ['${env:HOST}:${env:PORT}', 'example.org:4317'],
  ['x${env:PORT}', 'x4317'],
  ['${env:YES}', true],
  ['${env:EMPTY}', null],
  ['a${env:EMPTY}b', 'ab'],
  ['${env:NONE:-5s}', '5s'],
  ['${env:NONE:-5}', 5],
  ['${env:NONE:-}', null],
  ['${NONE:-x}', 'x'],
  ['${env:EMPTY:-fallback}', 'fallback'],
  ['${env:PORT:-1}', 4317],
  ['${env:NONE:-${env:HOST}}', 'example.org'],
  ['${env:NONE:-${env:NOT:-deep}}/x', 'deep/x'],
  ['"${env:NONE:-a:-b}"', 'a:-b'],
  ['$${env:HOST}', '${env:HOST}'],
  ['a$$b$$$$', 'a$b$$'],
  ['cost $5', 'cost $5'],
  ['${env:PASS}', 'p${env:PORT}$$'],
  ['${env:LIST}', '[1, 2]'],
  ['${env:WORDS}', 'a: b'],
  ['${file:token}', 'abc$def'],
  ['${file:port}', 4317],
  ['Bearer ${file:token}', 'Bearer abc$def'],
  ['{a: ["${env:HOST}"], "${env:HOST}": 1}', { a: ['example.org'], '${env:HOST}': 1 }]
]

for (const [yaml, expected] of cases) {
  test(`substitution: ${yaml} is ${JSON.stringify(expected)}`, () => {
    const { value, faults } = run(yaml)
    assert.is(faults.errors, 0)
    assert.equal(value, expected)
  })
}

const broken: readonly (readonly [yaml: string, code: string, column: number])[] = [
  ['${env:NONE}', 'CFG020', 1],
  ['abc ${env:NONE}', 'CFG020', 5],
  ['"abc ${env:NONE}"', 'CFG020', 6],
  ['${env:HOST} ${env:NONE}', 'CFG020', 13],
  ['${env:NONE:-${env:NOT}}', 'CFG020', 13],
  ['${', 'CFG021', 1],
  ['${env:}', 'CFG021', 1],
  ['${env:1X}', 'CFG021', 1],
  ['${}', 'CFG021', 1],
  ['${env:N:-${env:N:-${env:N:-${env:N:-${env:N:-${env:N:-x}}}}}}', 'CFG021', 37],
  ['${https://x}', 'CFG022', 1],
  ['${file:none}', 'CFG023', 1],
  ['${file:dir}', 'CFG023', 1],
  ['${file:}', 'CFG023', 1]
]

for (const [yaml, code, column] of broken) {
  test(`substitution: ${yaml} is refused with ${code} at column ${column}`, () => {
    const { faults } = run(yaml)
    assert.equal(faults.items.map(f => [f.code, f.at.column]), [[code, column]])
  })
}

test('what looks like a number is typed, what is more than a scalar stays text', () => {
  const expected = { '12': 12, '-1.5': -1.5, '1e3': 1000, '0x10': 16, '.5': 0.5, 'null': null, '~': null, 'True': true, 'yes': 'yes', '---': '---', '...': '...', '- a': '- a', '{}': '{}', '# x': '# x' }
  for (const [text, value] of Object.entries(expected)) assert.equal(retype(text), value, text)
})

test('a text option takes the digits of a variable as they are', () => {
  const yaml = 'receivers: {file: {path: "${env:ZERO}"}}\nexporters: {web: {url: "http://h", token: "${env:PORT}"}}\nservice: {pipelines: {traces: {receivers: [file], exporters: [web]}}}'
  const result = loadConfig({ configs: [`yaml:${yaml}`], cwd: folder }, catalog, env)
  assert.ok(result.ok)
  assert.equal((result.config.components[0]?.config as { path: string }).path, '007')
  assert.equal((result.config.components[1]?.config as { token: string }).token, '4317')
})

for (const [name, yaml] of Object.entries({
  'a whole section': 'service: ${env:NONE}',
  'a part of the service': 'service: {telemetry: "${env:NONE}"}',
  'a component section': 'receivers: ${env:NONE}',
  'a component': 'exporters: {otlp: "${env:NONE}"}',
  'an option that the component checks itself': 'exporters: {otlp: {endpoint: a:1, headers: "${env:NONE}"}}',
  'a list of pipelines': 'service: {pipelines: {traces: {receivers: "${env:NONE}", exporters: ["${env:NONE}"]}}}',
  'the short form': 'collectors: ${env:NONE}',
  'a collector': 'collectors: {otel: "${env:NONE}"}',
  'a switch of the short form': 'intelligence: {pipeline: "${env:NONE}"}\ncollectors: {otel: {enabled: "${env:NONE}"}}'
})) {
  test(`a substitution that fails in place of ${name} is reported once and breaks nothing else`, () => {
    const result = loadConfig({ configs: [`yaml:${yaml}`] }, catalog, {})
    const faults = result.ok ? [] : result.faults.filter(f => !['CFG060', 'CFG063', 'CFG064'].includes(f.code))
    assert.equal([...new Set(faults.map(f => f.code))], ['CFG020'])
    assert.is(faults.length, yaml.split('NONE').length - 1)
  })
}

test('a file is looked up beside the configuration file that names it', () => {
  writeFileSync(join(folder, 'dir', 'near'), 'found')
  writeFileSync(join(folder, 'dir', 'c.yaml'), 'receivers: {file: {path: "${file:near}"}}\nexporters: {debug: }\nservice: {pipelines: {traces: {receivers: [file], exporters: [debug]}}}')
  const result = loadConfig({ configs: ['dir/c.yaml'], cwd: folder }, catalog, {})
  assert.ok(result.ok)
  assert.is((result.config.components[0]?.config as { path: string }).path, 'found')
})

test.run()
