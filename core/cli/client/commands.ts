/** Commands that ask the API, as words and flags. What they do is loaded when one is called: most commands start without it. */
import { Option, type Command } from 'commander'
import type { EntityRef } from '../../correlation/entity.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { parseCount } from '../numbers.js'
import { parseEntity, parseEventId } from '../subjects.js'
import { parseWhenMs } from '../when.js'
import { ask } from './ask.js'
import type { CollectorsOptions } from './collectors.js'
import type { EventsOptions } from './events.js'
import { addFilterOptions } from './filter-options.js'
import { parseInterval } from './interval.js'
import { addSourceOptions, type OpenApi, type SourceOptions } from './source.js'
import type { StatusOptions } from './status.js'
import type { TapOptions } from './tap.js'
import type { TopOptions } from './top.js'
import type { TopologyOptions } from './topology.js'

const output = (...choices: string[]): Option => new Option('-o, --output <format>', 'how to print').choices(choices).default(choices[0])
const noColor = (): Option => new Option('--no-color', 'no colours, whatever the terminal is; NO_COLOR and FORCE_COLOR are honoured too')
const wide = (): Option => new Option('--wide', 'whole lines, also on a terminal')
const append = (value: string, before: readonly string[] | undefined): string[] => [...before ?? [], value]

const help = {
  events: `
Examples:
  tapio events --since 10m --severity error               what went wrong lately, newest last
  tapio events --pod shop/cart-0 --follow                 what a pod says and what is said of it, as it comes
  tapio events --trace-id 0af7651916cd43dd8448eb211c80319c -o json | jq -r .message
  tapio events --symptom kernel.oom_kill --all -o json > oom.ndjson
  tapio events 4bf92f3577b34da6a3ce929d0e0e4736           one event with everything it came with
`,
  collectors: `
Examples:
  tapio collectors                      what brings events to this Tapio
  tapio collectors --kind tapio         other Tapios that send to it
  tapio collectors config receiver/otlp how one of them works
`,
  status: `
Examples:
  tapio status --server tapio:9090 && echo well    exit code 1: not ready
  tapio status -o json | jq .info.store
`,
  topology: `
Examples:
  tapio topology                        workloads, services, nodes and claims
  tapio topology pod/shop/cart-0        what a pod belongs to, runs on and needs
  tapio topology node/worker-1 --depth 2 --time 10m
`,
  top: `
Keys: q quit, p pause, s sort by rate, p99, in flight, drops.

Examples:
  tapio top                             live: rates, latencies, queues, drops by reason
  tapio top --once                      one picture of a second, and the end
  tapio top -i 10s >> flow.ndjson       a line of JSON each ten seconds
`,
  tap: `
An edge is FROM -> TO or a component, with * for any part; tapio top and tapio graph name them. Events are copied where they pass, at most
--rate a second and thread, a fair sample of those that fit: pipelines do not wait for it.

Examples:
  tapio tap                                          a few of everything
  tapio tap 'receiver/otlp -> *' --severity error    errors as they come in
  tapio tap exporter/otlp --pod shop/cart-0 -o json  what leaves about a pod
`
}

