/** The commands that look at a configuration or at the build and print. `run` has its own file. */
import Table from 'cli-table3'
import { stringify } from 'yaml'
import { configJsonSchema, editorSchema, type JsonSchema } from '../config/json-schema.js'
import { configAsPlain, printConfig } from '../config/print.js'
import { drawMermaid, drawText } from '../graph/draw.js'
import { openCatalog } from '../instance.js'
import { patternJsonSchema } from '../patterns/json-schema.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'
import { isPlugin, referenceOf, type PluginReference } from '../plugins/reference.js'
import { pluginModules } from './plugins.js'
import { prepare, type ConfigOptions } from './prepare.js'

export async function validate (options: ConfigOptions, io: CommandIo): Promise<ExitName> {
  const prepared = await prepare(options, io)
  if (prepared === undefined) return 'config'
  const { pipelines, components } = prepared.config
  const used = components.filter(c => c.used).length
  io.out(options.output === 'json'
    ? `${JSON.stringify({ ok: true, pipelines: pipelines.length, components: used })}\n`
    : `configuration is valid: ${pipelines.length} pipeline${pipelines.length === 1 ? '' : 's'}, ${used} components, mode ${prepared.plan.service.mode} on ${prepared.plan.threads.length} thread${prepared.plan.threads.length === 1 ? '' : 's'}\n`)
  return 'ok'
}

/** The configuration as it will run: merged, expanded, defaults written out, secrets hidden. */
export async function showConfig (options: ConfigOptions, io: CommandIo): Promise<ExitName> {
  const prepared = await prepare(options, io)
  if (prepared === undefined) return 'config'
  io.out(options.output === 'json'
    ? `${JSON.stringify(configAsPlain(prepared.config, prepared.catalog), null, 2)}\n`
    : printConfig(prepared.config, prepared.catalog))
  return 'ok'
}

export async function showGraph (options: ConfigOptions, io: CommandIo): Promise<ExitName> {
  const prepared = await prepare(options, io)
  if (prepared === undefined) return 'config'
  const { plan } = prepared
  io.out(options.output === 'mermaid' ? drawMermaid(plan) : options.output === 'json' ? `${JSON.stringify(plan, null, 2)}\n` : drawText(plan))
  return 'ok'
}

/** Of this build, and of the plugins that `--config` names, with what those may reach. */
export async function listComponents (options: ConfigOptions, io: CommandIo): Promise<ExitName> {
  const found = await pluginModules({ configs: options.config ?? [], sets: options.set ?? [] }, io, options.output)
  if (found.fault !== undefined) return 'config'
  const { all } = await openCatalog(found.modules)
  const plugins = found.modules.filter(isPlugin).map(referenceOf)
  const rows = all.map(f => {
    const plugin = plugins.findLast(p => p.description.components.some(c => c.kind === f.kind && c.type === f.type))
    return { kind: f.kind, type: f.type, stability: f.stability, signals: [...f.signals], description: f.description, ...(plugin === undefined ? {} : { plugin: pluginRow(plugin) }) }
  })
  if (options.output === 'json') io.out(`${JSON.stringify(rows, null, 2)}\n`)
  else if (options.output === 'yaml') io.out(stringify(rows))
  else {
    const table = new Table({ head: ['kind', 'type', 'stability', 'signals', 'what it does'], style: io.color ? {} : { head: [], border: [] }, wordWrap: true, colWidths: [11, 14, 13, 18, 60] })
    for (const r of rows) table.push([r.kind, r.type, r.stability, r.signals.length === 5 ? 'all' : r.signals.join(', '), r.plugin === undefined ? r.description : `${r.description} ${pluginWords(r.plugin)}`])
    io.out(`${table.toString()}\n`)
  }
  return 'ok'
}

type PluginRow = ReturnType<typeof pluginRow>

function pluginRow ({ description: { name, version, permissions }, options: { isolation }, shown, patterns }: PluginReference) {
  return { name, version, from: shown, isolation, permissions, ...(patterns.length === 0 ? {} : { patterns }) }
}

function pluginWords ({ name, version, isolation, permissions: { network = [], filesystem, env = [], processes } }: PluginRow): string {
  const reach = [
    ...(network.length === 0 ? [] : [`connects to ${network.join(', ')}`]), ...(filesystem === undefined ? [] : [filesystem === 'read' ? 'reads files' : 'reads and writes files']),
    ...(env.length === 0 ? [] : [`sees ${env.join(', ')}`]), ...(processes === true ? ['starts programs'] : [])
  ]
  return `[${name} ${version}, ${isolation === 'none' ? 'not isolated' : 'in a thread of its own'}; ${reach.length === 0 ? 'reaches nothing else' : reach.join('; ')}]`
}

async function testsSchema (): Promise<JsonSchema> {
  const { testFileSchema } = await import('../pipeline-test/format.js')
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'Tests of a Tapio configuration', ...editorSchema(testFileSchema) }
}

export async function showSchema ({ patterns, tests, ...options }: ConfigOptions & { readonly patterns?: true, readonly tests?: true }, io: CommandIo): Promise<ExitName> {
  const found = await pluginModules({ configs: options.config ?? [], sets: options.set ?? [] }, io)
  if (found.fault !== undefined) return 'config'
  io.out(`${JSON.stringify(patterns === true ? patternJsonSchema() : tests === true ? await testsSchema() : configJsonSchema(await openCatalog(found.modules)), null, 2)}\n`)
  return 'ok'
}
