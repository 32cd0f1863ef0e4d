/** Test doubles for component authors: everything a component is given, recording what it does with it. */
import type { Clock } from '../component/clock.js'
import type { Deadline, Host, Kind } from '../component/component.js'
import { componentId } from '../component/id.js'
import { lookupsBy, noLookups, type AskPeer } from '../component/lookup.js'
import { createServices, createShared, type Services, type Shared } from '../component/services.js'
import type { StatusReporter } from '../component/status.js'
import { SharedPressure, type Pressure } from '../pressure/pressure.js'
import type { LogFields, Logger } from '../telemetry/logger.js'
import type { Meter, MetricAttributes, MetricDeclaration } from '../telemetry/meter.js'
import { FakeClock } from './fake-clock.js'
import { CollectingConsumer, Sink } from './sink.js'
export { CollectingConsumer, Sink }

export class RecordingLogger implements Logger {
  readonly lines: { level: string, message: string, fields?: LogFields }[] = []
  debug (message: string, fields?: LogFields): void { this.#add('debug', message, fields) }
  info (message: string, fields?: LogFields): void { this.#add('info', message, fields) }
  warn (message: string, fields?: LogFields): void { this.#add('warn', message, fields) }
  error (message: string, fields?: LogFields): void { this.#add('error', message, fields) }
  child (): Logger { return this }
  #add (level: string, message: string, fields?: LogFields): void {
    this.lines.push(fields === undefined ? { level, message } : { level, message, fields })
  }
}

const silence = (): void => undefined
/** Keeps nothing: for benchmarks. */
export const silentLogger: Logger = { debug: silence, info: silence, warn: silence, error: silence, child: () => silentLogger }

/** Sums by `name{attribute="value"}`; gauges keep the last value, histograms their count. */
export class RecordingMeter implements Meter {
  readonly values = new Map<string, number>()
  counter (d: MetricDeclaration, a?: MetricAttributes): { add: (n: number) => void } {
    return { add: n => { this.values.set(key(d, a), (this.values.get(key(d, a)) ?? 0) + n) } }
  }

  gauge (d: MetricDeclaration, a?: MetricAttributes): { set: (v: number) => void } {
    return { set: v => { this.values.set(key(d, a), v) } }
  }

  histogram (d: MetricDeclaration, a?: MetricAttributes): { record: (v: number) => void } {
    return { record: () => { this.values.set(key(d, a), (this.values.get(key(d, a)) ?? 0) + 1) } }
  }
}

function key (d: MetricDeclaration, a: MetricAttributes = {}): string {
  const text = Object.entries(a).sort(([x], [y]) => (x < y ? -1 : 1)).map(([k, v]) => `${k}="${v}"`).join(',')
  return text === '' ? d.name : `${d.name}{${text}}`
}

export class RecordingStatus implements StatusReporter {
  readonly events: string[] = []
  ok (): void { this.events.push('ok') }
  degraded (reason: string): void { this.events.push(`degraded: ${reason}`) }
  recoverableError (reason: string): void { this.events.push(`recoverable: ${reason}`) }
  permanentError (reason: string): void { this.events.push(`permanent: ${reason}`) }
}

export class RecordingHost implements Host {
  readonly failures: Error[] = []
  readonly finished: string[] = []
  fail (error: Error): void { this.failures.push(error) }
  finish (reason: string): void { this.finished.push(reason) }
}

export interface TestBench {
  readonly services: Services
  readonly next: Sink
  readonly logger: RecordingLogger
  readonly meter: RecordingMeter
  readonly status: RecordingStatus
  readonly host: RecordingHost
  readonly drops: Map<string, number>
  readonly clock: Clock
}

/** Services for one component under test; `outputs` names the outputs of a connector. */
export function testBench (kind: Kind, id: string, config: unknown, options: { readonly clock?: Clock, readonly outputs?: readonly string[], readonly nextBorrows?: boolean, readonly shared?: Shared, readonly pressure?: Pressure, readonly sendersCanWait?: boolean, /** What other components answer; left out: there are none. */ readonly peers?: AskPeer } = {}): TestBench & { readonly outputs: Map<string, Sink> } {
  const next = new Sink()
  const logger = new RecordingLogger()
  const meter = new RecordingMeter()
  const status = new RecordingStatus()
  const drops = new Map<string, number>()
  const clock = options.clock ?? new FakeClock()
  const outputs = new Map((options.outputs ?? []).map(name => [name, new Sink()]))
  const services = createServices({
    id: componentId(kind, id), config, logger, meter, clock, status, next, outputs, nextBorrows: options.nextBorrows ?? false, shared: options.shared ?? createShared(), pressure: options.pressure ?? new SharedPressure(), senders: { canWait: options.sendersCanWait ?? true },
    ...(options.peers === undefined ? noLookups : lookupsBy(options.peers)),
    drops: { add: (reason, rows) => { drops.set(reason, (drops.get(reason) ?? 0) + rows) } }
  })
  return { services, next, logger, meter, status, host: new RecordingHost(), drops, clock, outputs }
}

/** A deadline `ms` from now on the real clock. */
export function deadlineIn (ms: number): Deadline {
  return { signal: AbortSignal.timeout(ms), atMs: performance.now() + ms }
}
