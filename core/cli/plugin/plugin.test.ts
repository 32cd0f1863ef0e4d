/**
 * Scenario: `tapio plugin new`, `check` and `test` as people run them, over plugins that are well and ones that are wrong in each way.
 * Guarantees: what is printed says what is there, what fails and what to do; the exit tells; a plugin that exits, hangs or throws fails a test
 * and not the command.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { join } from 'node:path'
import { registryUrl } from '../registry.js'
import { CommanderError } from 'commander'
import { createProgram } from '../program.js'
import type { CommandIo } from '../io.js'
import type { ExitName } from '../exit-codes.js'
import { loadPlugins } from '../../plugins/load.js'
import { optionsOf, PluginFolder, pluginText } from '../../plugins/testing/made.js'
import { verifyContract } from '../../plugins/verify/contract.js'
import type { ContractResult } from '../../plugins/verify/protocol.js'
import { version } from '../../version.js'

interface Context { folder: PluginFolder }
const test = suite<Context>('tapio plugin')
test.before.each(context => { context.folder = new PluginFolder() })
test.after.each(({ folder }) => folder.remove())

interface Answer { readonly exit: ExitName, readonly out: string, readonly err: string }

async function tapio (...args: readonly string[]): Promise<Answer> {
  let [out, err, exit] = ['', '', 'ok' as ExitName]
  const io: CommandIo = { out: text => { out += text }, err: text => { err += text }, color: false, env: {}, modules: [registryUrl] }
  try {
    await createProgram(version, io, () => Promise.resolve('ok'), answer => { exit = answer }).parseAsync(['node', 'tapio', 'plugin', ...args])
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    exit = 'usage'
  }
  return { exit, out, err }
}

test('new says what it made and what comes next; then nothing is overwritten', async ({ folder }) => {
  const directory = join(folder.path, 'quiet')
  const { exit, out } = await tapio('new', 'tapio-plugin-quiet', '--kind', 'receiver', '--language', 'javascript', '--directory', directory)
  assert.is(exit, 'ok')
  assert.match(out, /^tapio-plugin-quiet, a receiver in JavaScript called `quiet`, in .*quiet:\n/)
  assert.match(out, /src\/index\.js +the plugin\n {2}src\/index\.test\.js +its tests\n/)
  assert.match(out, /npm install\n {2}npm test /)
  const again = await tapio('new', 'tapio-plugin-quiet', '--directory', directory)
  assert.equal([again.exit, again.out], ['failure', ''])
  assert.match(again.err, /quiet is not empty: it has .*Nothing was written; name another folder with --directory/)
})

test('new refuses a name that is none, one that Tapio has, a kind and a language that are none', async ({ folder }) => {
  const at = ['--directory', join(folder.path, 'x')]
  assert.match((await tapio('new', 'Quiet', ...at)).err, /npm takes lower case only\. For example: quiet/)
  const taken = await tapio('new', 'tapio-plugin-filter', ...at)
  assert.is(taken.exit, 'usage')
  assert.match(taken.err, /would be called `filter` in YAML, and Tapio has a processor of that name\. For example: tapio-plugin-my-filter/)
  assert.is((await tapio('new', 'tapio-plugin-filter', '--kind', 'receiver', ...at)).exit, 'ok')
  assert.match((await tapio('new', 'x', '--kind', 'connector')).err, /Allowed choices are receiver, processor, exporter/)
  assert.match((await tapio('new', 'x', '--language', 'rust')).err, /Allowed choices are typescript, javascript/)
})

const manifest = (more: object = {}): string => JSON.stringify({
  name: 'tapio-plugin-test', version: '1.0.0', type: 'module', license: 'MIT', keywords: ['tapio-plugin'], files: ['plugin.mjs'], tapio: { plugin: 'plugin.mjs' }, peerDependencies: { tapio: '*' }, ...more
})

/** One that holds the contract but for its body. */
const text = (given: Parameters<typeof pluginText>[0]): string => pluginText(given).replaceAll('Rows seen.', 'Rows it has seen.')

