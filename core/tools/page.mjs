// Builds the web page (core/api/page) into dist/core/api/page: scripts (charts in one of their own), a style sheet and an icon, their names
// made of what is in them so that browsers may keep them for ever, and the index.html that names them. That folder is what the API
// serves, so nothing else goes there: the page's tests go to dist/core/api/page-tests, each a bundle, as browsers resolve no packages.
import { build } from 'esbuild'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

export const pageFolder = join('core', 'api', 'page')

const common = root => ({
  bundle: true, format: 'esm', jsx: 'automatic', jsxImportSource: 'preact', tsconfig: join(root, pageFolder, 'tsconfig.json'), logLevel: 'warning', absWorkingDir: root
})

/** `{style}` in index.html -> the file's name. */
function filled (html, names) {
  return html.replace(/\{(\w+)\}/g, (whole, name) => names[name] ?? whole)
}

/** Names of the packages that are part of the bundle. */
function packagesOf ({ inputs }) {
  return [...new Set(Object.keys(inputs).flatMap(path => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1] ?? []))].sort()
}

/** Their licenses ask to be given on with it. */
function licensesOf (root, packages) {
  return packages.map(name => `${name}\n\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8').trim()}\n`).join('\n\n')
}

export async function buildPage (root) {
  const from = join(root, pageFolder)
  const to = join(root, 'dist', pageFolder)
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  const { metafile } = await build({
    ...common(root), entryPoints: [join(from, 'main.tsx'), join(from, 'icon.svg')], outdir: to, entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]', splitting: true, loader: { '.svg': 'copy' },
    minify: true, target: ['es2022', 'chrome120', 'firefox121', 'safari17'], legalComments: 'none', metafile: true, define: { 'process.env.NODE_ENV': '"production"' }
  })
  const packages = packagesOf(metafile)
  const names = Object.keys(metafile.outputs).map(path => basename(path))
  const main = end => names.find(name => /^(main|icon)-/.test(name) && name.endsWith(end))
  writeFileSync(join(to, 'index.html'), filled(readFileSync(join(from, 'index.html'), 'utf8'), { script: main('.js'), style: main('.css'), icon: main('.svg') }))
  writeFileSync(join(to, 'licenses.txt'), licensesOf(root, packages))
  // For the bill of materials (core/tools/supply-chain); beside the folder, as all in it is served.
  writeFileSync(`${to}-packages.json`, JSON.stringify(packages))
  const tests = join(root, 'dist', 'core', 'api', 'page-tests')
  rmSync(tests, { recursive: true, force: true })
  await build({
    ...common(root), entryPoints: readdirSync(from, { recursive: true }).filter(f => f.endsWith('.test.ts')).map(f => join(from, f)), outdir: tests, outbase: from,
    platform: 'node', target: 'node20', packages: 'external', sourcemap: 'linked'
  })
}
