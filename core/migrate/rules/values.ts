/** Reading and writing options in a YAML map, for translators. */
import { isScalar, type Scalar, type YAMLMap } from 'yaml'
import { entriesOf, entryOf, keyOf, mapIn, plain, put, remove, type Entry } from '../document.js'
import type { Part } from './rule.js'

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)

export const listOf = (value: unknown): readonly unknown[] => Array.isArray(value) ? value : []

export const textOf = (value: unknown): string | undefined => typeof value === 'string' && value !== '' ? value : undefined

/** The option by another name, its value and comments kept. */
export function rename (map: YAMLMap, from: string, to: string): boolean {
  const entry = entryOf(map, from)
  if (entry === undefined || entryOf(map, to) !== undefined) return false
  entry.key.value = to
  return true
}

/** Takes an option out and gives its value as plain data. */
export function take (map: YAMLMap, key: string): unknown {
  const value = plain(entryOf(map, key)?.value)
  remove(map, key)
  return value
}

/** The map below `key`; undefined when it is missing or something else. */
export function below (map: YAMLMap, key: string): YAMLMap | undefined {
  const entry = entryOf(map, key)
  return entry === undefined ? undefined : mapIn(entry)
}

/** The map below `key`, made when it is missing. */
export function ensure (part: Part, key: string): YAMLMap {
  const found = below(part.options, key)
  if (found !== undefined) return found
  put(part.options, key, {})
  return mapIn(entryOf(part.options, key) as Entry) as YAMLMap
}

/** `:4317` means all interfaces in Go; here the host is written. */
export function writeHost (map: YAMLMap, key: string): boolean {
  const value = entryOf(map, key)?.value
  if (!isScalar(value) || typeof value.value !== 'string' || !value.value.startsWith(':')) return false
  ;(value as Scalar).value = `0.0.0.0${value.value}`
  return true
}

/** Options that tune what only Go's libraries have. */
export function leaveOutTuning (part: Part, map: YAMLMap, path: readonly string[], keys: readonly string[]): void {
  for (const entry of [...entriesOf(map)]) {
    const key = keyOf(entry)
    if (!keys.includes(key)) continue
    part.note('changed', [...path, key], 'left out: it tunes libraries of Go')
    remove(map, key)
  }
}
