/**
 * Scenario: a Tapio whose API's thread is killed while events flow, and such that cannot serve at all. Guarantees: pipelines go on
 * without loss, the death is counted and seen on the health board, the API is served again; an endpoint in use is an error of the start
 * that names it, and leaves nothing running.
 */
import { createServer, type AddressInfo } from 'node:net'
import { create } from '@bufbuild/protobuf'
import { Client, credentials } from '@grpc/grpc-js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pipelineOf } from '../../builder.js'
import type { Instance } from '../../instance.js'
import { RecordingLogger } from '../../testing/services.js'
import { valueOf } from '../../telemetry/snapshot.js'
import { HealthCheckRequestSchema, type HealthCheckResponse } from '../gen/tapio/v1/runtime_pb.js'
import { TapioService } from '../gen/tapio/v1/tapio_service_pb.js'
import { methodDefinition } from '../grpc/definition.js'

const test = suite('api: thread')
const catalog = [new URL('../../testing/components.js', import.meta.url).href]
const rows = 200_000

function build (logger: RecordingLogger, api: object): Promise<Instance> {
  return pipelineOf(catalog).withMode('standard').withLogger(logger)
    .withService({ api, shutdown_timeout: '30s', telemetry: { metrics: { enabled: false } } })
    .receiver('test_source', { rows, batch_rows: 500, rows_per_second: 100_000 }).exporter('test_sink').build()
}

function health (address: string): Promise<HealthCheckResponse> {
  const client = new Client(address, credentials.createInsecure())
  const { path, requestSerialize, responseDeserialize } = methodDefinition(TapioService.method.healthCheck)
  return new Promise<HealthCheckResponse>((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, create(HealthCheckRequestSchema), (error, answer) => {
      client.close()
      if (error === null) resolve(answer as HealthCheckResponse)
      else reject(error)
    })
  })
}

/** Resolves when the board shows the API in `state`. */
function shown (tapio: Instance, state: string): Promise<void> {
  return new Promise(resolve => {
    const release = tapio.runtime.health.onChange(health => {
      if (health.component !== 'thread/api' || health.state !== state) return
      release()
      resolve()
    })
  })
}

test('killed while events flow: nothing is lost, and it is served again', async () => {
  const logger = new RecordingLogger()
  const tapio = await build(logger, { grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: '127.0.0.1:0' } })
  const { api } = await tapio.start()
  assert.is((await health(api?.grpc ?? '')).status, 'serving')
  const [dead, back] = [shown(tapio, 'recoverable_error'), shown(tapio, 'ok')]
  await tapio.killApi()
  await dead
  assert.is(tapio.runtime.health.readiness().ready, false)
  await back
  await new Promise(resolve => setImmediate(resolve))
  const again = logger.lines.find(line => line.message === 'the API is served again')?.fields?.['grpc'] as string
  const { status, components } = await health(again)
  assert.equal([status, components.find(c => c.component === 'thread/api')?.state], ['serving', 'ok'])
  await tapio.endRequested
  await tapio.stop()
  const count = (name: string, attributes = {}): number => Number(valueOf(tapio.snapshot(), name, attributes))
  assert.equal([count('tapio_test_sink_events_total'), count('tapio_worker_deaths_total', { thread: 'api' }), count('tapio_api_calls_total', { method: 'TapioService/HealthCheck', code: 'OK' })], [rows, 1, 2])
})

test('an endpoint that is in use is an error of the start', async () => {
  const taken = createServer()
  await new Promise<void>(resolve => { taken.listen(0, '127.0.0.1', resolve) })
  const { port } = taken.address() as AddressInfo
  try {
    const logger = new RecordingLogger()
    const tapio = await build(logger, { grpc: { endpoint: `127.0.0.1:${port}` }, http: { endpoint: '127.0.0.1:0' } })
    assert.match(await tapio.start().then(() => 'it started', (error: Error) => error.message), new RegExp(`grpc.*127\\.0\\.0\\.1:${port}.*EADDRINUSE`))
    assert.equal([tapio.runtime.health.readiness().graph, logger.lines.some(line => line.message.includes('started again'))], ['stopped', false])
  } finally { await new Promise(resolve => taken.close(resolve)) }
})

test('a token file that is not there is an error of the start that names it', async () => {
  const tapio = await build(new RecordingLogger(), { grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: '127.0.0.1:0' }, auth: { tokens: [{ name: 'a', token_file: '/nowhere/token' }] } })
  assert.match(await tapio.start().then(() => 'it started', (error: Error) => error.message), /token "a": token_file "\/nowhere\/token" cannot be read/)
})

test.run()
