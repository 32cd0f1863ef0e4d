/** A resolved configuration as the specification of a graph. */
import type { ResolvedConfig } from '../config/shape.js'
import { serviceDefaults, type GraphSpec } from './spec.js'

/** What no pipeline uses is left out: it was checked, but it is never created. */
export function specOf (config: ResolvedConfig, catalog: readonly string[]): GraphSpec {
  const { service } = config
  return {
    catalog,
    service: {
      ...serviceDefaults,
      mode: service.mode,
      batchSize: service.batchSize,
      bufferSize: service.bufferSize,
      maxConcurrency: service.maxConcurrency,
      shutdownTimeoutMs: service.shutdownTimeoutMs,
      workerFailure: service.workerFailure,
      stallTimeoutMs: service.stallTimeoutMs,
      whenFull: service.whenFull,
      enqueueTimeoutMs: service.enqueueTimeoutMs,
      tracing: service.tracing,
      metrics: service.metrics
    },
    components: config.components.filter(c => c.used).map(c => ({ kind: c.id.kind, id: c.id.text, config: c.config })),
    pipelines: config.pipelines.map(p => ({
      id: p.name,
      signal: p.signal,
      receivers: p.receivers.map(id => id.text),
      processors: p.processors.map(id => id.text),
      exporters: p.exporters.map(id => id.text),
      durable: p.durable
    })),
    extensions: service.extensions.map(id => id.text)
  }
}
