/** `tapio explain-drop`: of a running Tapio, of a configuration alone, or of a reason by its name. */
import type { ApiClient } from '../../api/client/client.js'
import { configAsPlain } from '../../config/print.js'
import { kinds } from '../../config/shape.js'
import { nearest } from '../../config/suggest.js'
import { openCatalog } from '../../instance.js'
import { pageOf, type Page } from '../../story/layout.js'
import { printable } from '../../story/printable.js'
import { print } from '../client/ask.js'
import { jsonText } from '../client/documents.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { prepare, type Prepared } from '../prepare.js'
import { DropCatalog, type OwnedReason } from './catalog.js'
import { lookAtLosses } from './lost.js'
import { optionValues } from './options.js'
import { field, lossJson, lossText, optionText, type Explained } from './report.js'

export interface ExplainOptions {
  readonly config: readonly string[]
  readonly set: readonly string[]
  /** Part of the place's name: `otlp`, `exporter/otlp`. */
  readonly at?: string
  readonly pipeline?: string
  readonly event?: string
  readonly interval: number
  readonly output: 'text' | 'json'
  readonly color: boolean
}

/** Of a configuration when one is given, else of this build. Undefined: its faults were printed. */
export interface Known { readonly catalog: DropCatalog, readonly prepared: Prepared | undefined }

export async function knownOf ({ config, set }: ExplainOptions, io: CommandIo): Promise<Known | undefined> {
  if (config.length === 0) return { catalog: new DropCatalog((await openCatalog(io.modules)).all), prepared: undefined }
  const prepared = await prepare({ config, set, isPart: true }, io)
  return prepared === undefined ? undefined : { prepared, catalog: new DropCatalog(kinds.flatMap(kind => prepared.catalog.types(kind).flatMap(type => prepared.catalog.find(kind, type) ?? []))) }
}

const pageFor = (io: CommandIo, { color }: ExplainOptions): Page => pageOf(io.columns ?? 120, io.color && color)

export async function explainLosses (reason: string | undefined, options: ExplainOptions, api: ApiClient, io: CommandIo, signal: AbortSignal): Promise<ExitName> {
  const known = await knownOf(options, io)
  if (known === undefined) return 'config'
  const { catalog, prepared } = known
  const look = await lookAtLosses(api, options.interval, signal)
  const plain = prepared === undefined ? undefined : configAsPlain(prepared.config, prepared.catalog)
  const all = look.lost
    .filter(l => (reason === undefined || l.reason === reason) && (options.at === undefined || l.place.includes(options.at)) && (options.pipeline === undefined || pipelinesOf(l, look.state.components).includes(options.pipeline)))
    .map((lost): Explained => {
      const component = look.state.components.find(c => c.name === lost.component)
      const info = lost.isOwn ? catalog.find(lost.reason, component?.kind, component?.type) : catalog.find(lost.reason)
      return { ...lost, info, options: optionValues(info?.remedy, lost.isOwn ? component : undefined, plain, catalog) }
    })
  await print(io, options.output === 'json' ? jsonText(lossJson(all, look)) : `${lossText(all, look, api.where, pageFor(io, options), Date.now()).join('\n')}\n`)
  if (all.length === 0 && reason !== undefined && options.output === 'text') {
    io.out(`\nNothing was lost as ${printable(reason, 64)}${options.at === undefined && options.pipeline === undefined ? '' : ' there'}. What it means:\n`)
    return explainReason(reason, catalog, options, io)
  }
  return 'ok'
}

/** Of a component that stands in several: all of them. */
function pipelinesOf (lost: { readonly pipeline: string, readonly component: string | undefined }, components: readonly { readonly name: string, readonly pipelines: readonly string[] }[]): readonly string[] {
  return lost.pipeline !== '' ? [lost.pipeline] : components.find(c => c.name === lost.component)?.pipelines ?? []
}

