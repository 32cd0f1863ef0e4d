// Builds every TypeScript file of the rooms into dist/, one output per source, and copies the data files they read.
// One output per source (no bundle) keeps worker entry points, lazily imported components and stack traces where the
// source is; esbuild does the whole tree in well under a second, so nothing is incremental. The web page is a bundle: page.mjs.
import { build } from 'esbuild'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildAddon } from '../../native/build.mjs'
import { buildPage, pageFolder } from './page.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const rooms = ['core', 'receivers', 'processors', 'exporters', 'bpf', 'native', 'configs', 'test']
const copied = /\.(ya?ml|json|proto|mjs|bpf\.o)$/

/** All files below `dir`, depth first, as absolute paths. */
function* walk (dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) yield * walk(path)
    else yield path
  }
}

export async function buildAll () {
  const page = join(root, pageFolder) + sep
  const files = rooms.flatMap(room => [...walk(join(root, room))]).filter(f => !f.startsWith(page))
  const dist = join(root, 'dist')
  for (const room of rooms) rmSync(join(dist, room), { recursive: true, force: true })
  await build({
    entryPoints: files.filter(f => f.endsWith('.ts') && !f.endsWith('.d.ts')),
    outdir: dist,
    outbase: root,
    bundle: false,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'linked',
    tsconfig: join(root, 'tsconfig.json'),
    logLevel: 'warning'
  })
  await buildPage(root)
  // Without a compiler the ebpf receiver says so when it starts; the rest of Tapio does not need the addon.
  buildAddon(join(dist, 'native'))
  // A package.json would make the tests of an example plugin look for `tapio` elsewhere than in this build.
  for (const file of files.filter(f => copied.test(f) && !f.endsWith(`${sep}package.json`))) cpSync(file, join(dist, relative(root, file)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll()
