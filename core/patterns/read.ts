/** A tree of YAML as the shape says, every fault at its place. What is wrong reads as undefined. */
import { parseDuration } from '../config/units.js'
import type { FaultList } from '../config/faults.js'
import type { FaultCode } from '../config/fault-codes.js'
import { listed, nearest } from '../config/suggest.js'
import { toPlain, type KeyPath, type MapNode, type Span, type TreeNode } from '../config/tree.js'
import { conditionExtras, conditionFields, conditionKinds } from './format.js'
import type { Field, Fields, Shape } from './shape.js'

/** Text of an expression or template, and where it stands. */
export interface Located { readonly text: string, readonly at: Span, readonly path: KeyPath }

/** A condition as written: exactly one `kind`. */
export interface RawCondition {
  readonly kind: string
  readonly body: unknown
  readonly as?: string
  readonly says?: Located
  readonly at: Span
  readonly path: KeyPath
}

export interface Reading { readonly faults: FaultList }

const maxConditionDepth = 8

export function read (shape: Shape, node: TreeNode, path: KeyPath, reading: Reading, depth = 0): unknown {
  if (shape.is === 'plain') return toPlain(node)
  if (shape.is === 'condition') return readCondition(node, path, reading, depth)
  if (shape.is === 'map') return node.kind === 'map' ? readMap(shape.fields, node, path, reading, depth) : wrong('a map', node, path, reading)
  if (shape.is === 'dict') return readDict(shape.of, node, path, reading, depth)
  if (shape.is === 'list') return readList(shape, node, path, reading, depth)
  if (shape.is === 'either') return read(shape.of.find(s => fits(s, node)) ?? shape.of[0] as Shape, node, path, reading, depth)
  return readScalar(shape, node, path, reading)
}

function fits (shape: Shape, node: TreeNode): boolean {
  if (shape.is === 'map' || shape.is === 'dict' || shape.is === 'condition') return node.kind === 'map'
  if (shape.is === 'list') return node.kind === 'list'
  if (shape.is === 'plain') return node.kind !== 'map'
  return node.kind === 'scalar'
}

function readScalar (shape: Shape, node: TreeNode, path: KeyPath, reading: Reading): unknown {
  if (node.kind !== 'scalar' || node.value === null) return wrong(wanted(shape), node, path, reading)
  const { value, text } = node
  const asText = typeof value === 'string' ? value : text
  switch (shape.is) {
    case 'text': return asText
    case 'expr': case 'words': return { text: asText, at: node.at, path } satisfies Located
    case 'flag': return typeof value === 'boolean' ? value : wrong('true or false', node, path, reading)
    case 'duration': return parseDuration(text) ?? fault('CFG035', `\`${last(path)}\` must be a duration such as 30s or 10m, found ${found(node)}`, node.at, path, reading)
    case 'number': return readNumber(shape, value, node, path, reading)
    case 'enum': {
      if (shape.of.includes(asText)) return asText
      const suggestion = nearest(asText, shape.of)
      return fault('CFG033', `\`${last(path)}\` must be one of ${listed(shape.of)}, found ${found(node)}`, node.at, path, reading, suggestion)
    }
    case 'checked': {
      const help = shape.check(asText)
      if (help === undefined) return asText
      return fault('CFG036', `\`${last(path)}\` must be ${shape.what}, found ${found(node)}: ${help}`, node.at, path, reading, shape.words === undefined ? undefined : nearest(asText, shape.words), shape.words)
    }
    default: return wrong(wanted(shape), node, path, reading)
  }
}

function readNumber ({ min = -Infinity, max = Infinity }: { readonly min?: number, readonly max?: number }, value: unknown, node: TreeNode, path: KeyPath, reading: Reading): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value)) return wrong('a number', node, path, reading)
  if (value < min || value > max) return fault('CFG034', `\`${last(path)}\` must be ${Number.isFinite(max) ? `${min} to ${max}` : `at least ${min}`}, found ${value}`, node.at, path, reading)
  return value
}

function readList (shape: { readonly of: Shape, readonly max: number, readonly orOne?: boolean }, node: TreeNode, path: KeyPath, reading: Reading, depth: number): unknown {
  if (node.kind !== 'list') {
    if (shape.orOne === true && fits(shape.of, node)) return [read(shape.of, node, path, reading, depth)]
    return wrong(shape.orOne === true ? `${wanted(shape.of)} or a list` : 'a list', node, path, reading)
  }
  if (node.items.length > shape.max) return fault('CFG037', `\`${last(path)}\` must have at most ${shape.max} items, found ${node.items.length}`, node.at, path, reading)
  return node.items.map((item, i) => read(shape.of, item, [...path, i], reading, depth))
}

