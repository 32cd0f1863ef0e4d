/** Names of a new plugin: of its package, and of its component in YAML. */
import { builtinModules } from 'node:module'

const maxLength = 214

/** The rule that `name` breaks as the name of a package, with a name near it that does not; undefined when it breaks none. */
export function packageNameFault (name: string): string | undefined {
  const near = name.replace(/^@[^/]*\//, '').toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-').replaceAll(/^[-\d]+|-+$/g, '')
  const instead = near === '' ? 'tapio-plugin-mine' : near
  const rule = brokenRule(name)
  return rule === undefined ? undefined : `"${name.slice(0, 80)}" cannot be the name of a plugin: ${rule}. For example: ${builtinModules.includes(instead) ? `tapio-plugin-${instead}` : instead}`
}

function brokenRule (name: string): string | undefined {
  if (name === '') return 'it is empty'
  if (name.length > maxLength) return `npm takes at most ${maxLength} characters, found ${name.length}`
  if (name !== name.toLowerCase()) return 'npm takes lower case only'
  if (name.startsWith('@') && !/^@[a-z0-9~][\w.~-]*\/[^/]+$/.test(name)) return 'a scope is written @scope/name'
  const own = name.replace(/^@[^/]*\//, '')
  if (own.includes('/') || own.includes('\\')) return 'it is a path; give the folder with --directory'
  if (!/^[a-z]/.test(own)) return `it must begin with a letter, found "${own.charAt(0)}"`
  const wrong = /[^a-z0-9_.~-]/.exec(own)
  if (wrong !== null) return `it may have letters, digits, "-", "_" and ".", found "${wrong[0]}"`
  if (name === own && (builtinModules.includes(name) || name === 'node_modules')) return 'it is a name of Node'
  return name === 'tapio' ? 'it is the name of Tapio' : undefined
}

/** Of its component: `tapio-plugin-drop-noise` gives `drop_noise`. */
export function componentType (packageName: string): string {
  const own = packageName.replace(/^@[^/]*\//, '')
  const short = own.replace(/^tapio-(plugin-)?/, '')
  return (/^[a-z]/.test(short) ? short : own).replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^_|_$/g, '')
}

/** Its folder, when none is named. */
export const folderName = (packageName: string): string => packageName.replace(/^@[^/]*\//, '')