function made (folder: PluginFolder, body: string, more: { readonly kind?: string, readonly schema?: string, readonly manifest?: object, readonly permissions?: string, readonly head?: string } = {}): string {
  folder.write('package.json', manifest(more.manifest))
  folder.write('README.md', '# test\n')
  folder.write('plugin.mjs', text({ body, ...more }))
  return folder.path
}

const passes = 'async consume (batch) { return await next.consume(batch) }'

test('a plugin that is well: what it is, its package, its contract twice, its own tests', async ({ folder }) => {
  made(folder, passes, { permissions: '{ network: [\'api.example.com:443\'], env: [\'TOKEN\'] }' })
  folder.write('lib/a.test.ts', 'import { test } from \'node:test\'\nimport { FakeClock } from \'tapio/testing\'\ntest(\'a clock stands still\', () => { const clock: FakeClock = new FakeClock(); if (clock.monotonicMs() !== 0) throw new Error(\'no\') })\n')
  folder.write('node_modules/other/b.test.js', 'throw new Error("not ours")')
  const { exit, out, err } = await tapio('test', folder.path)
  assert.equal([exit, err], ['ok', ''], out)
  assert.match(out, `tapio-plugin-test 1.0.0, for Tapio * (this is ${version})\n  processor tested  Under test.\n  may reach         the network: api.example.com:443; variables: TOKEN\n`)
  assert.not.match(out, /FAIL|warn/)
  assert.is(out.match(/ok {3}processor tested: 9 tests\n/g)?.length, 2)
  assert.match(out, /its own tests lib\/a\.test\.ts\n✔ a clock stands still/)
  assert.match(out, /the package is well; contract: 18 passed, 0 failed; its own tests: passed\n$/)
})

test('a test that fails names its own file and line; one that cannot be built says why', async ({ folder }) => {
  made(folder, passes)
  folder.write('a.test.ts', 'import { test } from \'node:test\'\n\ntest(\'no\', () => {\n  throw new Error(\'it is not so\')\n})\n')
  const failed = await tapio('test', folder.path, '--no-contract')
  assert.is(failed.exit, 'failure')
  assert.match(failed.out, 'it is not so')
  assert.match(failed.out, `${folder.path}/a.test.ts:4:9`)
  folder.write('a.test.ts', 'import { x } from \'./gone.js\'\nx()\n')
  const unbuilt = await tapio('test', folder.path, '--no-contract')
  assert.is(unbuilt.exit, 'failure')
  assert.match(unbuilt.err, /a\.test\.ts could not be built: a\.test\.ts:1:19: Could not resolve "\.\/gone\.js"/)
})

