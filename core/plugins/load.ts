/** From the section `plugins` to what a catalog takes: located, built, asked what they are, checked against this Tapio. */
import semver from 'semver'
import { version } from '../version.js'
import { mayReach } from './builtins.js'
import { bundlePlugin, type Import } from './bundle.js'
import type { PluginOptions } from './config.js'
import type { PluginDescription } from './description.js'
import { PluginFault } from './fault.js'
import { locatePlugins, type LocatedPlugin } from './locate.js'
import { packsOf } from './packs.js'
import { probePlugin } from './probe.js'
import type { PluginReference } from './reference.js'

export interface LoadedPlugin {
  readonly reference: PluginReference
  /** Files it was made from: to be watched for a reload. */
  readonly sources: readonly string[]
}

/** `from` is the folder of the file with the section. Throws PluginFault: the first that cannot be used. */
export async function loadPlugins (options: PluginOptions, from: string): Promise<LoadedPlugin[]> {
  const loaded: LoadedPlugin[] = []
  for (const located of locatePlugins(options, from)) loaded.push(await loadPlugin(located, options))
  return loaded
}

async function loadPlugin (located: LocatedPlugin, options: PluginOptions): Promise<LoadedPlugin> {
  const { url, imports, sources } = await bundlePlugin(located)
  const description = await probePlugin(url, located.shown)
  checkVersion(description, located)
  checkImports(imports, description, located)
  return { reference: { shown: located.shown, url, folder: located.folder, options, description, patterns: packsOf(description, located) }, sources }
}

function checkVersion ({ name, version: own, tapio }: PluginDescription, { shown }: LocatedPlugin): void {
  const range = semver.validRange(tapio)
  if (range === null) throw new PluginFault(`plugin ${shown} was written for Tapio "${tapio}", which is no semver range`, 'a range as in package.json: `tapio: \'^0.1.0\'`')
  if (!semver.satisfies(version, range, { includePrerelease: true })) {
    throw new PluginFault(`plugin ${name} ${own} was written for Tapio ${tapio}; this is Tapio ${version}`, `install a version of ${name} for Tapio ${version}, or Tapio ${tapio}`)
  }
}

const fields = { network: 'network: [\'host:port\']', filesystem: 'filesystem: \'read\'', processes: 'processes: true' } as const

function checkImports (imports: readonly Import[], { permissions, name }: PluginDescription, { folder }: LocatedPlugin): void {
  const wrong = imports.find(({ reach }) => !mayReach(reach, permissions))
  if (wrong === undefined) return
  const where = wrong.importer.startsWith(folder) ? wrong.importer.slice(folder.length + 1) : wrong.importer
  if (wrong.reach === 'engine' || wrong.reach === 'free') throw new PluginFault(`plugin ${name} imports ${wrong.specifier} (in ${where}), which no plugin may`)
  throw new PluginFault(`plugin ${name} imports ${wrong.specifier} (in ${where}) without having said that it needs the ${wrong.reach}`, `declare it in the plugin: \`permissions: {${fields[wrong.reach]}}\``)
}
