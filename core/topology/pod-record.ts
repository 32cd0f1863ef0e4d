/** What is remembered of a pod, taken from its object. */
import type { ContainerStatus, ObjectMeta, Pod } from '../kubernetes/objects.js'
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

export function podRecord (pod: Pod, selectTags: SelectTags): PodRecord | undefined {
  const { metadata = {}, spec = {}, status = {} } = pod
  const { uid = '', name = '', namespace = '' } = metadata
  if (uid === '' || name === '') return undefined
  const owner = controllerOf(metadata)
  const containers = [...spec.containers ?? [], ...spec.initContainers ?? []].map(c => ({ name: c.name ?? '', image: c.image ?? '' }))
  const statuses = [...status.containerStatuses ?? [], ...status.initContainerStatuses ?? [], ...status.ephemeralContainerStatuses ?? []]
  return {
    uid,
    name,
    namespace,
    node: spec.nodeName ?? '',
    startMs: Date.parse(status.startTime ?? ''),
    owner,
    workload: owner === undefined ? undefined : grandOwner(owner, metadata.labels?.['pod-template-hash'] ?? ''),
    tags: selectTags(metadata),
    ips: spec.hostNetwork === true ? [] : ipsOf(status),
    containers,
    containerIds: statuses.flatMap(s => idsOf(s, containers.findIndex(c => c.name === s.name))),
    ended: status.phase === 'Succeeded' || status.phase === 'Failed'
  }
}

function ipsOf (status: NonNullable<Pod['status']>): readonly string[] {
  const all = [status.podIP, ...(status.podIPs ?? []).map(p => p.ip)]
  return [...new Set(all.filter(ip => ip !== undefined && ip !== '') as string[])]
}

/** The run before the last restart too: its telemetry may still be on the way. */
function idsOf (status: ContainerStatus, container: number): PodRecord['containerIds'] {
  const current = status.containerID ?? status.state?.terminated?.containerID ?? ''
  const last = status.lastState?.terminated?.containerID ?? ''
  return [{ id: current, container, current: true }, { id: last, container, current: false }].filter(c => c.id !== '' && (c.current || last !== current))
}
