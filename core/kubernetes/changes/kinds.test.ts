import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { KubeObject } from '../objects.js'
import { kubeKinds } from '../watchable.js'
import { changesOf, heartbeatLost, leaseMs, reduced } from './index.js'
import { changes, nowMs, object, told, type Draft } from './testing.js'

const conditions = (...all: [type: string, status: string, reason?: string][]): Draft => ({ conditions: all.map(([type, status, reason]) => ({ type, status, reason })) })

test('Node: conditions and their end, cordon, taints, boots, room', () => {
  const node = (status: Draft, spec: Draft = {}): Draft => ({ metadata: { namespace: undefined }, spec, status })
  assert.equal(told('Node', node(conditions(['Ready', 'True'])), node(conditions(['Ready', 'Unknown', 'NodeStatusUnknown']))), ['node_condition NodeStatusUnknown critical node_failure [True -> Unknown]'])
  assert.equal(told('Node', node(conditions(['Ready', 'True'])), node(conditions(['Ready', 'False', 'KubeletNotReady']))), ['node_condition NodeNotReady critical node_failure [True -> False]'])
  assert.equal(told('Node', node(conditions(['MemoryPressure', 'False'])), node(conditions(['MemoryPressure', 'True', 'KubeletHasInsufficientMemory']))), ['node_condition KubeletHasInsufficientMemory high node_pressure [False -> True]'])
  assert.equal(told('Node', node(conditions(['Ready', 'False'])), node(conditions(['Ready', 'True']))), ['node_recovered NodeReady info recovery [False -> True]'])
  assert.equal(told('Node', node({}), node({}, { unschedulable: true })), ['node_cordoned NodeNotSchedulable medium node_maintenance'])
  assert.equal(told('Node', node({}), node({}, { taints: [{ key: 'gpu', value: 'no', effect: 'NoExecute' }, { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] })), ['node_tainted TaintAdded medium node_maintenance [ -> gpu=no:NoExecute]'])
  assert.equal(told('Node', node({ nodeInfo: { bootID: 'a' } }), node({ nodeInfo: { bootID: 'b' } })), ['node_rebooted Rebooted high node_failure [a -> b]'])
  assert.equal(told('Node', node({ allocatable: { memory: '8Gi' } }), node({ allocatable: { memory: '4Gi' } })), ['allocatable_changed AllocatableChanged medium capacity_change [8Gi -> 4Gi]'])
  assert.equal(told('Node', undefined, node(conditions(['Ready', 'True'], ['DiskPressure', 'True', 'KubeletHasDiskPressure']))), ['node_condition KubeletHasDiskPressure high node_pressure [ -> True]'])
})

test('Lease: a heartbeat that came late, one that did not come', () => {
  const lease = (renewTime: string): Draft => ({ metadata: { name: 'node-1', namespace: 'kube-node-lease' }, spec: { leaseDurationSeconds: 40, renewTime } })
  assert.equal(told('Lease', lease('2026-01-01T00:00:00Z'), lease('2026-01-01T00:00:10Z')), [])
  const [late] = changes('Lease', lease('2026-01-01T00:00:00Z'), lease('2026-01-01T00:02:00Z'))
  assert.equal([late?.change, late?.about.kind, late?.about.name], ['heartbeat_resumed', 'Node', 'node-1'])
  assert.is(leaseMs(object(lease(''), 1)), 40_000)
  assert.match(heartbeatLost(object(lease('2026-01-01T00:00:00Z'), 1), 41_000).message, /no heartbeat for 41 s/)
})

const deployment = (status: Draft, spec: Draft = {}): Draft => ({ spec: { replicas: 3, ...spec }, status: { observedGeneration: 1, replicas: 3, updatedReplicas: 3, availableReplicas: 3, ...status } })

test('Deployment: scale, loss, recovery; a new one and one that grows are no failure', () => {
  assert.equal(told('Deployment', deployment({}), deployment({}, { replicas: 5 })), ['scaled Scaled info scaling [3 -> 5]'])
  assert.equal(told('Deployment', deployment({}), deployment({ availableReplicas: 2 })), ['workload_degraded Degraded warning service_degradation [healthy -> degraded]'])
  assert.equal(told('Deployment', deployment({}), deployment({ availableReplicas: 0 })), ['workload_unavailable Unavailable high service_failure [healthy -> unavailable]'])
  assert.equal(told('Deployment', deployment({ availableReplicas: 0 }), deployment({})), ['workload_recovered Recovered info recovery [unavailable -> healthy]'])
  assert.equal(told('Deployment', undefined, { spec: { replicas: 3 }, status: {} }), [])
  assert.equal(told('Deployment', { spec: { replicas: 3 }, status: {} }, deployment({ availableReplicas: 0 })), [])
  assert.equal(told('Deployment', undefined, deployment({ availableReplicas: 0 })), ['workload_unavailable Unavailable high service_failure [ -> unavailable]'])
})

test('Deployment: a rollout tells what changes, begins, gets stuck and ends', () => {
  const template = (image: string, env: Draft[] = []): Draft => ({ template: { spec: { containers: [{ name: 'main', image, env, livenessProbe: { httpGet: { path: '/', httpHeaders: [{ name: 'Authorization', value: 'Bearer s3cret' }] } } }] } } })
  const before = deployment({}, template('cart:1', [{ name: 'MODE', value: 'a' }, { name: 'DB_PASSWORD', value: 'old-secret' }]))
  const after = deployment({}, template('cart:2', [{ name: 'MODE', value: 'b' }, { name: 'DB_PASSWORD', value: 'new-secret' }]))
  assert.equal(told('Deployment', before, after), [
    'image_changed ImageChanged low configuration_change [cart:1 -> cart:2]',
    'env_changed EnvChanged low configuration_change [a -> b]',
    'env_changed EnvChanged low configuration_change [(hidden) -> (hidden)]',
    'rollout_started RolloutStarted info rollout'
  ])
  assert.not.match(JSON.stringify([changes('Deployment', before, after), reduced('Deployment', object(before, 1))], (_, v: unknown) => typeof v === 'bigint' ? String(v) : v), /secret|s3cret/)
  const stuck = deployment(conditions(['Progressing', 'False', 'ProgressDeadlineExceeded']))
  assert.equal(told('Deployment', deployment(conditions(['Progressing', 'True'])), stuck), ['rollout_failed ProgressDeadlineExceeded high rollout_failure [True -> False]'])
  assert.equal(told('Deployment', deployment({ updatedReplicas: 2 }), deployment({})), ['rollout_complete RolloutComplete info rollout'])
})

test('ReplicaSet, StatefulSet, DaemonSet, Job, CronJob', () => {
  assert.equal(told('ReplicaSet', { status: {} }, { status: conditions(['ReplicaFailure', 'True', 'FailedCreate']) }), ['rollout_failed FailedCreate high rollout_failure [ -> True]'])
  assert.equal(told('StatefulSet', deployment({}), deployment({ availableReplicas: 1 })), ['workload_degraded Degraded warning service_degradation [healthy -> degraded]'])
  const daemon = (numberAvailable: number): Draft => ({ status: { observedGeneration: 1, desiredNumberScheduled: 3, numberAvailable, updatedNumberScheduled: 3 } })
  assert.equal(told('DaemonSet', daemon(3), daemon(0)), ['workload_unavailable Unavailable high service_failure [healthy -> unavailable]'])
  assert.equal(told('Job', { status: { failed: 1 } }, { status: { failed: 2, ...conditions(['Failed', 'True', 'BackoffLimitExceeded']) } }), ['job_pod_failed PodFailed warning job_failure [1 -> 2]', 'job_failed BackoffLimitExceeded high job_failure'])
  assert.equal(told('CronJob', { spec: { schedule: '* * * * *' } }, { spec: { schedule: '0 * * * *', suspend: true } }), ['suspend_changed SuspendChanged low configuration_change [false -> true]', 'schedule_changed ScheduleChanged low configuration_change [* * * * * -> 0 * * * *]'])
})

test('Service, EndpointSlice, Ingress, NetworkPolicy, LimitRange', () => {
  assert.equal(told('Service', { spec: { selector: { app: 'a' } } }, { spec: { selector: { app: 'b' } } }), ['service_changed SelectorChanged medium configuration_change [{"app":"a"} -> {"app":"b"}]'])
  const slice = (...ready: boolean[]): Draft => ({ metadata: { labels: { 'kubernetes.io/service-name': 'cart' } }, endpoints: ready.map((r, i) => ({ addresses: [`10.0.0.${i}`], conditions: { ready: r } })) })
  const [lost] = changes('EndpointSlice', slice(true, true), slice(true, false))
  assert.equal([lost?.change, lost?.about.kind, lost?.about.name, lost?.message], ['endpoints_lost', 'Service', 'cart', 'Service shop/cart: lost 1 ready endpoint (10.0.0.1), 1 left'])
  assert.equal(told('EndpointSlice', slice(true), slice(false)), ['no_endpoints NoEndpoints high service_failure [1 -> 0]'])
  assert.equal(told('EndpointSlice', slice(), slice(true)), ['endpoints_gained EndpointsGained info recovery [0 -> 1]'])
  assert.equal(told('EndpointSlice', slice(true), undefined), ['endpoints_lost EndpointsLost warning service_degradation [1 -> 0]'])
  assert.equal(told('NetworkPolicy', { spec: { policyTypes: ['Ingress'] } }, { spec: { policyTypes: ['Egress'] } }), ['policy_changed NetworkPolicyChanged medium policy_change [["Ingress"] -> ["Egress"]]'])
  assert.equal(told('LimitRange', { spec: { limits: [1] } }, { spec: { limits: [2] } }), ['policy_changed LimitRangeChanged medium policy_change [[1] -> [2]]'])
  assert.equal(told('Ingress', { spec: { ingressClassName: 'a' } }, { spec: { ingressClassName: 'b' } }), ['ingress_changed IngressChanged low configuration_change [a -> b]'])
})

test('volumes, claims, classes', () => {
  assert.equal(told('PersistentVolumeClaim', undefined, { status: { phase: 'Pending' } }), ['claim_pending ClaimPending warning storage_failure [ -> Pending]'])
  assert.equal(told('PersistentVolumeClaim', { status: { phase: 'Pending' } }, { spec: { volumeName: 'pv' }, status: { phase: 'Bound' } }), ['claim_bound ClaimBound info lifecycle [Pending -> Bound]'])
  assert.equal(told('PersistentVolumeClaim', { status: { phase: 'Bound' } }, { status: { phase: 'Lost' } }), ['claim_lost ClaimLost high storage_failure [Bound -> Lost]'])
  assert.equal(told('PersistentVolume', { status: { phase: 'Bound' } }, { status: { phase: 'Failed' } }), ['volume_failed VolumeFailed high storage_failure [Bound -> Failed]'])
  assert.equal(told('StorageClass', { reclaimPolicy: 'Delete' }, { reclaimPolicy: 'Retain' }), ['policy_changed StorageClassChanged medium policy_change [Delete -> Retain]'])
})

test('quotas, autoscalers, budgets, accounts, namespaces', () => {
  const quota = (used: string): Draft => ({ status: { hard: { pods: '10' }, used: { pods: used } } })
  assert.equal(told('ResourceQuota', quota('5'), quota('9')), ['quota_near QuotaNearlyExhausted warning resource_shortage [free -> near]'])
  assert.equal(told('ResourceQuota', quota('9'), quota('10')), ['quota_exhausted QuotaExhausted high resource_shortage [near -> full]'])
  assert.equal(told('ResourceQuota', quota('10'), quota('1')), ['quota_relieved QuotaRelieved info recovery [full -> free]'])
  assert.equal(told('HorizontalPodAutoscaler', { status: { desiredReplicas: 2 } }, { status: { desiredReplicas: 9, ...conditions(['ScalingLimited', 'True', 'TooManyReplicas']) } }), ['autoscaler_limited TooManyReplicas warning capacity_limit [ -> True]', 'scaled AutoscalerScaled info scaling [2 -> 9]'])
  const budget = (disruptionsAllowed: number, currentHealthy: number): Draft => ({ status: { disruptionsAllowed, currentHealthy, desiredHealthy: 2, expectedPods: 3 } })
  assert.equal(told('PodDisruptionBudget', budget(1, 3), budget(0, 2)), ['budget_exhausted BudgetExhausted warning disruption_blocked [free -> exhausted]'])
  assert.equal(told('PodDisruptionBudget', budget(0, 2), budget(0, 1)), ['budget_violated BudgetViolated warning service_degradation [exhausted -> violated]'])
  assert.equal(told('ServiceAccount', {}, { automountServiceAccountToken: false }), ['policy_changed ServiceAccountChanged medium policy_change [ -> false]'])
  assert.equal(told('Namespace', {}, { status: { phase: 'Terminating', ...conditions(['NamespaceContentRemaining', 'True', 'SomeResourcesRemain']) } }), ['namespace_terminating NamespaceTerminating medium removal [ -> Terminating]', 'namespace_stuck SomeResourcesRemain warning removal'])
})

test('ConfigMap and Secret: the version, never what is in them', () => {
  for (const kind of ['ConfigMap', 'Secret'] as const) {
    const all = [changes(kind, { data: { k: 'hush-1' } }, { data: { k: 'hush-2' } }), reduced(kind, object({ data: { k: 'hush-1' } }, 1))]
    assert.not.match(JSON.stringify(all), /hush/)
    assert.equal(told(kind, {}, {}), [`config_changed ${kind}Changed medium configuration_change [1 -> 2]`])
  }
  assert.equal(told('ConfigMap', {}, { metadata: { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } } }), [])
})

