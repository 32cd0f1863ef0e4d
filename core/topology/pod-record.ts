/** What is remembered of a pod, taken from its object. */
import type { ObjectMeta, Pod } from '../kubernetes/objects.js'
import { listAt, objectAt, textAt, textsAt, valueAt } from './graph/plain.js'
import { controllerOf, grandOwner, type Owner, type Workload } from './workload.js'

export interface ContainerRecord { readonly name: string, readonly image: string }

export interface PodRecord {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly node: string
  /** Milliseconds since the epoch; NaN = not started. */
  readonly startMs: number
  readonly owner: Owner | undefined
  readonly workload: Workload | undefined
  /** Labels and annotations that somebody wants, under the names they are wanted by. */
  readonly tags: Readonly<Record<string, string>>
  /** Empty for pods on their node's network: its address says nothing about them. */
  readonly ips: readonly string[]
  readonly containers: readonly ContainerRecord[]
  /** Of each id: which container, and whether it is the one that runs (or ran last). */
  readonly containerIds: readonly { readonly id: string, readonly container: number, readonly current: boolean }[]
  /** Succeeded or failed: its addresses may be given to another. */
  readonly ended: boolean
}

export type SelectTags = (meta: ObjectMeta) => Readonly<Record<string, string>>

export const noTags: SelectTags = () => ({})

/** Undefined: it does not say who it is. Shapes are checked by nobody before: a wrong one reads like a missing one. */
export function podRecord (pod: Pod, selectTags: SelectTags): PodRecord | undefined {
  const metadata: ObjectMeta = objectAt(pod, 'metadata')
  const [uid, name, namespace] = [textAt(metadata, 'uid'), textAt(metadata, 'name'), textAt(metadata, 'namespace')]
  if (uid === '' || name === '') return undefined
  const owner = controllerOf(metadata)
  const containers = [...listAt(pod, 'spec', 'containers'), ...listAt(pod, 'spec', 'initContainers')].map(c => ({ name: textAt(c, 'name'), image: textAt(c, 'image') }))
  const statuses = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].flatMap(list => listAt(pod, 'status', list))
  const phase = textAt(pod, 'status', 'phase')
  return {
    uid,
    name,
    namespace,
    node: textAt(pod, 'spec', 'nodeName'),
    startMs: Date.parse(textAt(pod, 'status', 'startTime')),
    owner,
    workload: owner === undefined ? undefined : grandOwner(owner, textAt(metadata, 'labels', 'pod-template-hash')),
    tags: selectTags({ ...metadata, labels: textsAt(metadata, 'labels'), annotations: textsAt(metadata, 'annotations') }),
    ips: valueAt(pod, 'spec', 'hostNetwork') === true ? [] : ipsOf(pod),
    containers,
    containerIds: statuses.flatMap(s => idsOf(s, containers.findIndex(c => c.name === textAt(s, 'name')))),
    ended: phase === 'Succeeded' || phase === 'Failed'
  }
}

function ipsOf (pod: Pod): readonly string[] {
  const all = [textAt(pod, 'status', 'podIP'), ...listAt(pod, 'status', 'podIPs').map(p => textAt(p, 'ip'))]
  return [...new Set(all.filter(ip => ip !== ''))]
}

/** The run before the last restart too: its telemetry may still be on the way. */
function idsOf (status: unknown, container: number): PodRecord['containerIds'] {
  const current = textAt(status, 'containerID') || textAt(status, 'state', 'terminated', 'containerID')
  const last = textAt(status, 'lastState', 'terminated', 'containerID')
  return [{ id: current, container, current: true }, { id: last, container, current: false }].filter(c => c.id !== '' && (c.current || last !== current))
}
