/** Entry of the thread of contract.ts: makes the components of one bundle and asks the contract of each. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ComponentFactory } from '../../component/factory.js'
import { parseOptions } from '../../config/options.js'
import { contractTests, type ContractCase } from '../../testing/contract.js'
import type { TestBench } from '../../testing/services.js'
import { CountingClock } from '../../testing/test-clock.js'
import { factoriesOf } from '../factories.js'
import { pluginDeaths } from '../metrics.js'
import type { ContractOrder, FromContract } from './protocol.js'

const { reference, options } = workerData as ContractOrder
const send = (message: FromContract): void => parentPort?.postMessage(message)
const isIsolated = reference.options.isolation === 'worker'
/** Components keep no thread alive; Tapio does. */
const alive = setInterval(() => undefined, 2 ** 30)

async function verify (factory: ComponentFactory): Promise<void> {
  const component = `${factory.kind}/${factory.type}`
  const begin = (test: string): void => send({ type: 'begins', component, test })
  const end = (test: string, fault?: string): void => send({ type: 'result', result: { component, test, fault } })
  const parsed = optionsOf(factory, '{directory}')
  if (parsed instanceof Error) { end('it can be made', parsed.message); return }
  for (const { name, run } of contractTests(factory, contract(factory))) {
    begin(name)
    end(name, await run().then(() => undefined, (error: unknown) => error instanceof Error ? error.message : String(error)))
  }
}

function contract (factory: ComponentFactory): ContractCase {
  return {
    // Its own time while it runs here; real time while it is waited for in another thread.
    ...(isIsolated ? { clock: () => new CountingClock(), after: expectAlive } : {}),
    outputs: factory.kind === 'connector' ? ['events/a'] : [],
    config: directory => optionsOf(factory, directory)
  }
}

/** Whole and typed; an Error when the component cannot be made with them. */
function optionsOf (factory: ComponentFactory, directory: string): object {
  const name = `${factory.kind}/${factory.type}`
  const text = JSON.stringify(options[name] ?? {}).replaceAll('{directory}', JSON.stringify(directory).slice(1, -1))
  const parsed = parseOptions(factory, JSON.parse(text))
  if (parsed.ok) return parsed.value as object
  return new Error(`its options: ${parsed.faults.join('; ')}. Say with which it is tested in package.json: "tapio": {"contract": {"${name}": {…}}}`)
}

/** The end of its thread is dealt with and the batch answered for: a test would not see it. */
function expectAlive ({ meter, logger }: TestBench): void {
  if (![...meter.values.keys()].some(series => series.startsWith(pluginDeaths.name))) return
  const why = logger.lines.map(line => line.fields?.['why']).find(text => typeof text === 'string')
  throw new Error(why?.replace(/^plugin .*? ended: /, '').replaceAll(/\s+at /g, '\n  at ') ?? 'it ended its thread')
}

for (const factory of await factoriesOf(reference)) await verify(factory)
clearInterval(alive)
send({ type: 'done' })
