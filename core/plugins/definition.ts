/**
 * What a plugin says of itself: `export default definePlugin({ … })` of its module. Plain data but for its components, so that it can be
 * shown (`tapio components`) without running them.
 */
import type { ComponentFactory } from '../component/factory.js'

/**
 * What it needs beside its batches. Nothing is granted that is not written here: see README.md for what is enforced, and how far.
 */
export interface PluginPermissions {
  /** Where it may connect to and listen: `host`, `host:port`, `*.example.com:443`, `*` for anywhere. Left out: nowhere. */
  readonly network?: readonly string[]
  /** Whether it may read files, or read and write them. Left out: neither. */
  readonly filesystem?: 'read' | 'write'
  /** The environment variables it sees. Left out: none. */
  readonly env?: readonly string[]
  /** Whether it may start programs and threads. Left out: no. */
  readonly processes?: boolean
}

export interface PluginDefinition {
  /** As in package.json: `tapio-plugin-redact`. */
  readonly name: string
  /** Its own version, semver. */
  readonly version: string
  /** The Tapio it was written for, as a semver range: `^0.1.0`. Another Tapio refuses to load it. */
  readonly tapio: string
  readonly description?: string
  readonly components?: readonly ComponentFactory[]
  /** Folders or files of failure patterns (core/patterns/README.md), relative to the plugin's folder. */
  readonly patterns?: readonly string[]
  readonly permissions?: PluginPermissions
}

/** Checks the shape of a plugin at its definition; returns it unchanged. Throws with the name of the field that is wrong. */
export function definePlugin (plugin: PluginDefinition): PluginDefinition {
  const fault = definitionFault(plugin)
  if (fault !== undefined) throw new TypeError(fault)
  return Object.freeze(plugin)
}

/** What is wrong with a definition from anywhere, in words; undefined when nothing is. */
export function definitionFault (value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `a plugin must be the object of definePlugin({ … }), found ${value === null ? 'null' : typeof value}`
  const plugin = value as Record<string, unknown>
  for (const key of ['name', 'version', 'tapio'] as const) {
    if (typeof plugin[key] !== 'string' || plugin[key] === '') return `\`${key}\` of a plugin must be text, found ${typeof plugin[key]}`
  }
  if (!/^(@[a-z0-9~][\w.~-]*\/)?[a-z0-9~][\w.~-]{0,213}$/.test(plugin['name'] as string)) return `\`name\` of a plugin must be one of a package (lower case, no blanks), found "${String(plugin['name']).slice(0, 80)}"`
  for (const key of ['components', 'patterns'] as const) {
    if (plugin[key] !== undefined && !Array.isArray(plugin[key])) return `\`${key}\` of plugin ${String(plugin['name'])} must be a list, found ${typeof plugin[key]}`
  }
  if (plugin['components'] === undefined && plugin['patterns'] === undefined) return `plugin ${String(plugin['name'])} brings nothing: neither \`components\` nor \`patterns\``
  return undefined
}
