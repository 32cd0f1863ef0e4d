/**
 * One run of overload: a real Tapio with a memory limit between a load that does not slow down (ordinary and severe records, and the official
 * SDK) and a backend with a fraction of its capacity; then the load ends and all that was acknowledged must arrive.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryMiB } from '../../bench/collector/process-stats.js'
import { freePort, launch, launchTapio, tapioMain } from '../../peers/launch.js'
import { load, type LoadReport } from './load.js'
import { makeMemoryCgroup } from './memory-cgroup.js'
import { sdkClient, type SdkReport } from './sdk-client.js'
import { SlowBackend } from './slow-backend.js'

export interface OverloadOptions {
  readonly seconds: number
  readonly limitMib: number
  /** In a control group with this limit, where one can be made; the limiter then goes by it, in percent. */
  readonly cgroup: boolean
  /** Records a second that the backend takes. */
  readonly capacity: number
  readonly ordinaryPerSecond: number
  readonly severePerSecond: number
  readonly sdkPerSecond: number
  /** Of the limiter. */
  readonly limiter?: object
  /** Of the exporter's queue. */
  readonly queue?: object
  /** Longest time in which what waits must have arrived, once the backend is fast. */
  readonly drainSeconds: number
}

export interface OverloadReport {
  readonly limitedBy: string
  readonly peakMib: number
  /** Once the load was over and all had arrived. */
  readonly endMib: number
  readonly kills: number
  readonly ordinary: LoadReport
  readonly severe: LoadReport
  readonly sdk: SdkReport
  /** Acknowledged and not delivered. */
  readonly lost: number
  readonly deliveredAgain: number
  readonly latencies: SlowBackend['latencies']
  /** What the limiter said of its levels, in order. */
  readonly levels: readonly string[]
  /** Seconds from the end of the load until the level was `none`; Infinity: not in time. */
  readonly recoveredSeconds: number
  readonly log: string
}

const ids = { ordinary: 0, severe: 1e9, sdk: 2e9 } as const
const sampleMs = 200

export async function overload (options: OverloadOptions): Promise<OverloadReport> {
  const backend = new SlowBackend(options.capacity)
  const backendPort = await backend.listen()
  const port = await freePort()
  const cgroup = options.cgroup ? makeMemoryCgroup(`tapio-overload-${process.pid}`, options.limitMib * 2 ** 20) : undefined
  const config = configOf(options, port, backendPort, cgroup !== undefined)
  const [program, args] = cgroup?.wrap(tapioMain) ?? [tapioMain, []]
  const tapio = await (cgroup === undefined ? launchTapio('tapio', config, port) : launch('tapio', program, args, config, port))
  try {
    const memory = watchMemory(tapio.pid)
    const until = AbortSignal.timeout(options.seconds * 1000)
    const over = new AbortController()
    const base = { port, until, over: over.signal }
    const clients = Promise.all([
      load({ ...base, recordsPerSecond: options.ordinaryPerSecond, recordsPerRequest: 25, severe: false, firstId: ids.ordinary, keeps: 200 }),
      load({ ...base, recordsPerSecond: options.severePerSecond, recordsPerRequest: 5, severe: true, firstId: ids.severe, keeps: 200 }),
      sdkClient({ port, recordsPerSecond: options.sdkPerSecond, firstId: ids.sdk, until })
    ])
    await sleep(options.seconds * 1000)
    const latencies = { severe: [...backend.latencies.severe], others: [...backend.latencies.others] }
    backend.capacity = Infinity
    const endedMs = performance.now()
    const recovered = recoveredAfter(() => levelsOf(tapio.log()), endedMs, options.drainSeconds)
    const [ordinary, severe, sdk] = await clients
    const acknowledged = [...ordinary.acknowledged, ...severe.acknowledged, ...sdk.acknowledged]
    const missing = (): number => acknowledged.reduce((n, id) => n + (backend.delivered.has(id) ? 0 : 1), 0)
    for (const end = endedMs + options.drainSeconds * 1000; missing() > 0 && performance.now() < end;) await sleep(sampleMs)
    const recoveredSeconds = await recovered
    memory.stop()
    return {
      limitedBy: cgroup === undefined ? `limit_mib: ${options.limitMib}` : `control group of ${options.limitMib} MiB`,
      peakMib: memory.peak(), endMib: memory.now(), kills: cgroup?.kills() ?? 0, ordinary, severe, sdk,
      lost: missing(), deliveredAgain: [...backend.delivered.values()].filter(n => n > 1).length, latencies, levels: levelsOf(tapio.log()), recoveredSeconds, log: tapio.log()
    }
  } finally {
    if (process.env['TAPIO_OVERLOAD_LOG'] !== undefined) appendFileSync(process.env['TAPIO_OVERLOAD_LOG'], tapio.log())
    await tapio.stop()
    await backend.close()
    cgroup?.remove()
  }
}

function configOf ({ limitMib, limiter = {}, queue = {} }: OverloadOptions, port: number, backendPort: number, inCgroup: boolean): unknown {
  return {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    processors: { memory_limiter: { ...(inCgroup ? { limit_percentage: 90 } : { limit_mib: limitMib }), check_interval: '100ms', ...limiter } },
    exporters: {
      otlp: {
        endpoint: `http://127.0.0.1:${backendPort}`, protocol: 'http/protobuf', compression: 'none', timeout: '60s',
        sending_queue: { enabled: true, max_size: '1GiB', num_consumers: 2, ...queue }
      }
    },
    service: { mode: 'standard', batch_size: 100, pipelines: { logs: { receivers: ['otlp'], processors: ['memory_limiter'], exporters: ['otlp'] } }, telemetry: { logs: { level: 'info', format: 'json' } } }
  }
}

function watchMemory (pid: number): { stop(): void, peak(): number, now(): number } {
  let [now, peak] = [0, 0]
  const timer = setInterval(() => {
    try { ({ now, peak } = memoryMiB(pid)) } catch { /* it has ended, which the run sees by itself */ }
  }, sampleMs)
  return { stop: () => { clearInterval(timer) }, peak: () => peak, now: () => now }
}

function levelsOf (log: string): readonly string[] {
  return [...log.matchAll(/"pressure":"(none|shrink|spill|shed|refuse)"/g)].map(m => m[1] as string)
}

async function recoveredAfter (levels: () => readonly string[], sinceMs: number, seconds: number): Promise<number> {
  for (;;) {
    const waited = (performance.now() - sinceMs) / 1000
    if ((levels().at(-1) ?? 'none') === 'none') return waited
    if (waited > seconds) return Infinity
    await sleep(sampleMs)
  }
}

export function percentile (values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p / 100))] ?? NaN
}
