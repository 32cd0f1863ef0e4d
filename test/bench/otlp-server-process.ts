/** One receiver in a process of its own, for otlp-server.ts: says its port, then its CPU time in microseconds when asked. */
import grpc from '@grpc/grpc-js'
import { Value } from '@sinclair/typebox/value'
import { systemClock } from '../../core/component/clock.js'
import { componentId } from '../../core/component/id.js'
import { accepted } from '../../core/component/outcome.js'
import { SharedPressure } from '../../core/pressure/pressure.js'
import { noLookups } from '../../core/component/lookup.js'
import { createServices, createShared } from '../../core/component/services.js'
import { encodeExportResponse } from '../../core/otlp/responses.js'
import { signalFacts } from '../../core/otlp/signals.js'
import { RecordingHost, silentLogger } from '../../core/testing/services.js'
import type { Meter } from '../../core/telemetry/meter.js'
import { schema } from '../../receivers/otlp/config.js'
import { Gate } from '../../receivers/otlp/gate.js'
import { Intake, type Answer } from '../../receivers/otlp/intake.js'
import { ReceiverMetrics } from '../../receivers/otlp/metrics.js'
import { Scratch } from '../../receivers/otlp/scratch.js'
import { OtlpReceiver } from '../../receivers/otlp/receiver.js'

const nothing = (): void => {}
const meter: Meter = { counter: () => ({ add: nothing }), gauge: () => ({ set: nothing }), histogram: () => ({ record: nothing }) }
const next = { consume: () => accepted }
const endpoint = '127.0.0.1:0'

async function startReceiver (protocol: 'grpc' | 'http'): Promise<number> {
  const services = createServices({
    id: componentId('receiver', 'otlp'), config: Value.Default(schema, { protocols: { [protocol]: { endpoint } } }), logger: silentLogger, meter,
    clock: systemClock, status: { ok: nothing, degraded: nothing, recoverableError: nothing, permanentError: nothing }, drops: { add: nothing }, next, outputs: new Map(), nextBorrows: false, shared: createShared(), pressure: new SharedPressure(), senders: { canWait: true }, ...noLookups
  })
  const receiver = new OtlpReceiver(services)
  await receiver.start(new RecordingHost())
  return receiver.ports[protocol] as number
}

/** The least that grpc-js can be asked to do. */
function startGrpcJs (): Promise<number> {
  const intake = new Intake({ next, clock: systemClock, metrics: new ReceiverMetrics(meter), retryAfterMs: 1000, scratch: new Scratch(true), pressure: new SharedPressure() })
  const gate = new Gate(256, 2 ** 27)
  const same = (b: Buffer): Buffer => b
  const server = new grpc.Server()
  const path = signalFacts.traces.grpcPath
  server.addService({ Export: { path, requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same } }, {
    Export: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
      const place = gate.enter()
      if (place?.take(call.request.length) !== true) { callback({ code: 8 }); return }
      const answer = intake.take('grpc', 'traces', 'protobuf', call.request, place) as Answer
      place.leave()
      if (answer.status === 'success') callback(null, encodeExportResponse(answer.partial))
      else callback({ code: 3 })
    }
  })
  return new Promise((resolve, reject) => {
    server.bindAsync(endpoint, grpc.ServerCredentials.createInsecure(), (error, port) => { if (error === null) resolve(port); else reject(error) })
  })
}

process.on('message', () => { const { user, system } = process.cpuUsage(); process.send?.(user + system) })
process.on('disconnect', () => process.kill(process.pid))
const name = process.argv[2]
process.send?.(await (name === 'grpc-js' ? startGrpcJs() : startReceiver(name as 'grpc' | 'http')))
