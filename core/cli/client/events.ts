/** `tapio events`: stored events, the newest ones, all of them, one of them, or those that come. */
import { toJson } from '@bufbuild/protobuf'
import type { ApiClient } from '../../api/client/client.js'
import { EventSchema, type Event } from '../../api/gen/tapio/v1/event_pb.js'
import { EventService } from '../../api/gen/tapio/v1/event_service_pb.js'
import { safeYaml } from '../../story/documents.js'
import { pageOf } from '../../story/layout.js'
import { number } from '../../story/words.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { Progress } from '../progress.js'
import { print } from './ask.js'
import { jsonLine, jsonText, yamlItem } from './documents.js'
import { EventLines } from './event-line.js'
import { filterOf } from './filter.js'
import type { FilterOptions } from './filter-options.js'
import { followed } from './followed.js'

export interface EventsOptions extends FilterOptions {
  readonly limit: number
  readonly all?: true
  readonly follow?: true
  readonly wide?: true
  readonly output: 'text' | 'json' | 'yaml'
  /** False after --no-color. */
  readonly color: boolean
}

const pageSize = 1000

export async function showEvents (id: string | undefined, options: EventsOptions, api: ApiClient, io: CommandIo, stop: AbortSignal): Promise<ExitName> {
  if (id !== undefined) return showOne(id, options, api, io, stop)
  const write = writer(options, io)
  if (options.follow === true) return followEvents(options, api, io, stop, write)
  return options.all === true ? showAll(options, api, io, stop, write) : showNewest(options, api, io, stop, write)
}

type Write = (events: readonly Event[]) => Promise<void>

/** Programs get all; on a terminal a line is cut to one. */
function writer ({ output, color, wide }: EventsOptions, io: CommandIo): Write {
  const lines = new EventLines(pageOf(io.columns, io.color && color).colors, wide === true ? undefined : io.columns)
  const text = { text: (e: Event) => `${lines.line(e)}\n`, json: (e: Event) => jsonLine(EventSchema, e), yaml: (e: Event) => yamlItem(EventSchema, e) }[output]
  return events => {
    lines.fit(events)
    return print(io, events.map(text).join(''))
  }
}

async function showOne (id: string, { output }: EventsOptions, api: ApiClient, io: CommandIo, signal: AbortSignal): Promise<ExitName> {
  const { event } = await api.unary(EventService.method.getEvent, { id }, { signal })
  if (event === undefined) throw new Error(`${api.where} has no event ${id}`)
  const document = toJson(EventSchema, event)
  io.out(output === 'json' ? jsonText(document) : safeYaml(document))
  return 'ok'
}

/** Oldest first, so that the newest is where the eye is. */
async function showNewest (options: EventsOptions, api: ApiClient, io: CommandIo, signal: AbortSignal, write: Write): Promise<ExitName> {
  const progress = new Progress(io, 'tapio events')
  const found: Event[] = []
  let token = ''
  do {
    const page = await api.unary(EventService.method.getEvents, { filter: filterOf(options), page: { size: Math.min(pageSize, options.limit - found.length), token, order: 'newest' } }, { signal })
    found.push(...page.events)
    token = page.nextPageToken
    progress.tell(found.length)
  } while (token !== '' && found.length < options.limit)
  progress.end()
  if (found.length === 0) io.out({ text: 'No events.\n', json: '', yaml: '[]\n' }[options.output])
  for (let to = found.length; to > 0; to -= pageSize) await write(found.slice(Math.max(0, to - pageSize), to).reverse())
  if (token !== '') io.err(`tapio events: the newest ${number(found.length)} are shown; older ones fit too (--limit N, or --all)\n`)
  return 'ok'
}

/** Oldest first, page by page: as many as there are. */
async function showAll (options: EventsOptions, api: ApiClient, io: CommandIo, signal: AbortSignal, write: Write): Promise<ExitName> {
  const progress = new Progress(io, 'tapio events')
  let [token, shown] = ['', 0]
  do {
    const page = await api.unary(EventService.method.getEvents, { filter: filterOf(options), page: { size: pageSize, token, order: 'oldest' } }, { signal })
    // On a terminal the events themselves are seen to come.
    if (io.columns !== undefined) progress.end()
    if (page.events.length > 0) await write(page.events)
    shown += page.events.length
    token = page.nextPageToken
    if (io.columns === undefined) progress.tell(shown)
  } while (token !== '')
  progress.end()
  if (shown === 0) io.out({ text: 'No events.\n', json: '', yaml: '[]\n' }[options.output])
  return 'ok'
}

async function followEvents (options: EventsOptions, api: ApiClient, io: CommandIo, signal: AbortSignal, write: Write): Promise<ExitName> {
  const filter = filterOf(options)
  const open = (resumeToken: string) => api.stream(EventService.method.subscribe, { filter, resumeToken }, { signal })
  for await (const { events, gap } of followed('events', open, message => message.resumeToken, io, signal)) {
    if (gap) io.err('tapio events: events are missing here: they were deleted before they could be read\n')
    if (events.length > 0) await write(events)
  }
  return 'ok'
}
