/** `tapio graph`: of a configuration, or with `--live` of a Tapio that runs. */
import { Option, type Command } from 'commander'
import { ask } from './client/ask.js'
import type { LiveGraphOptions } from './client/graph-live.js'
import { parseInterval } from './client/interval.js'
import { addSourceOptions, type OpenApi, type SourceOptions } from './client/source.js'
import { showGraph } from './commands.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'
import type { ConfigOptions } from './prepare.js'

type GraphOptions = ConfigOptions & LiveGraphOptions & SourceOptions & { readonly live?: true }

const help = `
With --live on a terminal: q quit, p pause, j and k down and up. Elsewhere it is one picture, of one interval. At a receiver stands what it
hands on, at all others what they are handed; LOST/S is what ends there, on purpose (filtered) or not.

Examples:
  tapio graph -c tapio.yaml                     the pipelines of a configuration and their threads
  tapio graph -c tapio.yaml -o mermaid          the same for a document
  tapio graph --live                            what runs, what flows, what waits, what is lost, where
  tapio graph --live --once -o mermaid          a picture of now, rates at the arrows
`

export function addGraphCommand (program: Command, shared: readonly Option[], open: OpenApi, io: CommandIo, done: (exit: ExitName) => void): void {
  const command = program.command('graph').description('draw the pipelines and the threads they run on; with --live those of a running Tapio, with what flows')
  for (const option of shared) command.addOption(option)
  command.addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'mermaid', 'json']).default('text'))
    .addOption(new Option('--live', 'of a running Tapio (service.api), with rates, latencies, queues, losses and states').conflicts('config'))
    .addOption(new Option('--once', 'with --live: one picture, of one interval'))
    .addOption(new Option('-i, --interval <duration>', 'with --live: how often to look, 250ms to 1m').argParser(parseInterval).default(1000, '1s'))
    .option('--no-color', 'no colours, whatever the terminal is; NO_COLOR and FORCE_COLOR are honoured too')
  addSourceOptions(command, false)
    .addHelpText('after', help)
    .action(async (options: GraphOptions) => {
      if (options.live === true) {
        done(await ask({ command: 'graph', options, fallback: 'server', open, io }, async (api, stop) => (await import('./client/graph-live.js')).graphLive(options, api, io, stop)))
        return
      }
      const alone = command.options.find(o => o.attributeName() === 'server' && options.server !== undefined) ?? (options.once === true ? command.options.find(o => o.long === '--once') : undefined)
      if (alone !== undefined || (options.config ?? []).length === 0) {
        io.err(`tapio graph: ${alone === undefined ? 'give --config FILE, or --live for a running Tapio' : `${alone.long} is for --live`}\n`)
        done('usage')
        return
      }
      done(await showGraph(options, io))
    })
}
