/** A command in this process, as the program would run it. */
import { Command, CommanderError } from 'commander'
import type { ExitName } from '../../exit-codes.js'
import type { CommandIo } from '../../io.js'
import { addIncidentCommands } from '../../correlate.js'
import { addGraphCommand } from '../../graph.js'
import { openIncidents } from '../../open-incidents.js'
import type { Terminal } from '../../terminal.js'
import { addClientCommands } from '../commands.js'
import { openApi } from '../open-api.js'
import type { OpenApi } from '../source.js'

export interface Answer { readonly exit: ExitName, readonly out: string, readonly err: string }

export interface RunOptions {
  readonly columns?: number
  readonly color?: boolean
  readonly isErrTerminal?: boolean
  readonly env?: CommandIo['env']
  readonly terminal?: Terminal
  readonly open?: OpenApi
  /** Called after each piece of output with all of it so far; true = Ctrl-C. */
  readonly until?: (out: string, err: string) => boolean
}

export async function run (args: readonly string[], { columns, color = false, isErrTerminal = false, env = {}, terminal, open, until = () => false }: RunOptions = {}): Promise<Answer> {
  let [out, err, exit] = ['', '', 'ok' as ExitName]
  const stop = new AbortController()
  const look = (): void => { if (until(out, err)) stop.abort() }
  const io: CommandIo = {
    out: text => { out += text; look() }, err: text => { err += text; look() }, color, env, modules: [], isErrTerminal,
    interrupts: () => ({ signal: stop.signal, release: () => undefined }),
    ...(columns !== undefined && { columns }), ...(terminal !== undefined && { terminal: () => terminal })
  }
  const program = new Command('tapio').exitOverride().enablePositionalOptions().configureOutput({ writeOut: io.out, writeErr: io.err })
  const opening: OpenApi = open ?? ((source, to) => openApi(source, to))
  const done = (answer: ExitName): void => { exit = answer }
  addIncidentCommands(program, openIncidents, opening, io, done)
  addClientCommands(program, opening, io, done)
  addGraphCommand(program, [], opening, io, done)
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    exit = 'usage'
  }
  return { exit, out, err }
}
