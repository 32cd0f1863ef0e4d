/**
 * A YAML document that is changed in place, so that comments and order stay. Its aliases and merge keys are written out first: what is
 * removed in one place must not be missing in another.
 */
import { Document, isAlias, isMap, isNode, isPair, isScalar, isSeq, Pair, parseDocument, Scalar, visit, YAMLMap, type Node } from 'yaml'
import type { FaultList } from '../config/faults.js'
import { parseYaml } from '../config/parse.js'
import type { SourceText } from '../config/source.js'

export type Entry = Pair<Scalar, Node | null>

export class EditedDocument {
  private constructor (readonly source: SourceText, readonly yaml: Document, readonly root: YAMLMap) {}

  /** Undefined when it is no YAML map, or too much of one; the faults say why. */
  static open (source: SourceText, faults: FaultList): EditedDocument | undefined {
    // Bounds depth and size with aliases expanded, so that writing them out below is bounded, too.
    if (parseYaml(source, faults) === undefined || faults.errors > 0) return undefined
    const yaml = parseDocument(source.text, { prettyErrors: false, uniqueKeys: false, logLevel: 'silent' })
    if (!isMap(yaml.contents)) return undefined
    moveComments(yaml.contents, source.text)
    writeOut(yaml.contents, new Map())
    return new EditedDocument(source, yaml, yaml.contents as YAMLMap)
  }

  /** The line of a key, or of any node that was read; 1 for what was added. */
  lineOf (node: Node | null | undefined): number {
    return node?.range ? this.source.span(node.range[0], node.range[0]).line : 1
  }

  toString (): string { return text(this.yaml) }
}

function text (yaml: Document): string {
  visit(yaml, {
    Pair: (_key, pair) => {
      if (isMap(pair.value) && pair.value.items.length === 0 && !pair.value.range) pair.value = before.get(pair.value as YAMLMap) ?? new Scalar(null)
    }
  })
  return yaml.toString({ lineWidth: 0, flowCollectionPadding: false, nullStr: '' })
}

/** A comment below a key with nothing behind it is about what comes next; the parser puts it behind the key. */
function moveComments (contents: Node, source: string): void {
  visit(contents, {
    Map: (_key, map) => {
      for (const [i, { key, value }] of (map.items as Entry[]).entries()) {
        const next = map.items[i + 1] as Entry | undefined
        if (next === undefined || !isScalar(value) || value.value !== null || typeof value.comment !== 'string' || !isScalar(key) || !key.range) continue
        const between = source.slice(key.range[1])
        if (between.indexOf('#') < between.indexOf('\n')) continue
        next.key.commentBefore = [value.comment, next.key.commentBefore].filter(Boolean).join('\n')
        delete value.comment
      }
    }
  })
}

/** Children before what holds them: a target is whole when an alias of it comes. */
function writeOut (node: Node | null, anchors: Map<string, Node>): Node | null {
  if (isAlias(node)) {
    const target = anchors.get(node.source)
    return target === undefined ? null : target.clone() as Node
  }
  if (isMap(node)) writeOutMap(node as YAMLMap<Node, Node | null>, anchors)
  else if (isSeq(node)) node.items = node.items.map(item => isPair(item) ? item : writeOut(item as Node, anchors))
  if (node !== null && 'anchor' in node && typeof node.anchor === 'string') {
    anchors.set(node.anchor, node)
    delete node.anchor
  }
  return node
}

function writeOutMap (map: YAMLMap<Node, Node | null>, anchors: Map<string, Node>): void {
  const merged: Pair<Node, Node | null>[] = []
  for (const pair of map.items) {
    const key = writeOut(pair.key, anchors)
    pair.key = isScalar(key) && typeof key.value !== 'string' ? new Scalar(key.source ?? String(key.value)) : key as Node
    pair.value = writeOut(pair.value, anchors)
    if (isScalar(pair.key) && pair.key.value === '<<') merged.push(pair)
  }
  if (merged.length === 0) return
  map.items = map.items.filter(pair => !merged.includes(pair))
  for (const { value } of merged) {
    for (const from of isSeq(value) ? value.items : [value]) {
      if (!isMap(from)) continue
      for (const pair of from.items as Pair<Node, Node | null>[]) if (!map.has((pair.key as Scalar).value)) map.items.push(pair.clone() as Pair<Node, Node | null>)
    }
  }
}

