/** An identity as attributes: OpenTelemetry's names where it has one, `tapio.` and `systemd.unit` where it has none. */
import type { CgroupIdentity } from './cgroup-path.js'
import type { Found } from './identities.js'

export const identityKeys = {
  containerId: 'container.id',
  runtime: 'container.runtime.name',
  podUid: 'k8s.pod.uid',
  qos: 'tapio.k8s.pod.qos',
  cgroup: 'process.linux.cgroup',
  unit: 'systemd.unit',
  outer: 'tapio.container.outer',
  /** What told: cgroup, memory_cgroup, process, netns. */
  via: 'tapio.identity.via'
} as const

/** Without keys for what is not known. A runtime's monitor is not its container: it has only the pod. */
export function identityAttributes ({ identity, path, via }: Found): Record<string, string> {
  const { kind, containerId, runtime, podUid, qos, unit, outer }: CgroupIdentity = identity
  const isContainer = kind === 'container'
  return compact({
    [identityKeys.containerId]: isContainer ? containerId : undefined,
    [identityKeys.runtime]: isContainer ? runtime : undefined,
    [identityKeys.podUid]: podUid,
    [identityKeys.qos]: qos,
    [identityKeys.cgroup]: path === '' ? undefined : path,
    [identityKeys.unit]: unit,
    [identityKeys.outer]: outer?.join(','),
    [identityKeys.via]: via === 'none' ? undefined : via
  })
}

function compact (values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
