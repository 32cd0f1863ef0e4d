/** `tapio top`: what flows, drawn again and again in place; one JSON document a line for programs. */
import type { ApiClient } from '../../api/client/client.js'
import { durationFromMs } from '@bufbuild/protobuf/wkt'
import { PipelineStateSchema, type PipelineState, type WatchPipelinesResponse } from '../../api/gen/tapio/v1/runtime_pb.js'
import { TapioService } from '../../api/gen/tapio/v1/tapio_service_pb.js'
import { pageOf, type Colors } from '../../story/layout.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import type { Terminal } from '../terminal.js'
import { print } from './ask.js'
import { jsonLine } from './documents.js'
import { followed } from './followed.js'
import { showLive } from './screen.js'
import { pictureOf, sortings, type Sorting } from './top-picture.js'

export interface TopOptions {
  readonly intervalMs: number
  readonly once?: true
  readonly sort: Sorting
  /** Left out: pictures on a terminal and for --once, lines of JSON elsewhere. */
  readonly output?: 'text' | 'json'
  readonly color: boolean
}

export async function top (options: TopOptions, api: ApiClient, io: CommandIo, signal: AbortSignal): Promise<ExitName> {
  const terminal = io.terminal?.()
  const { once, output } = options
  const colors = pageOf(io.columns, io.color && options.color).colors
  if (once !== true && output !== 'json' && terminal !== undefined) return topLive(options, api, terminal, colors, signal)
  const asText = output === 'text' || (output === undefined && once === true)
  let before: PipelineState | undefined
  for await (const { state } of followed('top', () => watch(options, api, signal), () => '', io, signal)) {
    if (state === undefined) continue
    await print(io, asText ? `${pictureOf(state, before, { where: api.where, colors, sorting: options.sort, size: undefined }).join('\n')}\n` : jsonLine(PipelineStateSchema, state))
    if (once === true) break
    before = state
  }
  return 'ok'
}

function watch ({ intervalMs }: TopOptions, api: ApiClient, signal: AbortSignal) {
  return api.stream(TapioService.method.watchPipelines, { interval: durationFromMs(intervalMs) }, { signal })
}

async function topLive (options: TopOptions, api: ApiClient, terminal: Terminal, colors: Colors, interrupted: AbortSignal): Promise<ExitName> {
  let { sort: sorting } = options
  await showLive<WatchPipelinesResponse>({
    where: api.where,
    paint: ({ state }, before, size, notice) => state === undefined ? [] : pictureOf(state, before?.state, { where: api.where, colors, sorting, size, ...(notice !== undefined && { notice }) }),
    press: key => {
      if (key === 's') sorting = sortings[(sortings.indexOf(sorting) + 1) % sortings.length] as Sorting
      return key === 's'
    }
  }, signal => watch(options, api, signal), terminal, interrupted)
  return 'ok'
}
