/**
 * How what hurts one thing can come from another, as data: ways through the topology from the one that suffers to the one that
 * may be to blame. An edge's meaning is in topology/graph/edge-kinds.ts; `walk.ts` goes these ways, `propagation.ts` says what
 * may travel on them.
 */
import type { EdgeKind } from '../topology/graph/edge-kinds.js'
import type { LinkKind } from './link.js'

export const relationNames = [
  'same', 'node', 'host', 'parts', 'owner', 'backends', 'serving', 'counted', 'claim', 'storage', 'config', 'account', 'policy', 'routes', 'scaler',
  'limits', 'node_agent', 'calls', 'calls_policy', 'cluster_nodes', 'cluster_dns', 'control_plane'
] as const
export type RelationName = (typeof relationNames)[number]

export interface Step {
  readonly edges: readonly EdgeKind[]
  /** As the edge points, or against it. */
  readonly direction: 'out' | 'in'
  /** Kinds of objects it may lead to; left out = any. */
  readonly to?: readonly string[]
  /** Gone up to so many times; each arrival counts. Left out = 1. */
  readonly repeat?: number
}

export interface Way {
  /** Kinds of what suffers. */
  readonly from: readonly string[]
  readonly steps: readonly Step[]
  /** As the distance factor counts it: 1 = next to each other, whatever objects lie between. */
  readonly distance: number
}

export interface Relation {
  readonly kind: LinkKind
  /** `{cause}` and `{effect}` are filled in. */
  readonly words: string
  /** Left out: found otherwise than by walking (reach.ts). */
  readonly ways?: readonly Way[]
}

export const workloads = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicationController'] as const
const podsAndWorkloads = ['Pod', ...workloads]

const owners: Step = { edges: ['owner'], direction: 'out', to: workloads, repeat: 2 }
const owned: Step = { edges: ['owner'], direction: 'in', to: podsAndWorkloads, repeat: 2 }
const slices: Step = { edges: ['endpoints_of'], direction: 'in' }
const targets: Step = { edges: ['endpoint', 'unready_endpoint'], direction: 'out', to: ['Pod'] }
const selected: Step = { edges: ['selects'], direction: 'out', to: ['Pod'] }
const way = (from: readonly string[], steps: readonly Step[], distance = 1): Way => ({ from, steps, distance })

export const relations: Readonly<Record<RelationName, Relation>> = {
  same: { kind: 'same_entity', words: 'both are about {effect}' },
  node: { kind: 'placement', words: '{effect} runs on {cause}', ways: [way(['Pod'], [{ edges: ['runs_on'], direction: 'out' }])] },
  host: { kind: 'placement', words: '{effect} depends on {cause} of its node' },
  parts: { kind: 'ownership', words: '{cause} is part of {effect}', ways: [way(workloads, [owned])] },
  owner: { kind: 'ownership', words: '{effect} belongs to {cause}', ways: [way(podsAndWorkloads, [owners])] },
  backends: { kind: 'selector', words: '{effect} sends its traffic to {cause}', ways: [way(['Service'], [selected]), way(['Service'], [slices, targets])] },
  serving: { kind: 'selector', words: '{effect} sends its traffic to pods of {cause}', ways: [way(['Service'], [selected, owners]), way(['Service'], [slices, targets, owners])] },
  counted: { kind: 'selector', words: '{effect} counts {cause}', ways: [way(['PodDisruptionBudget'], [{ edges: ['disruption_budget'], direction: 'out', to: ['Pod'] }])] },
  claim: {
    kind: 'volume', words: '{effect} needs the volume of {cause}',
    ways: [way(podsAndWorkloads, [{ edges: ['mounts_claim'], direction: 'out' }]), way(podsAndWorkloads, [{ edges: ['mounts_claim'], direction: 'out' }, { edges: ['binds', 'storage_class'], direction: 'out' }], 2)]
  },
  storage: { kind: 'volume', words: '{effect} gets its volume from {cause}', ways: [way(['PersistentVolumeClaim', 'PersistentVolume'], [{ edges: ['binds', 'storage_class'], direction: 'out' }])] },
  config: {
    kind: 'config', words: '{effect} takes its configuration from {cause}',
    ways: [
      way(podsAndWorkloads, [{ edges: ['config_env', 'config_volume', 'pull_secret'], direction: 'out' }]),
      way(podsAndWorkloads, [{ edges: ['service_account'], direction: 'out' }, { edges: ['pull_secret'], direction: 'out' }]),
      way(['Ingress'], [{ edges: ['tls_secret'], direction: 'out' }])
    ]
  },
  account: { kind: 'service_account', words: '{effect} acts as {cause}', ways: [way(podsAndWorkloads, [{ edges: ['service_account'], direction: 'out' }])] },
  policy: {
    kind: 'policy', words: '{cause} restricts the traffic of {effect}',
    ways: [
      way(['Pod'], [{ edges: ['network_policy'], direction: 'in' }]),
      way(workloads, [owned, { edges: ['network_policy'], direction: 'in' }]),
      way(['Service'], [selected, { edges: ['network_policy'], direction: 'in' }])
    ]
  },
  routes: { kind: 'dependency', words: '{effect} routes to {cause}', ways: [way(['Ingress'], [{ edges: ['routes'], direction: 'out' }])] },
  scaler: {
    kind: 'ownership', words: '{cause} sets the replicas of {effect}',
    ways: [way(workloads, [{ edges: ['scales'], direction: 'in' }]), way(['Pod'], [owners, { edges: ['scales'], direction: 'in' }])]
  },
  limits: { kind: 'quota', words: '{cause} limits what {effect} may create or use' },
  node_agent: {
    kind: 'placement', words: '{cause} serves the node that {effect} runs on',
    ways: [way(['Pod'], [{ edges: ['runs_on'], direction: 'out' }, { edges: ['runs_on'], direction: 'in', to: ['Pod'] }])]
  },
  calls: { kind: 'dependency', words: '{effect} calls {cause}' },
  calls_policy: { kind: 'policy', words: '{cause} restricts the traffic of what {effect} calls' },
  cluster_nodes: { kind: 'placement', words: '{effect} found no room as {cause} takes no pods' },
  cluster_dns: { kind: 'dependency', words: '{effect} resolves names through {cause}' },
  control_plane: { kind: 'dependency', words: '{effect} waits for {cause}' }
}
