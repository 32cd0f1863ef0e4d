/** The clients of the API's bench, a process: asks and follows for some seconds, and sends back how long answers took. */
import { create, type DescMethodServerStreaming, type DescMethodUnary, type MessageInitShape } from '@bufbuild/protobuf'
import { Client, credentials, Metadata, type ClientReadableStream } from '@grpc/grpc-js'
import { CorrelationService } from '../../../core/api/gen/tapio/v1/correlation_service_pb.js'
import { EventService } from '../../../core/api/gen/tapio/v1/event_service_pb.js'
import { TapioService } from '../../../core/api/gen/tapio/v1/tapio_service_pb.js'
import { methodDefinition } from '../../../core/api/grpc/definition.js'

export interface LoadOrder {
  readonly grpc: string
  readonly http: string
  readonly seconds: number
  readonly clients: number
  readonly streams: number
  /** Clients that open a stream and never read. */
  readonly deaf: number
}

export interface LoadResult {
  readonly kinds: readonly { readonly kind: string, readonly latenciesMs: readonly number[], readonly errors: number }[]
  readonly received: Readonly<Record<string, number>>
}

const everyMs = 500

type Ask = (client: Client) => Promise<void>

/** A channel is a connection of its own only when it is told so. */
function connect (address: string): Client {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  open.push(client)
  return client
}
const open: Client[] = []

function unary<M extends DescMethodUnary> (method: M, request: () => MessageInitShape<M['input']>): Ask {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
  return client => new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, create(method.input, request()), new Metadata(), { deadline: Date.now() + 30_000 }, error => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}

function stream<M extends DescMethodServerStreaming> (client: Client, method: M, request: MessageInitShape<M['input']>): ClientReadableStream<unknown> {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
  return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, create(method.input, request)).on('error', () => undefined)
}

const lastMinute = (): { seconds: bigint } => ({ seconds: BigInt(Math.floor(Date.now() / 1000) - 60) })
const pod = (): number => Math.floor(Math.random() * 500)

const kinds = (http: string): Readonly<Record<string, Ask>> => ({
  'incidents, newest 20': unary(CorrelationService.method.getIncidents, () => ({ page: { size: 20 } })),
  'events, newest 50': unary(EventService.method.getEvents, () => ({ page: { size: 50 } })),
  'events, errors of a pod': unary(EventService.method.getEvents, () => ({ filter: { minSeverity: 'error', entity: { name: `pod-${pod()}` }, since: lastMinute() }, page: { size: 50 } })),
  'events, text': unary(EventService.method.getEvents, () => ({ filter: { text: `container ${pod()}` }, page: { size: 20 } })),
  'statistics, a minute': unary(EventService.method.getStatistics, () => ({ filter: { since: lastMinute() } })),
  pipelines: unary(TapioService.method.getPipelines, () => ({})),
  info: unary(TapioService.method.getServiceInfo, () => ({})),
  'REST events, newest 50': async () => {
    const response = await fetch(`${http}/v1/events?page.size=50`)
    if (!response.ok) throw new Error(`${response.status}`)
    await response.arrayBuffer()
  }
})

async function load ({ grpc, http, seconds, clients, streams, deaf }: LoadOrder): Promise<LoadResult> {
  const asks = Object.entries(kinds(http))
  const results = new Map(asks.map(([kind]) => [kind, { kind, latenciesMs: [] as number[], errors: 0 }]))
  const received: Record<string, number> = {}
  const followed = Array.from({ length: streams }, (_, i) => follow(connect(grpc), i, kind => { received[kind] = (received[kind] ?? 0) + 1 }))
  const unread = Array.from({ length: deaf }, () => stream(connect(grpc), EventService.method.subscribe, { filter: { since: lastMinute() } }).pause())
  const endMs = performance.now() + seconds * 1000
  await Promise.all(Array.from({ length: clients }, async (_, i) => {
    const client = connect(grpc)
    for (let turn = i; ; turn++) {
      // Each begins somewhere in the first interval and keeps its pace; who waits long for an answer asks less.
      const waitMs = turn === i ? everyMs * i / clients : everyMs
      await new Promise(resolve => setTimeout(resolve, waitMs))
      if (performance.now() > endMs) break
      const [kind, ask] = asks[turn % asks.length] as (typeof asks)[number]
      const result = results.get(kind) as { latenciesMs: number[], errors: number }
      const startedMs = performance.now()
      await ask(client).then(() => { result.latenciesMs.push(performance.now() - startedMs) }, () => { result.errors++ })
    }
  }))
  for (const call of [...followed, ...unread]) call.cancel()
  for (const client of open) client.close()
  return { kinds: [...results.values()], received }
}

function follow (client: Client, i: number, onMessage: (kind: string) => void): ClientReadableStream<unknown> {
  const kind = (['subscribe', 'watch', 'tap'] as const)[i % 3] as 'subscribe' | 'watch' | 'tap'
  const call = {
    subscribe: () => stream(client, EventService.method.subscribe, { maxEventsPerSecond: 1000 }),
    watch: () => stream(client, TapioService.method.watchPipelines, {}),
    tap: () => stream(client, TapioService.method.tap, { edge: 'exporter/store', maxEventsPerSecond: 20 })
  }[kind]()
  return call.on('data', () => { onMessage(kind) })
}

process.once('message', (order: LoadOrder) => {
  void load(order).then(result => process.send?.(result, () => process.disconnect()))
})
