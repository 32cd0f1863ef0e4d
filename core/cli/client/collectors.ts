/** `tapio collectors`: what brings events to a Tapio, and how one of them works. */
import { toJson } from '@bufbuild/protobuf'
import type { ApiClient } from '../../api/client/client.js'
import { CollectorConfigSchema, CollectorSchema, type Collector } from '../../api/gen/tapio/v1/collector_pb.js'
import { CollectorService } from '../../api/gen/tapio/v1/collector_service_pb.js'
import { safeYaml } from '../../story/documents.js'
import { pageOf, type Colors } from '../../story/layout.js'
import { printable } from '../../story/printable.js'
import { number } from '../../story/words.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { columns, left, right, type Cell } from './columns.js'
import { jsonText } from './documents.js'
import { timeText } from './event-line.js'

export interface CollectorsOptions {
  readonly kind?: string
  readonly state?: string
  readonly output: 'text' | 'json' | 'yaml'
  readonly color: boolean
}

export async function listCollectors ({ kind = '', state = '', output, color }: CollectorsOptions, api: ApiClient, io: CommandIo, signal: AbortSignal): Promise<ExitName> {
  const found: Collector[] = []
  let token = ''
  do {
    const page = await api.unary(CollectorService.method.listCollectors, { kind, state, page: { size: 1000, token } }, { signal })
    found.push(...page.collectors)
    token = page.nextPageToken
  } while (token !== '')
  const documents = (): unknown[] => found.map(c => toJson(CollectorSchema, c))
  switch (output) {
    case 'json': io.out(jsonText(documents())); break
    case 'yaml': io.out(safeYaml(documents())); break
    case 'text': io.out(found.length === 0 ? 'No collectors.\n' : `${table(found, pageOf(io.columns, io.color && color).colors).join('\n')}\n`)
  }
  return 'ok'
}

function table (collectors: readonly Collector[], c: Colors): string[] {
  const head = [left('ID', c.bold), left('KIND', c.bold), left('TYPE', c.bold), left('STATE', c.bold), right('EVENTS', c.bold), right('REJECTED', c.bold), left('LAST SEEN (UTC)', c.bold), left('HOST', c.bold), left('VERSION', c.bold)]
  return columns([head, ...collectors.map(one => [
    left(printable(one.id, 128)), left(one.kind), left(printable(one.type, 64)), stateCell(one.state, one.reason, c),
    right(number(Number(one.events))), right(number(Number(one.rejected)), one.rejected > 0n ? c.red : undefined),
    left(timeText(one.lastSeenTime).slice(0, 19)), left(printable(one.host, 64)), left(printable(one.version, 64))
  ])])
}

/** Of a component or a collector. */
export function stateCell (state: string, reason: string, c: Colors): Cell {
  const text = reason === '' ? printable(state) : `${printable(state)}: ${printable(reason, 60)}`
  return left(text, statePaint(state, c))
}

export function statePaint (state: string, c: Colors): (text: string) => string {
  if (/^(ok|connected|running|serving)$/.test(state)) return c.green
  return /error|away/.test(state) ? c.red : c.yellow
}

export async function showCollectorConfig (id: string, output: 'yaml' | 'json', api: ApiClient, io: CommandIo, signal: AbortSignal): Promise<ExitName> {
  const { config } = await api.unary(CollectorService.method.getConfig, { id }, { signal })
  if (config === undefined) throw new Error(`${api.where} says nothing of how ${id} works`)
  const document = toJson(CollectorConfigSchema, config)
  io.out(output === 'json' ? jsonText(document) : safeYaml(document))
  return 'ok'
}
