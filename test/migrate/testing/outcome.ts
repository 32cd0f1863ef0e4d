/** What becomes of a configuration: does it load as it is, after `config migrate`, and what is missing then. */
import { registryUrl } from '../../../core/cli/registry.js'
import { loadConfig, type LoadResult } from '../../../core/config/load.js'
import { SourceText, type Environment } from '../../../core/config/source.js'
import { openCatalog, planConfig } from '../../../core/instance.js'
import { migrateCollector } from '../../../core/migrate/collector.js'
import type { Migrated } from '../../../core/migrate/migrated.js'
import type { ConfigFile } from './files.js'

export const catalog = await openCatalog([registryUrl])

const values: readonly (readonly [RegExp, string])[] = [
  [/PORT/, '4317'], [/MIB$/, '512'], [/VERBOSITY/, 'basic'], [/COLLECTOR_ENDPOINT/, 'backend:4317'], [/ENDPOINT|URL/, 'http://backend:4318'], [/HOST|_IP$|INTERFACE/, '127.0.0.1']
]

/** Every variable is set, to something that fits its name; those with a default are not. */
export const standIns: Environment = new Proxy({}, {
  get: (_target, name) => typeof name !== 'string' || /LOG_LEVEL|ENVIRONMENT/.test(name) ? undefined : values.find(([pattern]) => pattern.test(name))?.[1] ?? 'text'
})

export interface Outcome {
  /** Valid as it is: loads, and makes a graph. */
  readonly asItIs: LoadResult
  readonly migrated: Migrated
  /** What was written, loaded. */
  readonly after: LoadResult | undefined
}

export function load (text: string, sets: readonly string[] = []): LoadResult {
  const loaded = loadConfig({ configs: ['/in.yaml'], sets, texts: new Map([['/in.yaml', text]]) }, catalog, standIns)
  return loaded.ok && !planConfig(loaded.config, catalog).ok ? { ok: false, faults: [], warnings: loaded.warnings, files: [] } : loaded
}

export function outcomeOf ({ name, text }: ConfigFile): Outcome {
  const migrated = migrateCollector(new SourceText(`${name}.yaml`, text, '/'), catalog, standIns)
  return { asItIs: load(text), migrated, after: migrated.ok ? load(migrated.yaml) : undefined }
}
