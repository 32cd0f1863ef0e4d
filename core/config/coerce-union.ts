/** Alternatives: takes the first that fits; when none does, says one understandable thing instead of one per alternative. */
import type { TSchema } from '@sinclair/typebox'
import { nameOf, reject, type Check, type Place } from './check.js'
import { coerce } from './coerce.js'
import { branchesOf, found, isSchema, wanted } from './describe.js'
import { FaultList } from './faults.js'
import { listed, nearest } from './suggest.js'
import { child, type TreeNode } from './tree.js'
import { validateValue } from './validator.js'

interface Attempt { readonly value: unknown; readonly check: Check }

export function coerceUnion (schema: TSchema, place: Place, check: Check): unknown {
  const branches = branchesOf(schema) ?? []
  for (const branch of branches) {
    const attempt = tryBranch(branch, place, check)
    if (attempt.check.faults.errors === 0) return attempt.value
  }
  return explainUnion(schema, branches, place, check)
}

function tryBranch (branch: TSchema, place: Place, check: Check): Attempt {
  // Masks and secrets of every attempt are kept: hiding too much is harmless, too little is not.
  const inner: Check = { faults: new FaultList(), reported: new Set(), masked: check.masked, secretSources: check.secretSources, secrets: check.secrets }
  const value = coerce(branch, place, inner)
  validateValue(branch, value, place, inner)
  return { value, check: inner }
}

function explainUnion (schema: TSchema, branches: readonly TSchema[], place: Place, check: Check): unknown {
  const tag = discriminator(branches, place.node)
  if (tag !== undefined && tag.branch === undefined) return wrongTag(tag.key, tag.values, place, check)
  const sameKind = branches.filter(branch => takes(branch, place.node))
  const meant = tag?.branch ?? (sameKind.length === 1 ? sameKind[0] : undefined)
  if (meant !== undefined) {
    for (const fault of tryBranch(meant, place, check).check.faults.items) check.faults.add(fault)
    return reject(check, place)
  }
  const hidden = check.masked.includes(place.node.at)
  check.faults.error('CFG039', place.node.at, place.path, `\`${nameOf(place)}\` must be ${wanted(schema)}, found ${hidden ? 'another value' : found(place.node)}`, { help: place.node.kind === 'map' ? keysHelp(sameKind) : undefined })
  return reject(check, place)
}

interface Tag { readonly key: string; readonly values: readonly string[]; readonly branch: TSchema | undefined }

/** The key whose constant tells the alternatives apart (`type: file | otlp`), and the alternative the user named with it. */
function discriminator (branches: readonly TSchema[], node: TreeNode): Tag | undefined {
  if (node.kind !== 'map') return undefined
  for (const [key, entry] of node.entries) {
    const constants = branches.map(branch => propertiesOf(branch)[key]?.['const'] as unknown)
    if (constants.some(c => c === undefined)) continue
    const value = entry.value.kind === 'scalar' ? entry.value.value : undefined
    return { key, values: constants.map(String), branch: branches[constants.indexOf(value)] }
  }
  return undefined
}

function wrongTag (key: string, values: readonly string[], place: Place, check: Check): unknown {
  const node = child(place.node, key)
  const text = node?.kind === 'scalar' ? node.text : ''
  check.faults.error('CFG033', node?.at ?? place.key, [...place.path, key], `\`${key}\` must be one of ${listed(values)}, found ${node === undefined ? 'nothing' : found(node)}`, { allowed: listed(values), suggestion: nearest(text, values) })
  return reject(check, place)
}

const propertiesOf = (schema: TSchema): Record<string, TSchema> => (isSchema(schema['properties']) ? schema['properties'] : {}) as Record<string, TSchema>

function takes (schema: TSchema, node: TreeNode): boolean {
  const type: unknown = schema['type']
  if (node.kind === 'map') return type === 'object'
  if (node.kind === 'list') return type === 'array'
  return type !== 'object' && type !== 'array'
}

const keysHelp = (branches: readonly TSchema[]): string | undefined =>
  branches.length < 2 ? undefined : `one of these sets of options: ${branches.map(b => `{${Object.keys(propertiesOf(b)).join(', ')}}`).join(' or ')}`
