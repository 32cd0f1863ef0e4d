/** Entry of the API's thread: an ApiServer behind messages. */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../component/clock.js'
import { createLogger } from '../../telemetry/pino-logger.js'
import { ThreadMeters } from '../../telemetry/registry.js'
import { ThreadMetrics } from '../../telemetry/thread-metrics.js'
import { ApiServer } from '../server.js'
import type { ApiBirth, FromApi, ToApi } from './protocol.js'
import { giveWay } from './priority.js'
import { RemoteHost } from './remote-host.js'

if (parentPort === null) throw new Error('worker.js runs as a worker thread only')
const port = parentPort
const { config, store, facts, catalog, slab, log } = workerData as ApiBirth
giveWay()
const send = (message: FromApi): void => port.postMessage(message)
const logger = createLogger({ ...log, base: { thread: 'api' } })
const meter = new ThreadMeters(slab, series => send({ type: 'series', series }), { logger }).meterFor({})
const engine = new ThreadMetrics(meter, 'api', systemClock)
const host = new RemoteHost(facts, send)
const server = new ApiServer({
  config, host, store, catalog, meter, logger, clock: systemClock,
  onTrouble: reason => send(reason === '' ? { type: 'status', state: 'ok', reason: '' } : { type: 'status', state: 'recoverable_error', reason })
})

async function stop (deadlineMs: number): Promise<void> {
  await server.stop({ signal: AbortSignal.timeout(Math.ceil(deadlineMs)), atMs: performance.now() + deadlineMs })
  engine.stop()
  send({ type: 'stopped' })
  port.close()
}

port.on('message', (message: ToApi) => {
  if (host.take(message)) return
  if (message.type === 'follow') {
    host.facts = message.facts
    logger.setLevel?.(message.level)
  } else if (message.type === 'stop') void stop(message.deadlineMs)
})

try {
  const addresses = await server.start()
  engine.start()
  send({ type: 'started', addresses })
} catch (error) {
  send({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  await stop(0)
}
