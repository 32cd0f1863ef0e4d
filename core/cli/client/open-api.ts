/** Opens what a command asks. Everything heavy is loaded here, when it is needed. */
import type { ApiClient } from '../../api/client/client.js'
import { printable } from '../../story/printable.js'
import type { Logger } from '../../telemetry/logger.js'
import type { CommandIo } from '../io.js'
import { openReadable } from '../open-incidents.js'
import type { Source } from './source.js'

/** Rejects with an Error for people. */
export async function openApi (source: Source, io: CommandIo): Promise<ApiClient> {
  if (source.kind === 'server') {
    const { GrpcClient } = await import('../../api/client/grpc-client.js')
    return new GrpcClient(source.address)
  }
  const store = await openReadable(source.directory)
  const { LocalClient } = await import('../../api/client/local-client.js')
  const { StoreHost } = await import('../../api/store-host.js')
  const { createServices } = await import('../../api/services/index.js')
  const { systemClock } = await import('../../component/clock.js')
  const logger = errorsOnly(io)
  const limits = { maxRequestBytes: 64n << 20n, maxPageSize: 1000, maxBatchEvents: 10_000, maxStreamsPerClient: 0, requestsPerSecond: 0 }
  return new LocalClient({
    where: source.directory, logger, close: () => store.close(),
    services: createServices({ host: new StoreHost(systemClock, logger), store, clock: systemClock, logger, limits, modules: io.modules })
  })
}

/** What a server would write into its log when it fails. */
function errorsOnly (io: CommandIo): Logger {
  const quiet = (): void => undefined
  const logger: Logger = {
    debug: quiet, info: quiet, warn: quiet,
    error: (message, fields) => io.err(`tapio: ${printable(message)}${fields?.['error'] instanceof Error ? `: ${printable(fields['error'].message)}` : ''}\n`),
    child: () => logger
  }
  return logger
}
