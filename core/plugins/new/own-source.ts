/** Where npm can find the Tapio that runs: what a new project is told to install. */
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { version } from '../../version.js'

interface Lock { readonly packages?: Readonly<Record<string, { readonly resolved?: unknown, readonly link?: unknown }>> }

// dist/core/plugins/new/own-source.js -> the package
const ownFolder = fileURLToPath(new URL('../../../..', import.meta.url))

/** A range of the registry when this Tapio is from there, else where this one was installed from: `file:/…`. */
export function ownSource (folder = ownFolder): string {
  const modules = dirname(resolve(folder))
  if (basename(modules) !== 'node_modules') return `file:${resolve(folder)}`
  const resolved = resolvedOf(join(modules, '.package-lock.json'))
  if (resolved?.startsWith('file:') === true) return `file:${resolve(dirname(modules), resolved.slice('file:'.length))}`
  return resolved === undefined || /^https?:.*\/-\//.test(resolved) ? `^${version}` : resolved
}

/** What npm wrote down as it installed it. */
function resolvedOf (lock: string): string | undefined {
  if (!existsSync(lock)) return undefined
  try {
    const found = (JSON.parse(readFileSync(lock, 'utf8')) as Lock).packages?.['node_modules/tapio']
    return typeof found?.resolved === 'string' ? found.resolved : undefined
  } catch {
    return undefined
  }
}
