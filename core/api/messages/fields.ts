/** Field masks: which fields of an answer are filled. Paths are checked against the message, so that a wrong one is told and not just empty. */
import type { DescField, DescMessage } from '@bufbuild/protobuf'
import { badField } from './faults.js'

/** Parts below a field by their name in code; undefined: the field whole. */
type Tree = Map<string, Tree | undefined>

const maxPaths = 100
const maxPathChars = 256

export class Fields {
  /** undefined: all. */
  constructor (readonly tree: Tree | undefined) {}

  /** Whether a field of the message (its name in code) is wanted, whole or in part. */
  has (field: string): boolean { return this.tree?.has(field) ?? true }

  /** What is wanted of a message that was made whole. */
  pick<T extends object> (message: T): T { return this.tree === undefined ? message : pick(message, this.tree) as T }
}

export const allFields = new Fields(undefined)

/** The mask of a request for messages of `of`. Throws ApiError that names the path which `of` does not have. */
export function fieldsOf (mask: { readonly paths: readonly string[] } | undefined, of: DescMessage): Fields {
  if (mask === undefined || mask.paths.length === 0 || mask.paths.includes('*')) return allFields
  if (mask.paths.length > maxPaths) throw badField('fields', `has ${mask.paths.length} paths, at most ${maxPaths} are taken`)
  const tree: Tree = new Map()
  for (const path of mask.paths) add(tree, path, of)
  return new Fields(tree)
}

function add (root: Tree, path: string, of: DescMessage): void {
  const shown = JSON.stringify(path.slice(0, maxPathChars))
  if (path.length > maxPathChars) throw badField('fields', `has a path of ${path.length} characters`)
  const names = path.split('.')
  let tree = root
  let message: DescMessage | undefined = of
  names.forEach((name, i) => {
    if (message === undefined) throw badField('fields', `has the path ${shown}, but ${names.slice(0, i).join('.')} is taken whole`)
    const field = fieldNamed(message, name)
    if (field === undefined) throw badField('fields', `has the path ${shown}, but ${message.name} has no ${JSON.stringify(name.slice(0, 64))}; it has ${message.fields.map(f => f.name).join(', ')}`)
    const isWhole = tree.has(field.localName) && tree.get(field.localName) === undefined
    if (i === names.length - 1) tree.set(field.localName, undefined)
    else {
      const below: Tree = tree.get(field.localName) ?? new Map<string, Tree | undefined>()
      if (!isWhole) tree.set(field.localName, below)
      tree = below
    }
    message = partsOf(field)
  })
}

/** As in the proto file, or as in JSON. */
function fieldNamed (message: DescMessage, name: string): DescField | undefined { return message.fields.find(f => f.name === name || f.jsonName === name) }

/** Google's own messages (Timestamp, Struct) are values: they have no parts that could be asked for. */
function partsOf (field: DescField): DescMessage | undefined { return field.message?.typeName.startsWith('tapio.') === true && field.fieldKind !== 'map' ? field.message : undefined }

function pick (value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map(item => pick(item, tree))
  if (typeof value !== 'object' || value === null) return value
  const picked: Record<string, unknown> = {}
  for (const [name, below] of tree) {
    const part = (value as Readonly<Record<string, unknown>>)[name]
    if (part !== undefined) picked[name] = below === undefined ? part : pick(part, below)
  }
  return picked
}
