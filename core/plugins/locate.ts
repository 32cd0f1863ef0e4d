/** From what a configuration names to the file a plugin begins with. Reads package.json, runs nothing. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, parse, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PluginOptions } from './config.js'
import { PluginFault } from './fault.js'

export interface LocatedPlugin {
  /** As a person would say it: `tapio-plugin-redact`, `./plugins/redact.ts`. */
  readonly shown: string
  /** Absolute path of the module it begins with. */
  readonly entry: string
  /** Absolute path of its package, or of the folder of its file. */
  readonly folder: string
}

const scripts = /\.(ts|mts|js|mjs)$/
const notPlugins = /(\.d\.ts|\.d\.mts|\.test\.\w+|\.config\.\w+)$/
/** Folders that are read for plugins hold a handful. */
const maxEntries = 200

/** `from` is the folder of the file that names it. Throws PluginFault. */
export function locatePlugins (options: PluginOptions, from: string): LocatedPlugin[] {
  const ways = (['name', 'path', 'directory'] as const).filter(way => options[way] !== undefined)
  const [way] = ways
  if (way === undefined || ways.length > 1) throw new PluginFault(`a plugin needs one of \`name\`, \`path\` and \`directory\`, found ${ways.length === 0 ? 'none' : ways.join(' and ')}`)
  const text = options[way] as string
  if (way === 'name') return [packageNamed(text, from)]
  return way === 'path' ? [atPath(resolve(from, text), text)] : inDirectory(resolve(from, text), text)
}

function atPath (path: string, shown: string): LocatedPlugin {
  if (!existsSync(path)) throw new PluginFault(`there is no plugin at ${path}`)
  if (statSync(path).isDirectory()) return { shown, entry: entryOf(path), folder: path }
  if (!scripts.test(path)) throw new PluginFault(`${path} is no module: a plugin is a .js, .mjs, .ts or .mts file or the folder of a package`)
  return { shown, entry: path, folder: dirname(path) }
}

function inDirectory (path: string, shown: string): LocatedPlugin[] {
  if (!existsSync(path) || !statSync(path).isDirectory()) throw new PluginFault(`there is no folder of plugins at ${path}`)
  const names = readdirSync(path).sort()
  if (names.length > maxEntries) throw new PluginFault(`${path} holds ${names.length} entries, at most ${maxEntries} are looked at`, 'name the plugins one by one')
  return names.filter(n => !n.startsWith('.') && n !== 'node_modules').flatMap(name => {
    const at = join(path, name)
    const isPlugin = statSync(at).isDirectory() ? existsSync(join(at, 'package.json')) : scripts.test(name) && !notPlugins.test(name)
    return isPlugin ? [atPath(at, join(shown, name))] : []
  })
}

function packageNamed (name: string, from: string): LocatedPlugin {
  if (!/^(@[\w.~-]+\/)?[\w.~-]+$/.test(name) || name.startsWith('.')) throw new PluginFault(`"${name.slice(0, 120)}" is no name of a package`, 'name a file or folder with `path`')
  const looked = [...nodeModulesFrom(from), ...nodeModulesFrom(dirname(fileURLToPath(import.meta.url)))]
  const folder = looked.map(place => join(place, name)).find(place => existsSync(join(place, 'package.json')))
  if (folder === undefined) throw new PluginFault(`package ${name} is not installed`, `run \`npm install ${name}\` in ${from}`)
  return { shown: name, entry: entryOf(folder), folder }
}

function nodeModulesFrom (folder: string): string[] {
  const { root } = parse(folder)
  const places: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    places.push(join(at, 'node_modules'))
    if (at === root) return places
  }
}

interface PackageJson { readonly tapio?: { readonly plugin?: unknown }, readonly exports?: unknown, readonly module?: unknown, readonly main?: unknown }

/** `tapio.plugin` of its package.json, else what an `import` of the package would get. */
function entryOf (folder: string): string {
  const manifest = join(folder, 'package.json')
  if (!existsSync(manifest)) throw new PluginFault(`${folder} has no package.json`, 'name the file the plugin begins with')
  let json: PackageJson
  try {
    json = JSON.parse(readFileSync(manifest, 'utf8')) as PackageJson
  } catch (error) {
    throw new PluginFault(`${manifest} is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  const candidates = [json.tapio?.plugin, ofExports(json.exports), json.module, json.main, 'index.js', 'index.ts']
  const named = candidates.find(c => typeof c === 'string') as string
  const entry = resolve(folder, named)
  if (!entry.startsWith(join(folder, '/'))) throw new PluginFault(`${manifest} names an entry outside its package: ${named}`)
  if (!existsSync(entry)) throw new PluginFault(`${entry}, the entry of the plugin by ${manifest}, does not exist`, 'build the plugin, or set `"tapio": {"plugin": "./src/index.ts"}` in its package.json: TypeScript is built on load')
  return entry
}

/** https://nodejs.org/api/packages.html#conditional-exports, as far as the main entry needs it. */
function ofExports (exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports
  if (typeof exports !== 'object' || exports === null) return undefined
  const map = exports as Record<string, unknown>
  if ('.' in map) return ofExports(map['.'])
  for (const condition of ['node', 'import', 'module', 'default']) {
    const found = condition in map ? ofExports(map[condition]) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
