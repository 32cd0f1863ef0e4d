/** `tapio explain-drop`, as words and flags. What it does is loaded when it is called. */
import { Option, type Command } from 'commander'
import { ask } from '../client/ask.js'
import { parseInterval } from '../client/interval.js'
import { addSourceOptions, type OpenApi, type SourceOptions } from '../client/source.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { parseEventId } from '../subjects.js'
import type { ExplainOptions } from './explain.js'

const help = `
Asked is a running Tapio (--server, TAPIO_SERVER; without -c or a reason also the one on this machine). With -c FILE the options that govern a
loss are shown as they are set; -c FILE alone says what could be lost where, and a reason alone what it means.

Examples:
  tapio explain-drop                                  where and why events are lost, what to change
  tapio explain-drop --server tapio:9090 -c tapio.yaml --at exporter/otlp
  tapio explain-drop queue_overflow                   what the reason means, and what to do
  tapio explain-drop -c tapio.yaml                    what this configuration could lose, by which option
  tapio explain-drop --event 4bf92f3577b34da6a3ce929d0e0e4736 -c tapio.yaml   is it in the store, dead letters, queues?
`

export function addExplainDropCommand (program: Command, shared: readonly Option[], open: OpenApi, io: CommandIo, done: (exit: ExitName) => void): void {
  const command = program.command('explain-drop').description('say where and why events are lost, how many of how many, which option governs it, what to do').argument('[reason]', 'only this one; alone: what it means')
  for (const option of shared) command.addOption(option)
  command
    .addOption(new Option('--at <place>', 'only places with this in their name: exporter/otlp, filter, ring'))
    .addOption(new Option('--pipeline <name>', 'only of this pipeline'))
    .addOption(new Option('--event <id>', 'where this event is: in the store, in dead letters or queues of --config').argParser(parseEventId).conflicts(['at', 'pipeline']))
    .addOption(new Option('-i, --interval <duration>', 'what "now" is: 250ms to 1m').argParser(parseInterval).default(1000, '1s'))
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--no-color', 'no colours, whatever the terminal is; NO_COLOR and FORCE_COLOR are honoured too')
  addSourceOptions(command, false)
    .addHelpText('after', help)
    .action(async (reason: string | undefined, options: ExplainOptions & SourceOptions) => { done(await act(reason, options, open, io)) })
}

async function act (reason: string | undefined, options: ExplainOptions & SourceOptions, open: OpenApi, io: CommandIo): Promise<ExitName> {
  const { event } = options
  const isAsked = options.server !== undefined || (io.env['TAPIO_SERVER'] ?? '') !== ''
  const { explainConfig, explainLosses, explainReason, knownOf } = await import('./explain.js')
  if (isAsked || (reason === undefined && options.config.length === 0)) {
    return await ask({ command: 'explain-drop', options, fallback: 'server', open, io }, async (api, stop) => {
      if (event === undefined) return await explainLosses(reason, options, api, io, stop)
      const known = await knownOf(options, io)
      return known === undefined ? 'config' : await (await import('./event.js')).explainEvent(event, api, known.prepared, options.output, io, stop)
    })
  }
  const known = await knownOf(options, io)
  if (known === undefined) return 'config'
  const { catalog, prepared } = known
  if (event !== undefined) {
    const { signal, release } = io.interrupts?.() ?? { signal: new AbortController().signal, release: () => undefined }
    try { return await (await import('./event.js')).explainEvent(event, undefined, prepared, options.output, io, signal) } finally { release() }
  }
  if (prepared !== undefined) return explainConfig(reason, { catalog, prepared }, options, io)
  return explainReason(reason ?? '', catalog, options, io)
}
