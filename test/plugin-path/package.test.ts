/**
 * Scenario: what `npm pack` would put into the package, of this build.
 * Guarantees: `tapio/plugin` and `tapio/testing` are in it, tests and their data are not, and no module in it asks for one that is left out.
 *
 * Does not show: that it runs when installed (stranger.test.ts, long form).
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('the package')
const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const [packed] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as [{ files: { path: string }[] }]
const files = new Set(packed.files.map(f => f.path))

test('it has what its exports name, and no tests', () => {
  for (const path of ['dist/core/plugin.js', 'dist/core/testing.js', 'dist/core/library.js', 'dist/core/cli/main.js', 'README.md', 'LICENSE']) assert.ok(files.has(path), path)
  const own = /^dist\/(types\/)?core\/(data\/)?testing\//
  assert.equal([...files].filter(path => (/\.test\.[jt]s|testdata\/|-for-test/.test(path) || /\/testing\//.test(path)) && !own.test(path)), [])
  assert.equal([...files].filter(path => /^(test|dist\/test|dist\/types\/test|node_modules|\.git)\//.test(path)), [])
})

test('whatever a module in it imports is in it', () => {
  const modules = [...files].filter(path => /^dist\/.*\.m?js$/.test(path) && !/^dist\/core\/(api\/page|plugins\/new\/templates)\//.test(path))
  assert.ok(modules.length > 500, `${modules.length} modules`)
  const missing = modules.flatMap(path => {
    const text = readFileSync(join(repository, path), 'utf8')
    const wanted = [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\()["'](\.{1,2}\/[^"']+\.m?js)["']/g)].map(m => posix.join(posix.dirname(path), m[1] as string))
    return wanted.filter(to => !files.has(to)).map(to => `${path} -> ${to}`)
  })
  assert.equal(missing, [])
})

test.run()
