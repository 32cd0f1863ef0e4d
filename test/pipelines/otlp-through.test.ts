/**
 * Scenario: a whole Tapio, built from configuration, in each mode: OTLP clients -> otlp receiver -> rings and threads ->
 * validation, batch -> otlp exporter -> a second otlp receiver.
 * Guarantees: every record arrives once, byte for byte, with fields no schema knows; a filter takes out just its rows; an
 * added attribute changes nothing else; readiness tells the truth about delivery.
 * Does not prove: other machines, TLS.
 */
import { createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { components as builtIn } from '../../core/cli/registry.js'
import { modeNames, type Mode } from '../../core/config/modes.js'
import type { Instance } from '../../core/instance.js'
import { pipeline } from '../../core/library.js'
import { grpcCall, post, until } from '../../core/otlp/testing/harness.js'
import { randomMessage, usual } from '../../core/otlp/testing/messages.js'
import { requestType } from '../../core/otlp/testing/oracle.js'
import { Random } from '../../core/otlp/testing/random.js'
import { recordsOf } from '../../core/otlp/testing/records-of.js'
import { signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'
import { silentLogger } from '../../core/testing/services.js'
import { startReceiver, type Started } from '../../receivers/otlp/start-for-test.js'

const signals: readonly Exclude<OtlpSignal, 'profiles'>[] = ['traces', 'metrics', 'logs']

function freePort (): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

interface Through { readonly tapio: Instance, readonly backend: Started, readonly grpcPort: number, readonly httpPort: number }

async function start (mode: Mode, processors: Record<string, Record<string, unknown> | null>, backendPort?: number): Promise<Through> {
  const [grpcPort, httpPort, backend] = await Promise.all([freePort(), freePort(), startReceiver()])
  let builder = pipeline().withMode(mode).withLogger(silentLogger).withService({ telemetry: { metrics: { enabled: false }, logs: { level: 'error' } } })
    .receiver('otlp', { protocols: { grpc: { endpoint: `127.0.0.1:${grpcPort}` }, http: { endpoint: `127.0.0.1:${httpPort}` } } })
  for (const [id, config] of Object.entries(processors)) builder = builder.processor(id, config)
  const tapio = await builder.exporter('otlp', { endpoint: `127.0.0.1:${backendPort ?? backend.grpcPort}`, compression: 'gzip', tls: { insecure: true } }).build()
  await tapio.start()
  return { tapio, backend, grpcPort, httpPort }
}

async function stop ({ tapio, backend }: Through, timeoutMs?: number): Promise<void> {
  await tapio.stop(timeoutMs)
  await backend.stop()
}

const arrived = (backend: Started): string[] => backend.next.batches.flatMap(b => [...b].map(row => Buffer.from(row.raw ?? []).toString('hex')))

/** Random requests over the whole schema, unknown fields at every level, until there are `atLeast` records of a signal. */
function requests (seed: number, signal: OtlpSignal, atLeast: number): { bodies: Uint8Array[], records: string[] } {
  const random = new Random(seed)
  const bodies: Uint8Array[] = []
  const records: string[] = []
  while (records.length < atLeast) {
    const body = randomMessage(random, requestType(signal), usual)
    bodies.push(body)
    records.push(...recordsOf(body).map(r => r.record))
  }
  return { bodies, records }
}

for (const mode of modeNames) {
  test(`${mode}: every record of every signal arrives once, byte for byte`, async () => {
    const through = await start(mode, { validation: null, batch: { timeout: '20ms' } })
    const sent: string[] = []
    for (const [i, signal] of signals.entries()) {
      const { bodies, records } = requests(100 + i, signal, 150)
      sent.push(...records)
      for (const [n, body] of bodies.entries()) {
        const answer = n % 2 === 0
          ? (await grpcCall(through.grpcPort, signal, body)).code
          : (await post(through.httpPort, signalFacts[signal].httpPath, body, { 'content-type': 'application/x-protobuf' })).code
        assert.is(answer, n % 2 === 0 ? 0 : 200)
      }
    }
    await stop(through)
    const got = arrived(through.backend).sort()
    sent.sort()
    assert.is(got.length, sent.length)
    assert.is(got.filter((record, i) => record !== sent[i]).length, 0, 'records whose bytes differ')
  })
}

const span = (name: string): object => ({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', name, startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now()}000001`, attributes: [{ key: 'n', value: { intValue: '1' } }] })
const sendSpans = (port: number, names: readonly string[]): Promise<{ code: number }> =>
  post(port, '/v1/traces', JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: names.map(span) }] }] }), { 'content-type': 'application/json' })

test('a filter takes out its rows and an attribute is added, through rings and threads', async () => {
  const through = await start('ring-buffer', {
    filter: { exclude: [{ name: 'noise' }] },
    attributes: { actions: [{ key: 'site', value: 'a', action: 'insert' }] },
    batch: { timeout: '10ms' }
  })
  assert.is((await sendSpans(through.httpPort, ['keep', 'noise', 'also'])).code, 200)
  await until(() => through.backend.next.rows === 2, 'two spans at the backend')
  const rows = through.backend.next.batches.flatMap(b => [...b])
  assert.equal(rows.map(r => r.get('name')), ['keep', 'also'])
  assert.equal(rows.map(r => [r.attribute('site'), r.attribute('n')]), [['a', 1], ['a', 1]])
  await stop(through)
})

test('readiness turns false while the backend is away and true when it is back, and nothing is lost in between', async () => {
  const port = await freePort()
  const through = await start('standard', {}, port)
  assert.ok(through.tapio.runtime.health.readiness().ready)
  assert.is((await sendSpans(through.httpPort, ['first'])).code, 200)
  await until(() => !through.tapio.runtime.health.readiness().ready, 'not ready')
  assert.match(through.tapio.runtime.health.readiness().failing[0]?.component ?? '', 'exporter/otlp')
  const back = await startReceiver({ protocols: { grpc: { endpoint: `127.0.0.1:${port}` } } })
  await until(() => back.next.rows === 1, 'the span is delivered', 30_000)
  await until(() => through.tapio.runtime.health.readiness().ready, 'ready again')
  await stop(through)
  await back.stop()
})

test('the registry lists every component once', () => {
  assert.is(new Set(builtIn.map(c => `${c.kind}/${c.type}`)).size, builtIn.length)
})

test.run()
