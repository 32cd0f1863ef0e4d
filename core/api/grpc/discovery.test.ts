/**
 * Scenario: a client that knows nothing of Tapio asks as grpcurl does (reflection, v1 and v1alpha), and as load balancers and Kubernetes
 * do (grpc.health.v1).
 * Guarantees: services, methods and their REST paths are found, with every file they rest on; health follows Tapio's own and ends with
 * the server; a client that asks and does not read is held back.
 */
import { once } from 'node:events'
import { connect as http2 } from 'node:http2'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { create, createFileRegistry, fromBinary, getOption } from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema, type FileDescriptorProto } from '@bufbuild/protobuf/wkt'
import { credentials, loadPackageDefinition, status as codes, type Client, type ClientDuplexStream, type ClientReadableStream, type GrpcObject, type ServiceClientConstructor, type ServiceError } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { protoPath } from 'grpc-health-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../../testing/fake-clock.js'
import { http } from '../gen/google/api/annotations_pb.js'
import { startServer, type Started, type StartOptions } from './start-for-test.js'

interface Context { start: (options?: StartOptions) => Promise<Started>, end: (() => unknown)[] }
const test = suite<Context>('what a stranger learns over grpc')

test.before.each(context => {
  context.end = []
  context.start = async options => { const started = await startServer(options); context.end.push(() => started.stop()); return started }
})
test.after.each(async ({ end }) => { for (const step of end.reverse()) await step() })

function clientOf (file: string, service: string, endpoint: string, end: Context['end']): Client {
  const found = service.split('.').reduce<GrpcObject>((at, part) => at[part] as GrpcObject, loadPackageDefinition(loadSync(file, { enums: String, oneofs: true })))
  const client = new (found as unknown as ServiceClientConstructor)(endpoint, credentials.createInsecure())
  end.push(() => { client.close() })
  return client
}

interface ReflectionAnswer {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] }
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Uint8Array[] }
  readonly errorResponse?: { readonly errorCode: number }
}
type Reflection = ClientDuplexStream<object, ReflectionAnswer>

const protoFolder = join(dirname(fileURLToPath(import.meta.resolve('@grpc/reflection'))), '..', 'proto')

function reflection (version: 'v1' | 'v1alpha', endpoint: string, end: Context['end']): Reflection {
  const client = clientOf(join(protoFolder, 'grpc', 'reflection', version, 'reflection.proto'), `grpc.reflection.${version}.ServerReflection`, endpoint, end)
  return (client as unknown as { ServerReflectionInfo: () => Reflection }).ServerReflectionInfo().on('error', () => undefined)
}

async function ask (stream: Reflection, request: object): Promise<ReflectionAnswer> {
  stream.write(request)
  const [answer] = await once(stream, 'data') as [ReflectionAnswer]
  return answer
}

for (const version of ['v1', 'v1alpha'] as const) {
  test(`reflection ${version} lists the services and describes them with all they rest on`, async ({ start, end }) => {
    const { endpoint } = await start()
    const stream = reflection(version, endpoint, end)
    const list = await ask(stream, { listServices: '' })
    assert.equal(list.listServicesResponse?.service.map(s => s.name).sort(), ['grpc.health.v1.Health', 'tapio.v1.EventService'])
    // As grpcurl does: the file of the symbol, then by name whatever that imports and has not come.
    const files = new Map<string, FileDescriptorProto>()
    const keep = ({ fileDescriptorResponse }: ReflectionAnswer): void => { for (const bytes of fileDescriptorResponse?.fileDescriptorProto ?? []) { const file = parse(bytes); files.set(file.name, file) } }
    keep(await ask(stream, { fileContainingSymbol: 'tapio.v1.EventService' }))
    for (let missing: string | undefined; (missing = [...files.values()].flatMap(f => f.dependency).find(d => !files.has(d))) !== undefined;) {
      const before = files.size
      keep(await ask(stream, { fileByFilename: missing }))
      assert.ok(files.size > before, `${missing} is not to be had`)
    }
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: ordered('tapio/v1/event_service.proto', files) }))
    const { getEvent } = registry.getService('tapio.v1.EventService')!.method
    assert.equal([getEvent?.input.typeName, getOption(getEvent!, http).pattern], ['tapio.v1.GetEventRequest', { case: 'get', value: '/v1/events/{id}' }])
    for (const symbol of ['grpc.health.v1.HealthListResponse', 'google.rpc.BadRequest']) keep(await ask(stream, { fileContainingSymbol: symbol }))
    const listed = files.get('grpc/health/v1/health.proto')?.messageType.find(m => m.name === 'HealthListResponse')
    assert.equal(listed?.nestedType.map(m => [m.name, m.options?.mapEntry]), [['StatusesEntry', true]], 'clients refuse a map whose entry is not marked as such')
    assert.is((await ask(stream, { fileContainingSymbol: 'tapio.v1.Nothing' })).errorResponse?.errorCode, codes.NOT_FOUND)
    stream.end()
    await once(stream, 'end')
  })
}

