/** Faults of `service.api` that only the whole configuration shows. */
import type { TSchema } from '@sinclair/typebox'
import { checkApi, type ApiFault, type Listening } from '../api/config.js'
import { isSchema } from './describe.js'
import type { FaultCode } from './fault-codes.js'
import type { FaultList } from './faults.js'
import { notation } from './schema.js'
import type { Definitions } from './sections.js'
import type { ServiceSettings } from './shape.js'
import { entry, locate, type MapEntry } from './tree.js'

const codes: Readonly<Record<ApiFault['what'], FaultCode>> = { open: 'CFG072', taken: 'CFG073', access: 'CFG074' }

export function checkApiSection (service: MapEntry | undefined, { api }: ServiceSettings, others: readonly Listening[], faults: FaultList): void {
  const section = entry(service?.value, 'api')
  if (api === undefined || section === undefined) return
  for (const { what, path, message, help } of checkApi(api, others)) {
    const { node, key, path: shown } = locate(section.value, section.key, ['service', 'api'], path)
    faults.error(codes[what], node?.at ?? key, shown, message, { help })
  }
}

/** Where a running Tapio listens beside its API. */
export function listening ({ metricsServer }: ServiceSettings, receivers: Definitions['receiver'], used: ReadonlySet<string>): Listening[] {
  const found: Listening[] = metricsServer.enabled ? [{ owner: 'service.telemetry.metrics', endpoint: metricsServer.endpoint }] : []
  for (const [text, { factory, config }] of receivers) {
    if (factory === undefined || !used.has(`receiver ${text}`)) continue
    for (const endpoint of endpointsOf(factory.schema, config)) found.push({ owner: `receiver ${text}`, endpoint })
  }
  return found
}

/** Every option of a receiver that is written as an endpoint is one it listens on. */
function endpointsOf (schema: TSchema, value: unknown): string[] {
  if (notation(schema) === 'endpoint') return typeof value === 'string' ? [value] : []
  const properties: unknown = schema['properties']
  if (typeof value !== 'object' || value === null || !isSchema(properties)) return []
  return Object.entries(properties).flatMap(([key, rule]) => isSchema(rule) ? endpointsOf(rule, (value as Record<string, unknown>)[key]) : [])
}
