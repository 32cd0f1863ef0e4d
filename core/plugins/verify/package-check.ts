/** What a registry, and who installs a plugin, would look at in its package. Reads files, runs nothing. */
import { existsSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import semver from 'semver'
import type { PluginDescription } from '../description.js'
import { PluginFault } from '../fault.js'

export interface Finding {
  readonly ok: boolean
  /** Not ok, and it can be used and published all the same. */
  readonly isWarning?: true
  readonly text: string
  /** What to do. */
  readonly help?: string
}

/** What this file reads of package.json. */
export interface Manifest {
  readonly name?: unknown
  readonly version?: unknown
  readonly type?: unknown
  readonly private?: unknown
  readonly license?: unknown
  readonly keywords?: unknown
  readonly files?: unknown
  readonly dependencies?: unknown
  readonly peerDependencies?: unknown
  readonly tapio?: { readonly contract?: unknown }
}

export interface PluginPackage {
  readonly folder: string
  /** Absolute path of the module it begins with. */
  readonly entry: string
  readonly manifest: Manifest | undefined
  readonly description: PluginDescription
}

type Checked = PluginPackage & { readonly manifest: Manifest }

/** Undefined when there is none. Throws PluginFault when it is not JSON. */
export function manifestIn (folder: string): Manifest | undefined {
  const path = join(folder, 'package.json')
  if (!existsSync(path)) return undefined
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return typeof value === 'object' && value !== null ? value : {}
  } catch (error) {
    throw new PluginFault(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** In the order people would mend them. */
export function checkPackage (plugin: PluginPackage): Finding[] {
  const { manifest } = plugin
  if (manifest === undefined) return [{ ok: false, isWarning: true, text: 'it is a file without a package.json: it can be used by its path, and not be published', help: '`tapio plugin new` makes a package to put it in' }]
  const checked = { ...plugin, manifest }
  return [...identity(checked), tapioRange(checked), notBundled(checked), ...published(checked)]
}

const textIn = (map: unknown, key: string): string | undefined => {
  const value = typeof map === 'object' && map !== null ? (map as Record<string, unknown>)[key] : undefined
  return typeof value === 'string' ? value : undefined
}

function * identity ({ manifest, description }: Checked): Generator<Finding> {
  for (const key of ['name', 'version'] as const) {
    const [here, there] = [typeof manifest[key] === 'string' ? manifest[key] : 'missing', description[key]]
    if (here === there) yield { ok: true, text: `\`${key}\` is ${there}, in package.json and in definePlugin` }
    else yield { ok: false, text: `\`${key}\` is ${here} in package.json and ${there} in definePlugin`, help: 'write the same in both' }
  }
  if (semver.valid(description.version) === null) yield { ok: false, text: `\`version\` ${description.version} is no semver version`, help: 'three numbers: 0.1.0' }
}

function tapioRange ({ manifest, description: { tapio } }: Checked): Finding {
  const peer = textIn(manifest.peerDependencies, 'tapio')
  const help = `"peerDependencies": {"tapio": "${tapio}"} in package.json`
  if (peer === undefined) return { ok: false, text: 'npm is not told which Tapio it needs', help }
  const [own, told] = [semver.validRange(tapio), semver.validRange(peer)]
  if (own === null || told === null || own !== told) return { ok: false, text: `it is for Tapio ${tapio} by definePlugin, ${peer} by peerDependencies`, help }
  return { ok: true, text: `it is for Tapio ${tapio}, by definePlugin and by peerDependencies` }
}

function notBundled ({ manifest }: Checked): Finding {
  if (textIn(manifest.dependencies, 'tapio') === undefined) return { ok: true, text: 'it brings no Tapio of its own' }
  return { ok: false, text: '`tapio` is among its dependencies: who installs it gets a second Tapio', help: 'move it to peerDependencies, and to devDependencies for your tests' }
}

function * published ({ manifest, folder, entry }: Checked): Generator<Finding> {
  const shown = relative(folder, entry).split(sep).join('/')
  if (isPublished(manifest.files, shown)) yield { ok: true, text: `${shown} is published` }
  else yield { ok: false, text: `${shown}, the module it begins with, is not among \`files\`: it would not be published`, help: `"files": ["${shown.split('/')[0] ?? shown}"] in package.json` }
  if (/\.[jt]s$/.test(entry) && manifest.type !== 'module') yield { ok: false, text: `${shown} is an ES module, and package.json does not say so`, help: '"type": "module" in package.json' }
  const keywords: readonly unknown[] = Array.isArray(manifest.keywords) ? manifest.keywords : []
  if (!keywords.includes('tapio-plugin')) yield { ok: false, isWarning: true, text: 'people who look for plugins will not find it', help: '"keywords": ["tapio-plugin"] in package.json' }
  if (typeof manifest.license !== 'string') yield { ok: false, isWarning: true, text: 'it has no `license`: nobody knows whether they may use it', help: '"license": "MIT" in package.json' }
  if (!existsSync(join(folder, 'README.md'))) yield { ok: false, isWarning: true, text: 'it has no README.md' }
  if (manifest.private === true) yield { ok: false, isWarning: true, text: 'it is `private`: npm will not publish it' }
}

/** As far as plain names go: an entry of `files` is the file, or a folder it is in. Patterns are taken to fit. */
function isPublished (files: unknown, path: string): boolean {
  if (!Array.isArray(files)) return true
  return files.filter((f): f is string => typeof f === 'string' && !f.startsWith('!')).some(entry => {
    const plain = entry.replace(/^\.?\//, '').replace(/\/$/, '')
    return plain === '' || plain === '.' || /[*?[{]/.test(plain) || path === plain || path.startsWith(`${plain}/`)
  })
}
