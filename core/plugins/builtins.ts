/** Which of Node's modules a plugin may import, by what it declares. */
import { builtinModules } from 'node:module'
import type { PluginPermissions } from './definition.js'

/** What a module gives access to. `engine`: to the process itself, which no plugin gets. */
export type Reach = 'free' | 'network' | 'filesystem' | 'processes' | 'engine'

const reaches: Readonly<Record<string, Reach>> = {
  net: 'network', tls: 'network', http: 'network', https: 'network', http2: 'network', dgram: 'network', dns: 'network',
  fs: 'filesystem', sqlite: 'filesystem',
  child_process: 'processes', cluster: 'processes', worker_threads: 'processes',
  inspector: 'engine', module: 'engine', repl: 'engine', v8: 'engine', vm: 'engine', wasi: 'engine', trace_events: 'engine', sea: 'engine', test: 'engine'
}

const known = new Set(builtinModules)

/** Undefined for what is none of Node's. */
export function reachOf (specifier: string): Reach | undefined {
  const name = specifier.replace(/^node:/, '')
  const [base = ''] = name.split('/')
  if (!specifier.startsWith('node:') && !known.has(name)) return undefined
  return base.startsWith('_') ? 'engine' : reaches[base] ?? 'free'
}

export function mayReach (reach: Reach, permissions: PluginPermissions): boolean {
  switch (reach) {
    case 'free': return true
    case 'network': return (permissions.network ?? []).length > 0
    case 'filesystem': return permissions.filesystem !== undefined
    case 'processes': return permissions.processes === true
    case 'engine': return false
  }
}
