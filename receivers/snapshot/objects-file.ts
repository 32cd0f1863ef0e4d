/** API objects out of JSON or YAML text: single ones, lists, lists of a kind, several YAML documents. */
import { basename } from 'node:path'
import { parseDocument } from 'yaml'
import type { KubeObject, ObjectMeta } from '../../core/kubernetes/objects.js'
import { kindOf, type ResourceName } from '../../core/kubernetes/watchable.js'
import { assertShallowValue, assertShallowYaml } from './nesting.js'
import { yamlParts } from './yaml-parts.js'

export interface Parsed { readonly objects: readonly KubeObject[], /** Parts that are no objects. */ readonly damaged: number }

/** More parts, or lists in lists, than any tool writes. */
const maxParts = 1_000_000
const maxNesting = 4
/** Parts read before others get the thread. */
const partsAtOnce = 50

/** Throws when nothing of the text can be read; `name` tells the kind of objects that do not. */
export async function parseObjects (text: string, name: string): Promise<Parsed> {
  const objects: KubeObject[] = []
  let damaged = 0
  const take = (value: unknown, kind: string, depth: number): void => {
    const list = itemsOf(value)
    if (list !== undefined && depth < maxNesting) for (const item of list.items) take(item, list.kind || kind, depth + 1)
    else if (isObject(value)) objects.push(withKind(value, kind))
    else if (value !== null && value !== undefined) damaged++
  }
  let parts = 0
  let failure: unknown
  for (const { read, kind } of partsOf(text)) {
    try {
      const value = read()
      assertShallowValue(value)
      take(value, kind || kindFromName(name), 0)
    } catch (error) {
      failure ??= error
      damaged++
    }
    if (++parts > maxParts) throw new Error(`more than ${maxParts} parts`)
    if (parts % partsAtOnce === 0) await new Promise(resolve => setImmediate(resolve))
  }
  if (failure !== undefined && objects.length === 0) throw failure instanceof Error ? failure : new Error(String(failure))
  return { objects, damaged }
}

interface Part { readonly read: () => unknown, readonly kind: string }

function * partsOf (text: string): Generator<Part> {
  if (/^\s*[[{]/.test(text.slice(0, 256))) yield { read: () => readJson(text), kind: '' }
  else for (const part of yamlParts(text)) yield { read: () => readYaml(part.text), kind: part.kind }
}

/** YAML that begins like JSON is read as YAML. */
function readJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (text.length > 1 << 20) throw error
    return readYaml(text)
  }
}

/** Aliases may multiply a part by ten at most (`maxAliasCount` of the library: a bomb ends there). */
function readYaml (text: string): unknown {
  assertShallowYaml(text)
  const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: 'silent' })
  const [error] = document.errors
  if (error !== undefined) throw new Error(error.message.split('\n')[0])
  return document.toJS({ maxAliasCount: 10 }) as unknown
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
