/** The Go collector before and behind Tapio. */
import { imageIncident, longIncident, memoryIncident, unknownIncident } from '../../core/incidents/testing/incidents.js'
import { goCollector } from '../peers/go-collector.js'
import { freePort, launch, type Running } from '../peers/launch.js'
import { arrivedAt, corpus, send, tapioLink, tapioWires, withAll, type Ports, type TapioCompression, type TapioWire } from './chain.js'
import { compareIncidents, incidentLink, requestsOf } from './incident.js'
import type { Peer, Scenario } from './main.js'
import { compare, countRecords, type Requests } from './outcome.js'
import { Recorder } from './recorder.js'

/** How the collector sends: its exporter and what is set on it. */
interface GoWire { readonly name: string, readonly exporter: 'otlp_grpc' | 'otlp_http', readonly options: Record<string, string> }

const goWires: readonly GoWire[] = [
  ...['none', 'gzip', 'zstd'].map(compression => ({ name: `gRPC, ${compression}`, exporter: 'otlp_grpc' as const, options: { compression } })),
  ...['none', 'gzip', 'deflate', 'zstd'].map(compression => ({ name: `HTTP/protobuf, ${compression}`, exporter: 'otlp_http' as const, options: { compression } })),
  ...['none', 'gzip', 'zstd'].map(compression => ({ name: `HTTP/JSON, ${compression}`, exporter: 'otlp_http' as const, options: { compression, encoding: 'json' } }))
]

const plainGrpc: GoWire = { name: 'gRPC, none', exporter: 'otlp_grpc', options: { compression: 'none' } }

interface GoLink extends Running, Ports {}

async function goLink (binary: string, next: Ports, { exporter, options }: GoWire): Promise<GoLink> {
  const [grpc, http] = await Promise.all([freePort(), freePort()])
  const to = exporter === 'otlp_grpc' ? { endpoint: `127.0.0.1:${next.grpc}`, tls: { insecure: true } } : { endpoint: `http://127.0.0.1:${next.http}` }
  const pipeline = { receivers: ['otlp'], exporters: [exporter] }
  const running = await launch('otelcol', binary, [], {
    receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${grpc}` }, http: { endpoint: `127.0.0.1:${http}` } } } },
    exporters: { [exporter]: { ...to, ...options } },
    service: { telemetry: { metrics: { level: 'none' } }, pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline } }
  }, http)
  return { ...running, grpc, http }
}

const portsOf = ({ grpcPort, httpPort }: Recorder): Ports => ({ grpc: grpcPort, http: httpPort })

export async function goScenarios (): Promise<Peer> {
  const go = await goCollector('plain')
  if ('skip' in go) return go
  const { binary } = go
  const sent = corpus(3)
  // The collector knows less than the schema (it is built from generated code of its own): what it passes on without Tapio
  // in between is what must arrive with it.
  const alone = await withAll(async keep => {
    const recorder = keep(await Recorder.start())
    const collector = keep(await goLink(binary, portsOf(recorder), plainGrpc))
    await send(collector.http, sent)
    return await arrivedAt(recorder, countRecords(sent))
  })
  const { difference } = compare(sent, alone)
  if (difference !== undefined) console.log(`note: the collector alone changes records: ${difference}`)
  return { versions: go.versions, scenarios: [explained(binary), ...before(binary, sent, alone), ...behind(binary, sent, alone)] }
}

function explained (binary: string): Scenario {
  const incidents = [memoryIncident, imageIncident, unknownIncident, longIncident(64)]
  return {
    name: 'incidents of tapio -> gRPC -> otelcol -> gRPC',
    run: () => withAll(async keep => {
      const recorder = keep(await Recorder.start())
      const collector = keep(await goLink(binary, portsOf(recorder), plainGrpc))
      keep(await incidentLink(incidents, collector))
      return compareIncidents(incidents, await arrivedAt(recorder, countRecords(requestsOf(incidents))))
    })
  }
}

function before (binary: string, sent: Requests, alone: Requests): Scenario[] {
  return goWires.map(wire => ({
    name: `otelcol -> ${wire.name} -> tapio -> gRPC`,
    run: () => withAll(async keep => {
      const recorder = keep(await Recorder.start())
      const tapio = keep(await tapioLink(portsOf(recorder), 'grpc', 'none'))
      const collector = keep(await goLink(binary, tapio, wire))
      await send(collector.http, sent)
      return compare(alone, await arrivedAt(recorder, countRecords(alone)))
    })
  }))
}

/** What the collector takes: grpc-go knows no deflate. */
function compressionsOf (wire: TapioWire): readonly TapioCompression[] {
  return wire === 'grpc' ? ['none', 'gzip', 'zstd'] : ['none', 'gzip', 'deflate', 'zstd']
}

function behind (binary: string, sent: Requests, alone: Requests): Scenario[] {
  return tapioWires.flatMap(wire => compressionsOf(wire).map(compression => ({
    name: `tapio -> ${wire}, ${compression} -> otelcol -> gRPC`,
    run: () => withAll(async keep => {
      const recorder = keep(await Recorder.start())
      const collector = keep(await goLink(binary, portsOf(recorder), plainGrpc))
      const tapio = keep(await tapioLink(collector, wire, compression))
      await send(tapio.http, sent)
      return compare(alone, await arrivedAt(recorder, countRecords(alone)))
    })
  })))
}
