/** Entry of a plugin component's thread: guards it, imports the bundle, makes one component and runs it by messages. */
import { parentPort, workerData } from 'node:worker_threads'
import type { AnyComponent, Consumer, Host } from '../../component/component.js'
import { componentId } from '../../component/id.js'
import { createServices } from '../../component/services.js'
import { decodeBatch } from '../../data/decode.js'
import { loadedOf } from '../module.js'
import { guard } from './guard.js'
import type { FromPlugin, PluginBirth, ToPlugin } from './protocol.js'
import { PluginServices } from './services.js'

if (parentPort === null) throw new Error('worker.js runs as a worker thread only')
const port = parentPort
const birth = workerData as PluginBirth
const send = (message: FromPlugin, handOver: ArrayBuffer[] = []): void => port.postMessage(message, handOver)
const words = (error: unknown): string => error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 3).join(' ') : String(error)

guard(birth.permissions)
process.setSourceMapsEnabled(true)

const host: Host = { fail: error => send({ type: 'fail', message: words(error) }), finish: reason => send({ type: 'finish', reason: String(reason) }) }
let component: AnyComponent | undefined
let services: PluginServices | undefined

async function make (): Promise<AnyComponent> {
  const factory = loadedOf(await import(birth.url) as Record<string, unknown>).components?.[birth.at]
  if (factory === undefined) throw new Error('the plugin has lost a component since it was loaded')
  const [fault] = factory.check?.(birth.config) ?? []
  if (fault !== undefined) throw new Error(`wrong options: ${fault.path.join('.')}: ${fault.message}`)
  services = new PluginServices(birth, factory.metrics ?? [], send)
  return await factory.create(createServices({ ...services.values, id: componentId(factory.kind, birth.id), config: birth.config }))
}

async function consume (id: number, document: Uint8Array): Promise<void> {
  const decoded = decodeBatch(document, true)
  if (!decoded.ok) { send({ type: 'threw', id, message: decoded.error }); return }
  try {
    const outcome = await (component as AnyComponent & Consumer).consume(decoded.batch)
    services?.flush()
    send({ type: 'answered', id, outcome })
  } catch (error) {
    services?.flush()
    send({ type: 'threw', id, message: words(error) })
  }
}

async function stop (deadlineMs: number): Promise<void> {
  let error = ''
  try {
    await component?.stop?.({ signal: AbortSignal.timeout(Math.ceil(deadlineMs)), atMs: performance.now() + deadlineMs })
  } catch (thrown) {
    error = words(thrown)
  }
  services?.flush()
  send({ type: 'stopped', error })
}

async function handle (message: ToPlugin): Promise<void> {
  switch (message.type) {
    case 'start':
      try {
        await component?.start?.(host)
        send({ type: 'started' })
      } catch (error) {
        send({ type: 'failed', message: words(error) })
      }
      return
    case 'consume': await consume(message.id, message.document); return
    case 'replied': services?.replied(message.id, message.ok, message.answer); return
    case 'passed': services?.passed(message.id, message.outcome); return
    case 'ask':
      try {
        send({ type: 'told', id: message.id, ok: true, answer: await component?.answer?.(message.question, message.argument as never) })
      } catch (error) {
        send({ type: 'told', id: message.id, ok: false, answer: words(error) })
      }
      return
    case 'ping': {
      const { heapUsed, external } = process.memoryUsage()
      services?.flush()
      send({ type: 'pong', usedBytes: heapUsed + external })
      return
    }
    case 'stop': await stop(message.deadlineMs)
  }
}

port.on('message', (message: ToPlugin) => { handle(message).catch((error: unknown) => send({ type: 'log', level: 'error', message: words(error), fields: {} })) })

try {
  component = await make()
  send({ type: 'made', consumes: 'consume' in component, answers: component.answer !== undefined })
} catch (error) {
  send({ type: 'failed', message: words(error) })
}
