/** The systems under test: started with the same pipeline (OTLP in -> batch -> OTLP out), each as its users start it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { openSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import type { Mode } from '../../../core/config/modes.js'
import type { SinkPorts } from './sink.js'

export interface Case {
  readonly name: string
  readonly protocol: 'grpc' | 'http'
  readonly spansPerRequest: number
  readonly gzip: boolean
  /** The Kubernetes API server that both enrich from; undefined = no enrichment. */
  readonly kubeconfig?: string
}

export interface System {
  readonly name: string
  readonly pid: number
  /** Where it takes the case's protocol. */
  readonly port: number
  /** Ends it and says what it wrote to its log, if that is asked for in time. */
  stop(): Promise<void>
  log(): string
}

export interface Candidate {
  readonly name: string
  start(c: Case, sink: SinkPorts): Promise<System>
}

/** The Collector's own defaults, given to both so that nobody has to look them up. */
const batch = { send_batch_size: 8192, timeout: '200ms' }

export function freePort (): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

export function goCandidate (binary: string, env: NodeJS.ProcessEnv = {}): Candidate {
  return {
    name: 'otelcol',
    start: async (c, sink) => {
      const [port, metrics] = await Promise.all([freePort(), freePort()])
      const config = {
        receivers: { otlp: { protocols: { [c.protocol]: { endpoint: `127.0.0.1:${port}` } } } },
        processors: { batch, ...(c.kubeconfig === undefined ? {} : { k8s_attributes: goEnrichment }) },
        exporters: goExporter(c, sink),
        service: {
          telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: metrics } } } }] } },
          pipelines: { traces: { receivers: ['otlp'], processors: [...(c.kubeconfig === undefined ? [] : ['k8s_attributes']), 'batch'], exporters: [c.protocol === 'grpc' ? 'otlp' : 'otlphttp'] } }
        }
      }
      return await launch('otelcol', binary, [], config, port, { ...env, ...(c.kubeconfig === undefined ? {} : { KUBECONFIG: c.kubeconfig }) })
    }
  }
}

/** By the address of the pod in its resource, as Tapio's does. */
const goEnrichment = {
  auth_type: 'kubeConfig',
  extract: { metadata: ['k8s.namespace.name', 'k8s.pod.name', 'k8s.pod.uid', 'k8s.deployment.name', 'k8s.node.name'] },
  pod_association: [{ sources: [{ from: 'resource_attribute', name: 'k8s.pod.ip' }] }]
}

function goExporter (c: Case, sink: SinkPorts): Record<string, unknown> {
  const compression = c.gzip ? 'gzip' : 'none'
  if (c.protocol === 'http') return { otlphttp: { endpoint: `http://127.0.0.1:${sink.http}`, compression } }
  return { otlp: { endpoint: `127.0.0.1:${sink.grpc}`, compression, tls: { insecure: true } } }
}

const tapioMain = fileURLToPath(new URL('../../../core/cli/main.js', import.meta.url))

export function tapioCandidate (mode: Mode, nodeOptions: readonly string[] = []): Candidate {
  return {
    name: `tapio ${mode}`,
    start: async (c, sink) => {
      const [port, metrics] = await Promise.all([freePort(), freePort()])
      const config = {
        receivers: { otlp: { protocols: { [c.protocol]: { endpoint: `127.0.0.1:${port}` } } } },
        processors: { batch, ...(c.kubeconfig === undefined ? {} : { k8s_attributes: {} }) },
        exporters: {
          otlp: {
            ...(c.protocol === 'grpc' ? { endpoint: `127.0.0.1:${sink.grpc}`, tls: { insecure: true } } : { endpoint: `http://127.0.0.1:${sink.http}`, protocol: 'http/protobuf' }),
            compression: c.gzip ? 'gzip' : 'none'
          }
        },
        service: {
          mode,
          telemetry: { metrics: { endpoint: `127.0.0.1:${metrics}` } },
          pipelines: { traces: { receivers: ['otlp'], processors: [...(c.kubeconfig === undefined ? [] : ['k8s_attributes']), 'batch'], exporters: ['otlp'] } }
        }
      }
      return await launch(`tapio ${mode}`, process.execPath, [...nodeOptions, tapioMain], config, port, c.kubeconfig === undefined ? {} : { KUBECONFIG: c.kubeconfig })
    }
  }
}

const startTimeoutMs = 30_000
const stopTimeoutMs = 15_000

async function launch (name: string, program: string, args: readonly string[], config: unknown, port: number, env: NodeJS.ProcessEnv): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-bench-'))
  const file = join(folder, 'config.yaml')
  const logFile = join(folder, 'log')
  writeFileSync(file, stringify(config))
  const out = openSync(logFile, 'w')
  const child = spawn(program, [...args, '--config', file], { stdio: ['ignore', out, out], env: { ...process.env, ...env } })
  const log = (): string => readFileSync(logFile, 'utf8')
  const stop = async (): Promise<void> => {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await reachable(child, port)
  } catch (error) {
    const said = log().slice(-2000)
    await stop()
    throw new Error(`${name} did not start: ${(error as Error).message}\n${said}`)
  }
  return { name, pid: child.pid as number, port, stop, log }
}

async function reachable (child: ChildProcess, port: number): Promise<void> {
  const endMs = performance.now() + startTimeoutMs
  while (performance.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`)
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true) }).on('error', () => resolve(false))
    })
    if (open) return
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`nobody listens on port ${port} after ${startTimeoutMs / 1000} s`)
}

async function end (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
  await ended
  clearTimeout(timer)
}
