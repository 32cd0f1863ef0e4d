/**
 * The short form of the original Tapio (`intelligence: collectors: correlation:`) written as today's. Loading expands it the same way
 * (core/config/seed.ts); here the expansion is written down, with what has no effect any more.
 */
import { stringify } from 'yaml'
import { Excerpts } from '../config/excerpt.js'
import { FaultList, publicFault, type Fault, type RawFault } from '../config/faults.js'
import { parseYaml } from '../config/parse.js'
import { expandSeed } from '../config/seed.js'
import { seedSections, type ComponentCatalog } from '../config/shape.js'
import type { SourceText } from '../config/source.js'
import { pathText, toPlain, type MapNode, type TreeNode } from '../config/tree.js'
import type { Migrated } from './migrated.js'
import type { Note } from './report.js'

export function migrateSeed (source: SourceText, catalog: ComponentCatalog): Migrated {
  const faults = new FaultList()
  const tree = parseYaml(source, faults)
  const failed = (raw: readonly RawFault[]): Migrated => ({ ok: false, faults: publish(raw, source, catalog) })
  if (faults.errors > 0) return failed(faults.items)
  if (tree?.kind !== 'map' || !seedSections.some(key => tree.entries.has(key))) {
    const at = tree?.at ?? source.span(0, 0)
    return failed([{ code: 'CFG013', severity: 'error', at, path: [], message: 'this is no configuration of the original Tapio', details: { help: `it has one of ${seedSections.join(', ')} at its top level` } }])
  }
  const expanded = expandSeed(unread(tree) as MapNode, catalog, { faults, masked: [], secretSources: [] })
  if (faults.errors > 0) return failed(faults.items.filter(f => f.severity === 'error'))
  const notes = [...seedNotes(tree, expanded), ...faults.items.map(noteOf)]
  const yaml = `# Written by \`tapio config migrate --from tapio-v0\`.\n${stringify(inOrderOfSections(toPlain(expanded) as Record<string, unknown>), { lineWidth: 0, aliasDuplicateObjects: false })}`
  return { ok: true, runs: true, yaml, notes }
}

/** Values with substitutions are checked when they are known: at the start. */
function unread (node: TreeNode): TreeNode {
  if (node.kind === 'list') return { ...node, items: node.items.map(unread) }
  if (node.kind === 'map') return { ...node, entries: new Map([...node.entries].map(([key, { key: at, value }]) => [key, { key: at, value: unread(value) }])) }
  return typeof node.value === 'string' && node.value.includes('${') ? { ...node, broken: true } : node
}

const publish = (raw: readonly RawFault[], source: SourceText, catalog: ComponentCatalog): readonly Fault[] => {
  const excerpts = new Excerpts(new Map([[source.name, source]]), [], catalog, true)
  return raw.map(fault => publicFault(fault, excerpts.of(fault.at)))
}

/** Warnings of the expansion: an option without effect, a component that this build lacks. */
function noteOf ({ code, at, path, message, details }: RawFault): Note {
  return { kind: code === 'CFG080' ? 'missing' : 'changed', line: at.line, path: pathText(path), message, ...(details.help !== undefined && { help: details.help }) }
}

function seedNotes (tree: MapNode, expanded: MapNode): readonly Note[] {
  const made = ['receivers', 'processors', 'exporters'].flatMap(section => {
    const node = expanded.entries.get(section)?.value
    return node?.kind === 'map' ? [...node.entries.keys()].map(id => `${section}.${id}`) : []
  })
  return seedSections.flatMap(section => {
    const entry = tree.entries.get(section)
    return entry === undefined ? [] : [{ kind: 'translated' as const, line: entry.key.line, path: section, message: `in the long form: ${made.join(', ')}` }]
  }).slice(0, 1)
}

const sections = ['receivers', 'processors', 'exporters', 'connectors', 'extensions', 'plugins', 'service']

function inOrderOfSections (plain: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const keys = [...sections.filter(s => s in plain), ...Object.keys(plain).filter(k => !sections.includes(k))]
  return Object.fromEntries(keys.map(key => [key, plain[key]]))
}
