/** `tapio serve`: the API and the web page over a store alone, beside or without the Tapio that writes it. */
import type { Command, Option } from 'commander'
import { systemClock } from '../component/clock.js'
import { setSecretFilePolicy } from '../config/guarded-file.js'
import { loadService } from '../config/load.js'
import { renderFaults } from '../config/render.js'
import { openCatalog } from '../instance.js'
import { createLogger } from '../telemetry/pino-logger.js'
import { defaultStoreDirectory } from './client/source.js'
import type { ExitName } from './exit-codes.js'
import { forgetVariables } from './forget-variables.js'
import type { CommandIo } from './io.js'
import type { Signals } from './run.js'

export interface ServeOptions {
  readonly store?: string
  readonly grpcEndpoint?: string
  readonly httpEndpoint?: string
  readonly config: readonly string[]
  readonly set: readonly string[]
}

/** How long calls may take to end after the first signal. */
const stopMs = 5000

const help = `
--config and --set give what else service.api can say (auth, tls, allowed_hosts, …); of other sections nothing is read.

Examples:
  tapio serve --store /var/lib/tapio/store            gRPC on 127.0.0.1:9090, REST and the page on 127.0.0.1:8080
  tapio serve --store copy --http-endpoint 127.0.0.1:8081 --grpc-endpoint 127.0.0.1:9091
  tapio serve --store /mnt/tapio -c access.yaml       for other machines: \`service: {api: {auth: …, tls: …}}\`
`

export function addServeCommand (program: Command, shared: readonly Option[], serve: (options: ServeOptions) => Promise<ExitName>, done: (exit: ExitName) => void): void {
  const command = program.command('serve').description('serve the API and the web page over a store, without pipelines')
    .option('--store <directory>', `of the store exporter of a Tapio (default: ${defaultStoreDirectory})`)
    .option('--grpc-endpoint <host:port>', 'where gRPC is served (default: 127.0.0.1:9090)')
    .option('--http-endpoint <host:port>', 'where REST and the web page are served (default: 127.0.0.1:8080)')
  for (const option of shared) command.addOption(option)
  command.addHelpText('after', help).action(async (options: ServeOptions) => done(await serve(options)))
}

/** Runs until a signal; `endNow` is called on the second one. */
export async function serve (options: ServeOptions, io: CommandIo, signals: Signals, endNow: () => void): Promise<ExitName> {
  let interrupt: () => void = () => undefined
  const interrupted = new Promise<void>(resolve => { interrupt = resolve })
  let signalled = false
  const release = signals(() => {
    if (signalled) { endNow(); return }
    signalled = true
    interrupt()
  })
  try {
    return await serveUntil(interrupted, options, io)
  } finally {
    release()
  }
}

async function serveUntil (interrupted: Promise<void>, options: ServeOptions, io: CommandIo): Promise<ExitName> {
  const loaded = loadService({ configs: ['yaml:service: {api: {}}', ...options.config], sets: [...endpointSets(options), ...options.set] }, await openCatalog(io.modules), io.env)
  const faults = [...(loaded.ok ? [] : loaded.faults), ...loaded.warnings]
  if (faults.length > 0) io.err(`${renderFaults(faults, { color: io.color })}\n`)
  if (!loaded.ok || loaded.service.api === undefined) return 'config'
  forgetVariables(loaded.secretVariables)
  setSecretFilePolicy(loaded.service.secretFiles)
  const { api: config, logs } = loaded.service
  const logger = createLogger({ level: logs.level, format: logs.format === 'auto' ? (io.isErrTerminal === true ? 'pretty' : 'json') : logs.format })
  const store = options.store ?? config.store ?? defaultStoreDirectory
  // Loaded here: other commands need neither servers nor protocols.
  const [{ ApiServer }, { StoreHost }] = await Promise.all([import('../api/server.js'), import('../api/store-host.js')])
  const host = new StoreHost(systemClock, logger)
  const server = new ApiServer({ config, host, store, catalog: io.modules, meter: host.meter, logger, clock: systemClock, onTrouble: reason => host.trouble(reason) })
  const stop = (): Promise<void> => server.stop({ signal: AbortSignal.timeout(stopMs), atMs: performance.now() + stopMs })
  try {
    logger.info('the API is served over a store', { store, ...await server.start() })
  } catch (error) {
    logger.error('the API could not be served', { error })
    await stop()
    return 'failure'
  }
  await interrupted
  logger.info('the API ends', { timeoutMs: stopMs })
  await stop()
  return 'ok'
}

function endpointSets ({ grpcEndpoint, httpEndpoint }: ServeOptions): string[] {
  return [...(grpcEndpoint === undefined ? [] : [`service.api.grpc.endpoint=${grpcEndpoint}`]), ...(httpEndpoint === undefined ? [] : [`service.api.http.endpoint=${httpEndpoint}`])]
}
