/** `tapio incidents`, `correlate` and `explain`: what Tapio has explained, asked of a running one or read from a store. */
import { Option, type Command } from 'commander'
import type { EntityRef } from '../correlation/entity.js'
import { entityText } from '../correlation/entity.js'
import type { Incident, Level } from '../incidents/incident.js'
import { incidentsJson, incidentsYaml } from '../story/documents.js'
import { pageOf } from '../story/layout.js'
import { incidentMarkdownTable, incidentTable } from '../story/list.js'
import { printable } from '../story/printable.js'
import { atLeast, byRelevance, byStart, type IncidentQuery } from '../story/select.js'
import { count } from '../story/words.js'
import type { ExitName } from './exit-codes.js'
import { explainCode, isCode } from './explain-code.js'
import { findIncidents, type OpenReader } from './incident-reader.js'
import { isForPeople, outputOptions, printIncidents, type OutputOptions } from './incident-output.js'
import type { CommandIo } from './io.js'
import { ask } from './client/ask.js'
import { addSourceOptions, sourceOf, type OpenApi, type Source, type SourceOptions } from './client/source.js'
import { parseCount } from './numbers.js'
import { parseIncidentId, parseNamespaced, parseNode, parseTraceId } from './subjects.js'
import { parseWhenMs } from './when.js'

interface ListOptions extends OutputOptions, SourceOptions {
  readonly watch?: true
  readonly since?: number
  readonly status: Incident['status'] | 'all'
  readonly severity: Level
  readonly limit: number
}

interface CorrelateOptions extends OutputOptions, SourceOptions {
  readonly incident?: string
  readonly traceId?: string
  readonly pod?: EntityRef
  readonly service?: EntityRef
  readonly node?: EntityRef
  readonly since?: number
  readonly top?: number
}

/** Stories people read one after the other; programs get all. */
const defaultTop = 3

const help = `
Examples:
  tapio correlate --trace-id 0af7651916cd43dd8448eb211c80319c   why a request failed; the beginning of the id will do
  tapio correlate --pod shop/cart-0 --since 1h                  what happened to a pod
  tapio correlate --incident 5b1f -o markdown > ticket.md       one incident, for a ticket
`

const watchHelp = `
Examples:
  tapio incidents --since 1d --status open     what is going on
  tapio incidents --watch --server tapio:9090  each change as it comes; -o json: one a line
`

export function addIncidentCommands (program: Command, open: OpenReader, openApi: OpenApi, io: CommandIo, done: (exit: ExitName) => void): void {
  const since = (): Option => new Option('--since <when>', 'not over before: a duration (1h) or a time (2026-01-01T12:00:00Z)').argParser(parseWhenMs)
  const withOutput = (command: Command): Command => addSourceOptions(outputOptions().reduce((c, option) => c.addOption(option), command), true)
  const top = (): Option => new Option('--top <number>', `at most so many stories (${defaultTop} for people, all for json and yaml)`).argParser(parseCount)

  withOutput(program.command('incidents').description('list the incidents that Tapio has explained, newest first').addOption(since())
    .addOption(new Option('--status <status>', 'only these').choices(['open', 'resolved', 'all']).default('all'))
    .addOption(new Option('--severity <level>', 'this or worse').choices(['critical', 'high', 'medium', 'low']).default('low'))
    .option('--limit <number>', 'at most so many', parseCount, 50)
    .addOption(new Option('--watch', 'go on and show each change: what is open first').conflicts(['since', 'full'])))
    .addHelpText('after', watchHelp)
    .action(async (options: ListOptions) => done(options.watch === true ? await watch(options, openApi, io) : await listIncidents(options, open, io)))

  withOutput(program.command('correlate').description('tell the story of what happened to a trace, a pod, a service or a node')
    .addOption(new Option('--trace-id <id>', 'of a request: hex digits').argParser(parseTraceId).conflicts(['pod', 'service', 'node', 'incident']))
    .addOption(new Option('--pod <namespace/name>', 'or the name alone, in any namespace').argParser(parseNamespaced('Pod')).conflicts(['service', 'node', 'incident']))
    .addOption(new Option('--service <namespace/name>', 'or the name alone').argParser(parseNamespaced('Service')).conflicts(['node', 'incident']))
    .addOption(new Option('--node <name>', 'a node').argParser(parseNode).conflicts('incident'))
    .addOption(new Option('--incident <id>', 'the incident itself; the beginning of its id will do').argParser(parseIncidentId))
    .addOption(since()).addOption(top()))
    .addHelpText('after', help)
    .action(async (options: CorrelateOptions) => done(await correlate('correlate', options, open, io)))

  withOutput(program.command('explain').description('tell the story of one incident, or what a code such as CFG031 means').argument('<id>', 'of the incident, or its beginning; or a code', text => isCode(text) ? text : parseIncidentId(text)))
    .action(async (id: string, options: CorrelateOptions) => done(isCode(id) ? await explainCode(id, io) : await correlate('explain', { ...options, incident: id }, open, io)))
}

