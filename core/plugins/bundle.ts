/**
 * A plugin as one module in a file of this process: its sources (TypeScript too) and packages in one, `tapio/plugin` that of the Tapio
 * that runs, whatever copy the plugin was written against. What it imports of Node is listed on the way.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { BuildFailure, Plugin, PluginBuild } from 'esbuild'
import { reachOf, type Reach } from './builtins.js'
import { PluginFault } from './fault.js'
import type { LocatedPlugin } from './locate.js'

export interface Import { readonly specifier: string, readonly reach: Reach, readonly importer: string }

export interface Bundle {
  /** `file:` URL; another text has another one. */
  readonly url: string
  readonly imports: readonly Import[]
  /** Absolute paths of what it was made from: a change of one makes it old. Packages are not watched. */
  readonly sources: readonly string[]
}

/** A plugin is some kilobytes of code; a database driver in it may be megabytes. */
const maxBundleBytes = 32 << 20

const own: Readonly<Record<string, string>> = {
  'tapio/plugin': new URL('../plugin.js', import.meta.url).href,
  'tapio/testing': new URL('../testing.js', import.meta.url).href
}

/** Throws PluginFault. */
export async function bundlePlugin (located: LocatedPlugin): Promise<Bundle> {
  const { build } = await import('esbuild').catch(() => { throw new PluginFault('plugins need the package esbuild, which is not installed', 'install Tapio with its dependencies') })
  const imports: Import[] = []
  let result
  try {
    result = await build({
      entryPoints: [located.entry],
      absWorkingDir: located.folder,
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      sourcesContent: false,
      // The map is read beside the bundle, which is elsewhere.
      sourceRoot: `${pathToFileURL(located.folder).href}/`,
      legalComments: 'none',
      logLevel: 'silent',
      // Packages that are CommonJS ask for Node's modules with `require`.
      banner: { js: 'import { createRequire as __tapioCreateRequire } from \'node:module\'; const require = __tapioCreateRequire(import.meta.url);' },
      plugins: [resolver(imports)]
    })
  } catch (error) {
    throw new PluginFault(`plugin ${located.shown} could not be built: ${errorsOf(error)}`)
  }
  const [output] = result.outputFiles
  if (output === undefined || output.contents.byteLength > maxBundleBytes) throw new PluginFault(`plugin ${located.shown} is larger than ${maxBundleBytes} bytes when bundled`)
  const sources = Object.keys(result.metafile.inputs).map(path => join(located.folder, path)).filter(path => !path.includes('/node_modules/'))
  return { url: written(output.contents), imports, sources }
}

function resolver (imports: Import[]): Plugin {
  return {
    name: 'tapio',
    setup (build: PluginBuild) {
      build.onResolve({ filter: /^tapio(\/|$)/ }, ({ path, importer }) => {
        const url = own[path]
        if (url !== undefined) return { path: url, external: true }
        return { errors: [{ text: `a plugin may import ${Object.keys(own).join(' and ')} of Tapio, not ${path}`, location: { file: importer } }] }
      })
      build.onResolve({ filter: /\.node$/ }, ({ path }) => ({ errors: [{ text: `native addons cannot be part of a plugin: ${path}` }] }))
      build.onResolve({ filter: /.*/ }, ({ path, importer }) => {
        const reach = reachOf(path)
        if (reach === undefined) return undefined
        imports.push({ specifier: path, reach, importer })
        return { path: path.startsWith('node:') ? path : `node:${path}`, external: true }
      })
    }
  }
}

function errorsOf (error: unknown): string {
  const { errors } = error as Partial<BuildFailure>
  if (errors === undefined) return error instanceof Error ? error.message : String(error)
  const [first = '', ...more] = errors.map(({ text, location }) => location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`)
  return more.length === 0 ? first : `${first} (and ${more.length} more)`
}

let folder: string | undefined

/** A folder only this user can enter, gone with the process. */
function written (contents: Uint8Array): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'tapio-plugins-'))
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
    folder = made
  }
  const file = join(folder, `${createHash('sha256').update(contents).digest('hex').slice(0, 16)}.mjs`)
  writeFileSync(file, contents, { mode: 0o600 })
  return pathToFileURL(file).href
}

/** Forgets the bundles of plugins that are as they were no more. `inUse`: URLs. */
export function dropBundles (inUse: ReadonlySet<string>): void {
  if (folder === undefined) return
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    if (!inUse.has(pathToFileURL(file).href)) rmSync(file, { force: true })
  }
}

/** For tests and messages: where bundles of this process are. */
export const bundleFile = (url: string): string => fileURLToPath(url)
