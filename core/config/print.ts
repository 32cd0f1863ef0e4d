/** A resolved configuration as YAML: the long form, every default written out, in the notation people use. */
import type { TSchema } from '@sinclair/typebox'
import { stringify } from 'yaml'
import { branchesOf, choices, isSchema, ruleFor } from './describe.js'
import { notation, written } from './schema.js'
import { apiSchema } from '../api/config.js'
import { kinds, sectionOf, type ComponentCatalog, type ResolvedConfig, type ServiceSettings } from './shape.js'
import { formatDuration } from './units.js'
import { fits } from './validator.js'

export interface PrintOptions {
  /** `hidden` (the default) prints `[redacted]`; `shown` prints them, for a file that is to be loaded again. */
  readonly secrets?: 'hidden' | 'shown'
}

export const redacted = '[redacted]'

/** Loading what this prints gives the same configuration, unless secrets were hidden. */
export function printConfig (config: ResolvedConfig, catalog: ComponentCatalog, options: PrintOptions = {}): string {
  return stringify(configAsPlain(config, catalog, options), { lineWidth: 0, aliasDuplicateObjects: false })
}

/** The same as plain data. */
export function configAsPlain (config: ResolvedConfig, catalog: ComponentCatalog, { secrets = 'hidden' }: PrintOptions = {}): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  for (const kind of kinds) {
    const section = config.components.filter(({ id }) => id.kind === kind)
    if (section.length === 0) continue
    plain[sectionOf[kind]] = Object.fromEntries(section.map(({ id, config: value }) => {
      const schema = catalog.find(kind, id.type)?.schema ?? {} as TSchema
      return [id.text, asWritten(schema, value, secrets === 'shown')]
    }))
  }
  plain['service'] = { ...servicePlain(config.service, secrets === 'shown'), pipelines: Object.fromEntries(config.pipelines.map(pipeline => [pipeline.name, {
    receivers: pipeline.receivers.map(id => id.text),
    processors: pipeline.processors.map(id => id.text),
    exporters: pipeline.exporters.map(id => id.text)
  }])) }
  return plain
}

function servicePlain (service: ServiceSettings, showSecrets: boolean): Record<string, unknown> {
  return {
    mode: service.mode,
    batch_size: service.batchSize,
    buffer_size: service.bufferSize,
    max_concurrency: service.maxConcurrency,
    tracing: service.tracing,
    profiling: service.profiling,
    metrics: service.metrics,
    shutdown_timeout: formatDuration(service.shutdownTimeoutMs),
    worker_failure: service.workerFailure,
    when_full: service.whenFull,
    enqueue_timeout: formatDuration(service.enqueueTimeoutMs),
    reload: { watch: service.reload.watch, interval: formatDuration(service.reload.intervalMs), drain_timeout: formatDuration(service.reload.drainMs) },
    extensions: service.extensions.map(id => id.text),
    telemetry: { logs: service.logs, metrics: service.metricsServer },
    ...(service.api !== undefined && { api: asWritten(apiSchema, service.api, showSecrets) })
  }
}

/** A typed value in the notation of its schema: what a person would write to get it. */
export function asWritten (schema: TSchema, value: unknown, showSecrets: boolean): unknown {
  const mark = notation(schema)
  if (mark === 'secret' && !showSecrets) return redacted
  if ((mark === 'duration' || mark === 'bytes') && typeof value === 'number') return written(schema, value)
  if (typeof value === 'string') return value.replaceAll('$', '$$$$')
  const branches = choices(schema) === undefined ? branchesOf(schema) : undefined
  const branch = branches?.find(b => fits(b, value))
  if (branch !== undefined) return asWritten(branch, value, showSecrets)
  if (Array.isArray(value)) {
    const items = isSchema(schema['items']) ? schema['items'] : {} as TSchema
    return value.map(item => asWritten(items, item, showSecrets))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, asWritten(ruleFor(schema, key) ?? {} as TSchema, part, showSecrets)]))
}
