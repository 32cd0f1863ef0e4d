/** Finding factories. Core knows no component by name: it is given modules whose `components` export is a plain list. */
import type { Kind } from './component.js'
import { withDelivery } from '../delivery/with-delivery.js'
import { isPlugin, referenceOf } from '../plugins/reference.js'
import { withIsolation } from '../recovery/with-isolation.js'
import type { ComponentFactory } from './factory.js'

export type FindComponent = (kind: Kind, type: string) => ComponentFactory | undefined

/** Imports `modules` (URLs, package names, plugins as core/plugins/reference.ts writes them) in order; a later factory of the same kind and type replaces an earlier one. Exporters, and processors that can be done without, get what all of them have. */
export async function loadCatalog (modules: readonly string[]): Promise<readonly ComponentFactory[]> {
  const all = new Map<string, ComponentFactory>()
  for (const url of modules) {
    for (const factory of await factoriesIn(url)) all.set(`${factory.kind}/${factory.type}`, withIsolation(withDelivery(factory)))
  }
  return [...all.values()]
}

async function factoriesIn (module: string): Promise<readonly ComponentFactory[]> {
  if (isPlugin(module)) return (await import('../plugins/factories.js')).factoriesOf(referenceOf(module))
  const { components } = await import(module) as { components?: readonly ComponentFactory[] }
  if (!Array.isArray(components)) throw new Error(`module ${module} does not export a list named "components"`)
  return components
}

export function finder (factories: readonly ComponentFactory[]): FindComponent {
  const byName = new Map<string, ComponentFactory>()
  for (const f of factories) for (const alias of Object.keys(f.aliases ?? {})) byName.set(`${f.kind}/${alias}`, f)
  for (const f of factories) byName.set(`${f.kind}/${f.type}`, f)
  return (kind, type) => byName.get(`${kind}/${type}`)
}

export async function catalogOf (modules: readonly string[]): Promise<FindComponent> {
  return finder(await loadCatalog(modules))
}