/** What a reason means wherever it is given. */
export function explainReason (reason: string, catalog: DropCatalog, options: ExplainOptions, io: CommandIo): ExitName {
  const found = catalog.everywhere(reason)
  if (found.length === 0) {
    const names = [...new Set(catalog.all().map(r => r.reason))].sort()
    const near = nearest(reason, names)
    io.err(`tapio explain-drop: no component of this build drops rows as "${printable(reason, 64)}"${near === undefined ? '' : `; did you mean ${near}?`} There are: ${names.join(', ')}. For a plugin's reasons give -c FILE\n`)
    return 'failure'
  }
  if (options.output === 'json') io.out(jsonText(found.map(reasonJson)))
  else io.out(`${found.flatMap((one, i) => [...(i === 0 ? [] : ['']), ...reasonText(one, pageFor(io, options))]).join('\n')}\n`)
  return 'ok'
}

function reasonText ({ reason, owners, meaning, remedy }: OwnedReason, page: Page): string[] {
  return [
    `${page.colors.bold(reason)}${remedy?.isIntended === true ? ' (on purpose)' : ''}`,
    ...field('by', owners.join(', '), page),
    ...field('means', printable(meaning), page),
    ...optionText((remedy?.options ?? []).map(path => ({ path, value: undefined, isDefault: false })), page),
    ...(remedy === undefined ? [] : field('do', printable(remedy.action), page))
  ]
}

function reasonJson ({ reason, owners, meaning, remedy }: OwnedReason): object {
  return { reason, by: owners, meaning, intended: remedy?.isIntended === true, options: remedy?.options ?? [], action: remedy?.action ?? '' }
}

/** What could be lost where, by a configuration alone. */
export function explainConfig (reason: string | undefined, { catalog, prepared }: Known & { readonly prepared: Prepared }, options: ExplainOptions, io: CommandIo): ExitName {
  const plain = configAsPlain(prepared.config, prepared.catalog)
  const page = pageFor(io, options)
  const inPipeline = new Set(prepared.config.pipelines.filter(p => options.pipeline === undefined || p.name === options.pipeline).flatMap(p => [...p.receivers, ...p.processors, ...p.exporters].map(id => `${id.kind}/${id.text}`)))
  const entries = prepared.config.components.filter(c => c.used && inPipeline.has(`${c.id.kind}/${c.id.text}`)).flatMap(({ id }) => {
    const name = `${id.kind}/${id.text}`
    const drops = prepared.catalog.find(id.kind, id.type)?.drops ?? {}
    return Object.keys(drops).filter(r => (reason === undefined || r === reason) && (options.at === undefined || name.includes(options.at))).map(own => {
      const info = catalog.find(own, id.kind, id.type)
      return { name, reason: own, info, options: optionValues(info?.remedy, { kind: id.kind, id: id.text, type: id.type }, plain, catalog) }
    })
  })
  if (options.output === 'json') {
    io.out(jsonText(entries.map(e => ({ place: e.name, reason: e.reason, meaning: e.info?.meaning ?? '', intended: e.info?.remedy?.isIntended === true, action: e.info?.remedy?.action ?? '', options: e.options.map(({ path, value }) => ({ path, ...(value !== undefined && { value }) })) }))))
    return 'ok'
  }
  if (entries.length === 0) { io.out('No component of these drops anything on its own.\n'); return 'ok' }
  io.out(`${['What each component of the configuration could drop; ask a running Tapio (--server) what it did.', ...entries.flatMap(e => [
    '', `${page.colors.bold(e.reason)} at ${e.name}${e.info?.remedy?.isIntended === true ? ' (on purpose)' : ''}`,
    ...field('means', printable(e.info?.meaning ?? ''), page), ...optionText(e.options, page), ...(e.info?.remedy === undefined ? [] : field('do', printable(e.info.remedy.action), page))
  ])].join('\n')}\n`)
  return 'ok'
}
