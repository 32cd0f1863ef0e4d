/** `tapio replay` and `tapio dead-letters`, as words and flags. What they do is loaded when one is called. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { parseDuration } from '../../config/units.js'
import type { Condition } from '../../match/schema.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import { parseCount } from '../numbers.js'
import { destinationOptions, type DestinationFlags } from '../destination-flags.js'
import type { RunOptions } from '../run.js'
import { parseWhenMs } from '../when.js'
import { parseWhere } from './where.js'

export interface ChoiceFlags {
  /** Milliseconds since the epoch. */
  readonly since?: number
  readonly until?: number
  readonly severity?: string
  readonly where?: readonly Condition[]
  readonly reason?: string
  readonly of?: readonly string[]
  readonly again?: true
}

/** Where it lies. */
export interface SourceFlags extends ChoiceFlags {
  readonly config: readonly string[]
  readonly set: readonly string[]
  readonly queues?: true
  readonly output: 'text' | 'json'
}

export interface ReplayFlags extends SourceFlags, DestinationFlags {
  readonly to?: string
  readonly protocol?: string
  readonly header?: readonly string[]
  readonly giveUp: number
  readonly exporter?: string
  readonly pipeline?: string
  readonly rate?: number
  readonly dryRun?: true
  readonly delete?: true
  readonly moveTo?: string
  readonly verbose?: true
  readonly speed?: number
  readonly asFastAsPossible?: true
  readonly maxGap?: number
  readonly now?: true
}

const append = <T>(value: T, before: readonly T[] | undefined): T[] => [...before ?? [], value]

const help = {
  replay: `
What it sends: batches that an exporter could not deliver (its dead_letter.directory, its sending_queue.directory once Tapio has ended), and
recordings of the file exporter. Records leave as they came, bit for bit. What was delivered is noted beside its file: run again, only the
rest is sent, also after Ctrl-C. Dead letters can be sent while Tapio runs.

Examples:
  tapio replay -c tapio.yaml --dry-run                          the dead letters of its exporters: what would be sent
  tapio replay -c tapio.yaml                                    each through the exporter whose they are, with its TLS, auth, retry
  tapio replay /var/lib/tapio/dead-otlp --to backend:4317 --reason 'too old' --since 1d
  tapio replay /var/lib/tapio/queue-otlp --to http://backend:4318 --rate 5000 --delete
  tapio replay dead/ -c tapio.yaml --pipeline main --where 'resource.service.name=cart'
  tapio replay incident.tapio --to tapio://localhost:9090       to another Tapio
  tapio replay incident.tapio -c tapio.yaml --speed 10          as it happened, ten times as fast, in the place of the receivers
`,
  deadLetters: `
Nothing is changed, and Tapio may be running.

Examples:
  tapio dead-letters -c tapio.yaml                        those of its exporters
  tapio dead-letters /var/lib/tapio/dead-otlp -o json | jq '.[].reasons'
  tapio dead-letters -c tapio.yaml --queues               and what waits in sending queues on disk
`
}

type Shared = () => readonly Option[]

export function addReplayCommands (program: Command, shared: Shared, io: CommandIo, run: (options: RunOptions) => Promise<ExitName>, done: (exit: ExitName) => void): void {
  const letters = program.command('dead-letters').description('list what exporters could not deliver: where it lies, since when, who rejected it and why')
    .argument('[paths...]', 'directories or files (default: the dead_letter directories of --config)')
  addSources(letters, shared).addHelpText('after', help.deadLetters)
    .action(async (paths: string[], options: SourceFlags) => done(await (await import('./list.js')).listLetters(paths, options, io)))

  const replay = program.command('replay').description('send again what lies in dead-letter directories, queues on disk and recordings')
    .argument('[paths...]', 'directories or files (default: the dead_letter directories of --config)')
  addSources(replay, shared)
  for (const option of whereTo()) replay.addOption(option.helpGroup('Where to (--to, or --config):'))
  for (const option of playOptions()) replay.addOption(option.helpGroup('As it happened, through a whole pipeline (with --config; nothing is noted):'))
  replay.option('--rate <number>', 'at most so many events a second', parseCount)
    .option('--dry-run', 'say what would be sent, and send nothing')
    .addOption(new Option('--delete', 'remove files that are delivered to their last batch').conflicts('moveTo'))
    .option('--move-to <directory>', 'move them there')
    .option('--verbose', 'say on stderr what the exporter mentions')
    .addHelpText('after', help.replay)
    .action(async (paths: string[], options: ReplayFlags) => done(await (await import('./replay.js')).replayCommand(paths, options, io, run)))
}

function addSources (command: Command, shared: Shared): Command {
  for (const option of shared()) command.addOption(option)
  const group = 'Which events (all that is given must fit):'
  for (const option of [
    new Option('--since <when>', 'not older than: a duration (10m) or a time (2026-01-01T12:00:00Z)').argParser(parseWhenMs),
    new Option('--until <when>', 'older than').argParser(parseWhenMs),
    new Option('--severity <level>', 'this or worse').choices(['trace', 'debug', 'info', 'low', 'medium', 'warning', 'high', 'error', 'critical']),
    new Option('--where <condition>', 'FIELD=VALUE, or a map as the filter processor has it: {name: [a, b], durationNano: {min: 1s}}; several times: any of them').argParser((text: string, before: readonly Condition[] | undefined) => append(parseWhere(text), before)),
    new Option('--reason <text>', 'dead letters: in what the other side said, without case'),
    new Option('--of <exporter>', 'dead letters of this exporter; several times: any of them').argParser(append<string>),
    new Option('--again', 'what was delivered before, too')
  ]) command.addOption(option.helpGroup(group))
  return command.option('--queues', 'with --config and no paths: the sending queues on disk, too')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
}

const whereTo = (): Option[] => [
  new Option('--to <endpoint>', 'OTLP: host:port (gRPC), http(s)://host:port, unix:///path; another Tapio: tapio://host:port').conflicts(['exporter', 'pipeline']),
  new Option('--protocol <protocol>', 'of OTLP, when the endpoint does not tell').choices(['grpc', 'http/protobuf', 'http/json']),
  new Option('--header <name=value>', 'added to every request; may be given several times').argParser(append<string>),
  ...destinationOptions(),
  new Option('--give-up <duration>', 'with --to: end when the other side could not take a batch for so long').argParser(parseDurationMs).default(60_000, '1m'),
  new Option('--exporter <id>', 'of --config: through this one, whosever they are'),
  new Option('--pipeline <name>', 'of --config: through its processors and exporters').conflicts('exporter')
]

const playOptions = (): Option[] => [
  new Option('--speed <factor>', 'in the rhythm of the recorded times: 1 as recorded, 10 ten times as fast').argParser(parseSpeed).conflicts('to'),
  new Option('--as-fast-as-possible', 'as fast as the pipeline takes them').conflicts(['speed', 'to']),
  new Option('--max-gap <duration>', 'with --speed: the longest pause between two events').argParser(parseDurationMs),
  new Option('--now', 'with either: move all times by the same amount, so that the first event happens now')
]

function parseDurationMs (text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('give a duration, as 30s or 5m.')
  return ms
}

function parseSpeed (text: string): number {
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
  if (!(speed > 0 && speed <= 1e6)) throw new InvalidArgumentError('give a number above 0, at most 1000000.')
  return speed
}
