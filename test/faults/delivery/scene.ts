/**
 * What the fault tests have in common: a client that keeps what is not acknowledged, a Tapio of its own process with a durable pipeline
 * and a queue on disk, a backend, and the ledger that all of them write into.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { suite, type Test } from 'uvu'
import { freePort } from '../../free-port.js'
import { Supervised, type SupervisedOptions } from '../supervised.js'
import { Backend } from './backend.js'
import { sendAll, type ClientReport } from './client.js'
import { Ledger, line } from './ledger.js'
import { Metrics } from './metrics.js'

export const long = process.env['TAPIO_TEST_LONG'] === '1'

export interface Context { folder: string, running: Supervised[], backends: Backend[] }

/** A suite whose tests have a folder, and leave no process behind. */
export function faultSuite (name: string): Test<Context> {
  const faults = suite<Context>(name)
  faults.before.each(context => { Object.assign(context, { folder: mkdtempSync(join(tmpdir(), 'tapio-faults-')), running: [], backends: [] }) })
  faults.after.each(async ({ folder, running, backends }) => {
    for (const process of running) process.destroy()
    await Promise.all(backends.map(b => b.close()))
    rmSync(folder, { recursive: true, force: true })
  })
  return faults
}

export interface Scene { readonly ledger: Ledger, readonly backend: Backend, readonly backendPort: number, readonly tapio: Supervised, readonly port: number, readonly queue: string, readonly dead: string, readonly args: readonly string[] }

export interface SceneOptions {
  readonly queue?: object
  readonly exporter?: object
  readonly service?: object
  readonly pipeline?: object
  /** Left out = in the context's folder. */
  readonly directory?: string
  readonly supervised?: SupervisedOptions
  /** From the configuration to arguments; left out = given as one. */
  config?(text: string): readonly string[]
}

export async function start (context: Context, options: SceneOptions = {}): Promise<Scene> {
  const ledger = new Ledger()
  const backend = new Backend(ledger)
  context.backends.push(backend)
  const backendPort = await backend.listen()
  const port = await freePort()
  const directory = options.directory ?? context.folder
  const [queue, dead] = [join(directory, 'queue'), join(directory, 'dead')]
  const text = stringify({
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: {
      otlp: {
        endpoint: `http://127.0.0.1:${backendPort}`, protocol: 'http/json', timeout: '1s',
        retry_on_failure: { initial_interval: '20ms', max_interval: '200ms' },
        sending_queue: { enabled: true, directory: queue, fsync: 'never', ...options.queue },
        dead_letter: { directory: dead },
        ...options.exporter
      }
    },
    service: {
      telemetry: { metrics: { endpoint: '127.0.0.1:0' }, logs: { format: 'json' } }, shutdown_timeout: '2s', ...options.service,
      pipelines: { logs: { receivers: ['otlp'], exporters: ['otlp'], durable: true, ...options.pipeline } }
    }
  })
  const args = options.config?.(text) ?? ['--config', `yaml:${text}`]
  const tapio = new Supervised('tapio', args, options.supervised)
  context.running.push(tapio)
  return { ledger, backend, backendPort, tapio, port, queue, dead, args }
}

/** The next life, after an orderly end. */
export function again (context: Context, scene: Scene, options: SupervisedOptions = scene.tapio.options): Scene {
  const tapio = new Supervised('tapio again', scene.args, options)
  context.running.push(tapio)
  return { ...scene, tapio }
}

/** Sends `records`; the returned function waits until all are acknowledged. */
export function load ({ ledger, port }: Pick<Scene, 'ledger' | 'port'>, records: number, pauseMs = 2, first = 0): () => Promise<ClientReport> {
  const done = sendAll({ ledger, port, records, first, batch: 20, connections: 8, pauseMs, signal: new AbortController().signal })
  return () => done
}

/** Waits until all that was acknowledged has been delivered or rejected. */
export async function settled (scene: Pick<Scene, 'ledger' | 'backend' | 'tapio'>, withinMs = 60_000): Promise<void> {
  await reached(scene, 'records did not arrive', () => scene.ledger.missing === 0, withinMs)
}

/** Waits for something that a request to the backend brings about. */
export async function reached ({ ledger, backend, tapio }: Pick<Scene, 'ledger' | 'backend' | 'tapio'>, otherwise: string, holds: () => boolean, withinMs = 60_000): Promise<void> {
  const waiting = new AbortController()
  const late = sleep(withinMs, undefined, { signal: waiting.signal }).then(() => { throw new Error(`${otherwise} within ${withinMs} ms; ${ledger.missing} missing: ${line(ledger.totals())}\n${tapio.log}`) })
  late.catch(() => undefined)
  const died = tapio.ended.then(() => { throw new Error(`it ended before: ${otherwise}\n${tapio.log}`) })
  died.catch(() => undefined)
  await Promise.race([backend.until(holds), late, died])
  waiting.abort()
}

/** Asks until `holds`; fails with what it last saw. */
export async function eventually<T> (what: string, ask: () => Promise<T> | T, holds: (seen: T) => boolean, withinMs = 30_000): Promise<T> {
  const endMs = performance.now() + withinMs
  for (;;) {
    const seen = await ask()
    if (holds(seen)) return seen
    if (performance.now() > endMs) throw new Error(`${what}: not within ${withinMs} ms; last seen: ${JSON.stringify(seen)}`)
    await sleep(20)
  }
}

export async function finish (scene: Pick<Scene, 'tapio'>): Promise<void> {
  await scene.tapio.terminate()
  await scene.tapio.ended
}

export async function metricsOf ({ tapio }: Pick<Scene, 'tapio'>): Promise<Metrics> {
  await tapio.running
  const response = await fetch(`${tapio.telemetry}/metrics`)
  return new Metrics(await response.text())
}

export { line } from './ledger.js'
