import type { ComponentCatalog, ResolvedConfig } from '../config/shape.js'
import { isPlugin, referenceOf } from './reference.js'

/** The configuration with the patterns of its plugins added to each component that takes patterns. */
export function withPacks (config: ResolvedConfig, catalog: ComponentCatalog, modules: readonly string[]): ResolvedConfig {
  const packs = modules.filter(isPlugin).flatMap(module => referenceOf(module).patterns)
  if (packs.length === 0) return config
  return {
    ...config,
    components: config.components.map(component => {
      const option = catalog.find(component.id.kind, component.id.type)?.patternsOption
      if (option === undefined) return component
      const own = (component.config as Readonly<Record<string, readonly string[]>>)[option] ?? []
      return { ...component, config: { ...component.config as object, [option]: [...own, ...packs] } }
    })
  }
}
