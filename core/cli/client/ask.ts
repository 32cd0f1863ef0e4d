/** What every command that asks the API has around it: opening, Ctrl-C, errors, closing. */
import type { ApiClient } from '../../api/client/client.js'
import { printable } from '../../story/printable.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { sourceOf, type OpenApi, type Source, type SourceOptions } from './source.js'

export interface Asking {
  /** As people type it: `events`. */
  readonly command: string
  readonly options: SourceOptions
  readonly fallback: Source['kind']
  readonly open: OpenApi
  readonly io: CommandIo
}

/** `act` answers when it is done; `stop` aborts on Ctrl-C, after which what was followed ends in order. */
export async function ask ({ command, options, fallback, open, io }: Asking, act: (api: ApiClient, stop: AbortSignal, source: Source) => Promise<ExitName>): Promise<ExitName> {
  const fail = (error: unknown, exit: ExitName): ExitName => { io.err(`tapio ${command}: ${printable((error as Error).message)}\n`); return exit }
  let source: Source
  try { source = sourceOf(options, io.env, fallback) } catch (error) { return fail(error, 'usage') }
  const { signal, release } = io.interrupts?.() ?? { signal: new AbortController().signal, release: () => undefined }
  // Pauses between two attempts keep nothing alive by themselves.
  const alive = setInterval(() => undefined, 2 ** 30)
  let api: ApiClient | undefined
  try {
    api = await open(source, io)
    return await act(api, signal, source)
  } catch (error) {
    return signal.aborted ? 'interrupted' : fail(error, 'failure')
  } finally {
    clearInterval(alive)
    release()
    await api?.close()
  }
}

/** Waits until the reader has taken it. */
export async function print (io: CommandIo, text: string): Promise<void> {
  io.out(text)
  await io.drained?.()
}
