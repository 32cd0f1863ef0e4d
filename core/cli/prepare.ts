/** The way every command starts: catalog, configuration, plan; with all faults printed when it does not get there. */
import { loadConfig } from '../config/load.js'
import { faultsAsJson, renderFaults } from '../config/render.js'
import type { ResolvedConfig } from '../config/shape.js'
import { stallInWords, stallsOf } from '../delivery/stalls.js'
import { openCatalog, planConfig, type OpenCatalog } from '../instance.js'
import type { Plan } from '../graph/plan.js'
import { forgetVariables } from './forget-variables.js'
import type { CommandIo } from './io.js'
import { withPacks } from '../plugins/with-packs.js'
import { pluginModules } from './plugins.js'

export interface ConfigOptions {
  readonly config?: readonly string[]
  readonly set?: readonly string[]
  readonly output?: string
  /** What runs in the place of what was written: other receivers, say. Throws an error for people when it cannot. */
  readonly rewire?: (config: ResolvedConfig) => ResolvedConfig
  /** Only a part of it runs: what is defined and not used is nothing to warn of. */
  readonly isPart?: true
}

/** The code of the warning that a component is not used. */
const unused = 'CFG069'

export interface Prepared {
  readonly catalog: OpenCatalog
  readonly config: ResolvedConfig
  readonly plan: Plan
}

/** `reason`: the first fault in one line, and how many more there are. */
export type Tried = { readonly files: readonly string[] } & ({ readonly prepared: Prepared } | { readonly prepared: undefined, readonly reason: string })

/** Undefined: faults were printed. Warnings are printed either way. */
export async function prepare (options: ConfigOptions, io: CommandIo): Promise<Prepared | undefined> {
  return (await tryPrepare(options, io)).prepared
}

/** The same, saying in short what was wrong and which files were read. */
export async function tryPrepare (options: ConfigOptions, io: CommandIo): Promise<Tried> {
  const wanted = { configs: options.config ?? [], sets: options.set ?? [], texts: new Map() }
  const plugins = await pluginModules(wanted, io, options.output)
  const catalog = await openCatalog(plugins.modules)
  const loaded = loadConfig(wanted, catalog, io.env)
  const files = [...loaded.files, ...plugins.sources]
  if (plugins.fault !== undefined) return { files, prepared: undefined, reason: plugins.fault }
  const warnings = options.isPart === true ? loaded.warnings.filter(w => w.code !== unused) : loaded.warnings
  const faults = [...(loaded.ok ? [] : loaded.faults), ...warnings]
  if (faults.length > 0) io.err(options.output === 'json' ? `${faultsAsJson(faults)}\n` : `${renderFaults(faults, { color: io.color })}\n`)
  if (!loaded.ok) return { files, prepared: undefined, reason: inShort(loaded.faults.map(f => `${f.file}:${f.line}: ${f.message}`)) }
  forgetVariables(loaded.config.secretVariables)
  const config = withPacks(options.rewire?.(loaded.config) ?? loaded.config, catalog, plugins.modules)
  const planned = planConfig(config, catalog)
  if (planned.ok) {
    const { plan } = planned
    if (options.output !== 'json') for (const stall of stallsOf(plan.pipelines, plan.components)) io.err(`note: ${stallInWords(stall)}\n`)
    return { files, prepared: { catalog, config, plan } }
  }
  const messages = planned.faults.map(fault => `${fault.path.join('.')}: ${fault.message}`)
  for (const message of messages) io.err(`error: ${message}\n`)
  return { files, prepared: undefined, reason: inShort(messages) }
}

function inShort ([first = '', ...more]: readonly string[]): string {
  return more.length === 0 ? first : `${first} (and ${more.length} more)`
}
