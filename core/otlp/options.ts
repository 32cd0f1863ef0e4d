/**
 * Stand-ins for core/config/schema.ts, with the same names and the same typed values (milliseconds, bytes), so that the
 * OTLP components' config.ts change one import when that file is there.
 */
import { Type, type SchemaOptions, type TNumber, type TObject, type TProperties, type TString, type TUnsafe } from '@sinclair/typebox'

interface TextOptions { readonly default?: string, readonly description?: string }
interface UnitOptions extends TextOptions { readonly minimum?: string, readonly maximum?: string }

const units: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

function inUnits (options: UnitOptions): SchemaOptions {
  const out: SchemaOptions = options.description === undefined ? {} : { description: options.description }
  for (const key of ['default', 'minimum', 'maximum'] as const) {
    const [, digits, unit] = /^(\d+)([A-Za-z]*)$/.exec(options[key] ?? '') ?? []
    if (digits !== undefined) out[key] = Number(digits) * (units[unit ?? ''] ?? NaN)
  }
  return out
}

export function Duration (options: UnitOptions = {}): TNumber {
  return Type.Number({ minimum: 0, ...inUnits(options), 'x-tapio': 'duration' })
}

export function ByteSize (options: UnitOptions = {}): TNumber {
  return Type.Number({ minimum: 0, ...inUnits(options), 'x-tapio': 'bytes' })
}

export function Endpoint (options: TextOptions = {}): TString {
  return Type.String({ ...options, 'x-tapio': 'endpoint' })
}

export function Secret (options: { readonly description?: string } = {}): TString {
  return Type.String({ ...options, 'x-tapio': 'secret' })
}

export function Enum<const T extends readonly string[]> (words: T, options: { readonly default?: T[number], readonly description?: string } = {}): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ type: 'string', enum: words, ...options })
}

export function Options<P extends TProperties> (properties: P, options: SchemaOptions = {}): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, ...options })
}

export function Section<P extends TProperties> (properties: P, options: SchemaOptions = {}): TObject<P> {
  return Options(properties, { default: {}, ...options })
}
