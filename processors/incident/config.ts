import { Type, type Static } from '@sinclair/typebox'
import { Duration, Options, Section } from '../../core/config/schema.js'

export const schema = Options({
  confidence_threshold: Type.Number({ default: 0.5, minimum: 0, maximum: 1, description: 'Links less sure than this explain nothing.' }),
  group_retention_period: Duration({ default: '30m', description: 'Symptoms, findings and resolved incidents are kept for this long after their last event.' }),
  window: Duration({ default: '5m', description: 'Trouble of one workload that begins within this time is one incident.' }),
  open_weight: Type.Number({ default: 0.5, minimum: 0, maximum: 1, description: 'How sure it must be that something is wrong before an incident opens: one critical symptom, or two that are high.' }),
  resolve_after: Duration({ default: '10m', description: 'An incident without new evidence for this long is over.' }),
  settle: Duration({ default: '3s', description: 'A finding must hold for this long before it counts: what has not been listed yet is not missing.' }),
  silent_findings: Type.Boolean({ default: false, description: 'Tell also of wrongly made objects that no trouble has come of yet.' }),
  patterns: Type.Array(Type.String({ minLength: 1 }), { default: [], description: 'Directories or files of patterns beside those that come with Tapio. What is wrong in them is logged with its line, the rest works.' }),
  patterns_reload: Duration({ default: '5s', description: 'How often it is looked whether pattern files have changed; then they are read again, and all is judged anew. 0: never.' }),
  emit: Section({
    document: Type.Boolean({ default: true, description: 'The whole document as the raw record of the event `tapio.incident`: what the store and the command line read.' }),
    trace: Type.Boolean({ default: true, description: 'A trace too, when an incident opens and when its cause changes, for existing backends.' })
  }),
  restore_from: Type.Optional(Type.String({ minLength: 1, description: 'Directory of the `store` exporter: incidents that are open there are gone on with after a start, under their id. Left out: a new process opens incidents of its own for what goes on.' })),
  max_incidents: Type.Integer({ default: 1000, minimum: 1, maximum: 100_000, description: 'Held at once; resolved ones make room.' }),
  max_symptoms: Type.Integer({ default: 5000, minimum: 10, maximum: 100_000, description: 'Symptoms that take part in the search for causes, the worst first.' }),
  max_subjects: Type.Integer({ default: 500, minimum: 1, maximum: 100_000, description: 'Objects near trouble that patterns are asked about at a tick, and a fifth as many others; the rest waits for the next.' })
})
export type IncidentConfig = Static<typeof schema>
