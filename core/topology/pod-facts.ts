/** What an index answers about one pod, put together when asked. */
import { hexOf, ipText, uidText } from './keys.js'
import type { PodIndex } from './pod-index.js'
import type { ContainerRecord } from './pod-record.js'
import type { Owner, Workload } from './workload.js'

export interface ContainerFacts extends ContainerRecord {
  /** 64 hex digits; '' when it has not run. */
  readonly id: string
}

export interface PodFacts {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly node: string
  /** Milliseconds since the epoch. Of a pod that has not started: when it was first seen. */
  readonly startMs: number
  readonly deleted: boolean
  readonly owner: Owner | undefined
  readonly workload: Workload | undefined
  readonly tags: Readonly<Record<string, string>>
  readonly ips: readonly string[]
  readonly containers: readonly ContainerFacts[]
}

export function factsOf (index: PodIndex, slot: number): PodFacts {
  const { slots, strings } = index
  const text = (column: Uint32Array): string => strings.at(column[slot] as number)
  const [owner, workload] = (text(slots.owner) === '' ? [] : JSON.parse(text(slots.owner))) as [Owner?, (Workload | null)?]
  const containers = (JSON.parse(text(slots.containers)) as ContainerRecord[]).map(c => ({ ...c, id: '' }))
  for (const entry of index.containers.siblings(slots.containerEntry[slot] as number)) {
    const value = index.containers.value(entry)
    const container = containers[(value % 512) >> 1]
    if (container !== undefined && value % 2 === 1) container.id = hexOf(index.containers.key(entry))
  }
  return {
    uid: index.oddUids.get(slot) ?? uidText(index.uids.key(slots.uidEntry[slot] as number)),
    name: slots.names[slot] as string,
    namespace: text(slots.namespace),
    node: text(slots.node),
    startMs: slots.startMs[slot] as number,
    deleted: slots.state[slot] !== 1,
    owner,
    workload: workload ?? undefined,
    tags: text(slots.tags) === '' ? {} : JSON.parse(text(slots.tags)) as Record<string, string>,
    ips: [...index.ips.siblings(slots.ipEntry[slot] as number)].map(e => ipText(index.ips.key(e))).reverse(),
    containers
  }
}
