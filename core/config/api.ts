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

export function checkApiSection (service: MapEntry | undefined, { api, metricsServer }: ServiceSettings, definitions: Definitions, used: ReadonlySet<string>, faults: FaultList): void {
  const section = entry(service?.value, 'api')
  if (api === undefined || section === undefined) return
  const others: Listening[] = metricsServer.enabled ? [{ owner: 'service.telemetry.metrics', endpoint: metricsServer.endpoint }] : []
  for (const [text, { factory, config }] of definitions.receiver) {
    if (factory === undefined || !used.has(`receiver ${text}`)) continue
    for (const endpoint of endpointsOf(factory.schema, config)) others.push({ owner: `receiver ${text}`, endpoint })
  }
  for (const { what, path, message, help } of checkApi(api, others)) {
    const { node, key, path: shown } = locate(section.value, section.key, ['service', 'api'], path)
    faults.error(codes[what], node?.at ?? key, shown, message, { help })
  }
}

/** Every option of a receiver that is written as an endpoint is one it listens on. */
function endpointsOf (schema: TSchema, value: unknown): string[] {
  if (notation(schema) === 'endpoint') return typeof value === 'string' ? [value] : []
  const properties: unknown = schema['properties']
  if (typeof value !== 'object' || value === null || !isSchema(properties)) return []
  return Object.entries(properties).flatMap(([key, rule]) => isSchema(rule) ? endpointsOf(rule, (value as Record<string, unknown>)[key]) : [])
}
