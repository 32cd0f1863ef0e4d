/** The plugin that `tapio plugin check` and `test` are about, loaded as a configuration would. */
import { Value } from '@sinclair/typebox/value'
import pc from 'picocolors'
import type { PluginPermissions } from '../../plugins/definition.js'
import type { PluginDescription } from '../../plugins/description.js'
import { pluginSchema, type PluginOptions } from '../../plugins/config.js'
import { PluginFault } from '../../plugins/fault.js'
import { loadPlugins, type LoadedPlugin } from '../../plugins/load.js'
import { locatePlugins, type LocatedPlugin } from '../../plugins/locate.js'
import type { PluginReference } from '../../plugins/reference.js'
import { checkPackage, manifestIn, type Finding, type Manifest } from '../../plugins/verify/package-check.js'
import { version } from '../../version.js'
import type { CommandIo } from '../io.js'

export interface AuthoredPlugin {
  readonly located: LocatedPlugin
  readonly reference: PluginReference
  readonly manifest: Manifest | undefined
  readonly findings: readonly Finding[]
}

/** Undefined: why not was printed. `path` is a folder of a package, or a file. */
export async function loadAuthored (command: string, path: string, io: CommandIo, cwd: string): Promise<AuthoredPlugin | undefined> {
  try {
    const options = Value.Default(pluginSchema, { path }) as PluginOptions
    const [located] = locatePlugins(options, cwd) as [LocatedPlugin]
    const [{ reference }] = await loadPlugins(options, cwd) as [LoadedPlugin]
    const manifest = manifestIn(located.folder)
    return { located, reference, manifest, findings: checkPackage({ ...located, manifest, description: reference.description }) }
  } catch (error) {
    if (!(error instanceof PluginFault)) throw error
    io.err(`${command}: ${error.message}\n${error.help === undefined ? '' : `  what to do: ${error.help}\n`}`)
    return undefined
  }
}

/** What it is: components, the Tapio it is for, what it may reach. */
export function printPlugin ({ name, version: own, tapio, permissions, components, patterns }: PluginDescription, io: CommandIo): void {
  const c = pc.createColors(io.color)
  io.out(`${c.bold(`${name} ${own}`)}, for Tapio ${tapio} (this is ${version})\n`)
  const width = Math.max(0, ...components.map(({ kind, type }) => kind.length + type.length + 1))
  for (const { kind, type, description } of components) io.out(`  ${`${kind} ${type}`.padEnd(width)}  ${c.dim(description)}\n`)
  if (patterns.length > 0) io.out(`  patterns  ${patterns.join(', ')}\n`)
  io.out(`  ${'may reach'.padEnd(width)}  ${reachInWords(permissions)}\n`)
}

function reachInWords ({ network = [], filesystem, env = [], processes = false }: PluginPermissions): string {
  const parts = [
    ...network.length > 0 ? [`the network: ${network.map(host => host === '*' ? 'anywhere' : host).join(', ')}`] : [],
    ...filesystem === undefined ? [] : [`files: ${filesystem === 'read' ? 'to read' : 'to read and write'}`],
    ...env.length > 0 ? [`variables: ${env.join(', ')}`] : [],
    ...processes ? ['other programs'] : []
  ]
  return parts.length === 0 ? 'nothing but its batches' : parts.join('; ')
}

/** How many do not hold, warnings left out. */
export function printFindings (findings: readonly Finding[], io: CommandIo): number {
  const c = pc.createColors(io.color)
  io.out(`\n${c.bold('package')}\n`)
  for (const { ok, isWarning, text, help } of findings) {
    io.out(`  ${ok ? c.green('ok  ') : isWarning === true ? c.yellow('warn') : c.red('FAIL')} ${text}\n`)
    if (help !== undefined) io.out(`         ${help}\n`)
  }
  return findings.filter(f => !f.ok && f.isWarning !== true).length
}
