import { Type, type Static } from '@sinclair/typebox'
import { Duration, Options, Section } from '../../core/config/schema.js'
import { defaultWeights, type FactorName } from '../../core/impact/weights.js'

const weight = (name: FactorName, description: string) => Type.Number({ default: defaultWeights[name], minimum: 0, maximum: 1000, description })

const slo = Options({
  service: Type.String({ minLength: 1, maxLength: 512, description: '`namespace/name`, or a name in whatever namespace: the `service.name` of its spans, or the name of its workload.' }),
  availability: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'Share of requests that must not fail: `0.999`.' })),
  latency: Type.Optional(Options({
    threshold: Duration({ minimum: '1us', description: 'How long a request may take.' }),
    target: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'Share of requests that must be as fast.' })
  }, { description: 'A promise about how long requests take.' })),
  window: Duration({ default: '1h', minimum: '5m', maximum: '90d', description: 'The period the promise is made for.' })
})

export const schema = Options({
  infrastructure_weights: Section({
    node_criticality: weight('node_criticality', 'The node it is on: control plane, share of all pods, workloads with their only replica there.'),
    service_dependencies: weight('service_dependencies', 'How many use it, directly or over others.'),
    resource_type: weight('resource_type', 'Its kind: a node more than a Service, a Service more than a pod.'),
    cascade_risk: weight('cascade_risk', 'Whether others carry its load when it is gone.'),
    system_namespace: weight('system_namespace', 'Part of the cluster itself.')
  }, { description: 'How much each property of a place matters. Only their proportion counts.' }),
  slos: Type.Array(slo, { default: [], maxItems: 500, description: 'What services promised. Counted from server spans.' })
})
export type ImpactConfig = Static<typeof schema>
