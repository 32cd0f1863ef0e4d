/** `tapio graph --live`: the graph of a running Tapio with what flows in it, drawn again and again in place, or once. */
import type { ApiClient } from '../../api/client/client.js'
import { PipelineStateSchema } from '../../api/gen/tapio/v1/runtime_pb.js'
import { pageOf } from '../../story/layout.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { print } from './ask.js'
import { jsonLine } from './documents.js'
import { graphMermaid } from './graph-live-mermaid.js'
import { graphPicture } from './graph-live-picture.js'
import { graphNow, watchGraph, type LiveGraph } from './graph-live-state.js'
import { showLive } from './screen.js'

export interface LiveGraphOptions {
  readonly interval: number
  readonly once?: true
  readonly output: 'text' | 'mermaid' | 'json'
  readonly color: boolean
}

export async function graphLive (options: LiveGraphOptions, api: ApiClient, io: CommandIo, signal: AbortSignal): Promise<ExitName> {
  const { colors } = pageOf(io.columns, io.color && options.color)
  const terminal = options.output === 'text' && options.once !== true ? io.terminal?.() : undefined
  if (terminal === undefined) return await graphOnce(options, api, io, signal)
  let top = 0
  await showLive<LiveGraph>({
    where: api.where,
    paint: (graph, before, size, notice) => graphPicture(graph, before, { where: api.where, colors, size, top, ...(notice !== undefined && { notice }) }),
    press: key => {
      const move = ({ j: 1, k: -1 } as Readonly<Record<string, number>>)[key]
      if (move !== undefined) top = Math.max(0, top + move)
      return move !== undefined
    }
  }, stop => watchGraph(api, options.interval, stop), terminal, signal)
  return 'ok'
}

/** One interval, and the end. */
async function graphOnce ({ output, color, interval }: LiveGraphOptions, api: ApiClient, io: CommandIo, signal: AbortSignal): Promise<ExitName> {
  const before = await graphNow(api, signal)
  for await (const graph of watchGraph(api, interval, signal)) {
    const { colors } = pageOf(io.columns, io.color && color)
    await print(io, output === 'mermaid'
      ? graphMermaid(graph, before)
      : output === 'json' ? jsonLine(PipelineStateSchema, graph.state) : `${graphPicture(graph, before, { where: api.where, colors, size: undefined }).join('\n')}\n`)
    return 'ok'
  }
  throw new Error(`${api.where} ended the answer before the first interval was over`)
}
