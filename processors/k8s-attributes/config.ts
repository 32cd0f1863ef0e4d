/** Options of the k8s_attributes processor: names and meanings of the Collector's k8sattributes. */
import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Enum, Options, Section } from '../../core/config/schema.js'
import { defaultMetadata, metadataNames, sourceNames } from '../../core/enrich/vocabulary.js'
import { accessOptions } from '../../core/kubernetes/access-options.js'

const source = Options({
  from: Enum(['resource_attribute', 'connection'], { description: 'An attribute of the resource, or the address the batch came from.' }),
  name: Type.Optional(Enum(sourceNames, { description: 'from: resource_attribute: which.' }))
})

const association = Options({
  sources: Type.Array(source, { minItems: 1, maxItems: 4, description: 'All of them must be there and fit the same pod.' })
})

const defaultAssociations: Static<typeof association>[] = [
  { sources: [{ from: 'resource_attribute', name: 'k8s.pod.uid' }] },
  { sources: [{ from: 'resource_attribute', name: 'k8s.pod.ip' }] },
  { sources: [{ from: 'connection' }] }
]

const field = Options({
  key: Type.Optional(Type.String({ minLength: 1, description: 'The label or annotation.' })),
  key_regex: Type.Optional(Type.String({ minLength: 1, maxLength: 1024, description: 'Instead of `key`: all whose whole key matches (RE2 syntax).' })),
  tag_name: Type.Optional(Type.String({ minLength: 1, description: 'The attribute to write; with `key_regex`, `$1` is its first group. Left out: `k8s.pod.labels.<key>` or `k8s.pod.annotations.<key>`.' }))
})

export const schema = Options({
  ...accessOptions,
  extract: Section({
    metadata: Type.Array(Enum(metadataNames), { default: defaultMetadata, description: 'What to write. `k8s.deployment.name` and `k8s.cronjob.name` come from the owner\'s name, so that only pods need to be watched.' }),
    labels: Type.Array(field, { default: [], description: 'Labels of the pod to write.' }),
    annotations: Type.Array(field, { default: [], description: 'Annotations of the pod to write.' })
  }, { description: 'Which attributes resources get. One that is there already is left alone.' }),
  pod_association: Type.Array(association, { default: defaultAssociations, minItems: 1, description: 'How the pod of a resource is found: the first rule that finds one counts.' }),
  filter: Section({
    node: Type.String({ default: '', description: 'Only pods of this node.' }),
    node_from_env_var: Type.String({ default: '', description: 'The same, by the name of an environment variable: for a DaemonSet, set from `spec.nodeName`.' }),
    namespace: Type.String({ default: '', description: 'Only pods of this namespace; then a Role is enough.' })
  }, { description: 'Which pods to watch. Empty = all.' }),
  wait_for_metadata: Type.Boolean({ default: false, description: 'Do not start before all pods are known; fail when that takes longer than `wait_for_metadata_timeout`.' }),
  wait_for_metadata_timeout: Duration({ default: '10s', description: 'How long `wait_for_metadata` waits.' }),
  deleted_pod_grace: Duration({ default: '2m', description: 'How long a deleted pod is still found: its last telemetry comes late.' }),
  max_cache_size: ByteSize({ default: '32MiB', minimum: '64KiB', description: 'Finished resources kept for the next batch.' })
})
export type K8sAttributesConfig = Static<typeof schema>
export type Association = Static<typeof association>
export type Field = Static<typeof field>
