/** YAML text to a positioned tree. All faults of the text are reported, none throws, and nothing in it can take unbounded time. */
import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, type Alias, type Pair, type ParsedNode, type Scalar as YamlScalar, type YAMLMap } from 'yaml'
import type { FaultList } from './faults.js'
import type { SourceText } from './source.js'
import { reportSyntax } from './syntax.js'
import { type KeyPath, type MapEntry, type Scalar, type Span, type TreeNode } from './tree.js'

/** Deepest nesting; the deepest real configuration has about 12 levels. */
export const maxDepth = 64
/** Values after aliases are expanded: bounds an alias bomb (nine levels of nine aliases would be 387 million). */
export const maxNodes = 200_000

type AnyNode = ParsedNode | Alias.Parsed | YamlScalar.Parsed | null | undefined

interface Walk {
  readonly source: SourceText
  readonly faults: FaultList
  /** What every alias stands for. Looking it up through the library searches the whole document for every alias. */
  readonly targets: Map<Alias.Parsed, AnyNode>
  /** The latest node of each anchor, in the order of the document. */
  readonly anchors: Map<string, AnyNode>
  nodes: number
  gaveUp: boolean
}

/** The tree of the one map in `source`; undefined when it is empty or too broken to go on (faults were then added). */
export function parseYaml (source: SourceText, faults: FaultList): TreeNode | undefined {
  const tree = parseValueText(source, faults)
  if (tree === undefined || (tree.kind === 'scalar' && tree.value === null)) return undefined
  if (tree.kind === 'map') return tree
  faults.error('CFG009', tree.at, [], `the file must hold a map at its top level, found ${tree.kind === 'list' ? 'a list' : 'a single value'}`, { allowed: 'receivers, processors, exporters, service, …' })
  return undefined
}

/** As `parseYaml`, for any value. */
export function parseValueText (source: SourceText, faults: FaultList): TreeNode | undefined {
  const before = faults.errors
  const documents = parseAllDocuments(source.text, { prettyErrors: false, uniqueKeys: false, logLevel: 'silent' })
  if (!Array.isArray(documents)) return undefined
  for (const { errors } of documents) reportSyntax(source, errors, faults)
  const [doc, second] = documents
  if (second !== undefined) {
    const at = second.range[0]
    faults.error('CFG006', source.span(at, at), [], 'the file holds more than one YAML document', { help: 'give each document a file and name them with several --config' })
  }
  const contents = doc?.contents as AnyNode
  if (doc === undefined || contents === null || contents === undefined || faults.errors > before) return undefined
  const tree = convert({ source, faults, targets: new Map(), anchors: new Map(), nodes: 0, gaveUp: false }, contents, [], source.span(0, 0), 0)
  return faults.errors > before ? undefined : tree
}

function convert (walk: Walk, node: AnyNode, path: KeyPath, fallback: Span, depth: number): TreeNode {
  const at = node?.range ? walk.source.span(node.range[0], node.range[1]) : fallback
  walk.nodes += 1
  if (depth > maxDepth || walk.nodes > maxNodes) return giveUp(walk, at, path, depth > maxDepth)
  if (walk.gaveUp || node === null || node === undefined) return nullAt(at)
  if (isAlias(node)) return convertAlias(walk, node, path, at, depth)
  remember(walk, node)
  if (isMap(node)) return { kind: 'map', entries: convertMap(walk, node as YAMLMap.Parsed, path, depth), at }
  if (isSeq(node)) {
    return { kind: 'list', items: node.items.map((item, i) => convert(walk, item as AnyNode, [...path, i], at, depth + 1)), at }
  }
  return isScalar(node) ? convertScalar(walk, node as YamlScalar.Parsed, at) : nullAt(at)
}

const nullAt = (at: Span): TreeNode => ({ kind: 'scalar', value: null, text: '', at })

function giveUp (walk: Walk, at: Span, path: KeyPath, deep: boolean): TreeNode {
  if (!walk.gaveUp) {
    const message = deep ? `the document is nested deeper than ${maxDepth} levels` : `the document expands to more than ${maxNodes} values`
    walk.faults.error('CFG007', at, path.slice(0, 8), message, deep ? {} : { help: 'aliases of aliases multiply: write the values out' })
  }
  walk.gaveUp = true
  return nullAt(at)
}

