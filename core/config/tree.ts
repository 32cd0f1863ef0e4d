/**
 * A configuration value that remembers where it was written. Everything between reading YAML and the typed config works
 * on this tree, so that a fault found at the very end can still point to the user's own line.
 */
export type KeyPath = readonly (string | number)[]

/** Where something stands in a source. Line and column count from 1; `offset` and `length` are in UTF-16 units of the text. */
export interface Span {
  readonly source: string
  readonly line: number
  readonly column: number
  readonly offset: number
  readonly length: number
}

export type Scalar = string | number | boolean | null

interface NodeBase {
  readonly at: Span
  /** Where the user wrote it, when that is not where it stands now: the seed's short form expands to other key paths. */
  readonly origin?: KeyPath
}

/** Where a part of a value came from: a file by its full path, a variable by its name. */
export interface Origin { readonly kind: 'file' | 'env'; readonly name: string }

export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar'
  readonly value: Scalar
  /** As written, or as substituted: `007` stays `007` for an option that wants text. */
  readonly text: string
  /** It came from `${…}`, so its YAML type is a guess and text options take `text`. */
  readonly substituted?: boolean
  /** What `${…}` in it were replaced by. */
  readonly from?: readonly Origin[]
  /** A fault about it has been reported already; later stages stay silent about it. */
  readonly broken?: boolean
}

export interface ListNode extends NodeBase { readonly kind: 'list'; readonly items: readonly TreeNode[] }

export interface MapEntry { readonly key: Span; readonly value: TreeNode }

export interface MapNode extends NodeBase { readonly kind: 'map'; readonly entries: ReadonlyMap<string, MapEntry> }

export type TreeNode = ScalarNode | ListNode | MapNode

export const nowhere: Span = Object.freeze({ source: 'program', line: 1, column: 1, offset: 0, length: 0 })

/** The value without its positions. */
export function toPlain (node: TreeNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(toPlain)
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toPlain(entry.value)]))
}

/** A tree for a value that no file holds (the programmatic builder, defaults). All of it stands at `at`. */
export function fromPlain (value: unknown, at: Span = nowhere): TreeNode {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(item => fromPlain(item, at)), at }
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).filter(([, v]) => v !== undefined)
    return { kind: 'map', entries: new Map(pairs.map(([k, v]) => [k, { key: at, value: fromPlain(v, at) }])), at }
  }
  const scalar = typeof value === 'number' || typeof value === 'boolean' ? value : value === null ? null : String(value)
  return { kind: 'scalar', value: scalar, text: scalar === null ? '' : String(scalar), at }
}

export function emptyMap (at: Span): MapNode {
  return { kind: 'map', entries: new Map(), at }
}

export function entry (node: TreeNode | undefined, key: string): MapEntry | undefined {
  return node?.kind === 'map' ? node.entries.get(key) : undefined
}

export function child (node: TreeNode | undefined, key: string | number): TreeNode | undefined {
  if (typeof key === 'string') return entry(node, key)?.value
  return node?.kind === 'list' ? node.items[key] : undefined
}

/** True for `key:` with nothing behind it. */
export function isNull (node: TreeNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === null && node.broken !== true
}

/** The string values of a list, with their nodes; everything else in it is left to the schema to complain about. */
export function strings (node: TreeNode | undefined): readonly ScalarNode[] {
  if (node?.kind !== 'list') return []
  return node.items.filter((item): item is ScalarNode => item.kind === 'scalar' && typeof item.value === 'string' && item.broken !== true)
}

/** `receivers.otlp/x.list[2]["odd key"]`: the path as people write it. */
export function pathText (path: KeyPath): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (!/^[\w/-]+$/.test(key)) text += `[${JSON.stringify(key.slice(0, 80))}]`
    else text += text === '' ? key : `.${key}`
  }
  return text
}

export interface Located {
  /** The deepest span known on the way: that of the key for a map entry, of the item in a list. */
  readonly key: Span
  readonly node: TreeNode | undefined
  /** As the user wrote it (see `origin`). */
  readonly path: KeyPath
}

/** Follows `steps` from `node`, which stands at `path`. Steps that do not exist stop at the nearest ancestor that does. */
export function locate (node: TreeNode, key: Span, path: KeyPath, steps: KeyPath): Located {
  let here: TreeNode | undefined = node
  let span = key
  let shown: KeyPath = node.origin ?? path
  for (const step of steps) {
    const next: MapEntry | undefined = typeof step === 'string' ? entry(here, step) : undefined
    const value: TreeNode | undefined = next?.value ?? (typeof step === 'number' ? child(here, step) : undefined)
    shown = value?.origin ?? [...shown, step]
    if (value !== undefined) span = next?.key ?? value.at
    here = value
  }
  return { key: span, node: here, path: shown }
}