async function listIncidents (options: ListOptions, open: OpenReader, io: CommandIo): Promise<ExitName> {
  const found = await read('incidents', options, options.since === undefined ? {} : { sinceMs: options.since }, open, io)
  if (found.exit !== undefined) return found.exit
  const all = found.incidents.filter(i => (options.status === 'all' || i.status === options.status) && atLeast(i.severity, options.severity)).sort(byStart)
  const shown = all.slice(0, options.limit)
  const page = pageOf(io.columns, io.color && options.color)
  switch (options.output) {
    case 'json': io.out(incidentsJson(shown)); break
    case 'yaml': io.out(incidentsYaml(shown)); break
    case 'markdown': io.out(incidentMarkdownTable(shown)); break
    case 'text': io.out(shown.length === 0 ? 'No incidents.\n' : incidentTable(shown, { ...page, width: io.columns ?? page.width }, io.columns === undefined))
  }
  if (shown.length < all.length) io.err(`${all.length - shown.length} older incidents are not shown: --limit ${all.length}\n`)
  return 'ok'
}

async function correlate (command: string, options: CorrelateOptions, open: OpenReader, io: CommandIo): Promise<ExitName> {
  const query = queryOf(options)
  if (Object.keys(query).length === 0) {
    io.err(`tapio ${command}: about what? Give --trace-id, --pod, --service, --node, --incident or --since (tapio correlate --help)\n`)
    return 'usage'
  }
  const found = await read(command, options, query, open, io)
  if (found.exit !== undefined) return found.exit
  const all = [...found.incidents].sort(byRelevance)
  if (options.incident !== undefined && all.length !== 1) return notOne(command, options.incident, all, found.where, io)
  const shown = all.slice(0, options.top ?? (isForPeople(options) ? defaultTop : Infinity))
  if (all.length === 0 && isForPeople(options)) io.out(`No incident ${subjectOf(options)} is in ${printable(found.where)}.\n`)
  else printIncidents(shown, options, io)
  if (shown.length < all.length) io.err(`tapio ${command}: shown are ${shown.length} of ${count(all.length, 'incident')} (--top ${all.length} shows all)\n`)
  return 'ok'
}

function queryOf ({ incident, traceId, pod, service, node, since }: CorrelateOptions): IncidentQuery {
  const entity = pod ?? service ?? node
  return { ...(incident !== undefined && { id: incident }), ...(traceId !== undefined && { traceId }), ...(entity !== undefined && { entity }), ...(since !== undefined && { sinceMs: since }) }
}

function subjectOf ({ traceId, pod, service, node, since }: CorrelateOptions): string {
  const entity = pod ?? service ?? node
  const about = traceId !== undefined ? `with trace ${traceId}` : entity !== undefined ? `about ${printable(entityText(entity))}` : ''
  return [about, since === undefined ? '' : `since ${new Date(since).toISOString()}`].filter(t => t !== '').join(' ')
}

/** None, or too many: what a person needs to ask again. */
function notOne (command: string, id: string, found: readonly Incident[], directory: string, io: CommandIo): ExitName {
  if (found.length === 0) io.err(`tapio ${command}: ${printable(directory)} has no incident ${id} (tapio incidents lists them)\n`)
  else io.err(`tapio ${command}: ${count(found.length, 'incident')} begin with ${id}: ${found.slice(0, 8).map(i => printable(i.id)).join(', ')}${found.length > 8 ? ', …' : ''}\n`)
  return 'failure'
}

type Read = { readonly incidents: readonly Incident[], readonly where: string, readonly exit?: undefined } | { readonly exit: ExitName }

/** With an exit: it was said why not. */
async function read (command: string, options: SourceOptions, query: IncidentQuery, open: OpenReader, io: CommandIo): Promise<Read> {
  const fail = (error: unknown, exit: ExitName): Read => { io.err(`tapio ${command}: ${printable((error as Error).message)}\n`); return { exit } }
  let source: Source
  try { source = sourceOf(options, io.env, 'store') } catch (error) { return fail(error, 'usage') }
  const where = source.kind === 'store' ? source.directory : source.address.endpoint
  try {
    const reader = await open(source)
    try {
      const { incidents, unreadable } = await findIncidents(reader, query)
      if (unreadable > 0) io.err(`tapio ${command}: ${count(unreadable, 'incident')} in ${printable(where)} could not be read\n`)
      return { incidents, where }
    } finally {
      await reader.close()
    }
  } catch (error) {
    return fail(error, 'failure')
  }
}

async function watch (options: ListOptions, open: OpenApi, io: CommandIo): Promise<ExitName> {
  const { output, status } = options
  if ((output !== 'text' && output !== 'json') || status !== 'all') {
    io.err(`tapio incidents: --watch shows every change of every incident, as text or json${status === 'all' ? '' : ': leave --status out'}\n`)
    return 'usage'
  }
  return ask({ command: 'incidents', options, fallback: 'store', open, io }, async (api, stop) => (await import('./client/watch-incidents.js')).watchIncidents({ ...options, output }, api, io, stop))
}
