/** Tapio as a link of a chain, the corpus that goes through it, and waiting for its end. */
import type { Compression } from '../../core/net/compression.js'
import { signalFacts } from '../../core/otlp/signals.js'
import { post } from '../../core/otlp/testing/harness.js'
import { randomMessage, usual } from '../../core/otlp/testing/messages.js'
import { requestType } from '../../core/otlp/testing/oracle.js'
import { Random } from '../../core/otlp/testing/random.js'
import { freePort, launchTapio, type Running } from '../peers/launch.js'
import { canonicalRecords } from './canonical.js'
import { countRecords, recordSignals, type Requests } from './outcome.js'
import type { Recorder } from './recorder.js'

export const tapioWires = ['grpc', 'http/protobuf', 'http/json'] as const
export type TapioWire = (typeof tapioWires)[number]

export type TapioCompression = 'none' | Compression

export interface Ports { readonly grpc: number, readonly http: number }

export interface TapioLink extends Running, Ports {}

/** OTLP in over both protocols -> batch -> OTLP out to `next`. */
export async function tapioLink (next: Ports, wire: TapioWire, compression: TapioCompression): Promise<TapioLink> {
  const [grpc, http] = await Promise.all([freePort(), freePort()])
  const endpoint = wire === 'grpc' ? `127.0.0.1:${next.grpc}` : `http://127.0.0.1:${next.http}`
  const running = await launchTapio('tapio', {
    receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${grpc}` }, http: { endpoint: `127.0.0.1:${http}` } } } },
    processors: { batch: { timeout: '50ms' } },
    exporters: { otlp: { endpoint, protocol: wire, compression, ...(wire === 'grpc' ? { tls: { insecure: true } } : {}) } },
    service: {
      telemetry: { metrics: { enabled: false } },
      pipelines: { main: { receivers: ['otlp'], processors: ['batch'], exporters: ['otlp'] } }
    }
  }, http)
  return { ...running, grpc, http }
}

/**
 * Random requests of the whole schema: every field, every AnyValue kind, the extremes of every number. In the encoding that
 * encoders write: the Go collector loses what comes in several packed pieces, which the protobuf rules allow.
 */
export function corpus (seed: number, recordsASignal = 150): Requests {
  const random = new Random(seed)
  const requests: Record<string, Uint8Array[]> = {}
  for (const signal of recordSignals) {
    const list: Uint8Array[] = requests[signal] = []
    while (countRecords({ traces: [], metrics: [], logs: [], [signal]: list }) < recordsASignal) {
      const request = randomMessage(random, requestType(signal), { ...usual, unknown: false, tidy: true, depth: 8 })
      if (signal !== 'metrics' || hasPoints(request)) list.push(request)
    }
  }
  return requests as unknown as Requests
}

/** The Go collector takes a metrics request without a data point as empty, and passes nothing on. */
function hasPoints (request: Uint8Array): boolean {
  return canonicalRecords('metrics', [request]).some(text => text.includes('"dataPoints":[{'))
}

/** Posts all requests; throws when one is not taken. */
export async function send (port: number, requests: Requests): Promise<void> {
  for (const signal of recordSignals) {
    for (const body of requests[signal]) {
      const reply = await post(port, signalFacts[signal].httpPath, body)
      if (reply.code !== 200) throw new Error(`a ${signal} request was answered with HTTP ${reply.code}: ${reply.body.toString('latin1')}`)
    }
  }
}

const patienceMs = 10_000

/** What `recorder` has once it has as many records as were sent, or after a while: then the comparison tells what is missing. */
export async function arrivedAt (recorder: Recorder, records: number): Promise<Requests> {
  const seen = (): Requests => ({ traces: recorder.peek('traces'), metrics: recorder.peek('metrics'), logs: recorder.peek('logs') })
  const endMs = performance.now() + patienceMs
  while (countRecords(seen()) < records && performance.now() < endMs) await new Promise(resolve => setTimeout(resolve, 50))
  if (recorder.faults.length > 0) throw new Error(recorder.faults.join('; '))
  return { traces: recorder.take('traces'), metrics: recorder.take('metrics'), logs: recorder.take('logs') }
}

/** Stops what was started, last first, whatever `work` does. */
export async function withAll<T> (work: (keep: <R extends { stop(): void | Promise<void> }>(link: R) => R) => Promise<T>): Promise<T> {
  const started: { stop(): void | Promise<void> }[] = []
  try {
    return await work(link => { started.push(link); return link })
  } finally {
    for (const link of started.reverse()) await link.stop()
  }
}
