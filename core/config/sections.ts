/** The component sections: every id checked, every body typed by its factory's schema. */
import { componentId, idFault, type ComponentId } from '../component/id.js'
import type { Kind } from '../component/component.js'
import type { ComponentFactory } from '../component/factory.js'
import { maskAll } from './check.js'
import { found } from './describe.js'
import { checkOptions, type Gathered } from './options.js'
import { isExtensionKey, kinds, sectionOf, topLevelKeys, type ComponentCatalog } from './shape.js'
import { listed, nearest } from './suggest.js'
import { entry, fromPlain, isNull, type MapEntry, type MapNode, type Span, type TreeNode } from './tree.js'

/** A component as defined. `factory` and `config` are missing when its type is not known; it still counts as defined. */
export interface Definition {
  readonly id: ComponentId
  readonly key: Span
  readonly factory: ComponentFactory | undefined
  readonly config: unknown
}

export type Definitions = Readonly<Record<Kind, ReadonlyMap<string, Definition>>>

export function readSections (tree: MapNode, catalog: ComponentCatalog, gathered: Gathered): Definitions {
  for (const [key, entry] of tree.entries) {
    if (topLevelKeys.includes(key) || isExtensionKey(key)) continue
    maskAll(entry.value, gathered)
    gathered.faults.error('CFG031', entry.key, [key], `unknown section \`${key.slice(0, 80)}\``, { allowed: listed(topLevelKeys), suggestion: nearest(key, topLevelKeys) })
  }
  const sections = kinds.map(kind => [kind, readSection(kind, tree.entries.get(sectionOf[kind]), catalog, gathered)] as const)
  const definitions = Object.fromEntries(sections) as Record<Kind, ReadonlyMap<string, Definition>>
  ambiguousConnectors(definitions, gathered)
  return definitions
}

function readSection (kind: Kind, section: MapEntry | undefined, catalog: ComponentCatalog, gathered: Gathered): ReadonlyMap<string, Definition> {
  const definitions = new Map<string, Definition>()
  if (section === undefined || isNull(section.value)) return definitions
  if (section.value.kind !== 'map') {
    if (section.value.kind === 'scalar' && section.value.broken === true) return definitions
    maskAll(section.value, gathered)
    gathered.faults.error('CFG030', section.value.at, [sectionOf[kind]], `\`${sectionOf[kind]}\` must be a map of ${kind} ids to their options, found ${found(section.value)}`)
    return definitions
  }
  for (const [text, entry] of section.value.entries) definitions.set(text, readDefinition(kind, text, entry, catalog, gathered))
  return definitions
}

function readDefinition (kind: Kind, text: string, entry: MapEntry, catalog: ComponentCatalog, gathered: Gathered): Definition {
  const path = entry.value.origin ?? [sectionOf[kind], text]
  const id = componentId(kind, text)
  const fault = idFault(text)
  const factory = fault === '' ? catalog.find(kind, id.type) : undefined
  if (factory !== undefined) {
    const value = withAliasOptions(factory.aliases?.[id.type] ?? {}, { ...entry, value: withNewNames(factory.formerly ?? {}, entry.value, path, gathered) })
    return { id, key: entry.key, factory, config: checkOptions(factory.schema, value, entry.key, path, gathered, factory).value }
  }
  maskAll(entry.value, gathered)
  if (fault !== '') gathered.faults.error('CFG051', entry.key, path, `\`${text.slice(0, 80)}\` is no component id: ${fault}`, { allowed: 'type or type/name' })
  else unknownType(kind, id, entry.key, path, catalog, gathered)
  return { id, key: entry.key, factory: undefined, config: undefined }
}

/** Options under the names they have now; a name of both times is left to the schema to refuse. */
function withNewNames (formerly: NonNullable<ComponentFactory['formerly']>, value: TreeNode, path: readonly (string | number)[], { faults }: Gathered): TreeNode {
  if (value.kind !== 'map' || !Object.keys(formerly).some(name => value.entries.has(name))) return value
  const entries = [...value.entries].map(([name, option]): readonly [string, MapEntry] => {
    const now = Object.hasOwn(formerly, name) ? formerly[name] : undefined
    if (now === undefined || value.entries.has(now.option)) return [name, option]
    faults.warning('CFG043', option.key, [...path, name], `\`${name}\` is called \`${now.option}\``, { suggestion: now.option })
    const { value: old } = option
    const word = old.kind === 'scalar' ? now.values?.[String(old.value).toLowerCase()] : undefined
    const renamed = word === undefined || old.kind !== 'scalar' ? old : { ...old, value: word, text: word }
    return [now.option, { key: option.key, value: { ...renamed, origin: [...path, name] } }]
  })
  return { ...value, entries: new Map(entries) }
}

/** The options as written, and those that come with the name the component goes by here. */
function withAliasOptions (options: Readonly<Record<string, unknown>>, { key, value }: MapEntry): TreeNode {
  const missing = Object.entries(options).filter(([name]) => entry(value, name) === undefined)
  if (missing.length === 0 || (value.kind !== 'map' && !isNull(value))) return value
  const written = value.kind === 'map' ? [...value.entries] : []
  const added = missing.map(([name, option]) => [name, { key, value: fromPlain(option, key) }] as const)
  return { kind: 'map', at: value.at, ...(value.origin !== undefined && { origin: value.origin }), entries: new Map([...written, ...added]) }
}

function unknownType (kind: Kind, id: ComponentId, key: Span, path: readonly (string | number)[], catalog: ComponentCatalog, { faults }: Gathered): void {
  const types = catalog.types(kind)
  const elsewhere = kinds.find(other => other !== kind && catalog.find(other, id.type) !== undefined)
  const help = elsewhere === undefined ? undefined : `\`${id.type}\` is ${article(elsewhere)}: it belongs under \`${sectionOf[elsewhere]}\``
  faults.error('CFG050', key, path, `there is no ${kind} \`${id.type}\``, { allowed: listed(types), suggestion: help === undefined ? nearest(id.type, types) : undefined, help })
}

export const article = (kind: Kind): string => /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`

/** Pipelines name connectors and receivers (or exporters) in one list, so one id cannot be both. */
function ambiguousConnectors (definitions: Definitions, { faults }: Gathered): void {
  for (const [text, { key }] of definitions.connector) {
    const other = (['receiver', 'exporter'] as const).find(kind => definitions[kind].has(text))
    if (other !== undefined) faults.error('CFG053', key, ['connectors', text], `\`${text}\` is both a connector and ${article(other)}`, { help: `give one of them a name: \`${text}/name\`` })
  }
}