/** What a file rests on comes before it. */
function ordered (name: string, files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const file = files.get(name)!
  return [...new Set([...file.dependency.flatMap(d => ordered(d, files)), file])]
}

const parse = (bytes: Uint8Array) => fromBinary(FileDescriptorProtoSchema, bytes)

test('a client that asks and does not read is not answered without end', async ({ start, end }) => {
  const { endpoint } = await start()
  const connection = http2(`http://${endpoint}`)
  end.push(() => { connection.destroy() })
  const stream = connection.request({ ':method': 'POST', ':path': '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', 'content-type': 'application/grpc', te: 'trailers' }).on('error', () => undefined)
  // file_containing_symbol, as gRPC frames it.
  const symbol = 'tapio.v1.EventService'
  const question = Buffer.concat([Buffer.of(0, 0, 0, 0, symbol.length + 2, 0x22, symbol.length), Buffer.from(symbol)])
  const chunk = Buffer.concat(Array<Buffer>(500).fill(question))
  for (let i = 0; i < 100; i++) stream.write(chunk)
  await once(stream, 'response')
  const other = reflection('v1', endpoint, end)
  for (let i = 0; i < 100; i++) await ask(other, { listServices: '' })
  assert.ok(stream.writableLength > 90 * chunk.length, `only ${stream.writableLength} of ${100 * chunk.length} bytes of questions wait with the client`)
  other.end()
  await once(other, 'end')
})

interface HealthClient extends Client {
  Check(request: { service: string }, callback: (error: ServiceError | null, answer?: { status: string }) => void): void
  Watch(request: { service: string }): ClientReadableStream<{ status: string }>
}

test('health follows Tapio\'s, for all and for each service, and ends with the server', async ({ start, end }) => {
  const clock = new FakeClock(Date.now())
  const now: { ready: () => Promise<boolean> } = { ready: async () => true }
  const started = await start({ clock, health: async () => ({ ready: await now.ready() }) })
  const health = clientOf(protoPath, 'grpc.health.v1.Health', started.endpoint, end) as HealthClient
  const check = (service: string): Promise<string> => new Promise(resolve => { health.Check({ service }, (error, answer) => { resolve(answer?.status ?? String(error?.code)) }) })
  assert.equal(await Promise.all(['', 'tapio.v1.EventService', 'nobody'].map(check)), ['SERVING', 'SERVING', String(codes.NOT_FOUND)])

  const watch = health.Watch({ service: '' })
  const seen: string[] = []
  let heard: () => void = () => undefined
  watch.on('data', ({ status }: { status: string }) => { seen.push(status); heard() })
  const next = async (act: () => unknown): Promise<void> => { const one = new Promise<void>(resolve => { heard = resolve }); await act(); await one }
  await next(() => undefined)
  await next(async () => { now.ready = async () => false; await clock.advance(1000) })
  assert.is(await check('tapio.v1.EventService'), 'NOT_SERVING')
  await next(async () => { now.ready = async () => true; await clock.advance(1000) })
  await clock.advance(5000)
  await next(async () => { now.ready = () => Promise.reject(new Error('no answer')); await clock.advance(1000) })
  await next(async () => { now.ready = async () => true; await clock.advance(1000) })
  // Who does not answer at all is not well either.
  await next(async () => { now.ready = () => new Promise(() => undefined); await clock.advance(6000) })
  await next(async () => { now.ready = async () => true; await clock.advance(1000) })
  const ended = once(watch, 'error')
  const stopped = started.stop()
  // The farewell, in case a connection is slow to close.
  const [error] = await ended as [ServiceError]
  await clock.advance(500)
  await stopped
  assert.is(error.code, codes.UNAVAILABLE)
  assert.equal(seen, ['SERVING', 'NOT_SERVING', 'SERVING', 'NOT_SERVING', 'SERVING', 'NOT_SERVING', 'SERVING', 'NOT_SERVING'])
})

test.run()
