/** The systems under test: started with the same pipeline (OTLP in -> batch -> OTLP out), each as its users start it. */
import type { Mode } from '../../../core/config/modes.js'
import { freePort, launch, launchTapio, type Running } from '../../peers/launch.js'
import type { SinkPorts } from './sink.js'

export interface Case {
  readonly name: string
  readonly protocol: 'grpc' | 'http'
  readonly spansPerRequest: number
  readonly gzip: boolean
  /** Resources get the attributes of their pod. */
  readonly enriched?: boolean
}

export interface System extends Running {
  /** Where it takes the case's protocol. */
  readonly port: number
}

export interface Candidate {
  readonly name: string
  /** `kubeconfig`: of the API server to enrich from. */
  start(c: Case, sink: SinkPorts, kubeconfig?: string): Promise<System>
}

/** The Collector's own defaults, given to both so that nobody has to look them up. */
const batch = { send_batch_size: 8192, timeout: '200ms' }

export function goCandidate (binaries: { readonly plain: string, readonly k8s: string }): Candidate {
  return {
    name: 'otelcol',
    start: async (c, sink, kubeconfig) => {
      const [port, metrics] = await Promise.all([freePort(), freePort()])
      const config = {
        receivers: { otlp: { protocols: { [c.protocol]: { endpoint: `127.0.0.1:${port}` } } } },
        processors: { batch, ...(c.enriched === true ? { k8s_attributes: enrichment } : {}) },
        exporters: goExporter(c, sink),
        service: {
          telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { host: '127.0.0.1', port: metrics } } } }] } },
          pipelines: { traces: { receivers: ['otlp'], processors: [...(c.enriched === true ? ['k8s_attributes'] : []), 'batch'], exporters: [c.protocol === 'grpc' ? 'otlp_grpc' : 'otlp_http'] } }
        }
      }
      return { port, ...await launch('otelcol', c.enriched === true ? binaries.k8s : binaries.plain, [], config, port, kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig, ...plainLists }) }
    }
  }
}

/** The stand-in answers list and watch, not the streamed lists that newer Kubernetes clients try first. */
const plainLists = { KUBE_FEATURE_WatchListClient: 'false' }

/** By the address of the pod in its resource; both know the option names. */
const enrichment = {
  auth_type: 'kubeConfig',
  wait_for_metadata: true,
  extract: { metadata: ['k8s.namespace.name', 'k8s.pod.name', 'k8s.pod.uid', 'k8s.deployment.name', 'k8s.node.name'] },
  pod_association: [{ sources: [{ from: 'resource_attribute', name: 'k8s.pod.ip' }] }]
}

function goExporter (c: Case, sink: SinkPorts): Record<string, unknown> {
  const compression = c.gzip ? 'gzip' : 'none'
  if (c.protocol === 'http') return { otlp_http: { endpoint: `http://127.0.0.1:${sink.http}`, compression } }
  return { otlp_grpc: { endpoint: `127.0.0.1:${sink.grpc}`, compression, tls: { insecure: true } } }
}

export function tapioCandidate (mode: Mode, nodeOptions: readonly string[] = []): Candidate {
  return {
    name: `tapio ${mode}`,
    start: async (c, sink, kubeconfig) => {
      const [port, metrics] = await Promise.all([freePort(), freePort()])
      const config = {
        receivers: { otlp: { protocols: { [c.protocol]: { endpoint: `127.0.0.1:${port}` } } } },
        processors: { batch, ...(c.enriched === true ? { k8s_attributes: enrichment } : {}) },
        exporters: {
          otlp: {
            ...(c.protocol === 'grpc' ? { endpoint: `127.0.0.1:${sink.grpc}`, tls: { insecure: true } } : { endpoint: `http://127.0.0.1:${sink.http}`, protocol: 'http/protobuf' }),
            compression: c.gzip ? 'gzip' : 'none'
          }
        },
        service: {
          mode,
          telemetry: { metrics: { endpoint: `127.0.0.1:${metrics}` } },
          pipelines: { traces: { receivers: ['otlp'], processors: [...(c.enriched === true ? ['k8s_attributes'] : []), 'batch'], exporters: ['otlp'] } }
        }
      }
      return { port, ...await launchTapio(`tapio ${mode}`, config, port, kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }, nodeOptions) }
    }
  }
}
