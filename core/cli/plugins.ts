/** The plugins a configuration names, as modules of the catalog. */
import { readPlugins, type ConfigSources } from '../config/load.js'
import { faultsAsJson, renderFaults } from '../config/render.js'
import type { Fault } from '../config/faults.js'
import type { CommandIo } from './io.js'

export interface PluginModules {
  /** Of Tapio and of the plugins. */
  readonly modules: readonly string[]
  /** Files the plugins were made from. */
  readonly sources: readonly string[]
  /** The first plugin that cannot be used, in one line; all were printed. */
  readonly fault?: string
}

/** Bundles of plugins that a catalog has no more are not kept. */
export async function dropOldBundles (catalog: readonly string[]): Promise<void> {
  const [{ dropBundles }, { isPlugin, referenceOf }] = await Promise.all([import('../plugins/bundle.js'), import('../plugins/reference.js')])
  dropBundles(new Set(catalog.filter(isPlugin).map(module => referenceOf(module).url)))
}

/** A configuration that cannot be read has none; its faults are told by who loads it. */
export async function pluginModules (sources: ConfigSources, io: CommandIo, output?: string): Promise<PluginModules> {
  const read = readPlugins(sources, io.env)
  if (!read.ok || read.plugins.length === 0) return { modules: io.modules, sources: [] }
  const [{ loadPlugins }, { moduleOf }, { PluginFault }] = await Promise.all([import('../plugins/load.js'), import('../plugins/reference.js'), import('../plugins/fault.js')])
  const modules: string[] = [...io.modules]
  const files: string[] = []
  const faults: Fault[] = []
  for (const { options, folder, fault } of read.plugins) {
    try {
      for (const { reference, sources: own } of await loadPlugins(options, folder)) {
        modules.push(moduleOf(reference))
        files.push(...own)
      }
    } catch (error) {
      if (!(error instanceof PluginFault)) throw error
      faults.push(fault(error.message, error.help))
    }
  }
  const [first] = faults
  if (first === undefined) return { modules, sources: files }
  io.err(output === 'json' ? `${faultsAsJson(faults)}\n` : `${renderFaults(faults, { color: io.color })}\n`)
  return { modules: io.modules, sources: files, fault: `${first.file}:${first.line}: ${first.message}` }
}
