/**
 * Extensions of the Collector whose work Tapio does without one. A file that names them runs as it is: they are left out, and a warning
 * says where to look instead. What cannot be done without (authenticators, storage) is a fault as any other unknown component.
 */
import { componentId } from '../component/id.js'
import type { Gathered } from './options.js'
import type { ComponentCatalog } from './shape.js'
import { entry, type MapEntry, type MapNode, type TreeNode } from './tree.js'

export const builtInExtensions: Readonly<Record<string, string>> = {
  health_check: '`service.telemetry.metrics` serves /livez, /readyz and /healthz: point probes there',
  healthcheckv2: '`service.telemetry.metrics` serves /livez, /readyz and /healthz: point probes there',
  pprof: 'with `service.profiling: true`, SIGUSR2 takes a CPU profile',
  zpages: '`tapio top`, `tapio tap`, `tapio status` and the web page of `service.api` show what flows',
  memory_ballast: 'it tunes the garbage collector of Go'
}

/** The tree without them, in `extensions` and in `service.extensions`. */
export function leaveOutExtensions (tree: MapNode, catalog: ComponentCatalog, { faults }: Gathered): MapNode {
  const section = tree.entries.get('extensions')
  const isBuiltIn = (id: string): boolean => reasonFor(id) !== undefined && catalog.find('extension', componentId('extension', id).type) === undefined
  const without = (section?.value.kind === 'map' ? [...section.value.entries] : []).filter(([id, { key }]) => {
    const reason = isBuiltIn(id) ? reasonFor(id) : undefined
    if (reason !== undefined) faults.warning('CFG083', key, ['extensions', id], `\`${id}\` is not needed and left out`, { help: reason })
    return reason === undefined
  })
  const entries = new Map(tree.entries)
  if (section?.value.kind === 'map') entries.set('extensions', { ...section, value: { ...section.value, entries: new Map(without) } })
  const service = entries.get('service')
  if (service !== undefined) entries.set('service', withoutNames(service, isBuiltIn))
  return { ...tree, entries }
}

const reasonFor = (id: string): string | undefined => {
  const { type } = componentId('extension', id)
  return Object.hasOwn(builtInExtensions, type) ? builtInExtensions[type] : undefined
}

function withoutNames (service: MapEntry, isBuiltIn: (id: string) => boolean): MapEntry {
  const list = entry(service.value, 'extensions')
  if (list?.value.kind !== 'list' || service.value.kind !== 'map') return service
  const isKept = (item: TreeNode): boolean => !(item.kind === 'scalar' && typeof item.value === 'string' && isBuiltIn(item.value))
  const entries = new Map(service.value.entries).set('extensions', { ...list, value: { ...list.value, items: list.value.items.filter(isKept) } })
  return { ...service, value: { ...service.value, entries } }
}
