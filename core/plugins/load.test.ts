/**
 * Scenario: plugins as files, TypeScript, packages, folders of them; wrong in every way a person gets them wrong.
 * Guarantees: each is found, built and described without running in Tapio's threads; each fault names the plugin, what was found and what to do.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { version } from '../version.js'
import type { PluginOptions } from './config.js'
import { PluginFault } from './fault.js'
import { loadPlugins } from './load.js'
import { optionsOf, PluginFolder, pluginText } from './testing/made.js'

interface Context { folder: PluginFolder }
const test = suite<Context>('loading plugins')
test.before.each(context => { context.folder = new PluginFolder() })
test.after.each(({ folder }) => folder.remove())

const body = 'consume (batch) { return next.consume(batch) }'
const load = async ({ folder }: Context, given: Partial<PluginOptions>) => await loadPlugins(optionsOf(given), folder.path)

async function faultOf (context: Context, given: Partial<PluginOptions>): Promise<string> {
  try {
    await load(context, given)
  } catch (error) {
    assert.instance(error, PluginFault)
    const { message, help } = error as PluginFault
    return `${message}${help === undefined ? '' : ` -> ${help}`}`.replaceAll(context.folder.path, 'FOLDER')
  }
  return 'no fault'
}

test('a file, TypeScript in several files, a package by name, a package by folder, a folder of plugins', async context => {
  const { folder } = context
  folder.write('one.mjs', pluginText({ body, name: 'one' }))
  folder.write('more/two.ts', `import { rows } from './rows.js'\n${pluginText({ body: 'consume (batch: { count: number }) { rows(batch); return accepted }', name: 'two' }).replace('create: services', 'create: (services: any)')}`)
  folder.write('more/rows.ts', 'export const rows = (batch: { count: number }): number => batch.count\n')
  folder.write('node_modules/@acme/three/package.json', JSON.stringify({ name: '@acme/three', exports: { '.': { import: './lib/index.js' } } }))
  folder.write('node_modules/@acme/three/lib/index.js', `import { x } from 'helper'\n${pluginText({ body, name: '@acme/three', head: 'export const y = x' })}`)
  folder.write('node_modules/helper/package.json', JSON.stringify({ name: 'helper', main: 'index.cjs' }))
  folder.write('node_modules/helper/index.cjs', 'const path = require("path"); exports.x = path.sep')
  folder.write('four/package.json', JSON.stringify({ name: 'four', tapio: { plugin: './src/index.ts' } }))
  folder.write('four/src/index.ts', pluginText({ body, name: 'four' }).replace('create: services', 'create: (services: any)').replace('consume (batch)', 'consume (batch: any)'))
  folder.write('all/a.mjs', pluginText({ body, name: 'a' }))
  folder.write('all/b.test.mjs', 'throw new Error("a test is no plugin")')
  folder.write('all/notes.md', 'no plugin')
  folder.write('all/c/package.json', JSON.stringify({ name: 'c', main: 'c.js' }))
  folder.write('all/c/c.js', pluginText({ body, name: 'c' }))
  const loaded = (await Promise.all([{ path: 'one.mjs' }, { path: './more/two.ts' }, { name: '@acme/three' }, { path: 'four' }, { directory: 'all' }].map(given => load(context, given)))).flat()
  assert.equal(loaded.map(({ reference: { shown, description } }) => `${shown} ${description.name} ${description.components.map(c => `${c.kind} ${c.type}`).join()}`), [
    'one.mjs one processor tested', './more/two.ts two processor tested', '@acme/three @acme/three processor tested', 'four four processor tested', 'all/a.mjs a processor tested', 'all/c c processor tested'
  ])
  assert.equal(loaded[1]?.sources.map(s => s.replace(folder.path, '')).sort(), ['/more/rows.ts', '/more/two.ts'])
  const bundle = readFileSync(fileURLToPath(loaded[0]?.reference.url ?? ''), 'utf8')
  assert.match(bundle, /from "file:\/\/\/.*\/core\/plugin\.js"/)
})

const faults: readonly (readonly [what: string, files: Readonly<Record<string, string>>, given: Partial<PluginOptions>, fault: RegExp])[] = [
  ['nothing is named', {}, {}, /needs one of `name`, `path` and `directory`, found none/],
  ['two are named', {}, { name: 'x', path: 'y' }, /found name and path/],
  ['no such file', {}, { path: 'gone.js' }, /there is no plugin at FOLDER\/gone\.js/],
  ['no such package', {}, { name: 'tapio-plugin-gone' }, /package tapio-plugin-gone is not installed -> run `npm install tapio-plugin-gone` in FOLDER/],
  ['a name that is a path', {}, { name: '../x' }, /"\.\.\/x" is no name of a package -> name a file or folder with `path`/],
  ['no module', { 'x.txt': '' }, { path: 'x.txt' }, /x\.txt is no module/],
  ['package.json is not JSON', { 'p/package.json': '{' }, { path: 'p' }, /p\/package\.json is not JSON/],
  ['the entry is missing', { 'p/package.json': '{"main": "dist/x.js"}' }, { path: 'p' }, /dist\/x\.js, the entry of the plugin.* does not exist -> build the plugin/],
  ['the entry is outside', { 'p/package.json': '{"main": "../x.js"}', 'x.js': '' }, { path: 'p' }, /names an entry outside its package: \.\.\/x\.js/],
  ['a syntax error', { 'x.mjs': 'export default {\n  a: ,\n}' }, { path: 'x.mjs' }, /could not be built: x\.mjs:2:6: Unexpected ","/],
  ['a package that is missing', { 'x.mjs': 'import "nowhere"' }, { path: 'x.mjs' }, /x\.mjs:1:8: Could not resolve "nowhere"/],
  ['an inner part of Tapio', { 'x.mjs': 'import "tapio/core/graph"' }, { path: 'x.mjs' }, /may import tapio\/plugin.* not tapio\/core\/graph/],
  ['no plugin', { 'x.mjs': 'export const a = 1' }, { path: 'x.mjs' }, /exports no plugin: write `export default definePlugin/],
  ['something else', { 'x.mjs': 'export default 7' }, { path: 'x.mjs' }, /must be the object of definePlugin\(\{ … \}\), found number/],
  ['it throws', { 'x.mjs': 'throw new Error("boo")' }, { path: 'x.mjs' }, /x\.mjs cannot be loaded: Error: boo \(\S+x\.mjs:1:7\)$/],
  ['a metric that cannot be', { 'x.mjs': 'import { definePlugin, defineComponent, Options } from "tapio/plugin"\nexport default definePlugin({ name: "x", version: "1.0.0", tapio: "*", components: [defineComponent({ kind: "processor", type: "x", description: "x", signals: ["logs"], schema: Options({}), metrics: [{ name: "x_rows", kind: "counter", unit: "{row}", description: "Rows." }], drops: {}, create () {} })] })' }, { path: 'x.mjs' }, /component 1 \(processor x\): unit "\{row\}" of metric "x_rows" must be lower_snake_case/],
  ['it exits', { 'x.mjs': 'process.exit(4)' }, { path: 'x.mjs' }, /cannot be loaded: it ended its thread with code 4/],
  ['an old one', { 'x.mjs': pluginText({ body, name: 'old' }).replace('tapio: \'*\'', 'tapio: \'^99.0.0\'') }, { path: 'x.mjs' }, /plugin old 1\.0\.0 was written for Tapio \^99\.0\.0; this is Tapio .* -> install a version of old/],
  ['no range', { 'x.mjs': pluginText({ body }).replace('tapio: \'*\'', 'tapio: \'soon\'') }, { path: 'x.mjs' }, /was written for Tapio "soon", which is no semver range/],
  ['a wrong type', { 'x.mjs': pluginText({ body }).replace('type: \'tested\'', 'type: \'Tested\'') }, { path: 'x.mjs' }, /component type "Tested" must be lower_snake_case/],
  ['files, undeclared', { 'x.mjs': pluginText({ body, head: 'import \'node:fs\'' }) }, { path: 'x.mjs' }, /imports node:fs \(in x\.mjs\) without having said that it needs the filesystem -> declare it/],
  ['the network, undeclared, in a package', { 'x.mjs': pluginText({ body, head: 'import \'h\'' }), 'node_modules/h/package.json': '{"main":"h.js"}', 'node_modules/h/h.js': 'require("https")' }, { path: 'x.mjs' }, /imports https \(in node_modules\/h\/h\.js\) without having said that it needs the network/],
  ['what no plugin may', { 'x.mjs': pluginText({ body, head: 'import \'node:v8\'' }) }, { path: 'x.mjs' }, /imports node:v8 \(in x\.mjs\), which no plugin may/]
]

for (const [what, files, given, fault] of faults) {
  test(`fault: ${what}`, async context => {
    for (const [name, text] of Object.entries(files)) context.folder.write(name, text)
    assert.match(await faultOf(context, given), fault)
  })
}

test('what is declared may be imported', async context => {
  context.folder.write('x.mjs', pluginText({ body, head: 'import \'node:fs\'; import \'node:https\'', permissions: '{ filesystem: \'read\', network: [\'*\'] }' }))
  assert.is((await load(context, { path: 'x.mjs' })).length, 1)
})

test('the range is that of this Tapio', async context => {
  context.folder.write('x.mjs', pluginText({ body }).replace('tapio: \'*\'', `tapio: '^${version}'`))
  assert.is((await load(context, { path: 'x.mjs' })).length, 1)
})

test.run()
