/**
 * Scenario: secrets of a configuration that come from files and from the environment.
 * Guarantees: a file that others can read is a warning at its line, or an error when the configuration says `strict`; files behind options
 * that are no secrets are nobody's business; the names of variables that secrets came from are known.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Fault } from './faults.js'
import { loadConfig, loadService, type LoadResult } from './load.js'
import { catalog } from './testdata/catalog.js'

const test = suite('sources of secrets')
const folder = mkdtempSync(join(tmpdir(), 'tapio-secret-sources-'))
test.before(() => { chmodSync(folder, 0o755) })
test.after(() => { rmSync(folder, { recursive: true }) })

const file = join(folder, 'token')
function write (mode: number): void {
  writeFileSync(file, 'hunter2hunter2hunter2')
  chmodSync(file, mode)
}

const load = (policy: string, web: string, env: Record<string, string> = {}): LoadResult => loadConfig({ configs: [`yaml:
receivers: {otlp: {protocols: {grpc: }}}
exporters:
  web: ${web}
service: {security: {secret_files: ${policy}}, pipelines: {traces: {receivers: [otlp], exporters: [web]}}}
`] }, catalog, env)
const secret = `{url: "http://h", token: "\${file:${file}}"}`
const brief = (faults: readonly Fault[]): string[] => faults.map(f => `${f.code} ${f.line} ${f.path}`)

test('a file that everybody may read is a warning at the option, or an error', () => {
  write(0o644)
  const warned = load('warn', secret)
  assert.ok(warned.ok)
  assert.equal(brief(warned.warnings), ['CFG075 4 exporters.web.token'])
  assert.match(warned.warnings[0]?.message ?? '', `\`token\` comes from ${file}, a file that is exposed: everybody on this machine may read it (mode 0644): \`chmod o-rwx ${file}\``)
  const refused = load('strict', secret)
  assert.not.ok(refused.ok)
  assert.equal(brief(refused.ok ? [] : refused.faults), ['CFG075 4 exporters.web.token'])
  assert.equal(load('off', secret).warnings, [])
})

test('one that everybody may write is an error, unless nobody is to look', () => {
  write(0o666)
  assert.equal(['warn', 'strict', 'off'].map(policy => load(policy, secret).ok), [false, false, true])
})

test('one of Tapio\'s own is neither, nor is a file behind an option that is no secret', () => {
  write(0o600)
  const own = load('strict', secret)
  assert.ok(own.ok)
  writeFileSync(file, 'http://h')
  chmodSync(file, 0o644)
  const plain = load('strict', `{url: "\${file:${file}}", token: x}`)
  assert.ok(plain.ok)
  assert.equal([own.warnings, plain.warnings], [[], []])
})

test('variables are known by name: those of secrets, also behind a default and beside other text', () => {
  const names = (web: string): readonly string[] => {
    const result = load('warn', web, { A: 'a', B: 'b', URL: 'http://h' })
    assert.ok(result.ok)
    return result.config.secretVariables
  }
  assert.equal(names('{url: "${env:URL}", token: "${env:A}"}'), ['A'])
  assert.equal(names('{url: "${URL}", token: "x ${A:-none} ${NONE:-${env:B}}"}'), ['A', 'B'])
  assert.equal(names('{url: "${URL}", token: "x"}'), [])
})

test('the section `service` alone is looked at in the same way', () => {
  write(0o644)
  const service = loadService({ configs: [`yaml:service: {api: {auth: {tokens: [{name: a, token: "\${file:${file}}"}, {name: b, token: "\${env:B}"}]}}}`] }, catalog, { B: 'b'.repeat(32) })
  assert.equal(brief(service.warnings), ['CFG075 1 service.api.auth.tokens[0].token'])
  assert.equal(service.ok ? service.secretVariables : service.faults.map(f => f.message), ['B'])
})

test.run()