function convertScalar (walk: Walk, node: YamlScalar.Parsed, at: Span): TreeNode {
  const value = node.value as unknown
  const text = node.source ?? String(value ?? '')
  // A tag of the user's own (`!!binary`, `!!timestamp`) may make something else of it: its text is what was meant.
  const plain = value === null || ['string', 'number', 'boolean'].includes(typeof value)
  return { kind: 'scalar', value: plain ? value as Scalar : text, text, at }
}

function convertAlias (walk: Walk, alias: Alias.Parsed, path: KeyPath, at: Span, depth: number): TreeNode {
  const target = targetOf(walk, alias)
  if (target !== undefined) return convert(walk, target, path, at, depth + 1)
  walk.faults.error('CFG008', at, path, 'the alias has no anchor before it', { help: 'an anchor is written `&name` and must come first' })
  return nullAt(at)
}

/** Kept from the first visit, which is in document order: an anchor may be defined again further down. */
function targetOf (walk: Walk, alias: Alias.Parsed): AnyNode {
  const target = walk.targets.get(alias) ?? walk.anchors.get(alias.source)
  walk.targets.set(alias, target)
  return target
}

function remember (walk: Walk, node: AnyNode): void {
  const anchor = isAlias(node) ? undefined : node?.anchor
  if (anchor !== undefined && walk.anchors.get(anchor) !== node) walk.anchors.set(anchor, node)
}

function convertMap (walk: Walk, map: YAMLMap.Parsed, path: KeyPath, depth: number): ReadonlyMap<string, MapEntry> {
  const entries = new Map<string, MapEntry>()
  const merged: MapEntry[] = []
  for (const pair of map.items as Pair<AnyNode, AnyNode>[]) {
    const span = keySpan(walk, pair, map)
    const key = keyText(walk, pair.key)
    if (key === undefined) {
      walk.faults.error('CFG011', span, path, 'a key must be a plain text that is not empty', { help: 'a value that starts with { or [ is a map or a list; quote it to make it text' })
    } else if (key === '__proto__') {
      walk.faults.error('CFG011', span, path, 'the key `__proto__` cannot be used')
    } else if (key === '<<') {
      merged.push({ key: span, value: convert(walk, pair.value, path, span, depth + 1) })
    } else if (entries.has(key)) {
      walk.faults.error('CFG005', span, [...path, key], `\`${key}\` is written twice; first on line ${entries.get(key)?.key.line}`, { help: 'remove one, or merge the two' })
    } else {
      entries.set(key, { key: span, value: convert(walk, pair.value, [...path, key], span, depth + 1) })
    }
  }
  for (const { key, value } of merged) mergeKey(walk, entries, value, key, path)
  return entries
}

function keySpan (walk: Walk, pair: Pair<AnyNode, AnyNode>, map: YAMLMap.Parsed): Span {
  const range = pair.key?.range ?? pair.value?.range ?? map.range
  return walk.source.span(range[0], range[1])
}

/** `on: x` and `1: x` are texts as keys, as in every tool that reads YAML into options. */
function keyText (walk: Walk, key: AnyNode): string | undefined {
  remember(walk, key)
  const node = isAlias(key) ? targetOf(walk, key) : key
  if (!isScalar(node) || node.value === null || node.value === '') return undefined
  return typeof node.value === 'string' ? node.value : node.source ?? String(node.value)
}

/** `<<: *defaults` or `<<: [*a, *b]`: keys written in the map itself win, then the earlier of the merged maps. */
function mergeKey (walk: Walk, into: Map<string, MapEntry>, value: TreeNode, at: Span, path: KeyPath): void {
  for (const from of value.kind === 'list' ? value.items : [value]) {
    if (from.kind === 'map') {
      for (const [key, entry] of from.entries) if (!into.has(key)) into.set(key, entry)
    } else if (!walk.gaveUp) {
      walk.faults.error('CFG012', at, path, 'a merge key (`<<`) takes a map, an alias of one, or a list of them', { help: 'write `<<: *name`' })
    }
  }
}