const broken: readonly (readonly [what: string, body: string, says: RegExp])[] = [
  ['answers with no outcome', 'consume () { return { status: "ok" } }', /it answers with an outcome whatever the batch, and never writes into it\n/],
  ['ends its thread', 'consume (batch) { if (batch.count > 0) process.exit(3) }', /threads of their own[^]*\n {11}it ended its thread with code 3\n[^]*Tapio's threads[^]*it ended the thread with code 3; what comes after it was not tested/],
  ['does what it did not ask for', 'async start () { await fetch("http://127.0.0.1:4317/").catch(error => { throw error.cause ?? error }) }, consume () { return accepted }', /threads of their own[^]*may not connect to 127\.0\.0\.1:4317[^]*Tapio's threads/]
]
for (const [what, body, says] of broken) {
  test(`a component that ${what} fails the contract`, async ({ folder }) => {
    made(folder, body)
    const { exit, out } = await tapio('test', folder.path, '--no-own')
    assert.is(exit, 'failure')
    assert.match(out, /FAIL processor tested: \d of \d tests/)
    assert.match(out, says)
  })
}

test('a component that hangs fails the test it hangs in', async ({ folder }) => {
  made(folder, 'consume () { for (;;); }')
  const [loaded] = await loadPlugins(optionsOf({ path: folder.path }), '/')
  const results: ContractResult[] = []
  await verifyContract((loaded as NonNullable<typeof loaded>).reference, 'none', { options: {}, result: r => results.push(r), printed: () => undefined, timeoutMs: 1000 })
  assert.equal(results.filter(r => r.fault !== undefined).map(r => [r.component, r.fault]), [['processor/tested', 'it did not end within 1 s; what comes after it was not tested']])
  assert.ok(results.length > 3)
})

test('a component with an option that must be given is tested with what package.json gives', async ({ folder }) => {
  const schema = '{ path: Type.String({ description: \'Where.\' }) }'
  made(folder, 'consume () { if (!config.path.endsWith(\'/x\') || config.path.startsWith(\'{\')) throw new Error(config.path); return accepted }', { kind: 'exporter', schema })
  const without = await tapio('test', folder.path, '--no-own')
  assert.match(without.out, /it can be made\n {11}its options: `path` is required\. Say with which it is tested in package\.json: "tapio": \{"contract": \{"exporter\/tested": \{…\}\}\}/)
  folder.write('package.json', manifest({ tapio: { plugin: 'plugin.mjs', contract: { 'exporter/tested': { path: '{directory}/x' } } } }))
  const given = await tapio('test', folder.path, '--no-own')
  assert.is(given.exit, 'ok', given.out)
})

const packages: readonly (readonly [what: string, manifest: object, says: RegExp])[] = [
  ['another name', { name: 'tapio-plugin-other' }, /FAIL `name` is tapio-plugin-other in package\.json and tapio-plugin-test in definePlugin\n {9}write the same in both/],
  ['another version', { version: '1.0.1' }, /FAIL `version` is 1\.0\.1 in package\.json and 1\.0\.0/],
  ['no range for npm', { peerDependencies: {} }, /FAIL npm is not told which Tapio it needs\n {9}"peerDependencies": \{"tapio": "\*"\}/],
  ['another range for npm', { peerDependencies: { tapio: '^7.0.0' } }, /FAIL it is for Tapio \* by definePlugin, \^7\.0\.0 by peerDependencies/],
  ['a Tapio of its own', { dependencies: { tapio: '1' } }, /FAIL `tapio` is among its dependencies/],
  ['an entry that stays at home', { files: ['lib'] }, /FAIL plugin\.mjs, the module it begins with, is not among `files`/],
  ['no keyword', { keywords: [] }, /warn people who look for plugins will not find it/],
  ['no license', { license: undefined }, /warn it has no `license`/],
  ['private', { private: true }, /warn it is `private`: npm will not publish it/]
]
for (const [what, more, says] of packages) {
  test(`check: ${what}`, async ({ folder }) => {
    const { exit, out } = await tapio('check', made(folder, passes, { manifest: more }))
    assert.match(out, says)
    assert.is(exit, String(says).startsWith('/warn') ? 'ok' : 'failure')
  })
}

test('what cannot be loaded is said with what to do, by each command', async ({ folder }) => {
  for (const command of ['check', 'test']) {
    assert.match((await tapio(command, join(folder.path, 'gone'))).err, new RegExp(`^tapio plugin ${command}: there is no plugin at .*gone\n`))
    const { exit, err } = await tapio(command, made(folder, passes, { head: 'import \'node:fs\'' }))
    assert.is(exit, 'failure')
    assert.match(err, /imports node:fs \(in plugin\.mjs\) without having said that it needs the filesystem\n {2}what to do: declare it in the plugin: `permissions: \{filesystem: 'read'\}`/)
  }
})

test('a file alone can be checked', async ({ folder }) => {
  folder.write('plugin.mjs', text({ body: passes }))
  const { exit, out } = await tapio('check', join(folder.path, 'plugin.mjs'))
  assert.is(exit, 'ok', out)
  assert.match(out, /warn it is a file without a package\.json/)
})

test.run()
