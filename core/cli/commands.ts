/** The commands that look at a configuration or at the build and print. `run` has its own file. */
import Table from 'cli-table3'
import { stringify } from 'yaml'
import { configJsonSchema } from '../config/json-schema.js'
import { configAsPlain, printConfig } from '../config/print.js'
import { drawMermaid, drawText } from '../graph/draw.js'
import { openCatalog } from '../instance.js'
import { patternJsonSchema } from '../patterns/json-schema.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'
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

export async function listComponents (options: { readonly output?: string }, io: CommandIo): Promise<ExitName> {
  const { all } = await openCatalog(io.modules)
  const rows = all.map(f => ({ kind: f.kind, type: f.type, stability: f.stability, signals: [...f.signals], description: f.description }))
  if (options.output === 'json') io.out(`${JSON.stringify(rows, null, 2)}\n`)
  else if (options.output === 'yaml') io.out(stringify(rows))
  else {
    const table = new Table({ head: ['kind', 'type', 'stability', 'signals', 'what it does'], style: io.color ? {} : { head: [], border: [] }, wordWrap: true, colWidths: [11, 14, 13, 18, 60] })
    for (const r of rows) table.push([r.kind, r.type, r.stability, r.signals.length === 5 ? 'all' : r.signals.join(', '), r.description])
    io.out(`${table.toString()}\n`)
  }
  return 'ok'
}

export async function showSchema ({ patterns }: { readonly patterns?: true }, io: CommandIo): Promise<ExitName> {
  const schema = patterns === true ? patternJsonSchema() : configJsonSchema(await openCatalog(io.modules))
  io.out(`${JSON.stringify(schema, null, 2)}\n`)
  return 'ok'
}
