/**
 * Scenario: a person writes a configuration in an editor with the YAML language server (VS Code, Neovim, Helix …) and `tapio schema`.
 * Guarantees: component types and options are offered with their words, what is hovered is explained, what Tapio's loader refuses for its
 * shape is underlined, and no configuration that comes with Tapio is.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { components, registryUrl } from '../../core/cli/registry.js'
import { configJsonSchema } from '../../core/config/json-schema.js'
import { openCatalog } from '../../core/instance.js'
import { folderOf } from '../../core/tools/folder-of.js'
import { LanguageServer } from './language-server.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tapio-editor-'))
writeFileSync(join(folder, 'tapio.schema.json'), JSON.stringify(configJsonSchema(await openCatalog([registryUrl]))))
const server = new LanguageServer(folder, './tapio.schema.json')
await server.start()
test.after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const labels = async (text: string): Promise<readonly string[]> => (await server.completions(text)).map(c => c.label)

test('sections, component types and options are offered, with what they are', async () => {
  assert.equal((await labels('@')).filter(l => ['receivers', 'processors', 'exporters', 'connectors', 'service', 'plugins'].includes(l)).length, 6)
  const processors = await server.completions('processors:\n  @')
  assert.equal(processors.map(c => c.label).sort(), components.filter(c => c.kind === 'processor').map(c => c.type).sort())
  assert.match(processors.find(c => c.label === 'batch')?.documentation ?? '', /^Joins small batches/)
  const options = await server.completions('processors:\n  batch:\n    @')
  assert.match(options.find(c => c.label === 'timeout')?.documentation ?? '', /^Time after which a batch is sent/)
  assert.equal([...await labels('service:\n  mode: @')].sort(), ['debug', 'high-performance', 'ring-buffer', 'standard'])
})

test('a component with a name has the same options', async () => {
  assert.ok((await labels('receivers:\n  otlp/edge:\n    @')).includes('protocols'))
  assert.ok((await labels('receivers:\n  otlp/edge:\n    protocols:\n      grpc:\n        @')).includes('endpoint'))
})

test('what is hovered is explained', async () => {
  assert.match(await server.hover('processors:\n  ba@tch:\n    timeout: 1s\n'), /Joins small batches/)
  assert.match(await server.hover('processors:\n  batch:\n    tim@eout: 1s\n'), /Time after which a batch is sent/)
})

test('what is wrong is underlined where it is, in words', async () => {
  const problems = await server.problems('receivers:\n  otlp:\n    protocols:\n      grpc:\n        endpont: 1.2.3.4:1\nprocessors:\n  batch: {timeout: 200}\n  bach: {}\nexporters: {debug: {}}\nservice: {mode: fast}\n')
  assert.equal(problems.map(p => p.line), [5, 7, 8, 10])
  assert.match(problems[0]?.message ?? '', /endpont is not allowed/)
  assert.is(problems[1]?.message, 'A duration such as 200ms, 5s or 1m30s.')
  assert.match(problems[3]?.message ?? '', /ring-buffer/)
})

test('what comes from the environment may stand anywhere', async () => {
  assert.equal(await server.problems('receivers:\n  systemd: {bus: {address: "${env:BUS}"}}\nprocessors: {batch: {timeout: "${env:T}", send_batch_size: "${env:N}"}}\nservice: {mode: "${env:MODE}"}\n'), [])
})

const notConfigurations = /^configs\/(patterns|plugins|prometheus|grafana|tests)\/|rbac|deploy\/kubernetes\//
const configs = readdirSync(join(root, 'configs'), { recursive: true }).map(String).filter(f => f.endsWith('.yaml')).map(f => join('configs', f)).filter(f => !notConfigurations.test(f))
for (const file of [...configs, ...components.map(c => join(folderOf(c), 'example.yaml'))]) {
  test(`nothing is underlined in ${relative('.', file)}`, async () => {
    assert.equal(await server.problems(readFileSync(join(root, file), 'utf8')), [])
  })
}

test.run()
