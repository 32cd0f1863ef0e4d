/** Single options of a configuration with their values, found by the schemas: plugins' too. */
import type { TSchema } from '@sinclair/typebox'
import { apiSchema } from '../../api/config.js'
import type { Kind } from '../../component/component.js'
import { branchesOf, isSchema, ruleFor } from '../../config/describe.js'
import { sectionOf } from '../../config/shape.js'
import { notation, type Notation } from '../../config/schema.js'
import type { Prepared } from '../prepare.js'

export interface Leaf {
  /** `receivers.otlp.protocols.grpc.endpoint`. */
  readonly path: string
  /** Its last part that is no position in a list. */
  readonly key: string
  readonly value: string
  /** How it is written, when its schema says. */
  readonly mark: Notation | undefined
  /** The map it stands in. */
  readonly beside: Readonly<Record<string, unknown>>
  readonly kind: Kind | 'service'
  readonly type: string
}

/** Texts of all components that are used, and of the service. */
export function leavesOf ({ config, catalog }: Prepared): Leaf[] {
  const { api, metricsServer } = config.service
  const service: Leaf[] = [
    ...(metricsServer.enabled ? [{ path: 'service.telemetry.metrics.endpoint', key: 'endpoint', value: metricsServer.endpoint, mark: 'endpoint' as const, beside: {}, kind: 'service' as const, type: 'metrics' }] : []),
    ...(api === undefined ? [] : walk(apiSchema, api, 'service.api', 'api', {}, 'service', 'api'))
  ]
  return [...service, ...config.components.filter(c => c.used).flatMap(({ id, config: own }) => {
    const schema = catalog.find(id.kind, id.type)?.schema
    return schema === undefined ? [] : walk(schema, own, `${sectionOf[id.kind]}.${id.text}`, id.text, {}, id.kind, id.type)
  })]
}

function walk (rule: TSchema, value: unknown, path: string, key: string, beside: Readonly<Record<string, unknown>>, kind: Leaf['kind'], type: string): Leaf[] {
  if (typeof value === 'string') return [{ path, key, value, mark: notation(rule) ?? markOf(rule), beside, kind, type }]
  if (Array.isArray(value)) {
    const items: unknown = rule['items']
    return value.flatMap((item, i) => walk(isSchema(items) ? items : {} as TSchema, item, `${path}[${i}]`, key, beside, kind, type))
  }
  if (typeof value !== 'object' || value === null) return []
  const map = value as Record<string, unknown>
  const from = branchesOf(rule)?.find(b => b['type'] === 'object') ?? rule
  return Object.entries(map).flatMap(([name, part]) => walk(ruleFor(from, name) ?? {} as TSchema, part, `${path}.${name}`, name, map, kind, type))
}

function markOf (rule: TSchema): Notation | undefined { return branchesOf(rule)?.map(notation).find(m => m !== undefined) }
