/** API objects out of JSON or YAML text: single ones, lists, lists of a kind, several YAML documents. */
import { basename } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { KubeObject, ObjectMeta } from '../../core/kubernetes/objects.js'
import { kindOf, type ResourceName } from '../../core/kubernetes/watchable.js'
import { assertShallowValue, assertShallowYaml } from './nesting.js'

export interface Parsed { readonly objects: readonly KubeObject[], /** Parts that are no objects. */ readonly damaged: number }

/** More documents, or lists in lists, than any tool writes. */
const maxDocuments = 10_000
const maxNesting = 4

/** Throws when the text is neither; `name` tells the kind of objects that do not. */
export function parseObjects (text: string, name: string): Parsed {
  const looksLikeJson = /^\s*[[{]/.test(text.slice(0, 256))
  const documents = looksLikeJson ? jsonDocuments(text) : yamlDocuments(text)
  const objects: KubeObject[] = []
  let damaged = 0
  const take = (value: unknown, kind: string, depth: number): void => {
    const list = itemsOf(value)
    if (list !== undefined && depth < maxNesting) for (const item of list.items) take(item, list.kind || kind, depth + 1)
    else if (isObject(value)) objects.push(withKind(value, kind))
    else if (value !== null) damaged++
  }
  documents.forEach(assertShallowValue)
  for (const document of documents) take(document, kindFromName(name), 0)
  return { objects, damaged }
}

/** YAML that begins like JSON is read as YAML. */
function jsonDocuments (text: string): unknown[] {
  try {
    return [JSON.parse(text)]
  } catch (error) {
    if (text.length > 1 << 20) throw error
    return yamlDocuments(text)
  }
}

/** Aliases may multiply a document by ten at most (`maxAliasCount` of the library: a bomb ends there). */
function yamlDocuments (text: string): unknown[] {
  assertShallowYaml(text)
  const documents = parseAllDocuments(text, { uniqueKeys: false, logLevel: 'silent' })
  if (!Array.isArray(documents)) return []
  if (documents.length > maxDocuments) throw new Error(`more than ${maxDocuments} documents`)
  return documents.map(document => {
    const [error] = document.errors
    if (error !== undefined) throw new Error(error.message.split('\n')[0])
    return document.toJS({ maxAliasCount: 10 }) as unknown
  })
}

function itemsOf (value: unknown): { readonly items: readonly unknown[], readonly kind: string } | undefined {
  if (Array.isArray(value)) return { items: value, kind: '' }
  if (typeof value !== 'object' || value === null || !('items' in value)) return undefined
  const { items, kind } = value as { readonly items: unknown, readonly kind?: unknown }
  const listKind = typeof kind === 'string' && kind.endsWith('List') ? kind.slice(0, -4) : ''
  return items === null ? { items: [], kind: listKind } : Array.isArray(items) ? { items, kind: listKind } : undefined
}

function isObject (value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null) return false
  const { metadata } = value as { readonly metadata?: unknown }
  return typeof metadata === 'object' && metadata !== null && typeof (metadata as ObjectMeta).name === 'string'
}

/** Items of a list do not say their kind; values of Secrets and ConfigMaps are not taken in. */
function withKind (object: KubeObject, kind: string): KubeObject {
  const known = typeof object.kind === 'string' && object.kind !== '' ? object : { ...object, kind }
  return known.kind === 'Secret' || known.kind === 'ConfigMap' ? withoutValues(known) : known
}

function withoutValues ({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const kept = Object.fromEntries(Object.entries(metadata ?? {}).filter(([key]) => key !== 'annotations'))
  return { ...(apiVersion === undefined ? {} : { apiVersion }), ...(kind === undefined ? {} : { kind }), metadata: kept }
}

/** `pods.json`, `pods.shop.yaml`, `deployment-list.yaml`. */
function kindFromName (name: string): string {
  const word = basename(name).toLowerCase().replace(/[.\-_].*$/, '')
  const [found] = Object.entries(kindOf).filter(([plural, kind]) => word === plural || word === kind.toLowerCase()) as [ResourceName, string][]
  return found?.[1] ?? ''
}
