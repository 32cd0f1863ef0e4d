/**
 * `--set key.path=value`: the highest precedence. The value is YAML (`[a, b]`, `5`, `{x: 1}`). Keys are parted by `.` or by
 * `::` as in the Collector; with `::` in the path dots belong to the keys, and `\.` is a dot in any path.
 */
import type { FaultList } from './faults.js'
import { mergeTrees } from './merge.js'
import { parseValueText } from './parse.js'
import { SourceText } from './source.js'
import type { MapEntry, MapNode, Span, TreeNode } from './tree.js'

export interface Override { readonly source: SourceText; readonly tree: MapNode | undefined }

/** @param unique makes a name that no other source has */
export function parseOverride (argument: string, cwd: string, faults: FaultList, unique: (name: string) => string): Override {
  const equals = argument.indexOf('=')
  const path = equals < 0 ? argument : argument.slice(0, equals)
  // The name of the source must not hold the value, which may be a secret.
  const source = new SourceText(unique(equals < 0 ? '--set' : `--set ${path}`), argument, cwd)
  const steps = splitPath(path)
  const key = source.span(0, path.length)
  if (equals < 0 || steps.some(step => step === '' || step === '__proto__')) {
    faults.error('CFG010', key, [], equals < 0 ? '`--set` needs key=value' : 'the key of `--set` has an empty part', { allowed: 'receivers.otlp.protocols.grpc.endpoint=0.0.0.0:4317' })
    return { source, tree: undefined }
  }
  const value = parseValue(source, equals + 1, faults)
  return { source, tree: value === undefined ? undefined : nest(steps, value, key) }
}

/** `a::b` in the keys of an inline source (`yaml:service::mode: debug`) is short for nested maps, as in the Collector. */
export function expandKeys (node: TreeNode): TreeNode {
  if (node.kind !== 'map') return node
  const entries = new Map<string, MapEntry>()
  for (const [key, written] of node.entries) {
    const [first = key, ...rest] = key.split('::').includes('') ? [key] : key.split('::')
    const value = rest.length === 0 ? written.value : nest(rest, written.value, written.key)
    const old = entries.get(first)
    entries.set(first, { key: written.key, value: old === undefined ? value : mergeTrees(old.value, value, []) })
  }
  return { ...node, entries }
}

export function splitPath (path: string): string[] {
  return path.includes('::') ? path.split('::') : path.split(/(?<!\\)\./).map(step => step.replaceAll('\\.', '.'))
}

function nest (steps: readonly string[], value: TreeNode, key: Span): MapNode {
  let node = value
  for (const step of steps.toReversed()) node = { kind: 'map', entries: new Map([[step, { key, value: node }]]), at: key }
  return node as MapNode
}

/** The key is replaced by spaces rather than cut off, so that positions count from the start of the argument. */
function parseValue (source: SourceText, from: number, faults: FaultList): TreeNode | undefined {
  const before = faults.errors
  const padded = new SourceText(source.name, ' '.repeat(from) + source.text.slice(from), source.folder)
  const tree = parseValueText(padded, faults)
  if (faults.errors > before) return undefined
  return tree ?? { kind: 'scalar', value: null, text: '', at: source.span(from, source.text.length) }
}
