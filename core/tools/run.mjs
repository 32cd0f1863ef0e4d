// The commands of package.json on a machine that may be bare: installs what is missing, builds, then runs.
// Plain Node without dependencies, because it must work before `npm ci` has.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const commands = {
  demo: ['dist/core/tools/demo.js'],
  test: ['core/tools/test.mjs'],
  'test:long': ['core/tools/test.mjs', '--long'],
  'test:faults': ['dist/test/faults/main.js'],
  'test:interop': ['dist/test/interop/main.js'],
  'test:cluster': ['dist/test/kubernetes/cluster.js'],
  bench: ['dist/test/bench/main.js'],
  rca: ['dist/test/rca/main.js'],
  incidents: ['dist/test/incidents/main.js'],
  gen: ['dist/core/tools/gen.js'],
  audit: ['dist/core/tools/supply-chain/audit.js'],
  sbom: ['dist/core/tools/supply-chain/make-sbom.js']
}

const [name, ...rest] = process.argv.slice(2)
const command = commands[name]
if (command === undefined) {
  console.error(`run.mjs: unknown command "${name}"; one of: ${Object.keys(commands).join(', ')}`)
  process.exit(2)
}
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`tapio needs Node 20.19 or later, found ${process.versions.node}`)
  process.exit(2)
}

/** npm writes a copy of the lock into node_modules; when its packages differ from ours the install is missing or stale. */
function installed () {
  const hidden = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(hidden)) return false
  const have = JSON.parse(readFileSync(hidden, 'utf8')).packages
  const want = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  return Object.entries(want).every(([path, p]) => path === '' || p.optional === true || have[path]?.version === p.version)
}

function run (program, args, quiet = false) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: quiet ? ['ignore', 'ignore', 'inherit'] : 'inherit' })
  if (error) throw error
  return status ?? 1
}

if (!installed()) {
  console.error('tapio: installing npm packages (npm ci) …')
  const status = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], true)
  if (status !== 0) process.exit(status)
}
const { buildAll } = await import('./build.mjs')
await buildAll()
process.exit(run(process.execPath, ['--enable-source-maps', ...command, ...rest]))
