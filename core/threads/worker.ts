/** Entry of a worker thread: one ThreadRuntime behind messages. */
import { parentPort, workerData } from 'node:worker_threads'
import { catalogOf } from '../component/catalog.js'
import type { Answered } from '../graph/unanswered.js'
import { createLogger } from '../telemetry/pino-logger.js'
import { beat } from './heartbeat.js'
import { Inquirer } from './inquirer.js'
import { deadlineIn } from './local-thread.js'
import type { FromWorker, ToWorker, WorkerBirth } from './protocol.js'
import { ThreadRuntime } from './thread-runtime.js'

if (parentPort === null) throw new Error('worker.js runs as a worker thread only')
const port = parentPort
const birth = workerData as WorkerBirth
beat(birth.heartbeat)
const send = (message: FromWorker): void => port.postMessage(message)
const logger = createLogger({ ...birth.log, base: { thread: birth.thread } })

const inquirer = new Inquirer((id, question, argument) => send({ type: 'inquire', id, question, argument }))
const runtime = new ThreadRuntime({
  ...birth,
  find: await catalogOf(birth.plan.catalog),
  logger,
  events: {
    series: series => send({ type: 'series', series }),
    status: (component, state, reason) => send({ type: 'status', component, state, reason }),
    gone: component => send({ type: 'gone', component }),
    fail: (component, reason) => send({ type: 'fail', component, reason }),
    finish: reason => send({ type: 'finish', reason }),
    inquire: inquirer.ask,
    tapped: (id, report) => port.postMessage({ type: 'tapped', id, report } satisfies FromWorker, report.rows.map(r => r.document.buffer as ArrayBuffer))
  }
})

/** An answer that cannot cross threads (it holds a function, say) is a failed one. */
function answer (id: number, answered: Answered): void {
  try {
    send({ type: 'answer', id, answered })
  } catch (error) {
    send({ type: 'answer', id, answered: { ok: false, why: 'failed', detail: `gave an answer that cannot be sent: ${error instanceof Error ? error.message : String(error)}` } })
  }
}

async function handle (message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'start':
      await runtime.start(message.layer)
      send({ type: 'started', layer: message.layer })
      return
    case 'stop':
      send({ type: 'stopped', layer: message.layer, errors: await runtime.stop(message.layer, deadlineIn(message.deadlineMs)) })
      return
    case 'prepare':
      await runtime.prepare(message.plan, message.rings)
      send({ type: 'prepared' })
      return
    case 'hold':
      send({ type: 'held', layer: message.layer, errors: await runtime.hold(message.layer, deadlineIn(message.deadlineMs)) })
      return
    case 'takeOver':
      runtime.takeOver()
      send({ type: 'tookOver' })
      return
    case 'drop':
      await runtime.drop(deadlineIn(message.deadlineMs))
      send({ type: 'dropped' })
      return
    case 'level':
      runtime.setLogLevel(message.level)
      return
    case 'ask':
      answer(message.id, await runtime.ask(message.inquiry))
      return
    case 'tap':
      runtime.taps.begin(message.id, message.selection)
      return
    case 'tap_read':
      runtime.taps.read(message.id)
      return
    case 'untap':
      runtime.taps.end(message.id)
      return
    case 'replied':
      inquirer.replied(message.id, message.ok, message.answer)
      return
    case 'abort':
      runtime.abort()
      return
    case 'crash':
      setImmediate(() => { throw new Error('crashed for a test') })
      break
    case 'end':
      runtime.close()
      port.close()
  }
}

port.on('message', (message: ToWorker) => {
  handle(message).catch((error: unknown) => send({ type: 'error', message: error instanceof Error ? error.message : String(error) }))
})

try {
  await runtime.build()
  send({ type: 'built' })
} catch (error) {
  send({ type: 'error', message: error instanceof Error ? error.message : String(error) })
}
