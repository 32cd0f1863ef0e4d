/**
 * Scenario: our own lockfile, broken ones, licences as people write them; npm asked against a registry of the test with advisories, against
 * one that refuses to answer, and without one.
 * Guarantees: what is shipped and vulnerable (high, critical), foreign, unpinned or under another licence fails; a registry that cannot be
 * asked is said, and fails only when asked to.
 * Does not show: what the real registry knows.
 */
import { createServer, type Server } from 'node:http'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { knownAdvisories, readReport } from './advisories.js'
import { auditReport, type AuditParts } from './audit.js'
import { isAllowed, licenceFaults } from './licences.js'
import { bundledPackages, lockfileFaults, parseLockfile, readLockfile, type LockEntry, type Lockfile } from './lockfile.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..')
const test = suite('audit')
const cache = mkdtempSync(join(tmpdir(), 'tapio-audit-'))
test.after(() => { rmSync(cache, { recursive: true, force: true }) })
const lock = readLockfile(root)
const good: LockEntry = { version: '1.0.0', integrity: `sha512-${'a'.repeat(86)}==`, license: 'MIT' }
const lockOf = (packages: Readonly<Record<string, LockEntry>>): Lockfile => parseLockfile(JSON.stringify({ lockfileVersion: 3, packages: { '': { name: 'x', version: '1.0.0' }, ...packages } }), ['page'])

test('our own lockfile and licences have no fault', () => {
  assert.equal([lockfileFaults(lock), licenceFaults(lock.packages)], [[], []])
})

test('what is shipped is what production needs, by npm\'s marks, and what the page is built of', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  const shipped = new Set(lock.packages.filter(p => p.shipped).map(p => p.name))
  for (const name of [...Object.keys(dependencies), ...bundledPackages(root)]) assert.ok(shipped.has(name), name)
  assert.ok(bundledPackages(root).includes('preact'))
  for (const name of ['typescript', 'eslint', 'puppeteer-core']) assert.not.ok(shipped.has(name), name)
})

