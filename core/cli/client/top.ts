/** `tapio top`: what flows, drawn again and again in place; one JSON document a line for programs. */
import type { ApiClient } from '../../api/client/client.js'
import { durationFromMs } from '@bufbuild/protobuf/wkt'
import { PipelineStateSchema, type PipelineState } from '../../api/gen/tapio/v1/runtime_pb.js'
import { TapioService } from '../../api/gen/tapio/v1/tapio_service_pb.js'
import { follow } from '../../api/client/follow.js'
import { systemClock } from '../../component/clock.js'
import { pageOf, type Colors } from '../../story/layout.js'
import { printable } from '../../story/printable.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import type { Terminal } from '../terminal.js'
import { print } from './ask.js'
import { jsonLine } from './documents.js'
import { followed } from './followed.js'
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
  const quit = new AbortController()
  const signal = AbortSignal.any([quit.signal, interrupted])
  const screen = new Screen(terminal, api.where, colors, options.sort)
  const release = terminal.listen({ resize: () => screen.draw(), key: key => { if (key === 'q' || key === '\u0003') quit.abort(); else screen.press(key) } })
  screen.open()
  try {
    const states = follow(() => watch(options, api, signal), () => '', {
      clock: systemClock, signal, onLost: error => screen.tell(error.message), onBack: () => screen.tell(undefined)
    })
    for await (const { state } of states) if (state !== undefined) screen.show(state)
  } finally {
    screen.close()
    release()
  }
  return 'ok'
}

/** A picture that is drawn over the last one, on a screen of its own: what was on the terminal comes back. */
class Screen {
  #state: PipelineState | undefined
  #before: PipelineState | undefined
  #isPaused = false
  #trouble: string | undefined

  constructor (readonly terminal: Terminal, readonly where: string, readonly colors: Colors, private sorting: Sorting) {}

  open (): void {
    this.terminal.write('\u001b[?1049h\u001b[?25l\u001b[2J')
    this.draw()
  }

  close (): void { this.terminal.write('\u001b[?25h\u001b[?1049l') }

  show (state: PipelineState): void {
    if (this.#isPaused) return
    this.#before = this.#state
    this.#state = state
    this.draw()
  }

  /** Undefined: all is well again. */
  tell (trouble: string | undefined): void {
    this.#trouble = trouble
    this.draw()
  }

  press (key: string): void {
    if (key === 'p') this.#isPaused = !this.#isPaused
    else if (key === 's') this.sorting = sortings[(sortings.indexOf(this.sorting) + 1) % sortings.length] as Sorting
    else return
    this.draw()
  }

  draw (): void {
    const { colors, sorting, where } = this
    const notice = this.#trouble !== undefined ? printable(this.#trouble) : this.#isPaused ? 'paused: p goes on, q quits' : undefined
    const lines = this.#state === undefined
      ? [notice ?? `asking ${printable(where, 80)} …`]
      : pictureOf(this.#state, this.#before, { where, colors, sorting, size: this.terminal.size, ...(notice !== undefined && { notice }) })
    this.terminal.write(`\u001b[H${lines.map(line => `${line}\u001b[K`).join('\r\n')}\u001b[J`)
  }
}
