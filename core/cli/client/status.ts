/** `tapio status`: what runs, whether it is well, what it stores and what flows. */
import { toJson } from '@bufbuild/protobuf'
import type { ApiClient } from '../../api/client/client.js'
import { ApiError } from '../../api/call.js'
import { GetServiceInfoResponseSchema, HealthCheckResponseSchema, PipelineStateSchema, type GetServiceInfoResponse, type HealthCheckResponse, type PipelineState, type StoreInfo } from '../../api/gen/tapio/v1/runtime_pb.js'
import { TapioService } from '../../api/gen/tapio/v1/tapio_service_pb.js'
import { safeYaml } from '../../story/documents.js'
import { pageOf, type Colors } from '../../story/layout.js'
import { printable } from '../../story/printable.js'
import { count, number, shortDuration } from '../../story/words.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { stateCell, statePaint } from './collectors.js'
import { columns, left, right } from './columns.js'
import { jsonText } from './documents.js'
import { msOf, timeText } from './event-line.js'
import { bytesText, rateText } from './figures.js'
import { pipelineFigures } from './flow.js'

export interface StatusOptions {
  readonly output: 'text' | 'json' | 'yaml'
  readonly color: boolean
}

interface Status {
  readonly info: GetServiceInfoResponse
  readonly health: HealthCheckResponse
  /** Undefined: only a store is served. */
  readonly pipelines: PipelineState | undefined
}

/** `isStore`: no Tapio was asked, so there is nothing to say of one. */
export async function showStatus ({ output, color }: StatusOptions, api: ApiClient, io: CommandIo, signal: AbortSignal, isStore: boolean): Promise<ExitName> {
  const [info, health, pipelines] = await Promise.all([
    api.unary(TapioService.method.getServiceInfo, {}, { signal }),
    api.unary(TapioService.method.healthCheck, {}, { signal }),
    pipelinesOf(api, signal)
  ])
  const status = { info, health, pipelines }
  const document = (): object => ({
    info: toJson(GetServiceInfoResponseSchema, info), health: toJson(HealthCheckResponseSchema, health),
    ...(pipelines !== undefined && { pipelines: toJson(PipelineStateSchema, pipelines) })
  })
  switch (output) {
    case 'json': io.out(jsonText(document())); break
    case 'yaml': io.out(safeYaml(document())); break
    case 'text': io.out(`${(isStore ? drawStore : draw)(status, api.where, pageOf(io.columns, io.color && color).colors, Date.now()).join('\n')}\n`)
  }
  return health.ready ? 'ok' : 'failure'
}

async function pipelinesOf (api: ApiClient, signal: AbortSignal): Promise<PipelineState | undefined> {
  try {
    return (await api.unary(TapioService.method.getPipelines, {}, { signal })).state
  } catch (error) {
    if (error instanceof ApiError && error.code === 'FAILED_PRECONDITION') return undefined
    throw error
  }
}

/** `nowMs`: what ages are counted from. */
export function draw ({ info, health, pipelines }: Status, where: string, c: Colors, nowMs: number): string[] {
  const startedMs = msOf(info.startTime)
  const about = [`mode ${printable(info.mode)}`, info.host === '' ? '' : `on ${printable(info.host, 64)}`, startedMs === undefined ? '' : `up ${shortDuration(nowMs - startedMs)}`].filter(t => t !== '')
  const state = health.ready ? c.green('READY') : c.red(health.live ? 'NOT READY' : 'NOT LIVE')
  return [
    `${c.bold(`tapio ${printable(info.version, 64)}`)} at ${printable(where)}: ${about.join(', ')}`,
    `${state}${health.graph === '' ? '' : ` (graph ${printable(health.graph)})`}`,
    ...componentLines(health, c, nowMs),
    ...(info.store === undefined ? ['store: none'] : storeLines(info.store, c)),
    ...(pipelines === undefined ? [] : pipelineLines(pipelines, c))
  ]
}

function drawStore ({ info }: Status, where: string, c: Colors): string[] {
  return [`${c.bold(`tapio ${printable(info.version, 64)}`)}: the store in ${printable(where)}, without asking a running Tapio`, ...(info.store === undefined ? [] : storeLines(info.store, c))]
}

/** Those that are not well one by one. */
function componentLines ({ components }: HealthCheckResponse, c: Colors, nowMs: number): string[] {
  if (components.length === 0) return []
  const failing = components.filter(({ state }) => state !== 'ok')
  const well = components.length - failing.length
  return [
    `components: ${c.green(`${number(well)} ok`)}${failing.length === 0 ? '' : `, ${c.red(`${number(failing.length)} not`)}`}`,
    ...columns(failing.map(one => {
      const sinceMs = msOf(one.since)
      return [left(printable(one.component, 120)), left(sinceMs === undefined ? '' : `for ${shortDuration(nowMs - sinceMs)}`), stateCell(one.state, one.reason, c)]
    }), '  ')
  ]
}

function storeLines (store: StoreInfo, c: Colors): string[] {
  const span = store.oldestTime === undefined ? '' : `, ${timeText(store.oldestTime).slice(0, 19)} to ${timeText(store.newestTime).slice(0, 19)} UTC`
  return [
    `store: ${count(Number(store.events), 'event')}, ${count(Number(store.incidents), 'incident')}, ${count(Number(store.correlations), 'link')}, ${bytesText(Number(store.bytes))}${span}`,
    ...store.damaged.map(file => c.red(`  damaged: ${printable(file)}`))
  ]
}

function pipelineLines (state: PipelineState, c: Colors): string[] {
  const list = (ids: readonly string[]): string => ids.length === 0 ? '-' : ids.map(id => printable(id, 64)).join(', ')
  return ['pipelines:', ...columns(pipelineFigures(state).map(p => [
    left(printable(p.name, 64), c.bold),
    right(`${rateText(p.inPerSecond)}/s in`), right(`${rateText(p.outPerSecond)}/s out`),
    right(`${number(p.dropped)} dropped`, p.dropped > 0 ? statePaint('error', c) : undefined),
    left([list(p.receivers), ...p.processors.map(id => printable(id, 64)), list(p.exporters)].join(' -> '))
  ]), '  ')]
}
