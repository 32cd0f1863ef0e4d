/** Pattern packs: the failure patterns of a plugin, checked. */
import { realpathSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { defaultPatternDir, PatternLibrary } from '../patterns/library.js'
import type { PluginDescription } from './description.js'
import { PluginFault } from './fault.js'
import type { LocatedPlugin } from './locate.js'

/** Absolute paths. Throws PluginFault for what is outside the plugin's folder, is not there, or is wrong in itself. */
export function packsOf ({ name, patterns }: PluginDescription, { folder }: LocatedPlugin): readonly string[] {
  const paths = patterns.map(path => {
    const full = resolve(folder, path)
    // By where links lead; what is not there is said below.
    const way = relative(realOf(folder), realOf(full))
    if (isAbsolute(path) || way === '..' || way.startsWith(`..${sep}`)) throw new PluginFault(`plugin ${name} names patterns outside its own folder: ${path}`, 'patterns are files and folders of the plugin, relative to it')
    return full
  })
  if (paths.length === 0) return paths
  const { library } = PatternLibrary.load(paths, { cwd: folder })
  // Beside Tapio's own, as they will be used: ids are the same in all.
  const errors = PatternLibrary.load([defaultPatternDir, ...paths], { cwd: folder }).faults.filter(f => f.severity === 'error')
  const [first] = errors
  if (first !== undefined) throw new PluginFault(`plugin ${name} has a faulty pattern: ${resolve(folder, first.file)}:${first.line}:${first.column}: ${first.message} [${first.code}]${errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`}`, `\`tapio test ${paths[0] ?? folder}\` says more`)
  if (library.patterns.length === 0) throw new PluginFault(`plugin ${name} names patterns, and there are none in ${patterns.join(', ')}`)
  return paths
}

function realOf (path: string): string {
  try { return realpathSync(path) } catch { return path }
}