const lockfiles: [string, LockEntry, RegExp | undefined][] = [
  ['a pinned package of the registry', good, undefined],
  ['the same with its address', { ...good, resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz' }, undefined],
  ['another registry', { ...good, resolved: 'https://registry.example/a/-/a-1.0.0.tgz' }, /comes from https:\/\/registry\.example/],
  ['a repository', { version: '1.0.0', resolved: 'git+ssh://git@github.com/a/a.git#abc', license: 'MIT' }, /comes from git\+ssh/],
  ['no checksum', { version: '1.0.0', license: 'MIT' }, /has no checksum/],
  ['a weak checksum', { ...good, integrity: 'sha1-abc=' }, /has the checksum "sha1-abc=/],
  ['a link', { link: true, resolved: '../a' }, /is a link/],
  ['an install script that nobody looked at', { ...good, hasInstallScript: true }, /runs a script/]
]
for (const [name, entry, fault] of lockfiles) {
  test(`lockfile: ${name}`, () => {
    const faults = lockfileFaults(lockOf({ 'node_modules/a': entry }))
    if (fault === undefined) assert.equal(faults, [])
    else assert.match(faults.join('\n'), fault)
  })
}

test('lockfile of another version is refused', () => {
  assert.throws(() => parseLockfile('{"lockfileVersion":1}', []), /expected version 3/)
})

test('licences: expressions are read, what is not on the list is a fault', () => {
  for (const fine of ['MIT', '(MIT OR GPL-3.0-only)', 'Apache-2.0 AND BSD-3-Clause', '(Apache-2.0 AND BSD-3-Clause)', 'GPL-2.0-only OR (MIT AND ISC)']) assert.ok(isAllowed(fine), fine)
  for (const bad of ['', 'GPL-3.0-only', 'MIT AND GPL-3.0-only', 'SEE LICENSE IN LICENSE.md', 'UNLICENSED', '(MIT', 'MIT)', 'MIT OR', 'MIT ISC', 'Apache-2.0 WITH LLVM-exception', 'LGPL-2.1 OR AGPL-3.0']) assert.not.ok(isAllowed(bad), bad)
  const { packages } = lockOf({ 'node_modules/a': { ...good, license: 'GPL-3.0' }, 'node_modules/b': { version: '2.0.0' }, 'node_modules/c': { ...good, dev: true, license: 'GPL-3.0' }, 'node_modules/page': { ...good, dev: true, license: 'GPL-3.0' } })
  assert.equal(licenceFaults(packages).map(f => f.split(';')[0]), ['a 1.0.0: licence "GPL-3.0"', 'b 2.0.0: licence unknown', 'page 1.0.0: licence "GPL-3.0"'])
})

/** A registry that knows one thing about one package, and every package in the versions of our lockfile alone. */
async function registry (answer: (body: Readonly<Record<string, string[]>>) => object | number): Promise<{ server: Server, args: string[] }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const json = (status: number, body: object): void => { response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)) }
      if (request.method !== 'POST') {
        const name = decodeURIComponent((request.url ?? '').slice(1))
        const versions = lock.packages.filter(p => p.name === name).map(p => [p.version, { name, version: p.version }])
        json(200, { name, versions: Object.fromEntries(versions), 'dist-tags': {} })
        return
      }
      const body = Buffer.concat(chunks)
      const told = answer(JSON.parse((request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString()) as Record<string, string[]>)
      if (typeof told === 'number') json(told, {})
      else json(200, told)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { server, args: [`--registry=http://127.0.0.1:${(server.address() as AddressInfo).port}/`, '--fetch-retries=0', '--cache', cache] }
}

const advisory = (severity: string): object[] => [{ id: 1, url: 'https://github.com/advisories/GHSA-test', title: 'It leaks', severity, vulnerable_versions: '>=0.0.0', cwe: [], cvss: { score: 9, vectorString: null } }]
const parts = (advisories: AuditParts['advisories']): AuditParts => ({ lockfile: [], licences: [], advisories, packages: 1, shipped: 1 })

test('npm itself against a registry with advisories: a shipped high one fails, one of development does not', async () => {
  const asked = new Set<string>()
  const { server, args } = await registry(body => { for (const name of Object.keys(body)) asked.add(name); return { ajv: advisory('high'), eslint: advisory('critical'), yaml: advisory('moderate') } })
  try {
    const advisories = await knownAdvisories(root, lock, args)
    assert.ok(advisories.checked, JSON.stringify(advisories))
    const direct = advisories.found.filter(a => ['ajv', 'eslint', 'yaml'].includes(a.name)).map(a => `${a.name} ${a.severity} ${a.shipped ? 'shipped' : 'development'}`)
    assert.equal(direct.sort(), ['ajv high shipped', 'eslint critical development', 'yaml moderate shipped'])
    for (const name of ['@grpc/grpc-js', 'lmdb', 'preact']) assert.ok(asked.has(name), `${name} was asked for`)
    const { lines, failed } = auditReport(parts(advisories), false)
    assert.ok(failed)
    assert.match(lines.find(l => l.includes('ajv,')) ?? '', /^advisory: FAILS ajv, high, shipped: It leaks \(https:\/\/github\.com\/advisories\/GHSA-test\)/)
    assert.not.match(lines.find(l => l.includes(' eslint,')) ?? '', 'FAILS')
  } finally { server.close() }
})

test('a registry that knows nothing: passes, and says that it was checked', async () => {
  const { server, args } = await registry(() => ({}))
  try {
    const { lines, failed } = auditReport(parts(await knownAdvisories(root, lock, args)), true)
    assert.equal([lines, failed], [['audit: 1 packages locked, 1 of them shipped; 0 faults of the lockfile, 0 of licences, 0 advisories that fail (high or critical, shipped), 0 others'], false])
  } finally { server.close() }
})

test('a registry that does not answer is said, passes, and fails when advisories are required', async () => {
  const { server, args } = await registry(() => 405)
  try {
    const advisories = await knownAdvisories(root, lock, args)
    const { lines, failed } = auditReport(parts(advisories), false)
    assert.match(lines[0] ?? '', /^advisories: NOT CHECKED: .*405/)
    assert.is(failed, false)
    assert.is(auditReport(parts(advisories), true).failed, true)
  } finally { server.close() }
  const gone = await knownAdvisories(root, lock, args)
  assert.match(gone.checked ? '' : gone.why, /ECONNREFUSED/)
})

test('an answer that is none is not taken for a clean bill', () => {
  for (const text of ['', '{}', '<html>', '{"error":{"code":"ENOLOCK","summary":"no lockfile"}}']) assert.not.ok(readReport(text, lock).checked, text)
})

test('faults of lockfile and licences fail, advisories or not', () => {
  const clean = parts({ checked: true, found: [] })
  assert.equal([clean, { ...clean, lockfile: ['x'] }, { ...clean, licences: ['x'] }].map(p => auditReport(p, true).failed), [false, true, true])
})

test.run()