export function addClientCommands (program: Command, open: OpenApi, io: CommandIo, done: (exit: ExitName) => void): void {
  /** `--store` for those that a store can answer. */
  const reading = (command: Command, ...options: Option[]): Command => addSourceOptions(options.reduce((c, option) => c.addOption(option), command), true)
  const serving = (command: Command, ...options: Option[]): Command => addSourceOptions(options.reduce((c, option) => c.addOption(option), command), false)

  reading(addFilterOptions(program.command('events').description('show events that are stored, or follow them').argument('[id]', 'one event with all it came with', parseEventId)),
    new Option('--since <when>', 'not before: a duration (10m) or a time (2026-01-01T12:00:00Z)').argParser(parseWhenMs),
    new Option('--until <when>', 'before').argParser(parseWhenMs).conflicts('follow'),
    new Option('--limit <number>', 'the newest so many').argParser(parseCount).default(100),
    new Option('--all', 'all that fit, oldest first, as they are read').conflicts(['follow', 'limit']),
    new Option('-f, --follow', 'those that come from now on, or since --since; goes on after a lost connection'),
    wide(), output('text', 'json', 'yaml'), noColor())
    .addHelpText('after', help.events)
    .action(async (id: string | undefined, options: EventsOptions & SourceOptions) => done(await ask({ command: 'events', options, fallback: 'store', open, io }, async (api, stop) => (await import('./events.js')).showEvents(id, options, api, io, stop))))

  const collectors = serving(program.command('collectors').description('list what brings events: receivers, other Tapios, registered programs'),
    new Option('--kind <kind>', 'only these').choices(['receiver', 'tapio', 'registered']), new Option('--state <state>', 'only in this state: ok, connected, away, …'), output('text', 'json', 'yaml'), noColor())
    .addHelpText('after', help.collectors)
    .action(async (options: CollectorsOptions & SourceOptions) => done(await ask({ command: 'collectors', options, fallback: 'server', open, io }, async (api, stop) => (await import('./collectors.js')).listCollectors(options, api, io, stop))))
  serving(collectors.command('config').description('show how one of them works').argument('<id>', 'receiver/otlp, …'), output('yaml', 'json'))
    .action(async (id: string, own: { readonly output: 'yaml' | 'json' } & SourceOptions) => {
      const options = { ...given(collectors), ...own }
      done(await ask({ command: 'collectors config', options, fallback: 'server', open, io }, async (api, stop) => (await import('./collectors.js')).showCollectorConfig(id, own.output, api, io, stop)))
    })

  reading(program.command('status').description('say what runs, whether it is well, what is stored and what flows; exit code 1 when it is not ready'), output('text', 'json', 'yaml'), noColor())
    .addHelpText('after', help.status)
    .action(async (options: StatusOptions & SourceOptions) => done(await ask({ command: 'status', options, fallback: 'server', open, io }, async (api, stop, { kind }) => (await import('./status.js')).showStatus(options, api, io, stop, kind === 'store'))))

  serving(program.command('topology').description('show what the cluster is made of, or what hangs on one object, as a tree').argument('[entity]', 'kind/namespace/name, kind/name, or the name', parseEntity),
    new Option('--depth <steps>', 'from the object, at most 6').argParser(parseCount).default(1),
    new Option('--kind <kind>', 'only these kinds; may be given several times').argParser(append),
    new Option('-n, --namespace <name>', 'only this one, and what has none'),
    new Option('--time <when>', 'as it was: a duration (10m) ago or a time').argParser(parseWhenMs),
    new Option('--limit <number>', 'at most so many objects').argParser(parseCount).default(500),
    output('text', 'json', 'yaml'), noColor())
    .addHelpText('after', help.topology)
    .action(async (entity: EntityRef | undefined, options: TopologyOptions & SourceOptions) => done(await ask({ command: 'topology', options, fallback: 'server', open, io }, async (api, stop) => (await import('./topology.js')).showTopology(entity, options, api, io, stop))))

  serving(program.command('top').description('watch what flows: rates, latencies, queues and drops of every edge, rings and threads'),
    new Option('-i, --interval <duration>', 'how often to look, 250ms to 1m').argParser(parseInterval).default(1000, '1s'),
    new Option('--once', 'one picture, of one interval'),
    new Option('--sort <by>', 'edges').choices(['flow', 'rate', 'p99', 'in flight', 'drops']).default('flow'),
    new Option('-o, --output <format>', 'how to print (default: text on a terminal, json in a pipe)').choices(['text', 'json']), noColor())
    .addHelpText('after', help.top)
    .action(async ({ interval, ...options }: Omit<TopOptions, 'intervalMs'> & SourceOptions & { readonly interval: number }) => done(await ask({ command: 'top', options, fallback: 'server', open, io }, async (api, stop) => (await import('./top.js')).top({ ...options, intervalMs: interval }, api, io, stop))))

  serving(addFilterOptions(program.command('tap').description('look at a live sample of the events that pass').argument('[edge]', 'FROM -> TO or a component, * for any part; all when it is left out', '')),
    new Option('--rate <number>', 'at most so many events a second and thread, up to 1000').argParser(parseCount).default(10),
    new Option('--limit <number>', 'end after so many').argParser(parseCount),
    wide(), output('text', 'json'), noColor())
    .addHelpText('after', help.tap)
    .action(async (edge: string, options: TapOptions & SourceOptions) => done(await ask({ command: 'tap', options, fallback: 'server', open, io }, async (api, stop) => (await import('./tap.js')).tap(edge, options, api, io, stop))))
}

/** What was typed before the name of a command below: `tapio collectors --server X config ID`. */
function given (command: Command): object {
  return Object.fromEntries(Object.entries(command.opts()).filter(([name]) => command.getOptionValueSource(name) === 'cli'))
}
