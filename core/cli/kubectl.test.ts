/** Scenario: Tapio installed under the name that kubectl looks for. Guarantees: `kubectl tapio` is Tapio, with its exit codes. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const { bin, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bin: Record<string, string>, version: string }
const test = suite<{ folder: string }>('kubectl tapio')

test.before.each(context => {
  context.folder = mkdtempSync(join(tmpdir(), 'tapio-kubectl-'))
  const program = join(root, bin['kubectl-tapio'] ?? 'missing')
  // As npm does when it installs.
  chmodSync(program, 0o755)
  symlinkSync(program, join(context.folder, 'kubectl-tapio'))
})
test.after.each(({ folder }) => { rmSync(folder, { recursive: true }) })

const run = (folder: string, command: string, args: readonly string[]) =>
  spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` } })

test('kubectl-tapio is Tapio by another name', ({ folder }) => {
  assert.is(bin['kubectl-tapio'], bin['tapio'])
  const { status, stdout, stderr } = run(folder, 'kubectl-tapio', ['--version'])
  assert.equal([status, stdout.trim(), stderr], [0, version, ''])
})

const kubectl = spawnSync('kubectl', ['version', '--client']).error === undefined
if (!kubectl) console.log('SKIP kubectl finds the plugin: kubectl is not on PATH')

;(kubectl ? test : test.skip)('kubectl finds the plugin, and gives its exit code on', ({ folder }) => {
  assert.is(run(folder, 'kubectl', ['tapio', '--version']).stdout.trim(), version)
  const { status, stderr } = run(folder, 'kubectl', ['tapio', 'validate', '-c', '/nowhere.yaml'])
  assert.is(status, run(folder, 'kubectl-tapio', ['validate', '-c', '/nowhere.yaml']).status)
  assert.match(stderr, '/nowhere.yaml')
})

test.run()
