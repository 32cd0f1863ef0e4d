/** Pattern packs: the failure patterns of a plugin, checked. */
import { isAbsolute, join, relative, resolve } from 'node:path'
import { PatternLibrary } from '../patterns/library.js'
import type { PluginDescription } from './description.js'
import { PluginFault } from './fault.js'
import type { LocatedPlugin } from './locate.js'

/** Absolute paths. Throws PluginFault for what is outside the plugin's folder, is not there, or is wrong in itself. */
export function packsOf ({ name, patterns }: PluginDescription, { folder }: LocatedPlugin): readonly string[] {
  const paths = patterns.map(path => {
    const full = resolve(folder, path)
    const way = relative(folder, full)
    if (isAbsolute(path) || way.startsWith('..')) throw new PluginFault(`plugin ${name} names patterns outside its own folder: ${path}`, 'patterns are files and folders of the plugin, relative to it')
    return full
  })
  if (paths.length === 0) return paths
  const { library, faults } = PatternLibrary.load(paths, { cwd: folder })
  const errors = faults.filter(f => f.severity === 'error')
  const [first] = errors
  if (first !== undefined) throw new PluginFault(`plugin ${name} has a faulty pattern: ${join(folder, first.file)}:${first.line}:${first.column}: ${first.message} [${first.code}]${errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`}`, `\`tapio test ${paths[0] ?? folder}\` says more`)
  if (library.patterns.length === 0) throw new PluginFault(`plugin ${name} names patterns, and there are none in ${patterns.join(', ')}`)
  return paths
}
