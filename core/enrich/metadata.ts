/** Resource attributes from what is known of a pod. */
import type { Attributes } from '../data/attributes.js'
import type { ContainerFacts, PodFacts } from '../topology/pod-facts.js'
import { containerKey, hexOf } from '../topology/keys.js'
import type { MetadataName } from './vocabulary.js'

/** What `wanted` and the pod's tags add to a resource with `attributes`: an attribute that says something stays. */
export function podAttributes (facts: PodFacts, wanted: readonly MetadataName[], attributes: Attributes): Record<string, string> {
  const container = containerOf(facts, attributes)
  const added: Record<string, string> = {}
  const add = (name: string, value: string): void => {
    const had = attributes[name]
    if (value !== '' && (had === undefined || had === '')) added[name] = value
  }
  for (const name of wanted) add(name, valueOf(name, facts, container))
  for (const [name, value] of Object.entries(facts.tags)) add(name, value)
  return added
}

function valueOf (name: MetadataName, facts: PodFacts, container: ContainerFacts | undefined): string {
  const { owner, workload } = facts
  switch (name) {
    case 'k8s.namespace.name': return facts.namespace
    case 'k8s.pod.name': return facts.name
    case 'k8s.pod.uid': return facts.uid
    case 'k8s.pod.ip': return facts.ips[0] ?? ''
    case 'k8s.pod.start_time': return new Date(facts.startMs).toISOString().replace(/\.000Z$/, 'Z')
    case 'k8s.node.name': return facts.node
    case 'k8s.deployment.name': return workload?.kind === 'Deployment' ? workload.name : ''
    case 'k8s.cronjob.name': return workload?.kind === 'CronJob' ? workload.name : ''
    case 'k8s.replicaset.name': case 'k8s.statefulset.name': case 'k8s.daemonset.name': case 'k8s.job.name':
      return owner?.kind === ownerKinds[name] ? owner.name : ''
    case 'k8s.replicaset.uid': case 'k8s.statefulset.uid': case 'k8s.daemonset.uid': case 'k8s.job.uid':
      return owner?.kind === ownerKinds[name] ? owner.uid : ''
    case 'k8s.container.name': return container?.name ?? ''
    case 'container.id': return container?.id ?? ''
    case 'container.image.name': return imageParts(container?.image ?? '').name
    case 'container.image.tag': return imageParts(container?.image ?? '').tag
  }
}

const ownerKinds = {
  'k8s.replicaset.name': 'ReplicaSet', 'k8s.replicaset.uid': 'ReplicaSet', 'k8s.statefulset.name': 'StatefulSet', 'k8s.statefulset.uid': 'StatefulSet',
  'k8s.daemonset.name': 'DaemonSet', 'k8s.daemonset.uid': 'DaemonSet', 'k8s.job.name': 'Job', 'k8s.job.uid': 'Job'
} as const

/** By `container.id`, by `k8s.container.name`, or the only one. */
function containerOf ({ containers }: PodFacts, attributes: Attributes): ContainerFacts | undefined {
  const { 'container.id': id, 'k8s.container.name': name } = attributes
  const key = typeof id === 'string' ? containerKey(id) : undefined
  const byId = key === undefined ? undefined : containers.find(c => c.id === hexOf(key))
  if (byId !== undefined) return byId
  if (typeof name === 'string' && name !== '') return containers.find(c => c.name === name)
  return containers.length === 1 ? containers[0] : undefined
}

/** `registry:5000/team/app:1.2@sha256:…`: a colon begins a tag only after the last slash. No tag and no digest means latest. */
export function imageParts (image: string): { readonly name: string, readonly tag: string } {
  const [path = '', digest] = image.split('@')
  const colon = path.indexOf(':', path.lastIndexOf('/') + 1)
  if (colon >= 0) return { name: path.slice(0, colon), tag: path.slice(colon + 1) }
  return { name: path, tag: path === '' || digest !== undefined ? '' : 'latest' }
}
