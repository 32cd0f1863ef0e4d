/** The way every command starts: catalog, configuration, plan; with all faults printed when it does not get there. */
import { loadConfig } from '../config/load.js'
import { faultsAsJson, renderFaults } from '../config/render.js'
import type { ComponentCatalog, ResolvedConfig } from '../config/shape.js'
import { openCatalog, planConfig } from '../instance.js'
import type { Plan } from '../graph/plan.js'
import type { CommandIo } from './io.js'
import { pluginModules } from './plugins.js'

export interface ConfigOptions {
  readonly config?: readonly string[]
  readonly set?: readonly string[]
  readonly output?: string
}

export interface Prepared {
  readonly catalog: ComponentCatalog
  readonly config: ResolvedConfig
  readonly plan: Plan
  /** What the catalog was made of: Tapio's own modules and those of plugins. */
  readonly modules: readonly string[]
  /** Files that plugins were made from. */
  readonly pluginSources: readonly string[]
}

/** Undefined: faults were printed. Warnings are printed either way. */
export async function prepare (options: ConfigOptions, io: CommandIo): Promise<Prepared | undefined> {
  const wanted = { configs: options.config ?? [], sets: options.set ?? [] }
  const plugins = await pluginModules(wanted, io, options.output)
  if (plugins === undefined) return undefined
  const catalog = await openCatalog(plugins.modules)
  const loaded = loadConfig(wanted, catalog, io.env)
  const faults = [...(loaded.ok ? [] : loaded.faults), ...loaded.warnings]
  if (faults.length > 0) io.err(options.output === 'json' ? `${faultsAsJson(faults)}\n` : `${renderFaults(faults, { color: io.color })}\n`)
  if (!loaded.ok) return undefined
  const planned = planConfig(loaded.config, catalog)
  if (planned.ok) return { catalog, config: loaded.config, plan: planned.plan, modules: plugins.modules, pluginSources: plugins.sources }
  for (const fault of planned.faults) io.err(`error: ${fault.path.join('.')}: ${fault.message}\n`)
  return undefined
}
