/** What every part of an options check shares: where a value stands, what was reported, what must stay hidden. */
import type { TSchema } from '@sinclair/typebox'
import { found, wanted } from './describe.js'
import type { FaultList } from './faults.js'
import { notation } from './schema.js'
import type { KeyPath, Origin, Span, TreeNode } from './tree.js'

/** One check of one component's options. */
export interface Check {
  readonly faults: FaultList
  /** JSON pointers (as text) of values that were reported already. */
  readonly reported: Set<string>
  /** Stretches of source that must never be shown: values of secrets, and of options nobody knows (a misspelt secret). */
  readonly masked: Span[]
  /** What secrets were taken from. */
  readonly secretSources: SecretSource[]
  /** The secrets themselves, to keep them out of messages of components. */
  readonly secrets: string[]
}

/** A file or an environment variable that a secret came from by `${…}`, and where that is written. */
export interface SecretSource extends Origin { readonly at: Span; readonly path: KeyPath }

/** A value on its way: where it stands in the tree, in the config, and in the source. */
export interface Place { readonly node: TreeNode; readonly key: Span; readonly path: KeyPath; readonly pointer: string }

export function nameOf (place: Place): string {
  const last = place.path.at(-1)
  return typeof last === 'number' ? `${String(place.path.at(-2) ?? '')}[${last}]` : String(last ?? '').slice(0, 80)
}

export const pointerStep = (step: string | number): string => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`

/** Marks a value as reported and gives back what stands for it from now on. */
export function reject (check: Check, place: Place): unknown {
  check.reported.add(place.pointer)
  return null
}

/** Reports a value of the wrong type. */
export function wrongType (schema: TSchema, place: Place, check: Check, help?: string): unknown {
  const shown = notation(schema) === 'secret' ? kindOnly(place.node) : found(place.node)
  check.faults.error('CFG030', place.node.at, place.path, `\`${nameOf(place)}\` must be ${wanted(schema)}, found ${shown}`, { help: help ?? wrapHelp(schema, place.node) })
  return reject(check, place)
}

const kindOnly = (node: TreeNode): string => node.kind === 'scalar' ? 'another value' : `a ${node.kind}`

function wrapHelp (schema: TSchema, node: TreeNode): string | undefined {
  if (schema['type'] === 'array' && node.kind === 'scalar') return 'a list is written `[a, b]`, also with one item'
  return undefined
}

/** Hides a secret, and remembers its text. */
export function maskSecret (place: Place, check: Check): void {
  const { node, path } = place
  maskAll(node, check)
  if (node.kind !== 'scalar') return
  for (const origin of node.from ?? []) check.secretSources.push({ ...origin, at: node.at, path })
  for (const text of new Set([node.text, String(node.value ?? '')])) if (text !== '') check.secrets.push(text)
}

/** Hides a value and everything in it. */
export function maskAll (node: TreeNode, check: Pick<Check, 'masked'>): void {
  check.masked.push(node.at)
  if (node.kind === 'list') for (const item of node.items) maskAll(item, check)
  if (node.kind === 'map') for (const { value } of node.entries.values()) maskAll(value, check)
}
