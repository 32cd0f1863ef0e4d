/**
 * The vocabulary in which components write their options, beside TypeBox's own `Type`. A schema describes the *typed* value
 * (milliseconds, bytes); the `x-tapio` mark says how people write it in YAML. Static types read as one expects:
 * `Static<typeof schema>` has a number for a Duration, a string for an Endpoint.
 *
 * An option is required unless it has a default or is wrapped in `Type.Optional`. Defaults of whole maps, lists and unions
 * are typed values: `Type.Union([...], { default: { initial: 100 } })` means 100 ms.
 */
import { Type, type SchemaOptions, type TNumber, type TObject, type TProperties, type TSchema, type TString, type TUnsafe } from '@sinclair/typebox'
import { endpointFault, urlFault } from './address.js'
import { formatBytes, formatDuration, parseBytes, parseDuration } from './units.js'

/** How a marked option is written: the value of `x-tapio`. */
export type Notation = 'duration' | 'bytes' | 'endpoint' | 'url' | 'secret'

export interface TextOptions { readonly default?: string; readonly description?: string }

export interface UnitOptions extends TextOptions {
  /** Written as the option itself is: `minimum: '1ms'`. */
  readonly minimum?: string
  readonly maximum?: string
}

/** "200ms", "5s", "1m30s", "2h", "7d", 0; the typed value is milliseconds. */
export function Duration (options: UnitOptions = {}): TNumber {
  return Type.Number({ minimum: 0, ...inUnits(options, parseDuration, 'duration'), 'x-tapio': 'duration' })
}

/** "512", "64KiB", "4MiB", "1GB"; the typed value is bytes. */
export function ByteSize (options: UnitOptions = {}): TNumber {
  return Type.Number({ minimum: 0, ...inUnits(options, parseBytes, 'size'), 'x-tapio': 'bytes' })
}

/** `host:port`, `[::1]:port` or `unix:///path`. */
export function Endpoint (options: TextOptions = {}): TString {
  if (options.default !== undefined && endpointFault(options.default) !== '') throw new Error(`bad default endpoint: ${endpointFault(options.default)}`)
  return Type.String({ ...options, 'x-tapio': 'endpoint' })
}

/** `http://…` or `https://…`. */
export function Url (options: TextOptions = {}): TString {
  if (options.default !== undefined && urlFault(options.default) !== '') throw new Error(`bad default URL: ${urlFault(options.default)}`)
  return Type.String({ ...options, 'x-tapio': 'url' })
}

/** Text that is redacted wherever Tapio prints it: `tapio config`, fault messages, excerpts. It has no default by design. */
export function Secret (options: { readonly description?: string } = {}): TString {
  return Type.String({ ...options, 'x-tapio': 'secret' })
}

/** One of a few words. */
export function Enum<const T extends readonly string[]> (words: T, options: { readonly default?: T[number]; readonly description?: string } = {}): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ type: 'string', enum: words, ...options })
}

/** A closed map of options: any other key is a fault. The root of every component's schema. */
export function Options<P extends TProperties> (properties: P, options: SchemaOptions = {}): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, ...options })
}

/** A closed map inside another that is there, with its own defaults, even when the user does not write it. */
export function Section<P extends TProperties> (properties: P, options: SchemaOptions = {}): TObject<P> {
  return Options(properties, { default: {}, ...options })
}

/** The mark of a schema, if it has one. */
export function notation (schema: TSchema): Notation | undefined {
  return schema['x-tapio'] as Notation | undefined
}

/** A typed value in the notation of its schema: 5000 as "5s". */
export function written (schema: TSchema, value: number): string {
  const mark = notation(schema)
  return mark === 'duration' ? formatDuration(value) : mark === 'bytes' ? formatBytes(value) : String(value)
}

function inUnits (options: UnitOptions, parse: (text: string) => number | undefined, what: string): SchemaOptions {
  const numbers: SchemaOptions = options.description === undefined ? {} : { description: options.description }
  for (const key of ['default', 'minimum', 'maximum'] as const) {
    const text = options[key]
    if (text === undefined) continue
    const value = parse(text)
    if (value === undefined) throw new Error(`bad ${what} "${text}" as ${key}`)
    numbers[key] = value
  }
  return numbers
}
