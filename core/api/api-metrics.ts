/** What the API counts of its calls. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { Counter, Gauge, Histogram, Meter, MetricDeclaration } from '../telemetry/meter.js'
import { auditLost } from './access/audit.js'
import type { CallRecorder } from './dispatch.js'

export const apiCalls: MetricDeclaration = {
  name: 'api_calls', kind: 'counter', unit: '', description: 'Calls of the API that ended, by method and code (`OK` or a gRPC code); those that were refused too.', attributes: ['method', 'code']
}

export const apiCallDuration: MetricDeclaration = {
  name: 'api_call_duration', kind: 'histogram', unit: 'seconds', description: 'How long calls with one answer took, from the decoded request to the answer.', attributes: ['method'],
  bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
}

export const apiOpenCalls: MetricDeclaration = {
  name: 'api_open_calls', kind: 'gauge', unit: '', description: 'Calls under way: with one answer, and streams.', attributes: ['kind']
}

export const apiHttpRefused: MetricDeclaration = {
  name: 'api_http_refused', kind: 'counter', unit: '', description: 'Requests over HTTP that reached no method, by status (404, 415, 421, …); status 0: connections beyond `max_connections`.', attributes: ['status']
}

export const apiMetrics: readonly MetricDeclaration[] = [apiCalls, apiCallDuration, apiOpenCalls, apiHttpRefused, auditLost]

/** Instruments are kept: finding one costs more than the rest of a call's accounting. */
export class CallMetrics implements CallRecorder {
  readonly #counters = new Map<string, Counter>()
  readonly #durations = new Map<DescMethod, Histogram>()
  readonly #open: Readonly<Record<'unary' | 'stream', { readonly gauge: Gauge, count: number }>>

  constructor (readonly meter: Meter) {
    const open = (kind: string): { gauge: Gauge, count: number } => ({ gauge: meter.gauge(apiOpenCalls, { kind }), count: 0 })
    this.#open = { unary: open('unary'), stream: open('stream') }
  }

  begin (method: DescMethod): void { this.#opened(method, 1) }

  end (method: DescMethod, code: string, seconds: number): void {
    this.#opened(method, -1)
    const name = `${method.parent.name}/${method.name}`
    const key = `${name} ${code}`
    let counter = this.#counters.get(key)
    if (counter === undefined) this.#counters.set(key, counter = this.meter.counter(apiCalls, { method: name, code }))
    counter.add(1)
    if (method.methodKind !== 'unary') return
    let duration = this.#durations.get(method)
    if (duration === undefined) this.#durations.set(method, duration = this.meter.histogram(apiCallDuration, { method: name }))
    duration.record(seconds)
  }

  #opened (method: DescMethod, by: 1 | -1): void {
    const open = this.#open[method.methodKind === 'unary' ? 'unary' : 'stream']
    open.gauge.set(open.count += by)
  }
}
