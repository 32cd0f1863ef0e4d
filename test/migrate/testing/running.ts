/** Runs a configuration on loopback: free ports for what listens, one OTLP backend for all that is sent. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Instance, planConfig } from '../../../core/instance.js'
import { jsonToProtobuf } from '../../../core/otlp/json-decode.js'
import { signalFacts } from '../../../core/otlp/signals.js'
import { grpcCall, post, until } from '../../../core/otlp/testing/harness.js'
import { silentLogger } from '../../../core/testing/services.js'
import type { ResolvedConfig } from '../../../core/config/shape.js'
import { startReceiver, type Started } from '../../../receivers/otlp/start-for-test.js'
import { freePort } from '../../free-port.js'
import { catalog, load } from './outcome.js'

type Signal = 'traces' | 'metrics' | 'logs'

const requests: Readonly<Record<Signal, object>> = {
  traces: { resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'cart' } }] }, scopeSpans: [{ spans: [{ traceId: '0102030405060708090a0b0c0d0e0f10', spanId: '0102030405060708', name: 'POST /cart', kind: 2, startTimeUnixNano: '1764000000000000000', endTimeUnixNano: '1764000000100000000', status: { code: 2 } }] }] }] },
  metrics: { resourceMetrics: [{ resource: {}, scopeMetrics: [{ metrics: [{ name: 'orders', gauge: { dataPoints: [{ timeUnixNano: '1764000000000000000', asInt: '5' }] } }] }] }] },
  logs: { resourceLogs: [{ resource: {}, scopeLogs: [{ logRecords: [{ timeUnixNano: '1764000000000000000', severityNumber: 17, body: { stringValue: 'order lost' } }] }] }] }
}

interface Listening { readonly id: string, readonly protocol: 'grpc' | 'http', readonly port: number }

/** What was sent was taken by every receiver; `arrived`: signals that the backend got. */
export interface Ran { readonly sent: number, readonly taken: number, readonly arrived: ReadonlySet<string> }

/** Throws when it does not start. `sets` win over what is rewritten. */
export async function run (text: string): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'tapio-migrate-'))
  const backend = await startReceiver()
  let instance: Instance | undefined
  try {
    const { config, listening } = await onLoopback(text, backend, folder)
    const planned = planConfig(config, catalog)
    if (!planned.ok) throw new Error('it makes no graph')
    instance = new Instance(config, planned.plan, silentLogger)
    await instance.start()
    const answers = await Promise.all(listening.flatMap(l => signalsOf(config, l.id).map(signal => send(l, signal))))
    const expected = new Set(listening.flatMap(l => signalsOf(config, l.id)).filter(s => isSent(config, s)))
    await until(() => [...expected].every(s => signalsAt(backend).has(s)), `${[...expected].join(', ')} at the backend`)
    return { sent: answers.length, taken: answers.filter(Boolean).length, arrived: signalsAt(backend) }
  } finally {
    await instance?.stop(2000)
    await backend.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const signalsAt = (backend: Started): ReadonlySet<string> => new Set(backend.next.batches.flatMap(b => [...b].map(row => String(row.signal))))

async function onLoopback (text: string, backend: Started, folder: string): Promise<{ readonly config: ResolvedConfig, readonly listening: readonly Listening[] }> {
  const written = load(text)
  if (!written.ok) throw new Error(written.faults.map(f => f.message).join('; '))
  const sets = ['service::mode=debug', 'service::telemetry::metrics::enabled=false', 'service::telemetry::logs::level=error']
  const listening: Listening[] = []
  for (const { id, config, used } of written.config.components) {
    const type = catalog.find(id.kind, id.type)?.type
    if (id.kind === 'receiver' && type === 'otlp') {
      const { protocols } = config as { protocols: Readonly<Record<string, unknown>> }
      const named = (['grpc', 'http'] as const).filter(p => protocols[p] !== undefined)
      for (const protocol of named.length === 0 ? ['grpc', 'http'] as const : named) {
        const port = await freePort()
        if (used) listening.push({ id: id.text, protocol, port })
        sets.push(`receivers::${id.text}::protocols::${protocol}::endpoint=127.0.0.1:${port}`)
      }
    } else if (id.kind === 'processor' && type === 'batch') {
      sets.push(`processors::${id.text}::timeout=20ms`)
    } else if (id.kind === 'exporter' && type === 'otlp') {
      const { protocol, endpoints, sending_queue: queue, auth } = config as { protocol: string, endpoints?: unknown, sending_queue?: { directory?: string }, auth?: { bearer_token_file?: string } }
      const endpoint = protocol === 'grpc' ? `127.0.0.1:${backend.grpcPort}` : `http://127.0.0.1:${backend.httpPort}`
      sets.push(endpoints === undefined ? `exporters::${id.text}::endpoint=${endpoint}` : `exporters::${id.text}::endpoints=["${endpoint}"]`, `exporters::${id.text}::tls::insecure=true`)
      if (auth?.bearer_token_file !== undefined) {
        const file = join(folder, 'token')
        writeFileSync(file, 'secret', { mode: 0o600 })
        sets.push(`exporters::${id.text}::auth::bearer_token_file=${file}`)
      }
      if (queue?.directory !== undefined) sets.push(`exporters::${id.text}::sending_queue::directory=${join(folder, id.text.replaceAll('/', '-'))}`)
    } else if (id.kind === 'exporter' && type === 'file') {
      sets.push(`exporters::${id.text}::path=${join(folder, id.text.replaceAll('/', '-'))}`)
    }
  }
  const loaded = load(text, sets)
  if (!loaded.ok) throw new Error(loaded.faults.map(f => f.message).join('; '))
  return { config: loaded.config, listening }
}

function signalsOf (config: ResolvedConfig, receiver: string): readonly Signal[] {
  return (['traces', 'metrics', 'logs'] as const).filter(signal => config.pipelines.some(p => (p.signal === signal || p.signal === undefined) && p.receivers.some(r => r.text === receiver)))
}

/** Some pipeline that takes it from a receiver ends in an exporter that sends it, so it must arrive. */
function isSent (config: ResolvedConfig, signal: Signal): boolean {
  return config.pipelines.some(p => p.signal === signal && p.exporters.some(e => e.kind === 'exporter' && catalog.find('exporter', e.type)?.type === 'otlp'))
}

async function send ({ protocol, port }: Listening, signal: Signal): Promise<boolean> {
  const json = Buffer.from(JSON.stringify(requests[signal]))
  if (protocol === 'http') return (await post(port, signalFacts[signal].httpPath, json, { 'content-type': 'application/json' })).code === 200
  const body = jsonToProtobuf(signal, json)
  if (!body.ok) throw new Error(body.error)
  return (await grpcCall(port, signal, body.bytes)).code === 0
}