const maxKeys = 100

function readDict (of: Shape, node: TreeNode, path: KeyPath, reading: Reading, depth: number): unknown {
  if (node.kind !== 'map') return wrong('a map', node, path, reading)
  if (node.entries.size > maxKeys) return fault('CFG037', `\`${last(path)}\` must have at most ${maxKeys} keys`, node.at, path, reading)
  return new Map([...node.entries].map(([key, { value }]) => [key, read(of, value, [...path, key], reading, depth)]))
}

function readMap (fields: Fields, node: MapNode, path: KeyPath, reading: Reading, depth: number): Readonly<Record<string, unknown>> {
  const value: Record<string, unknown> = {}
  for (const [key, entry] of node.entries) {
    const field: Field | undefined = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (field === undefined) unknownKey(key, Object.keys(fields), entry.key, [...path, key], reading)
    else value[key] = read(field.shape, entry.value, [...path, key], reading, depth)
  }
  for (const [key, { required }] of Object.entries(fields)) {
    if (required === true && !node.entries.has(key)) fault('CFG032', `\`${key}\` is required`, { ...node.at, length: 1 }, [...path, key], reading)
  }
  return value
}

function readCondition (node: TreeNode, path: KeyPath, reading: Reading, depth: number): RawCondition | undefined {
  // A bare text is an expression: the commonest condition by far.
  if (node.kind === 'scalar' && node.value !== null) return { kind: 'expr', body: { text: node.text, at: node.at, path }, at: node.at, path }
  if (node.kind !== 'map') return wrong('a condition', node, path, reading) as undefined
  if (depth >= maxConditionDepth) return fault('CFG007', `conditions nest at most ${maxConditionDepth} deep`, node.at, path, reading) as undefined
  const chosen = conditionKinds.filter(kind => node.entries.has(kind))
  const value = readMap({ ...conditionFields, ...conditionExtras }, node, path, reading, depth + 1)
  const [kind] = chosen
  if (kind === undefined || chosen.length > 1) {
    const message = kind === undefined ? 'a condition needs one of its kinds' : `a condition is of one kind, found ${chosen.join(' and ')}: write them as two`
    return fault('PAT008', message, { ...node.at, length: 1 }, path, reading, undefined, conditionKinds) as undefined
  }
  const [as, says] = [value.as as string | undefined, value.says as Located | undefined]
  return { kind, body: value[kind], at: (node.entries.get(kind) as { readonly key: Span }).key, path, ...(as === undefined ? {} : { as }), ...(says === undefined ? {} : { says }) }
}

function unknownKey (key: string, allowed: readonly string[], at: Span, path: KeyPath, { faults }: Reading): void {
  faults.error('CFG031', at, path, `unknown key \`${key.slice(0, 80)}\``, { allowed: listed(allowed), suggestion: nearest(key, allowed) })
}

function fault (code: FaultCode, message: string, at: Span, path: KeyPath, { faults }: Reading, suggestion?: string, allowed?: readonly string[]): undefined {
  faults.error(code, at, path, message, { suggestion, allowed: allowed === undefined ? undefined : listed(allowed) })
  return undefined
}

const wrong = (what: string, node: TreeNode, path: KeyPath, reading: Reading): undefined => fault('CFG030', `\`${last(path)}\` must be ${what}, found ${found(node)}`, node.at, path, reading)

function last (path: KeyPath): string {
  const end = path.at(-1)
  return typeof end === 'number' ? `${String(path.at(-2) ?? '')}[${end}]` : String(end ?? 'the file').slice(0, 80)
}

function found (node: TreeNode): string {
  if (node.kind !== 'scalar') return `a ${node.kind}`
  return node.value === null ? 'nothing' : `\`${node.text.slice(0, 60)}\``
}

function wanted (shape: Shape): string {
  switch (shape.is) {
    case 'text': case 'words': return 'a text'
    case 'expr': return 'an expression'
    case 'duration': return 'a duration such as 30s or 10m'
    case 'number': return 'a number'
    case 'flag': return 'true or false'
    case 'enum': return `one of ${listed(shape.of)}`
    case 'checked': return shape.what
    case 'list': return 'a list'
    case 'either': return shape.of.map(wanted).join(' or ')
    case 'map': case 'dict': return 'a map'
    case 'condition': return 'a condition'
    case 'plain': return 'a value'
  }
}
