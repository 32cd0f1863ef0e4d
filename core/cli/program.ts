/** The command line as a tree: options, help, examples. What a command does is in commands.ts and run.ts. */
import { Argument, Command, Option } from 'commander'
import { addBenchCommand } from './bench.js'
import { addClientCommands } from './client/commands.js'
import type { OpenApi } from './client/source.js'
import { addCollectCommand } from './collect.js'
import { completionScript, shells, type Shell } from './completion.js'
import { addIncidentCommands } from './correlate.js'
import { addDiagnoseCommand } from './diagnose.js'
import { addDoctorCommand } from './doctor/command.js'
import { openIncidents } from './open-incidents.js'
import { listComponents, showConfig, showSchema, validate } from './commands.js'
import { exitCodes, type ExitName } from './exit-codes.js'
import { addExplainDropCommand } from './explain-drop/command.js'
import { addGraphCommand } from './graph.js'
import type { CommandIo } from './io.js'
import { addPluginCommands } from './plugin/commands.js'
import type { ConfigOptions } from './prepare.js'
import { addMigrateCommand } from './migrate.js'
import { addRawCommand } from './raw.js'
import { addReplayCommands } from './replay/commands.js'
import type { RunOptions } from './run.js'
import { addTestCommand } from './test.js'

const append = (value: string, before: readonly string[]): string[] => [...before, value]

export const configOption = (): Option => new Option('-c, --config <source>', 'a file, or file:PATH, env:VARIABLE, yaml:TEXT; may be given several times, later ones win')
  .argParser(append).default([] as string[], 'none')
export const setOption = (): Option => new Option('--set <key.path=value>', 'sets one value, above all sources; may be given several times')
  .argParser(append).default([] as string[], 'none')
const output = (...choices: string[]): Option => new Option('-o, --output <format>', 'how to print').choices(choices).default(choices[0])

const examples = `
Examples:
  tapio --config tapio.yaml                     run it; Ctrl-C drains and ends, a second Ctrl-C ends at once
  tapio -c tapio.yaml --watch                   and reload it when the file changes, as SIGHUP does
  tapio -c base.yaml -c site.yaml               later files win: maps are merged, lists replaced
  tapio -c tapio.yaml --set service.mode=debug  one value changed
  tapio validate -c tapio.yaml                  every fault with its line, without running anything
  tapio graph -c tapio.yaml -o mermaid          the pipelines and their threads as a picture
  tapio graph --live                            what runs: rates, queues, losses and states on the graph
  tapio config -c seed.yaml                     the whole configuration as it would run, secrets hidden
  tapio config migrate --from otelcol otel.yaml  a Collector's configuration as one of Tapio
  tapio ebpf status                             what this kernel allows to watch, who watches, and what it costs
  tapio collect ebpf --server tapio:9090        one receiver alone, sending to another Tapio
  tapio diagnose /tmp/dump                      what a dump of a cluster says about what went wrong
  tapio incidents --since 1d                    what was explained, newest first
  tapio correlate --pod shop/cart-0             the story: cause, chain, blast radius, commands to run
  tapio events --severity error --follow        events as they come, from a server or a store
  tapio status --server tapio:9090              what runs there, whether it is well
  tapio top                                     live: rates, latencies, queues and drops of every edge
  tapio doctor -c tapio.yaml                    ports, disks, endpoints, rights, limits: what is wrong, what to do
  tapio explain-drop                            where and why events are lost, and what to do
  tapio tap 'receiver/otlp -> *'                a live sample of what passes
  tapio serve --store /var/lib/tapio/store      the API and the web page over a store, without pipelines
  tapio raw --since 10m --type oom_kill         what the kernel itself said, record by record
  tapio test tapio.test.yaml patterns/          tests of a configuration and of patterns, with reasons
  tapio plugin new tapio-plugin-quiet           begin a plugin: a project that builds, tests and runs at once
  tapio bench -c tapio.yaml                     how much it can take on this machine, and where it is stuck
  tapio dead-letters -c tapio.yaml              what exporters could not deliver, and why
  tapio replay -c tapio.yaml                    send it again, once the other side takes it

Exit codes:
${Object.values(exitCodes).map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`).join('\n')}
`

/** `done` gets what the chosen command answered. */
export function createProgram (version: string, io: CommandIo, run: (options: RunOptions) => Promise<ExitName>, done: (exit: ExitName) => void): Command {
  const program = new Command('tapio')
    .description('Collects telemetry of every layer, explains failures, and passes everything on unharmed.')
    .version(version, '-V, --version')
    .configureOutput({ writeOut: text => io.out(text), writeErr: text => io.err(text) })
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addOption(configOption()).addOption(setOption())
    .option('--watch', 'load the configuration again when one of its files changes; SIGHUP does so in any case')
    .option('--summary', 'show what flows: rates, totals and drops of every edge')
    .addHelpText('after', examples)
    .action(async (options: RunOptions) => {
      if ((options.config ?? []).length === 0) { io.err('tapio: nothing to run: give --config FILE (see tapio --help)\n'); done('usage'); return }
      done(await run(options))
    })
  const withConfig = (name: string, description: string, out: Option, act: (o: ConfigOptions, io: CommandIo) => Promise<ExitName>): Command =>
    program.command(name).description(description).addOption(configOption()).addOption(setOption()).addOption(out)
      .action(async (options: ConfigOptions) => {
        if ((options.config ?? []).length === 0) { io.err(`tapio ${name}: give --config FILE\n`); done('usage'); return }
        done(await act(options, io))
      })
  withConfig('validate', 'check a configuration and the graph it makes; print every fault', output('text', 'json'), validate)
  const config = withConfig('config', 'print the configuration as it would run, secrets hidden', output('yaml', 'json'), showConfig)
  addMigrateCommand(config, io, done)
  const open: OpenApi = async (source, to) => (await import('./client/open-api.js')).openApi(source, to)
  addGraphCommand(program, [configOption(), setOption()], open, io, done)
  program.command('components').description('list the components of this build, and of the plugins a configuration names').addOption(configOption()).addOption(setOption()).addOption(output('table', 'json', 'yaml'))
    .action(async (options: ConfigOptions) => done(await listComponents(options, io)))
  program.command('schema').description('print the JSON Schema of the configuration, for editors; with the plugins it names').addOption(configOption()).addOption(setOption()).option('--patterns', 'of pattern files instead').option('--tests', 'of files of tests instead')
    .action(async (options: ConfigOptions & { patterns?: true, tests?: true }) => done(await showSchema(options, io)))
  addCollectCommand(program, [configOption(), setOption()], io, run, done)
  addRawCommand(program, io, done)
  addTestCommand(program, io, done)
  addBenchCommand(program, () => [configOption(), setOption()], io, done)
  addPluginCommands(program, io, done)
  addReplayCommands(program, () => [configOption(), setOption()], io, run, done)
  addDiagnoseCommand(program, io, done)
  addDoctorCommand(program, [configOption(), setOption()], io, done)
  addIncidentCommands(program, openIncidents, open, io, done)
  addClientCommands(program, open, io, done)
  addExplainDropCommand(program, [configOption(), setOption()], open, io, done)
  program.command('completion').description('print a completion script').addArgument(new Argument('<shell>').choices(shells))
    .action((shell: Shell) => { io.out(completionScript(program, shell)); done('ok') })
  return program
}
