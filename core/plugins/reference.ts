/** A plugin among the modules of a catalog: a line of text, as module names are, that every thread can be given. */
import type { PluginOptions } from './config.js'
import type { PluginDescription } from './description.js'

/** What is decided of a plugin before any of its components is made. */
export interface PluginReference {
  readonly shown: string
  /** Of its bundle. */
  readonly url: string
  /** Its package or the folder of its file. */
  readonly folder: string
  readonly options: PluginOptions
  readonly description: PluginDescription
  /** Absolute paths of its failure patterns. */
  readonly patterns: readonly string[]
}

const scheme = 'tapio-plugin:'

export const isPlugin = (module: string): boolean => module.startsWith(scheme)

export const moduleOf = (reference: PluginReference): string => `${scheme}${JSON.stringify(reference)}`

export const referenceOf = (module: string): PluginReference => JSON.parse(module.slice(scheme.length)) as PluginReference
