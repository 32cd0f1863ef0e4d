/**
 * Scenario: new plugins of every kind in both languages, under names good and bad, in folders free and taken, from Tapios from everywhere.
 * Guarantees: each project is loaded as it is, its own tests pass, its TypeScript is sound under strict types (against the packed
 * declarations: test/plugin-path); a name is refused with
 * the rule it breaks; nothing that is there is overwritten; npm is told where this Tapio is.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import { version } from '../../version.js'
import { loadPlugins } from '../load.js'
import { optionsOf } from '../testing/made.js'
import { runTestFiles, testFilesIn } from '../verify/own-tests.js'
import { checkPackage, manifestIn } from '../verify/package-check.js'
import { componentType, packageNameFault } from './names.js'
import { ownSource } from './own-source.js'
import { languages, pluginKinds, pluginProject, type Language, type PluginKind } from './project.js'
import { folderFault, writeProject } from './write.js'

const test = suite('new plugins')
const root = mkdtempSync(join(tmpdir(), 'tapio-new-plugins-'))
test.after(() => rmSync(root, { recursive: true, force: true }))

const combinations = pluginKinds.flatMap(kind => languages.map(language => ({ kind, language, folder: join(root, kind, language) })))
const project = (kind: PluginKind, language: Language): ReadonlyMap<string, string> => pluginProject({ name: `@acme/tapio-plugin-my-${kind}`, kind, language, version, tapio: `^${version}` })
for (const { kind, language, folder } of combinations) writeProject(folder, project(kind, language))

for (const { kind, language, folder } of combinations) {
  test(`a ${kind} in ${language} is loaded, its package is well, its tests pass`, async () => {
    const [loaded] = await loadPlugins(optionsOf({ path: folder }), '/')
    const { description } = (loaded as NonNullable<typeof loaded>).reference
    assert.equal(description.components.map(c => [c.kind, c.type, c.metrics.length, Object.keys(c.drops).length]), [[kind, `my_${kind}`, 1, 1]])
    const extension = language === 'typescript' ? 'ts' : 'js'
    const findings = checkPackage({ folder, entry: join(folder, `src/index.${extension}`), manifest: manifestIn(folder), description })
    assert.equal(findings.filter(f => !f.ok), [])
    let output = ''
    assert.ok(await runTestFiles(folder, testFilesIn(folder), { printed: text => { output += text }, color: false }), output)
    assert.match(output, /pass (9|1\d)\n/)
  })
}

test('no mark of a template is left in a file, and JavaScript has no types', () => {
  for (const { kind, language } of combinations) {
    for (const [path, text] of project(kind, language)) {
      assert.not.match(text, /[«»]|undefined\b(?!\))/, `${kind} ${language} ${path}`)
      if (path.endsWith('.js')) assert.not.match(text, /: (EventBatch|string|Promise<)| as const/, `${kind} ${path}`)
    }
  }
})

test('its configuration names its component where its kind belongs', () => {
  for (const { kind, folder } of combinations) {
    const config = parse(readFileSync(join(folder, 'tapio.yaml'), 'utf8')) as { service: { pipelines: { main: Record<string, string[]> } } } & Record<string, object>
    assert.ok(`my_${kind}` in (config[`${kind}s`] as object))
    assert.equal(config.service.pipelines.main[`${kind}s`], [`my_${kind}`])
  }
})

test('TypeScript is sound: strict, exact optional properties', async () => {
  const config = join(root, 'tsconfig.json')
  const repository = process.cwd()
  writeFileSync(config, JSON.stringify({
    compilerOptions: {
      ...(JSON.parse(project('processor', 'typescript').get('tsconfig.json') as string) as { compilerOptions: object }).compilerOptions,
      typeRoots: [join(repository, 'node_modules/@types')], experimentalDecorators: true,
      paths: { 'tapio/plugin': [join(repository, 'core/plugin.ts')], 'tapio/testing': [join(repository, 'core/testing.ts')] }
    },
    include: pluginKinds.map(kind => `${kind}/typescript/src`)
  }))
  const compile = async (): Promise<string> => await promisify(execFile)(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', config]).then(() => '', (error: { stdout: string }) => error.stdout)
  assert.is(await compile(), '')
})

const badNames: readonly (readonly [name: string, says: RegExp])[] = [
  ['', /it is empty\. For example: tapio-plugin-mine$/],
  ['MyPlugin', /"MyPlugin" cannot be the name of a plugin: npm takes lower case only\. For example: myplugin$/],
  ['../up', /must begin with a letter|it is a path/],
  ['a/b', /it is a path; give the folder with --directory/],
  ['@acme', /a scope is written @scope\/name/],
  ['9lives', /must begin with a letter, found "9"\. For example: lives$/],
  ['_x', /must begin with a letter, found "_"/],
  ['a b', /letters, digits, "-", "_" and "\.", found " "/],
  ['http', /a name of Node\. For example: tapio-plugin-http$/],
  ['tapio', /the name of Tapio/],
  ['x'.repeat(215), /at most 214 characters, found 215/]
]
for (const [name, says] of badNames) test(`refused as a name: "${name.slice(0, 12)}"`, () => { assert.match(packageNameFault(name) ?? 'no fault', says) })

test('the name of a package gives that of the component', () => {
  const types = ['tapio-plugin-quiet', 'tapio-quiet', 'quiet', '@acme/tapio-plugin-drop.noise', 'tapio-plugin-9', 'a--b_'].map(name => { assert.is(packageNameFault(name), undefined); return componentType(name) })
  assert.equal(types, ['quiet', 'quiet', 'quiet', 'drop_noise', 'tapio_plugin_9', 'a_b'])
  for (const type of types) assert.match(type, /^[a-z][a-z0-9_]*$/)
})

test('a folder with something in it is left alone; one with a repository is not', () => {
  const folder = join(root, 'taken')
  assert.is(folderFault(folder), undefined)
  mkdirSync(join(folder, '.git'), { recursive: true })
  assert.is(folderFault(folder), undefined)
  writeFileSync(join(folder, 'README.md'), 'mine')
  assert.is(folderFault(folder), `${folder} is not empty: it has README.md`)
  assert.is(folderFault(join(folder, 'README.md')), `${folder}/README.md is a file`)
  assert.throws(() => writeProject(folder, new Map([['README.md', 'yours']])), /EEXIST/)
  assert.is(readFileSync(join(folder, 'README.md'), 'utf8'), 'mine')
  assert.equal(readdirSync(folder), ['.git', 'README.md'])
})

test('npm is told where this Tapio is from', () => {
  const installed = join(root, 'app/node_modules/tapio')
  const lock = (resolved: unknown): void => writeFileSync(join(root, 'app/node_modules/.package-lock.json'), typeof resolved === 'string' && resolved.startsWith('{') ? resolved : JSON.stringify({ packages: { 'node_modules/tapio': { resolved } } }))
  mkdirSync(installed, { recursive: true })
  assert.ok(existsSync(installed))
  const sources = ['file:../tapio-0.1.0.tgz', 'https://registry.npmjs.org/tapio/-/tapio-0.1.0.tgz', 'https://example.com/tapio.tgz', 'git+ssh://git@example.com/tapio.git#1', undefined, '{'].map(resolved => { lock(resolved); return ownSource(installed) })
  assert.equal(sources, [`file:${join(root, 'tapio-0.1.0.tgz')}`, `^${version}`, 'https://example.com/tapio.tgz', 'git+ssh://git@example.com/tapio.git#1', `^${version}`, `^${version}`])
  assert.is(ownSource(join(root, 'checkout')), `file:${join(root, 'checkout')}`)
})

test.run()
