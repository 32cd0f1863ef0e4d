/**
 * The original Tapio's short form (`intelligence:`, `collectors:`, `correlation:`) to the long one. It works on the tree, so
 * every value keeps its line and, through `origin`, the key path the user wrote. Both forms mix: the long one wins.
 *
 * Components that this build lacks are left out with a warning, so that the published example always runs.
 */
import type { FaultList } from './faults.js'
import { mergeMaps } from './merge.js'
import { checkOptions, type Gathered } from './options.js'
import { collectorsToReceivers } from './seed-collectors.js'
import { seedPipeline, seedProcessors, seedSchemas, serviceOptions, withoutEffect, type SeedProcessor } from './seed-schema.js'
import { mapOf, moved, skipped, type Pairs } from './seed-tree.js'
import { sectionOf, seedSections, type ComponentCatalog } from './shape.js'
import { child, entry, isNull, pathText, strings, type MapEntry, type MapNode, type Span, type TreeNode } from './tree.js'

/** The tree without short form; the same tree when there was none. */
export function expandSeed (tree: MapNode, catalog: ComponentCatalog, gathered: Gathered): MapNode {
  const sections = seedSections.map(key => tree.entries.get(key)).filter(e => e !== undefined)
  const [first] = sections
  if (first === undefined) return tree
  const invalid = checkSeed(tree, gathered)
  const long: MapNode = { ...tree, entries: new Map([...tree.entries].filter(([key]) => !seedSections.some(s => s === key))) }
  const receivers = collectorsToReceivers(tree, catalog, gathered)
  const processors = seedProcessors.flatMap(p => processorOf(p, tree, first.key, catalog, gathered, invalid))
  const service = serviceOf(tree, invalid, gathered.faults)
  const expanded = assemble(long, receivers, processors, service, tree.entries.get('collectors')?.key ?? first.key)
  return mergeMaps(expanded, long, [])
}

/** Checks `intelligence` and `correlation`; the key paths that have faults, so that they are not reported twice. */
function checkSeed (tree: MapNode, gathered: Gathered): ReadonlySet<string> {
  const from = gathered.faults.items.length
  for (const key of ['intelligence', 'correlation'] as const) {
    const section = tree.entries.get(key)
    if (section !== undefined) checkOptions(seedSchemas[key], section.value, section.key, [key], gathered)
  }
  return new Set(gathered.faults.items.slice(from).map(fault => pathText(fault.path)))
}

function follow (tree: TreeNode, path: readonly string[]): MapEntry | undefined {
  let found: MapEntry | undefined
  let node: TreeNode | undefined = tree
  for (const step of path) {
    found = entry(node, step)
    node = found?.value
  }
  return found
}

function serviceOf (tree: MapNode, invalid: ReadonlySet<string>, faults: FaultList): Pairs {
  const pipeline = follow(tree, ['intelligence', 'pipeline'])?.value
  if (pipeline?.kind !== 'map') return []
  const pairs: (readonly [string, MapEntry])[] = []
  for (const [key, found] of pipeline.entries) {
    const path = ['intelligence', 'pipeline', key]
    const reason = withoutEffect[key]
    if (reason !== undefined) faults.warning('CFG081', found.key, path, `\`${pathText(path)}\` has no effect: ${reason}`)
    const name = serviceOptions[key]
    if (name !== undefined && !invalid.has(pathText(path)) && !isNull(found.value)) pairs.push([name, moved(found, path)])
  }
  return pairs
}

function processorOf (processor: SeedProcessor, tree: MapNode, fallback: Span, catalog: ComponentCatalog, gathered: Gathered, invalid: ReadonlySet<string>): Pairs {
  const isOff = (path: readonly string[]): boolean => {
    const node = follow(tree, path)?.value
    return node?.kind === 'scalar' && node.value === false
  }
  if (processor.switches.some(isOff)) return []
  const factory = catalog.find('processor', processor.type)
  const why = processor.switches.toReversed().map(path => ({ path, entry: follow(tree, path) })).find(s => s.entry !== undefined)
  const key = why?.entry?.key ?? fallback
  if (factory === undefined) {
    // Only what the user asked for is worth a line; the other steps are on by default.
    if (why !== undefined) skipped('processor', processor.type, why.path, key, gathered.faults)
    return []
  }
  const properties = (factory.schema['properties'] ?? {}) as object
  const options: (readonly [string, MapEntry])[] = []
  for (const [name, path] of Object.entries(processor.options)) {
    const found = follow(tree, path)
    if (found === undefined || isNull(found.value) || invalid.has(pathText(path))) continue
    if (Object.hasOwn(properties, name)) options.push([name, moved(found, path)])
    else gathered.faults.warning('CFG081', found.key, path, `\`${pathText(path)}\` has no effect: the processor \`${processor.type}\` of this build has no option \`${name}\``)
  }
  return [[processor.type, { key, value: mapOf(options, key, ['processors', processor.type]) }]]
}

/** The long form of it all. Receivers and exporters that the user defined but put in no pipeline join the short form's. */
function assemble (long: MapNode, receivers: Pairs, processors: Pairs, service: Pairs, at: Span): MapNode {
  const ownPipelines = child(child(long, 'service'), 'pipelines')
  const joining = (side: 'receivers' | 'exporters'): Pairs => unplaced(long, ownPipelines, side)
  const sources = [...receivers, ...joining('receivers').filter(([key]) => !receivers.some(([r]) => r === key))]
  const own = joining('exporters')
  const sinks: Pairs = own.length > 0 ? own : [['debug', { key: at, value: mapOf([], at) }]]
  const hasOwn = ownPipelines?.kind === 'map' && ownPipelines.entries.size > 0
  // Someone who mixes `intelligence:` with pipelines of their own wants its service settings, not one more pipeline.
  if (sources.length === 0 && hasOwn) return mapOf([['service', { key: at, value: mapOf(service, at) }]], at)
  const list = (pairs: Pairs): MapEntry => ({ key: at, value: { kind: 'list', at, items: pairs.map(([text, { key }]) => ({ kind: 'scalar', value: text, text, at: key })) } })
  const pipeline = mapOf([['receivers', list(sources)], ['processors', list(processors)], ['exporters', list(sinks)]], at)
  const pipelines = mapOf([[seedPipeline, { key: at, value: pipeline }]], at)
  return mapOf([
    [sectionOf.receiver, { key: at, value: mapOf(receivers, at) }],
    [sectionOf.processor, { key: at, value: mapOf(processors, at) }],
    [sectionOf.exporter, { key: at, value: mapOf(own.length > 0 ? [] : sinks, at) }],
    ['service', { key: at, value: mapOf([...service, ['pipelines', { key: at, value: pipelines }]], at) }]
  ], at)
}

function unplaced (long: MapNode, pipelines: TreeNode | undefined, side: 'receivers' | 'exporters'): Pairs {
  const section = child(long, side)
  if (section?.kind !== 'map') return []
  const placed = new Set<string>()
  for (const { value } of pipelines?.kind === 'map' ? pipelines.entries.values() : []) {
    for (const { text } of strings(child(value, side))) placed.add(text)
  }
  return [...section.entries].filter(([key]) => !placed.has(key))
}
