/** `tapio tap`: a live sample of what passes the edges of the graph. */
import type { ApiClient } from '../../api/client/client.js'
import { TappedEventSchema, type TappedEvent } from '../../api/gen/tapio/v1/runtime_pb.js'
import { TapioService } from '../../api/gen/tapio/v1/tapio_service_pb.js'
import { pageOf } from '../../story/layout.js'
import { printable } from '../../story/printable.js'
import { number } from '../../story/words.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { print } from './ask.js'
import { jsonLine } from './documents.js'
import { EventLines } from './event-line.js'
import { filterOf } from './filter.js'
import type { FilterOptions } from './filter-options.js'
import { followed } from './followed.js'

export interface TapOptions extends FilterOptions {
  /** Events a second and thread. */
  readonly rate: number
  /** Ends after so many. */
  readonly limit?: number
  readonly wide?: true
  readonly output: 'text' | 'json'
  readonly color: boolean
}

export async function tap (edge: string, options: TapOptions, api: ApiClient, io: CommandIo, signal: AbortSignal): Promise<ExitName> {
  const lines = new EventLines(pageOf(io.columns, io.color && options.color).colors, options.wide === true ? undefined : io.columns)
  const text = (tapped: TappedEvent): string => {
    if (options.output === 'json') return jsonLine(TappedEventSchema, tapped)
    return tapped.event === undefined ? '' : `${lines.line(tapped.event, printable(`${tapped.from} -> ${tapped.to}`, 80))}\n`
  }
  let [shown, passed, notShown] = [0, 0, 0]
  const summary = (): string => `tapio tap: ${number(passed)} passed, ${number(shown)} shown, ${number(notShown)} fitted and are not shown`
  const status = new StatusLine(io)
  const open = () => api.stream(TapioService.method.tap, { edge, filter: filterOf(options), maxEventsPerSecond: options.rate }, { signal })
  try {
    for await (const message of followed('tap', open, () => '', { ...io, err: text => { status.hide(); io.err(text) } }, signal)) {
      const events = message.events.slice(0, (options.limit ?? Infinity) - shown)
      ;[shown, passed, notShown] = [shown + events.length, passed + Number(message.passed), notShown + Number(message.notShown) + message.events.length - events.length]
      if (events.length > 0) {
        status.hide()
        lines.fit(events.flatMap(e => e.event ?? []))
        await print(io, events.map(text).join(''))
      }
      if (shown === options.limit) break
      status.show(summary())
    }
  } finally {
    status.hide()
  }
  io.err(`${summary()}\n`)
  return 'ok'
}

/** The last line of a terminal, for what else there is to say while events come. Nothing where stderr is no terminal. */
class StatusLine {
  #isShown = false

  constructor (readonly io: CommandIo) {}

  show (text: string): void {
    if (this.io.isErrTerminal !== true) return
    this.io.err(`\r\u001b[K${text.slice(0, (this.io.columns ?? 80) - 1)}`)
    this.#isShown = true
  }

  hide (): void {
    if (this.#isShown) this.io.err('\r\u001b[K')
    this.#isShown = false
  }
}