/** The entries of a map node; none for anything else. */
export function entriesOf (node: unknown): readonly Entry[] {
  return isMap(node) ? node.items as Entry[] : []
}

export const keyOf = ({ key }: Entry): string => String(key.value)

export function entryOf (map: unknown, key: string): Entry | undefined {
  return entriesOf(map).find(e => keyOf(e) === key)
}

/** What was there before a map was made to be written into. */
const before = new WeakMap<YAMLMap, Scalar>()

/** A map that can be written into: what has nothing behind its key gets one, and is nothing again when nothing is written. */
export function mapIn (entry: Entry): YAMLMap | undefined {
  if (isMap(entry.value)) return entry.value as YAMLMap
  const nothing = entry.value ?? new Scalar(null)
  if (!isScalar(nothing) || nothing.value !== null) return undefined
  const map = new YAMLMap()
  before.set(map, nothing)
  entry.value = map as Node
  return map
}

export function plain (node: unknown): unknown {
  return node !== null && typeof node === 'object' && 'toJSON' in node ? (node as Node).toJSON() : undefined
}

/** The value under `keys`, as plain data. */
export function valueAt (map: unknown, ...keys: readonly string[]): unknown {
  let node: unknown = map
  for (const key of keys) node = entryOf(node, key)?.value
  return plain(node)
}

/** Sets an option, at its place when it is there. `value` is plain data or a node. */
export function put (map: YAMLMap, key: string, value: unknown): void {
  const node = isNode(value) ? value : new Document(value).contents
  const entry = entryOf(map, key)
  if (entry === undefined) map.items.push(new Pair(new Scalar(key), node))
  else entry.value = node as Node | null
}

export function remove (map: YAMLMap, key: string): void {
  map.items = map.items.filter(e => keyOf(e as Entry) !== key)
}

/** Comment lines before a key, behind those that are there. A flow map (`{a: 1}`) on the way would swallow lines, so call `asBlock` on what holds it. */
export function commentBefore (key: Scalar, lines: readonly string[]): void {
  if (lines.length === 0) return
  const before = typeof key.commentBefore === 'string' && key.commentBefore !== '' ? [key.commentBefore] : []
  key.commentBefore = [...before, ...lines.map(line => ` ${line}`)].join('\n')
}

export function asBlock (node: unknown): void {
  if (isMap(node) || isSeq(node)) node.flow = false
}

/** An entry as the text of comment lines, as it would have been written. */
export function asComment (entry: Entry): string[] {
  const map = new YAMLMap()
  const copy = entry.clone() as Entry
  copy.key.spaceBefore = false
  map.items.push(copy)
  const doc = new Document()
  doc.contents = map as never
  return text(doc).trimEnd().split('\n')
}

/** Comments that stood before an entry, without their first blank. */
export function commentsOf (entry: Entry): string[] {
  const { commentBefore: text } = entry.key
  return typeof text === 'string' && text !== '' ? text.split('\n').map(line => line.replace(/^ /, '')) : []
}

/** The same without them. */
export function bare (entry: Entry): Entry {
  const copy = entry.clone() as Entry
  copy.key.commentBefore = null
  return copy
}

/** Lines where an entry was: before the next one, or at the end of the map. */
export function leaveBehind (map: YAMLMap, next: Entry | undefined, lines: readonly string[]): void {
  if (next !== undefined) {
    const own = commentsOf(next)
    next.key.commentBefore = null
    // A blank line at the head of a map would be written as one of blanks.
    if (map.items[0] === next) next.key.spaceBefore = false
    commentBefore(next.key, [...lines, ...own])
    return
  }
  const text = lines.map(line => ` ${line}`).join('\n')
  map.comment = typeof map.comment === 'string' && map.comment !== '' ? `${map.comment}\n${text}` : text
}
