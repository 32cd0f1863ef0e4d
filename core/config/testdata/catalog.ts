/** A small catalog of made-up components that together use every kind of option. Their `create` is never called here. */
import { Type, type TSchema } from '@sinclair/typebox'
import type { Kind } from '../../component/component.js'
import { defineComponent, type ComponentFactory, type Signal } from '../../component/factory.js'
import { ByteSize, Duration, Endpoint, Enum, Options, Secret, Section, Url } from '../schema.js'
import { signals, type ComponentCatalog } from '../shape.js'

function fake (kind: Kind, type: string, schema: TSchema, more: Partial<ComponentFactory> = {}): ComponentFactory {
  return defineComponent({
    kind, type, schema, description: `A made-up ${kind}.`, stability: 'beta', signals, concurrency: 'stateless', metrics: [], drops: {},
    create: () => { throw new Error('not part of these tests') },
    ...more
  })
}

const otel: readonly Signal[] = ['traces', 'metrics', 'logs']

const tls = Options({ cert_file: Type.String(), key_file: Type.String(), key_password: Type.Optional(Secret()) })

const otlpReceiver = Options({
  protocols: Section({
    grpc: Type.Optional(Options({
      endpoint: Endpoint({ default: '127.0.0.1:4317', description: 'Where to listen.' }),
      max_message: ByteSize({ default: '4MiB', minimum: '1KiB', maximum: '1GiB', description: 'Largest message.' }),
      idle_timeout: Type.Optional(Duration({ minimum: '1s' })),
      tls: Type.Optional(tls)
    })),
    http: Type.Optional(Options({ endpoint: Endpoint({ default: '127.0.0.1:4318' }), cors_origins: Type.Optional(Type.Array(Type.String({ format: 'uri' }), { uniqueItems: true })) }))
  })
})

const sender = {
  timeout: Duration({ default: '5s', minimum: '1ms', maximum: '10m', description: 'How long one try may take.' }),
  retry: Type.Union([Type.Literal(false), Options({ initial: Duration({ default: '100ms' }), max_tries: Type.Integer({ default: 5, minimum: 1 }) })], { default: { initial: 100, max_tries: 5 } }),
  compression: Enum(['none', 'gzip', 'zstd'], { default: 'gzip' })
}

const auth = Type.Union([
  Options({ type: Type.Literal('bearer'), token: Secret() }),
  Options({ type: Type.Literal('basic'), user: Type.String(), password: Secret() })
])

const action = Type.Union([
  Options({ action: Type.Literal('insert'), key: Type.String(), value: Type.Union([Type.String(), Type.Number(), Type.Boolean()]) }),
  Options({ action: Type.Literal('delete'), key: Type.String() })
])

const factories: readonly ComponentFactory[] = [
  fake('receiver', 'otlp', otlpReceiver, { signals: otel }),
  fake('receiver', 'file', Options({ path: Type.String({ minLength: 1 }), speed: Type.Number({ default: 1, exclusiveMinimum: 0 }) })),
  fake('receiver', 'kmsg', Options({ levels: Type.Array(Type.Integer({ minimum: 0, maximum: 7 }), { default: [0, 1, 2, 3], maxItems: 8 }) }), { signals: ['events'] }),
  fake('processor', 'validation', Options({ max_age: Duration({ default: '24h', minimum: '1s' }) })),
  fake('processor', 'batch', Options({ size: Type.Integer({ default: 1000, minimum: 1, maximum: 100_000 }), timeout: Duration({ default: '200ms', minimum: '1ms', maximum: '1m' }) }), {
    check: config => (config as { size: number }).size === 666 ? [{ path: ['size'], message: 'size 666 is cursed' }] : []
  }),
  fake('processor', 'filter', Options({
    keep: Type.Boolean({ default: true }),
    names: Type.Array(Type.String({ pattern: '^[a-z.]+$' }), { minItems: 1, uniqueItems: true })
  })),
  fake('processor', 'attributes', Options({ actions: Type.Array(action, { minItems: 1 }) })),
  fake('exporter', 'debug', Options({ verbosity: Enum(['basic', 'normal', 'detailed'], { default: 'normal' }) })),
  fake('exporter', 'otlp', Options({
    endpoint: Endpoint(),
    ...sender,
    auth: Type.Optional(auth),
    headers: Type.Optional(Type.Record(Type.String(), Secret()))
  }), {
    signals: otel,
    check: config => {
      const { headers } = config as { headers?: Record<string, string> }
      return headers?.['x-bad'] === undefined ? [] : [{ path: ['headers', 'x-bad'], message: `the header value ${headers['x-bad']} is refused` }]
    }
  }),
  fake('exporter', 'web', Options({ url: Url(), token: Type.Optional(Secret()), ...sender })),
  fake('exporter', 'file', Options({ path: Type.String(), format: Enum(['msgpack', 'json']), rotate: Type.Optional(Type.Union([ByteSize({ minimum: '1MiB' }), Type.Literal('never')])) })),
  fake('exporter', 'bomb', Options({}), { check: () => { throw new Error('check is broken') } }),
  fake('exporter', 'broken', Type.Unsafe({ type: 'object', properties: { a: { type: 'nonsense' } } })),
  fake('connector', 'forward', Options({})),
  fake('connector', 'routing', Options({ table: Type.Array(Options({ when: Type.String(), pipelines: Type.Array(Type.String(), { minItems: 1 }) }), { minItems: 1 }) })),
  fake('extension', 'health_check', Options({ endpoint: Endpoint({ default: '127.0.0.1:13133' }) }))
]

export function catalogOf (all: readonly ComponentFactory[]): ComponentCatalog {
  return {
    find: (kind, type) => all.find(factory => factory.kind === kind && factory.type === type),
    types: kind => all.filter(factory => factory.kind === kind).map(factory => factory.type)
  }
}

export const catalog = catalogOf(factories)

/** The same with components that the short form names and this build may get one day. */
export const fullCatalog = catalogOf([
  ...factories,
  fake('receiver', 'ebpf', Options({ programs: Type.Array(Enum(['syscalls', 'network', 'memory', 'process'])) })),
  fake('receiver', 'kubernetes', Options({ watch_all_namespaces: Type.Boolean(), exclude_namespaces: Type.Array(Type.String()) })),
  fake('processor', 'context', Options({})),
  fake('processor', 'k8s_correlation', Options({ time_window: Duration({ default: '5m' }), min_correlation_score: Type.Number({ default: 0.5 }) })),
  fake('processor', 'temporal_correlation', Options({ time_window: Duration({ default: '5m' }) })),
  fake('processor', 'impact', Options({ infrastructure_weights: Type.Optional(Type.Record(Type.String(), Type.Number())) })),
  fake('processor', 'incident', Options({ confidence_threshold: Type.Number({ default: 0.5 }), group_retention_period: Duration({ default: '10m' }) }))
])
