/** `tapio doctor`, as words and flags. What it does is loaded when it is called. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { parseDuration } from '../../config/units.js'
import type { ExitName } from '../exit-codes.js'
import type { CommandIo } from '../io.js'
import type { DoctorOptions } from './doctor.js'

const help = `
Nothing is changed. The network is used only for what the configuration names: its endpoints are connected to (TLS, certificate, HTTP), its API
server is asked for its version and for one's rights. Run it as the user that runs Tapio. Exit code 1: there is a fault.

Examples:
  tapio doctor                          this machine: Node, limits, memory, clock, kernel, what receivers could see
  sudo -u tapio tapio doctor -c tapio.yaml
  tapio doctor -c tapio.yaml -o json | jq '.findings[] | select(.level != "ok")'
`

export function addDoctorCommand (program: Command, shared: readonly Option[], io: CommandIo, done: (exit: ExitName) => void): void {
  const command = program.command('doctor').description('look for what would keep Tapio, or a configuration, from working here, and say what to do')
  for (const option of shared) command.addOption(option)
  command
    .addOption(new Option('--timeout <duration>', 'how long one check may take').argParser(parseTimeout).default(5000, '5s'))
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--no-color', 'no colours, whatever the terminal is; NO_COLOR and FORCE_COLOR are honoured too')
    .addHelpText('after', help)
    .action(async (options: DoctorOptions) => { done(await (await import('./doctor.js')).doctor(options, io)) })
}

function parseTimeout (text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms < 100 || ms > 60_000) throw new InvalidArgumentError('give a duration from 100ms to 1m.')
  return ms
}
