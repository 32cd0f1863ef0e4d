/** The factories of a plugin, as the rest of Tapio sees them: the plugin's own, or ones whose components live in threads of their own. */
import { createHash } from 'node:crypto'
import { Type, type TObject, type TSchema } from '@sinclair/typebox'
import type { ComponentFactory } from '../component/factory.js'
import { checkApart } from './check.js'
import type { ComponentDescription } from './description.js'
import { pluginDrops, pluginRemedies, pluginMetrics } from './metrics.js'
import { loadedOf } from './module.js'
import { moduleOf, type PluginReference } from './reference.js'

export async function factoriesOf (reference: PluginReference): Promise<readonly ComponentFactory[]> {
  if (reference.options.isolation === 'none') {
    // A trace then points into the plugin's sources.
    process.setSourceMapsEnabled(true)
    return (loadedOf(await import(reference.url) as Record<string, unknown>).components ?? []).map(factory => Object.freeze({ ...factory, build: buildOf(reference) }))
  }
  return reference.description.components.map((description, at) => isolated(reference, description, at))
}

function isolated (reference: PluginReference, description: ComponentDescription, at: number): ComponentFactory {
  const { kind, type, stability, signals, schema, concurrency, light, endToEnd, cannotWait, isolates, answers, metrics, drops, remedies } = description
  return Object.freeze({
    kind, type, stability, signals, concurrency, light, endToEnd, cannotWait, answers,
    ...(isolates === undefined ? {} : { isolates }),
    description: description.description,
    schema: withOptional(schema as TObject),
    build: buildOf(reference),
    metrics: [...metrics, ...pluginMetrics],
    drops: { ...pluginDrops, ...drops },
    remedies: { ...pluginRemedies, ...remedies },
    // Between the threads batches wait for each other's answers; several under way hide that.
    ...(kind === 'exporter' ? { parallel: () => batchesUnderWay } : {}),
    ...(description.checks ? { check: config => checkApart(reference, at, config) } : {}),
    create: async services => {
      const { IsolatedComponent } = await import('./isolated/component.js')
      return new IsolatedComponent({ reference, description, at }, services)
    }
  } satisfies ComponentFactory)
}

/** Of its code and of everything that is decided of it: its permissions, its memory. */
function buildOf (reference: PluginReference): string { return createHash('sha256').update(moduleOf(reference)).digest('hex').slice(0, 16) }

const batchesUnderWay = 8

/** Which options may be left out is marked by symbols, too, which a description that was plain data has lost; who adds options to a schema reads those. */
function withOptional (schema: TObject): TSchema {
  const required = new Set(schema.required ?? [])
  const properties = Object.entries(schema.properties).map(([key, property]) => [key, required.has(key) ? property : Type.Optional(property)])
  return { ...schema, properties: Object.fromEntries(properties) as TObject['properties'] }
}
