/** What of the `service` section another configuration changes, by how it takes effect. Pure. */
import { isDeepStrictEqual } from 'node:util'
import type { ServiceSettings } from '../config/shape.js'

/**
 * `graph`: by another plan of the graph. `logLevel`, `metricsServer`, `api`: that part alone is set or started again. `process`: only by
 * a restart of the process. `read`: whoever needs it reads it when it does.
 */
type Effect = 'graph' | 'logLevel' | 'metricsServer' | 'api' | 'process' | 'read'

const effects: Readonly<Record<keyof ServiceSettings, Effect>> = {
  mode: 'graph',
  batchSize: 'graph',
  bufferSize: 'graph',
  maxConcurrency: 'graph',
  tracing: 'graph',
  metrics: 'graph',
  workerFailure: 'graph',
  whenFull: 'graph',
  enqueueTimeoutMs: 'graph',
  extensions: 'graph',
  shutdownTimeoutMs: 'read',
  profiling: 'read',
  reload: 'read',
  logs: 'logLevel',
  metricsServer: 'metricsServer',
  api: 'api'
}

export interface ServiceChanges {
  readonly logLevel: boolean
  readonly metricsServer: boolean
  readonly api: boolean
  /** Keys as they are written whose new value waits for a restart of the process. */
  readonly waiting: readonly string[]
  readonly any: boolean
}

export function serviceChanges (before: ServiceSettings, after: ServiceSettings): ServiceChanges {
  const changed = (Object.keys(effects) as (keyof ServiceSettings)[]).filter(key => !isDeepStrictEqual(before[key], after[key]))
  const has = (effect: Effect): boolean => changed.some(key => effects[key] === effect)
  return {
    logLevel: before.logs.level !== after.logs.level,
    metricsServer: has('metricsServer'),
    api: has('api'),
    waiting: before.logs.format === after.logs.format ? [] : ['service.telemetry.logs.format'],
    any: changed.length > 0
  }
}
