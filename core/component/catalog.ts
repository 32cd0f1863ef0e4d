/** Finding factories. Core knows no component by name: it is given modules whose `components` export is a plain list. */
import type { Kind } from './component.js'
import { withDelivery } from '../delivery/with-delivery.js'
import { isPlugin, referenceOf } from '../plugins/reference.js'
import type { ComponentFactory } from './factory.js'

export type FindComponent = (kind: Kind, type: string) => ComponentFactory | undefined

/** Imports `modules` (URLs, package names, plugins as core/plugins/reference.ts writes them) in order; a later factory of the same kind and type replaces an earlier one. Exporters get what all of them have. */
export async function loadCatalog (modules: readonly string[]): Promise<readonly ComponentFactory[]> {
  const all = new Map<string, ComponentFactory>()
  for (const url of modules) {
    if (isPlugin(url)) {
      const { factoriesOf } = await import('../plugins/factories.js')
      for (const factory of await factoriesOf(referenceOf(url))) all.set(`${factory.kind}/${factory.type}`, withDelivery(factory))
      continue
    }
    const { components } = await import(url) as { components?: readonly ComponentFactory[] }
    if (!Array.isArray(components)) throw new Error(`module ${url} does not export a list named "components"`)
    for (const factory of components as readonly ComponentFactory[]) all.set(`${factory.kind}/${factory.type}`, withDelivery(factory))
  }
  return [...all.values()]
}

export function finder (factories: readonly ComponentFactory[]): FindComponent {
  const byName = new Map(factories.map(f => [`${f.kind}/${f.type}`, f]))
  return (kind, type) => byName.get(`${kind}/${type}`)
}

export async function catalogOf (modules: readonly string[]): Promise<FindComponent> {
  return finder(await loadCatalog(modules))
}
