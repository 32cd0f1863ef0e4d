import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Fault } from './faults.js'
import { loadConfig, loadPlain, type ConfigSources, type LoadResult } from './load.js'
import type { ResolvedConfig } from './shape.js'
import { faultsAsJson, renderFaults } from './render.js'
import { maxSourceBytes } from './source.js'
import { catalog } from './testdata/catalog.js'

const folder = mkdtempSync(join(tmpdir(), 'tapio-config-'))
test.after(() => { rmSync(folder, { recursive: true }) })

const base = `
receivers: {otlp: {protocols: {grpc: }}}
processors:
  batch: {size: 10, timeout: 1s}
  filter: {names: [a, b]}
exporters: {debug: }
service: {pipelines: {traces: {receivers: [otlp], processors: [batch, filter], exporters: [debug]}}}
`

function load (sources: Partial<ConfigSources>, env: Record<string, string> = {}): LoadResult {
  return loadConfig({ configs: [], cwd: folder, ...sources }, catalog, env)
}

function config (result: LoadResult): ResolvedConfig {
  if (!result.ok) throw new Error(renderFaults(result.faults))
  return result.config
}

function only (result: LoadResult): Fault {
  if (result.ok) throw new Error('it was accepted')
  assert.is(result.faults.length, 1, renderFaults(result.faults))
  return result.faults[0] as Fault
}

const options = (result: LoadResult, id: string): unknown => config(result).components.find(c => c.id.text === id)?.config

function file (name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content)
  return name
}

const merges: readonly (readonly [name: string, above: string, id: string, expected: unknown])[] = [
  ['a scalar of a later file wins and its neighbours stay', 'processors: {batch: {size: 20}}', 'batch', { size: 20, timeout: 1000 }],
  ['a list of a later file replaces the earlier one', 'processors: {filter: {names: [c]}}', 'filter', { names: ['c'], keep: true }],
  ['a key with nothing behind it forgets nothing', 'processors: {batch: }', 'batch', { size: 10, timeout: 1000 }],
  ['a map is merged at any depth', 'receivers: {otlp: {protocols: {grpc: {endpoint: "a:1"}}}}', 'otlp', { protocols: { grpc: { endpoint: 'a:1', max_message: 4 * 1024 * 1024 } } }],
  ['a new component joins', 'exporters: {debug/two: {verbosity: basic}}', 'debug/two', { verbosity: 'basic' }]
]

for (const [name, above, id, expected] of merges) {
  test(`merge: ${name}`, () => {
    assert.equal(options(load({ configs: [`yaml:${base}`, `yaml:${above}`] }), id), expected)
  })
}

test('after a merge a fault points to the file that holds the value', () => {
  const fault = only(load({ configs: [file('base.yaml', base), file('over.yaml', 'processors:\n  batch:\n    size: 0\n')] }))
  assert.equal([fault.file, fault.line, fault.column, fault.path], ['over.yaml', 3, 11, 'processors.batch.size'])
})

const sets: readonly (readonly [set: string, id: string, expected: unknown])[] = [
  ['processors.batch.size=7', 'batch', { size: 7, timeout: 1000 }],
  ['processors::batch::size=7', 'batch', { size: 7, timeout: 1000 }],
  ['processors.batch={size: 3}', 'batch', { size: 3, timeout: 1000 }],
  ['processors.filter.names=[x, y]', 'filter', { names: ['x', 'y'], keep: true }],
  ['receivers.otlp/x.protocols.http.endpoint="[::1]:80"', 'otlp/x', { protocols: { http: { endpoint: '[::1]:80' } } }],
  ['exporters::web/a.b={url: "http://h"}', 'web/a.b', { url: 'http://h', timeout: 5000, retry: { initial: 100, max_tries: 5 }, compression: 'gzip' }],
  ['exporters.web/a\\.b.url=http://h', 'web/a.b', { url: 'http://h', timeout: 5000, retry: { initial: 100, max_tries: 5 }, compression: 'gzip' }],
  ['exporters.file={path: "a=b", format: json}', 'file', { path: 'a=b', format: 'json' }]
]

for (const [set, id, expected] of sets) {
  test(`--set ${set}`, () => {
    assert.equal(options(load({ configs: [`yaml:${base}`], sets: [set] }), id), expected)
  })
}

