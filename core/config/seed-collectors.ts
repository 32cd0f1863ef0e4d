/** `collectors:` of the short form to `receivers:`. */
import type { ComponentFactory } from '../component/factory.js'
import { maskAll } from './check.js'
import { found } from './describe.js'
import type { Gathered } from './options.js'
import { seedCollectors, type SeedCollector } from './seed-schema.js'
import { mapOf, moved, skipped, type Pairs } from './seed-tree.js'
import type { ComponentCatalog } from './shape.js'
import { listed, nearest } from './suggest.js'
import { isNull, type KeyPath, type MapEntry, type MapNode } from './tree.js'

export function collectorsToReceivers (tree: MapNode, catalog: ComponentCatalog, gathered: Gathered): Pairs {
  const section = tree.entries.get('collectors')
  if (section === undefined || isNull(section.value)) return []
  if (section.value.kind !== 'map') {
    maskAll(section.value, gathered)
    const isReported = section.value.kind === 'scalar' && section.value.broken === true
    if (!isReported) gathered.faults.error('CFG030', section.value.at, ['collectors'], `\`collectors\` must be a map of collectors to their options, found ${found(section.value)}`)
    return []
  }
  return [...section.value.entries].flatMap(([name, entry]) => receiverOf(name, entry, catalog, gathered))
}

function receiverOf (name: string, entry: MapEntry, catalog: ComponentCatalog, gathered: Gathered): Pairs {
  const path: KeyPath = ['collectors', name]
  const collector: SeedCollector | undefined = Object.hasOwn(seedCollectors, name) ? seedCollectors[name] : undefined
  const type = collector?.type ?? name
  const factory = catalog.find('receiver', type)
  if (factory === undefined) return unavailable(name, type, entry, collector, catalog, gathered)
  if (entry.value.kind !== 'map' && !isNull(entry.value)) return [[type, moved(entry, path)]]
  if (!isEnabled(entry, path, gathered)) {
    maskAll(entry.value, gathered)
    return []
  }
  const options = entry.value.kind === 'map' ? [...entry.value.entries].flatMap(([key, option]) => optionOf(key, option, path, collector, factory, gathered)) : []
  return [[type, { key: entry.key, value: mapOf(options, entry.value.at, path) }]]
}

function unavailable (name: string, type: string, entry: MapEntry, collector: SeedCollector | undefined, catalog: ComponentCatalog, gathered: Gathered): Pairs {
  maskAll(entry.value, gathered)
  const path: KeyPath = ['collectors', name]
  if (collector !== undefined) {
    skipped('receiver', type, path, entry.key, gathered.faults)
    return []
  }
  const known = [...new Set([...Object.keys(seedCollectors), ...catalog.types('receiver')])]
  gathered.faults.error('CFG082', entry.key, path, `there is no collector \`${name.slice(0, 80)}\``, { allowed: listed(known), suggestion: nearest(name, known) })
  return []
}

function isEnabled (entry: MapEntry, path: KeyPath, { faults }: Gathered): boolean {
  const enabled = entry.value.kind === 'map' ? entry.value.entries.get('enabled')?.value : undefined
  if (enabled === undefined || (enabled.kind === 'scalar' && enabled.broken === true)) return true
  if (enabled.kind === 'scalar' && typeof enabled.value === 'boolean') return enabled.value
  faults.error('CFG030', enabled.at, [...path, 'enabled'], `\`enabled\` must be true or false, found ${found(enabled)}`)
  return true
}

function optionOf (key: string, option: MapEntry, path: KeyPath, collector: SeedCollector | undefined, factory: ComponentFactory, { faults, masked }: Gathered): Pairs {
  if (key === 'enabled') return []
  const origin = [...path, key]
  if (factory.type === 'otlp' && key === 'endpoint') return [['protocols', { key: option.key, value: mapOf([['grpc', { key: option.key, value: mapOf([['endpoint', moved(option, origin)]], option.key) }]], option.key) }]]
  const name = key.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
  const known = Object.hasOwn((factory.schema['properties'] ?? {}) as object, name)
  if (known || collector?.options.includes(key) !== true) return [[name, moved(option, origin)]]
  maskAll(option.value, { masked })
  faults.warning('CFG081', option.key, origin, `\`${origin.join('.')}\` has no effect: the receiver \`${factory.type}\` of this build has no option \`${name}\``)
  return []
}
