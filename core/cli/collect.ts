/**
 * `tapio collect RECEIVER… --server HOST:PORT`: an instance that runs just these receivers and sends to another Tapio. Nothing of its
 * own: a configuration is made, and runs as any other.
 */
import { hostname } from 'node:os'
import type { Command, Option } from 'commander'
import { stringify } from 'yaml'
import { listed, nearest } from '../config/suggest.js'
import { openCatalog } from '../instance.js'
import { wirePort } from '../wire/service.js'
import { authOf, destinationOptions, tlsOf, type DestinationFlags } from './destination-flags.js'
import type { ExitName } from './exit-codes.js'
import type { CommandIo } from './io.js'
import type { RunOptions } from './run.js'

export interface CollectOptions extends RunOptions, DestinationFlags {
  readonly server: string
  readonly id?: string
}

export function addCollectCommand (program: Command, shared: readonly Option[], io: CommandIo, run: (options: RunOptions) => Promise<ExitName>, done: (exit: ExitName) => void): void {
  const command = program.command('collect').description('run one or a few receivers alone and send what they see to another Tapio (its `tapio` receiver)')
    .argument('<receivers...>', 'kubernetes, systemd, cni, ebpf or any other receiver of this build')
    .option('--server <endpoint>', 'host:port of the server', `localhost:${wirePort}`)
    .option('--id <name>', 'who this is, the same after a restart (default: the host\'s name and the receivers)')
  for (const option of [...destinationOptions(), ...shared]) command.addOption(option)
  command.option('--summary', 'show what flows').addHelpText('after', help)
    .action(async (receivers: string[], options: CollectOptions) => done(await collect(receivers, options, io, run)))
}

const help = `
Options of a receiver come from --config, under its usual name (receivers: kubernetes: …), or from --set:
  tapio collect kubernetes --server tapio:9090 --set 'receivers.kubernetes.namespaces=[shop]'
Metrics and health are served on a free port of loopback (see the log); service.telemetry.metrics.endpoint fixes it.
`

async function collect (receivers: readonly string[], options: CollectOptions, io: CommandIo, run: (options: RunOptions) => Promise<ExitName>): Promise<ExitName> {
  const known = (await openCatalog(io.modules)).types('receiver')
  const unknown = receivers.filter(r => !known.includes(r.split('/')[0] as string))
  for (const name of unknown) {
    const near = nearest(name, known)
    io.err(`tapio collect: this build has no receiver "${name}"${near === undefined ? '' : `; did you mean "${near}"?`} It has: ${listed([...known].sort())}\n`)
  }
  if (unknown.length > 0) return 'usage'
  return run({ ...options, config: [`yaml:${stringify(collectConfig(receivers, options)).replaceAll('$', '$$$$')}`, ...options.config ?? []] })
}

/**
 * Mode debug without its tracing and profiles: one thread for a small process. Durable, so that an answer `accepted` is the server's or that
 * of a queue on disk, whatever --config adds, and a source that then moves its cursor loses nothing.
 */
export function collectConfig (receivers: readonly string[], options: CollectOptions): object {
  const { server, id } = options
  return {
    receivers: Object.fromEntries(receivers.map(r => [r, null])),
    exporters: { tapio: { endpoint: server, collector_id: id ?? `${hostname()}/${receivers.join('+')}`, tls: tlsOf(options), auth: authOf(options) } },
    service: {
      mode: 'debug', tracing: false, profiling: false,
      telemetry: { metrics: { endpoint: '127.0.0.1:0' } },
      pipelines: { collect: { receivers, exporters: ['tapio'], durable: true } }
    }
  }
}
