/** A started receiver with everything it talks to, for the tests beside it. */
import { Value } from '@sinclair/typebox/value'
import { systemClock, type Clock } from '../../core/component/clock.js'
import { deadlineIn, RecordingHost, testBench, type TestBench } from '../../core/testing/services.js'
import { schema } from './config.js'
import { OtlpReceiver } from './receiver.js'

export interface Started extends TestBench {
  readonly receiver: OtlpReceiver
  readonly grpcPort: number
  readonly httpPort: number
  stop(withinMs?: number): Promise<void>
  /** Requests counted, of all or of the attributes given: `{ outcome: 'malformed' }`. */
  counted(attributes?: Readonly<Record<string, string>>): number
}

export const anyPort = { grpc: { endpoint: '127.0.0.1:0' }, http: { endpoint: '127.0.0.1:0' } }

export async function startReceiver (config: object = {}, clock: Clock = systemClock): Promise<Started> {
  const bench = testBench('receiver', 'otlp', Value.Default(schema, { protocols: structuredClone(anyPort), ...config }), { clock })
  const receiver = new OtlpReceiver(bench.services)
  await receiver.start(new RecordingHost())
  return {
    ...bench,
    receiver,
    grpcPort: receiver.ports.grpc ?? 0,
    httpPort: receiver.ports.http ?? 0,
    stop: (withinMs = 5000) => receiver.stop(deadlineIn(withinMs)),
    counted: (attributes = {}) => {
      let total = 0
      for (const [key, value] of bench.meter.values) {
        if (key.startsWith('otlp_receiver_requests{') && Object.entries(attributes).every(([k, v]) => key.includes(`${k}="${v}"`))) total += value
      }
      return total
    }
  }
}

/** Runs `use` on a started receiver and stops it whatever happens. */
export async function withReceiver (config: object, use: (started: Started) => Promise<void>, clock?: Clock): Promise<void> {
  const started = await startReceiver(config, clock)
  try { await use(started) } finally { await started.stop() }
}
