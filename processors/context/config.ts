/** Options of the context processor. */
import { Type, type Static } from '@sinclair/typebox'
import { Duration, Enum, Options, Section } from '../../core/config/schema.js'
import { signals } from '../../core/data/enums.js'

const weight = (value: number, what: string) => Type.Number({ default: value, minimum: 0, maximum: 1000, description: what })

export const schema = Options({
  node: Type.String({ default: '', description: 'The node that rows of the `ebpf`, `systemd` and `cni` receivers are from when they do not say it. Empty: what the variable `NODE_NAME` says, else the host\'s name.' }),
  tick: Duration({ default: '1s', minimum: '10ms', maximum: '1h', description: 'How often, by the time of the events, correlation thinks.' }),
  idle: Duration({ default: '2s', minimum: '10ms', maximum: '1h', description: 'Correlation also thinks when no rows came for so long; when they were of now, again and again, and time goes on.' }),
  late_binding: Duration({ default: '2m', maximum: '1h', description: 'How long, by the time of the events, a symptom of an unknown container, pod or address waits to learn whose it is.' }),
  keep: Duration({ default: '1h', minimum: '1m', maximum: '7d', description: 'How long, by the time of the events, a symptom is held after its last event.' }),
  enrich: Type.Boolean({ default: true, description: 'Add Kubernetes attributes to OTLP resources whose pod is known. What is there already stays.' }),
  mark: Type.Array(Enum(signals, { description: 'A signal.' }), { default: ['events'], description: 'Rows of which signals get the columns `symptom` and `symptomId`. Others are looked at all the same; marking OTLP rows means decoding all of their batch.' }),
  confidence: Section({
    signals: Type.Array(Enum(signals, { description: 'A signal.' }), { default: ['events'], description: 'Rows of which signals get the column `confidence`.' }),
    complete_data: weight(0.3, 'Weight of: all is there that an event of its type has. Weights are shares of their sum.'),
    trace_context: weight(0.2, 'Weight of: trace and span are known.'),
    entity_context: weight(0.2, 'Weight of: it is known what it is about.'),
    timestamp_accuracy: weight(0.15, 'Weight of: it was seen within five minutes of when it says that it happened.'),
    known_source: weight(0.15, 'Weight of: what made it is known.'),
    known_sources: Type.Array(Type.String({ minLength: 1 }), { default: ['ebpf', 'kubernetes', 'k8s', 'cni', 'systemd', 'snapshot', 'otlp', 'application', 'system'], description: 'Words of which a known source\'s name has one.' })
  }, { description: 'How sure one may be of an event: the weights of what holds for it.' })
})
export type ContextConfig = Static<typeof schema>