test('Event of either API: the object it is about, its count and time, and how bad the reason is', () => {
  const older = { metadata: { name: 'e' }, involvedObject: { kind: 'Pod', namespace: 'shop', name: 'cart', uid: 'p', fieldPath: 'spec.containers{main}' }, reason: 'BackOff', type: 'Warning', message: 'Back-off restarting', count: 4, lastTimestamp: '2026-01-01T10:00:00Z', source: { component: 'kubelet', host: 'node-1' } }
  const newer = { metadata: { name: 'e' }, regarding: older.involvedObject, reason: 'BackOff', type: 'Warning', note: 'Back-off restarting', deprecatedCount: 4, deprecatedLastTimestamp: '2026-01-01T10:00:00Z', reportingController: 'kubelet', deprecatedSource: { host: 'node-1' } }
  const [one] = changes('Event', undefined, older)
  assert.equal(changes('Event', undefined, newer), [one])
  assert.equal([one?.severity, one?.intent, one?.about, one?.container, one?.timeMs, one?.message], ['warning', 'pod_crash_loop', { kind: 'Pod', name: 'cart', namespace: 'shop', uid: 'p' }, { name: 'main' }, Date.UTC(2026, 0, 1, 10), 'Pod shop/cart: Back-off restarting'])
  assert.is(one?.attributes?.['k8s.event.count'], 4n)
  assert.equal(told('Event', older, older), [])
  assert.is(told('Event', older, { ...older, count: 5 }).length, 1)
  const severity = (reason: string, type: string): string | undefined => changes('Event', undefined, { ...older, reason, type })[0]?.severity
  assert.equal([severity('Evicted', 'Normal'), severity('Started', 'Normal'), severity('FailedSomething', 'Warning'), severity('Odd', 'Warning')], ['critical', 'info', 'high', 'warning'])
})

