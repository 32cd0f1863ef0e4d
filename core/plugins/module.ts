/** The definition in what a plugin's module exports. */
import { definitionFault, type PluginDefinition } from './definition.js'

/** Throws a TypeError that says what the module lacks. */
export function loadedOf (exports: Readonly<Record<string, unknown>>): PluginDefinition {
  const found = exports['default'] ?? exports['plugin']
  if (found === undefined) throw new TypeError('the module exports no plugin: write `export default definePlugin({ … })`')
  const fault = definitionFault(found)
  if (fault !== undefined) throw new TypeError(fault)
  return found as PluginDefinition
}
