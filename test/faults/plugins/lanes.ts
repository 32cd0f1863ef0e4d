/**
 * A Tapio of its own process with many pipelines beside each other, each with a client, a backend and a book of its own: some have a
 * component of the hostile plugin in them, some have not.
 *
 *   client ──► otlp/NAME ──► hostile/NAME ──► otlp/NAME ──► backend
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { freePort } from '../../free-port.js'
import { Backend } from '../delivery/backend.js'
import { sendAll } from '../delivery/client.js'
import { Ledger, line } from '../delivery/ledger.js'
import { Metrics } from '../delivery/metrics.js'
import { eventually, type Context } from '../delivery/scene.js'
import { Supervised } from '../supervised.js'

export const hostilePlugin = fileURLToPath(new URL('hostile.mjs', import.meta.url))

/** A pipeline with one processor of the plugin; without `does` it has none. */
export interface LaneSpec { readonly name: string, readonly does?: Readonly<Record<string, string | number>> }

export interface Lane {
  readonly spec: LaneSpec
  readonly port: number
  readonly backendPort: number
  readonly backend: Backend
  readonly ledger: Ledger
}

export interface LanesOptions {
  readonly lanes: readonly LaneSpec[]
  /** Of the plugin. */
  readonly plugin?: object
  readonly mode?: string
  readonly service?: object
  /** Laid over the configuration. */
  more?(config: Config): void
}

export interface Config {
  plugins: object[]
  receivers: Record<string, object>
  processors: Record<string, object>
  exporters: Record<string, object>
  service: { pipelines: Record<string, object>, [key: string]: unknown }
}

export class Lanes {
  private constructor (readonly tapio: Supervised, readonly all: readonly Lane[]) {}

  static async start (context: Context, options: LanesOptions): Promise<Lanes> {
    const lanes = await Promise.all(options.lanes.map(spec => makeLane(context, spec)))
    const config = configOf(lanes, options)
    options.more?.(config)
    const tapio = new Supervised('tapio', ['--config', `yaml:${stringify(config)}`])
    context.running.push(tapio)
    await tapio.running
    return new Lanes(tapio, lanes)
  }

  lane (name: string): Lane {
    const found = this.all.find(l => l.spec.name === name)
    if (found === undefined) throw new Error(`no lane ${name}`)
    return found
  }

  /** Sends so many records down each lane, or those named; resolves when each client has an answer for all of its own. */
  async send (records: number, only?: readonly string[]): Promise<void> {
    const chosen = this.all.filter(l => only === undefined || only.includes(l.spec.name))
    await Promise.all(chosen.map(({ ledger, port }) => sendAll({ ledger, port, records, batch: 20, connections: 2, pauseMs: 5, signal: new AbortController().signal })))
  }

  async metrics (): Promise<Metrics> {
    const response = await fetch(`${this.tapio.telemetry}/metrics`)
    return new Metrics(await response.text())
  }

  /** Waits until what is missing in a lane is what Tapio counts; answers with the reasons. The deadline is for broken code only. */
  async balanced (lane: Lane, withinMs = 60_000): Promise<Counted> {
    return await eventually(`the books of ${lane.spec.name} (${line(lane.ledger.totals())})`, async () => countedIn(await this.metrics(), lane), counted => lane.ledger.missing <= sum(counted), withinMs)
  }

  async until (what: string, holds: () => Promise<boolean> | boolean, withinMs = 60_000): Promise<void> {
    await eventually(what, holds, isSo => isSo, withinMs)
  }

  async end (): Promise<void> {
    await this.tapio.terminate()
    await this.tapio.ended
  }
}

/** Rows by the reason why they ended in a lane. */
export type Counted = Readonly<Record<string, number>>

export const sum = (counted: Counted): number => Object.values(counted).reduce((a, b) => a + b, 0)

export const inWords = (counted: Counted): string => Object.entries(counted).map(([reason, rows]) => `${rows} ${reason}`).join(', ') || 'none'

/**
 * Rows that ended in a lane: what the edges to the component and behind it rejected and dropped, under the reasons that the component gives
 * for as many of them.
 */
export function countedIn (metrics: Metrics, { spec: { name } }: Lane): Counted {
  const found: Record<string, number> = { ...metrics.drops(`processor/hostile/${name}`) }
  const pipeline = `logs/${name}`
  const rejected = metrics.sum('tapio_edge_rejected_events_total', { pipeline, to: `processor/hostile/${name}` })
  const others = rejected - sum(found)
  if (others > 0) found['rejected'] = others
  const dropped = metrics.sum('tapio_edge_dropped_events_total', { pipeline })
  if (dropped > 0) found['component_error'] = dropped
  return found
}

async function makeLane (context: Context, spec: LaneSpec): Promise<Lane> {
  const ledger = new Ledger()
  const backend = new Backend(ledger)
  context.backends.push(backend)
  return { spec, ledger, backend, backendPort: await backend.listen(), port: await freePort() }
}

function configOf (lanes: readonly Lane[], { plugin = {}, mode = 'standard', service = {} }: LanesOptions): Config {
  const each = <T>(of: (lane: Lane) => readonly (readonly [string, T])[]): Record<string, T> => Object.fromEntries(lanes.flatMap(of))
  return {
    plugins: [{ path: hostilePlugin, ...plugin }],
    receivers: each(({ spec: { name }, port }) => [[`otlp/${name}`, { protocols: { http: { endpoint: `127.0.0.1:${port}` } } }]]),
    processors: each(({ spec: { name, does } }) => does === undefined ? [] : [[`hostile/${name}`, does]]),
    exporters: each(({ spec: { name }, backendPort }) => [[`otlp/${name}`, { endpoint: `http://127.0.0.1:${backendPort}`, protocol: 'http/json', timeout: '10s', sending_queue: { enabled: false } }]]),
    service: {
      mode, max_concurrency: 1, batch_size: 20, telemetry: { metrics: { endpoint: '127.0.0.1:0' }, logs: { format: 'json' } }, shutdown_timeout: '5s', ...service,
      pipelines: each(({ spec: { name, does } }) => [[`logs/${name}`, { receivers: [`otlp/${name}`], processors: does === undefined ? [] : [`hostile/${name}`], exporters: [`otlp/${name}`] }]])
    }
  }
}

export const pathIn = (context: Context, name: string): string => join(context.folder, name)
