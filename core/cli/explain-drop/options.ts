/** What options that govern a reason are set to, as people write them in YAML. */
import type { DropRemedy } from '../../component/remedy.js'
import { sectionOf } from '../../config/shape.js'
import { inWords, type DropCatalog } from './catalog.js'

export interface OptionValue {
  /** The whole key path: `exporters.otlp.sending_queue.max_size`. */
  readonly path: string
  /** Undefined: not set and without a default, or not known without the configuration. */
  readonly value: string | undefined
  readonly isDefault: boolean
}

/** `plain`: the configuration as `tapio config` prints it, secrets hidden; undefined: not known, so defaults are told. */
export function optionValues (remedy: DropRemedy | undefined, component: { readonly kind: string, readonly id: string, readonly type: string } | undefined, plain: Readonly<Record<string, unknown>> | undefined, catalog: DropCatalog): OptionValue[] {
  return (remedy?.options ?? []).flatMap((option): OptionValue[] => {
    if (option.startsWith('service.')) return [{ path: option, ...valueAt(plain, option.split('.'), undefined) }]
    if (component === undefined) return []
    const section = sectionOf[component.kind as keyof typeof sectionOf] as string | undefined
    if (section === undefined) return []
    return [{ path: `${section}.${component.id}.${option}`, ...valueAt(plain, [section, component.id, ...option.split('.')], catalog.defaultOf(component.kind, component.type, option)) }]
  })
}

/** A configuration has every default written out. */
function valueAt (plain: Readonly<Record<string, unknown>> | undefined, path: readonly string[], preset: string | undefined): Omit<OptionValue, 'path'> {
  if (plain === undefined) return { value: preset, isDefault: preset !== undefined }
  const value = path.reduce<unknown>((at, key) => typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined, plain)
  return { value: value === undefined || typeof value === 'object' && path.at(-1) === 'pipelines' ? undefined : inWords(value), isDefault: false }
}