test('--set wins over every source, and the last --set over the others', () => {
  const result = load({ configs: [`yaml:${base}`], sets: ['processors.batch.size=1', 'processors.batch.size=2'] })
  assert.equal(options(result, 'batch'), { size: 2, timeout: 1000 })
})

test('a fault in a --set value points into the argument', () => {
  const fault = only(load({ configs: [`yaml:${base}`], sets: ['processors.batch.size=many'] }))
  assert.equal([fault.code, fault.file, fault.line, fault.column], ['CFG030', '--set processors.batch.size', 1, 23])
  assert.equal(fault.excerpt, { text: 'processors.batch.size=many', column: 22, length: 4 })
})

test('of two --set for one key the excerpt shows the right one', () => {
  const fault = only(load({ configs: [`yaml:${base}`], sets: ['processors.batch.size=1', 'processors.batch.size=none'] }))
  assert.is(fault.excerpt?.text, 'processors.batch.size=none')
})

for (const [set, column] of [['processors.batch', 1], ['=5', 1], ['a..b=5', 1]] as const) {
  test(`--set ${set} is malformed`, () => {
    const fault = only(load({ configs: [`yaml:${base}`], sets: [set] }))
    assert.equal([fault.code, fault.column], ['CFG010', column])
  })
}

test('--set with a value that is not YAML says where', () => {
  const fault = only(load({ configs: [`yaml:${base}`], sets: ['processors.batch.size=[1'] }))
  assert.equal([fault.code, fault.column], ['CFG004', 23])
})

test('sources: a path, file:, env: and yaml: are all read, in order', () => {
  file('one.yaml', base)
  file('two.yaml', 'processors: {batch: {size: 2}}')
  const env = { CONF: 'processors: {batch: {size: 3, timeout: 3s}}' }
  assert.equal(options(load({ configs: ['one.yaml', 'file:two.yaml', 'env:CONF', 'yaml:processors::batch::size: 4'] }, env), 'batch'), { size: 4, timeout: 3000 })
})

test('several `a::b` keys of one inline source build one map', () => {
  const result = config(load({ configs: [`yaml:${base}`, 'yaml:service::mode: debug\nservice::batch_size: 5'] }))
  assert.equal([result.service.mode, result.service.batchSize], ['debug', 5])
})

const unreadable: readonly (readonly [name: string, source: string, code: string, words: string])[] = [
  ['a file that does not exist', 'nowhere.yaml', 'CFG001', 'there is no such file'],
  ['a folder', '.', 'CFG001', 'it is a folder'],
  ['an unset variable', 'env:NOT_THERE', 'CFG001', '`NOT_THERE` is not set'],
  ['an unknown kind of source', 'http://host/config', 'CFG001', 'there is no such file']
]

for (const [name, source, code, words] of unreadable) {
  test(`${name} cannot be a source`, () => {
    const fault = only(load({ configs: [`yaml:${base}`, source] }))
    assert.is(fault.code, code)
    assert.match(fault.message, words)
  })
}

test('a file larger than the limit is refused unread', () => {
  file('big.yaml', `# ${'x'.repeat(maxSourceBytes)}\n`)
  assert.is(only(load({ configs: ['big.yaml'] })).code, 'CFG002')
})

test('a byte order mark and CRLF line ends are fine, and columns do not count them', () => {
  file('bom.yaml', `\ufeff${base.replaceAll('\n', '\r\n')}`)
  config(load({ configs: ['bom.yaml'] }))
  file('bom-bad.yaml', '\ufeffservice:\r\n  mode: x\r\n')
  const result = load({ configs: ['bom-bad.yaml'] })
  const fault = result.ok ? undefined : result.faults.find(f => f.code === 'CFG033')
  assert.equal([fault?.line, fault?.column, fault?.excerpt?.text], [2, 9, '  mode: x'])
})

test('UTF-16 is refused with the way out', () => {
  file('utf16.yaml', new Uint8Array([0xff, 0xfe, 0x61, 0]))
  assert.match(only(load({ configs: ['utf16.yaml'] })).message, 'UTF-16')
})

test('nothing given and nothing in it are told apart', () => {
  assert.match(only(load({})).message, 'no configuration is given')
  assert.match(only(load({ configs: ['yaml:'] })).message, 'the configuration is empty')
})

