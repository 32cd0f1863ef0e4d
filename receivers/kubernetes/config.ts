/** Options of the kubernetes receiver. */
import { Type, type Static } from '@sinclair/typebox'
import type { ConfigFault } from '../../core/component/factory.js'
import { ByteSize, Duration, Enum, Options, Section } from '../../core/config/schema.js'
import { accessFaults, accessOptions } from '../../core/kubernetes/access-options.js'
import { resourceNames, watchables } from '../../core/kubernetes/watchable.js'

const names = (description: string) => Type.Array(Type.String({ minLength: 1, maxLength: 63 }), { default: [], uniqueItems: true, maxItems: 100, description })

const selector = Options({
  label: Type.Optional(Type.String({ minLength: 1, description: 'A label selector: `app in (cart, pay),tier!=cache`.' })),
  field: Type.Optional(Type.String({ minLength: 1, description: 'A field selector, as far as the API server knows the field: `spec.nodeName=node-1`.' }))
})

export const defaultCheckpoint = '/var/lib/tapio/kubernetes.checkpoint'

export const schema = Options({
  ...accessOptions,
  resources: Type.Array(Enum(resourceNames), { default: [...resourceNames], minItems: 1, uniqueItems: true, description: 'What to watch. One that the API server does not have, or that we may not see, is reported once and left out.' }),
  namespaces: names('Only these; each is watched by itself, so that a Role in each is enough. Empty = all.'),
  exclude_namespaces: names('Not these.'),
  selectors: Type.Record(Type.String(), selector, { default: {}, description: 'By resource: `{pods: {label: app=cart}}`. Only what they select is watched.' }),
  objects: Enum(['changes', 'all', 'none'], { default: 'changes', description: 'Where whole objects go along as the raw record (without managed fields, secrets and what looks like some): `changes`: with what changed, and the name of what is gone. `all`: also an event for every object that is found or goes, and for every change that means nothing by itself, for those who keep their own picture of the cluster. `none`: nowhere.' }),
  events_since: Duration({ default: '10m', maximum: '24h', description: 'At a first start, or after a longer absence than the API server remembers: Events that were last seen within this time are told, older ones are only remembered.' }),
  checkpoint: Section({
    enabled: Type.Boolean({ default: true, description: 'Remember across restarts what was told, so that nothing is told twice and what happened meanwhile is not missed. Where the file cannot be written, a warning says so and everything else goes on.' }),
    file: Type.String({ minLength: 1, default: defaultCheckpoint, description: 'Of this receiver alone; mode 0600.' }),
    interval: Duration({ default: '30s', minimum: '100ms', maximum: '1h', description: 'How often it is written while something changes; always at the end. After a crash, what was told since then is told again, with the same ids.' })
  }),
  max_objects: Type.Integer({ default: 500_000, minimum: 1000, maximum: 10_000_000, description: 'Objects remembered at a time, of all resources. More are counted and not compared.' }),
  max_queue_size: ByteSize({ default: '32MiB', minimum: '1MiB', maximum: '4GiB', description: 'Events on their way into the pipeline. When it is full, the API server is not read until there is room.' }),
  max_batch_rows: Type.Integer({ default: 1000, minimum: 1, maximum: 65_535, description: 'Events in a batch.' }),
  heartbeat_grace: Duration({ default: '10s', maximum: '10m', description: 'How long after its lease has run out a node counts as silent.' })
})
export type KubernetesConfig = Static<typeof schema>

/** What the schema cannot say. */
export function checkConfig (config: KubernetesConfig): ConfigFault[] {
  const faults = accessFaults(config)
  for (const name of Object.keys(config.selectors)) {
    if (!Object.hasOwn(watchables, name)) faults.push({ path: ['selectors', name], message: `no such resource; there are ${resourceNames.join(', ')}` })
    else if (!config.resources.some(r => r === name)) faults.push({ path: ['selectors', name], message: `\`resources\` does not name ${name}, so that this selects nothing` })
  }
  const both = config.namespaces.filter(n => config.exclude_namespaces.includes(n))
  if (both.length > 0) faults.push({ path: ['exclude_namespaces'], message: `${both.join(', ')}: also in \`namespaces\`` })
  return faults
}
