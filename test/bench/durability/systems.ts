/** The systems: OTLP in, OTLP out and no other processor, with each kind of queue before the exporter, all else at its defaults. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mode } from '../../../core/config/modes.js'
import { freePort, launch, launchTapio, type Running } from '../../peers/launch.js'
import type { SinkPorts } from '../collector/sink.js'

export interface Case {
  readonly name: string
  readonly protocol: 'grpc' | 'http'
  readonly spansPerRequest: number
}

export interface System extends Running { readonly port: number }

export interface Candidate {
  readonly name: string
  /** What the others of its program are compared with. */
  readonly isBase: boolean
  start(c: Case, sink: SinkPorts): Promise<System>
}

/** Of every queue, in memory or on disk: what the sink does not take during a phase must find room, or the client waits. */
const maxBytes = 256 << 20

const tapioQueues = {
  none: undefined,
  memory: {},
  'disk never': { fsync: 'never' },
  'disk interval': { fsync: 'interval' },
  'disk always': { fsync: 'always' }
} as const

/** `durable` pipelines cannot have a queue in memory: the plan refuses it. */
export function tapioCandidates (mode: Mode): Candidate[] {
  return [false, true].flatMap(durable => Object.entries(tapioQueues).filter(([name]) => !durable || name !== 'memory').map(([name, queue]) => ({
    name: `tapio ${name}${durable ? ', durable' : ''}`,
    isBase: name === 'none' && !durable,
    start: (c: Case, sink: SinkPorts) => inFolder(async folder => {
      const [port, metrics] = await Promise.all([freePort(), freePort()])
      const sendingQueue = queue === undefined ? {} : { sending_queue: { enabled: true, max_size: maxBytes, ...queue, ...('fsync' in queue && { directory: join(folder, 'queue') }) } }
      const config = {
        receivers: { otlp: { protocols: { [c.protocol]: { endpoint: `127.0.0.1:${port}` } } } },
        exporters: {
          otlp: {
            ...(c.protocol === 'grpc' ? { endpoint: `127.0.0.1:${sink.grpc}`, tls: { insecure: true } } : { endpoint: `http://127.0.0.1:${sink.http}`, protocol: 'http/protobuf' }),
            compression: 'none', ...sendingQueue
          }
        },
        service: { mode, telemetry: { metrics: { endpoint: `127.0.0.1:${metrics}` } }, pipelines: { traces: { receivers: ['otlp'], exporters: ['otlp'], durable } } }
      }
      return { port, ...await launchTapio(`tapio ${name}`, config, port, {}, nodeOptions()) }
    })
  })))
}

/** For a profile of one system: `--cpu-prof --cpu-prof-dir=…`. */
const nodeOptions = (): string[] => process.env['TAPIO_BENCH_NODE_OPTIONS']?.split(' ') ?? []

const goQueues = {
  none: { enabled: false },
  memory: { enabled: true },
  storage: { enabled: true, storage: 'file_storage' },
  'storage fsync': { enabled: true, storage: 'file_storage' }
} as const

export function goCandidates (binary: string): Candidate[] {
  return Object.entries(goQueues).map(([name, queue]) => ({
    name: `otelcol ${name}`,
    isBase: name === 'none',
    start: (c: Case, sink: SinkPorts) => inFolder(async folder => {
      const [port, metrics] = await Promise.all([freePort(), freePort()])
      const exporter = c.protocol === 'grpc' ? 'otlp_grpc' : 'otlp_http'
      const isStored = 'storage' in queue
      const sendingQueue = queue.enabled ? { ...queue, sizer: 'bytes', queue_size: maxBytes } : queue
      const config = {
        ...(isStored && { extensions: { file_storage: { directory: folder, fsync: name === 'storage fsync', timeout: '10s' } } }),
        receivers: { otlp: { protocols: { [c.protocol]: { endpoint: `127.0.0.1:${port}` } } } },
        exporters: { [exporter]: { ...(c.protocol === 'grpc' ? { endpoint: `127.0.0.1:${sink.grpc}`, tls: { insecure: true } } : { endpoint: `http://127.0.0.1:${sink.http}` }), compression: 'none', sending_queue: sendingQueue } },
        service: {
          ...(isStored && { extensions: ['file_storage'] }),
          telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: metrics } } } }] } },
          pipelines: { traces: { receivers: ['otlp'], exporters: [exporter] } }
        }
      }
      return { port, ...await launch(`otelcol ${name}`, binary, [], config, port) }
    })
  }))
}

/** Where the queues are: `TAPIO_BENCH_DISK`, else the temporary folder, which must not be in memory to mean anything. */
export const diskFolder = (): string => process.env['TAPIO_BENCH_DISK'] ?? tmpdir()

/** With a folder that goes when the system stops. */
async function inFolder (start: (folder: string) => Promise<System>): Promise<System> {
  const folder = mkdtempSync(join(diskFolder(), 'tapio-durability-'))
  const remove = (): void => { rmSync(folder, { recursive: true, force: true }) }
  try {
    const system = await start(folder)
    return { ...system, stop: async () => { await system.stop(); remove() } }
  } catch (error) {
    remove()
    throw error
  }
}