test('the same version tells the same by the same keys, whether a list or a watch brought it', () => {
  const bad = { status: { phase: 'Pending' } }
  const listed = changes('PersistentVolumeClaim', undefined, bad).filter(c => c.change !== 'created')
  assert.equal(changes('PersistentVolumeClaim', {}, bad).map(c => c.key), listed.map(c => c.key))
})

test('an object comes and goes once, whatever version it is seen to be there or gone at', () => {
  const pod = (uid: string, resourceVersion: string): KubeObject => ({ metadata: { name: 'a', namespace: 'shop', uid, resourceVersion } })
  const keys = (change: string, object: KubeObject, other: KubeObject): boolean => {
    const of = (o: KubeObject): string | undefined => changesOf('Pod', change === 'created' ? undefined : o, change === 'created' ? o : undefined, nowMs).find(c => c.change === change)?.key
    return of(object) === of(other) && of(object) !== undefined
  }
  for (const change of ['created', 'deleted']) {
    assert.ok(keys(change, pod('u', '5'), pod('u', '9')), change)
    assert.not.ok(keys(change, pod('u', '5'), pod('v', '5')), `${change}: another object of that name`)
  }
})

test('objects without anything in them, and of wrong shapes at the leaves, tell nothing and break nothing', () => {
  for (const kind of kubeKinds) {
    assert.equal(told(kind, {}, {}).filter(t => !/^(event|config_changed|no_)/.test(t)), [], kind)
    assert.ok(Array.isArray(changesOf(kind, undefined, {}, nowMs)))
    assert.equal(changesOf(kind, undefined, undefined, nowMs), [])
  }
})

test.run()