test('faults of all sources that do not parse are reported together', () => {
  const result = load({ configs: [file('bad1.yaml', 'a: "x\n'), file('bad2.yaml', 'b: [1\n'), 'no.yaml'] })
  assert.equal(result.ok ? [] : result.faults.map(f => [f.file, f.code]).sort(), [['bad1.yaml', 'CFG004'], ['bad2.yaml', 'CFG004'], ['no.yaml', 'CFG001']])
})

test('merge keys and aliases: own keys win, then the first of the merged maps', () => {
  const yaml = `x-a: &a {size: 1, timeout: 1s}\nx-b: &b {size: 2}\n${base}`.replace('batch: {size: 10, timeout: 1s}', 'batch: {<<: [*b, *a]}\n  batch/own: {<<: *a, size: 9}')
  assert.equal(options(load({ configs: [`yaml:${yaml}`] }), 'batch'), { size: 2, timeout: 1000 })
  assert.equal(options(load({ configs: [`yaml:${yaml}`] }), 'batch/own'), { size: 9, timeout: 1000 })
})

test('an anchor that is defined again counts from there on', () => {
  const yaml = `${base}x-1: &s 1\nx-2: {v: *s}\nx-3: &s 2\n`.replace('processors:', 'x-0: &s 5\nprocessors:\n  batch/a: {size: *s}')
  assert.equal(options(load({ configs: [`yaml:${yaml}`] }), 'batch/a'), { size: 5, timeout: 200 })
})

test('thousands of aliases are read in time that grows with their number, not its square', () => {
  const many = Array.from({ length: 20_000 }, () => '*n').join(', ')
  config(load({ configs: [`yaml:x-n: &n 1\nx-many: [${many}]\n${base}`] }))
})

test('options that come from a program are typed the same way', () => {
  const plain = {
    receivers: { otlp: { protocols: { grpc: {} } } },
    processors: { batch: { timeout: '3s' } },
    exporters: { debug: null },
    service: { pipelines: { traces: { receivers: ['otlp'], processors: ['batch'], exporters: ['debug'] } } }
  }
  assert.equal(options(loadPlain(plain, catalog), 'batch'), { size: 1000, timeout: 3000 })
  assert.is(only(loadPlain({ ...plain, processors: { batch: { timeout: 3 } } }, catalog)).path, 'processors.batch.timeout')
  assert.is(loadPlain(5, catalog).ok, false)
})

test('a resolved configuration is plain data that can go to a worker', () => {
  const resolved = config(load({ configs: [`yaml:${base}`] }))
  assert.equal(structuredClone(resolved), resolved)
})

test('more faults than anyone reads are cut', () => {
  const options = Array.from({ length: 500 }, (_, i) => `    o${i}: 1`).join('\n')
  const result = load({ configs: [`yaml:${base.replace('batch: {size: 10, timeout: 1s}', `batch:\n${options}`)}`] })
  assert.is(result.ok ? 0 : result.faults.length, 200)
})

test('faults as JSON hold the same fields', () => {
  const result = load({ configs: [`yaml:${base}`], sets: ['service.mode=debgu'] })
  const [fault] = (JSON.parse(faultsAsJson(result.ok ? [] : result.faults)) as { faults: Fault[] }).faults
  assert.equal([fault?.code, fault?.path, fault?.suggestion], ['CFG033', 'service.mode', 'debug'])
})

test('colours are only there when asked for', () => {
  const result = load({ configs: [`yaml:${base}`], sets: ['service.mode=debgu'] })
  const faults = result.ok ? [] : result.faults
  assert.not.match(renderFaults(faults), '\x1b[')
  assert.match(renderFaults(faults, { color: true }), '\x1b[31m')
})

test('control characters of a file never reach the terminal', () => {
  const evil = '\\e[2J\\x9b2J\\u202e'
  const result = load({ configs: [`yaml:"${evil}": 1\nservice: {mode: "a${evil}", "${evil}": 1, pipelines: {"${evil}": {receivers: ["${evil}"]}}}\nreceivers: {"${evil}": }`] })
  const text = renderFaults(result.ok ? [] : result.faults)
  assert.ok(!result.ok && result.faults.length >= 5)
  assert.not.ok(/[\x1b\x9b\u202e]/.test(text), JSON.stringify(text))
})

test.run()
