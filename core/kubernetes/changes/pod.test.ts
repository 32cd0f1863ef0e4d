import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { changes, told, type Draft } from './testing.js'

const running = { running: { startedAt: '2026-01-01T11:00:00Z' } }

function pod (status: Draft, spec: Draft = {}, metadata: Draft = {}): Draft {
  return { metadata, spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'cart:1', resources: { limits: { memory: '64Mi' } } }], ...spec }, status: { phase: 'Running', ...status } }
}

const status = (state: Draft, more: Draft = {}): Draft => ({ containerStatuses: [{ name: 'main', restartCount: 0, state, ...more }] })
const oom = { exitCode: 137, reason: 'OOMKilled', finishedAt: '2026-01-01T11:59:00Z', containerID: 'containerd://aa' }

test('a container that is OOM-killed and restarted: killed with its limit and time, then restarted', () => {
  const all = changes('Pod', pod(status(running)), pod(status(running, { restartCount: 1, lastState: { terminated: oom } })))
  assert.equal(all.map(c => [c.change, c.reason, c.severity, c.intent]), [
    ['container_terminated', 'OOMKilled', 'critical', 'memory_pressure_cascade'],
    ['container_restarted', 'ContainerRestarted', 'warning', 'pod_crash_loop']
  ])
  const [killed, again] = all
  assert.is(killed?.message, 'Pod shop/x: container main was OOM-killed (limit 64Mi)')
  assert.is(killed?.timeMs, Date.UTC(2026, 0, 1, 11, 59))
  assert.equal([killed?.exitCode, killed?.signal, killed?.container?.id, killed?.node], [137, 9, 'aa', 'node-1'])
  assert.equal([again?.from, again?.to], ['0', '1'])
})

test('an end is told once, wherever it stands next', () => {
  const ended = pod(status({ terminated: oom }))
  assert.equal(told('Pod', pod(status(running)), ended), ['container_terminated OOMKilled critical memory_pressure_cascade'])
  const waiting = pod(status({ waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 1, lastState: { terminated: oom } }))
  assert.equal(told('Pod', ended, waiting), [
    'container_restarted ContainerRestarted warning pod_crash_loop [0 -> 1]',
    'container_waiting CrashLoopBackOff high pod_crash_loop [OOMKilled -> CrashLoopBackOff]'
  ])
  assert.equal(told('Pod', waiting, pod(status(running, { restartCount: 2, lastState: { terminated: oom } }))), [
    'container_restarted ContainerRestarted warning pod_crash_loop [1 -> 2]',
    'container_started Started info lifecycle [CrashLoopBackOff -> running]'
  ])
})

test('exit codes and signals; a clean end is only news', () => {
  const end = (terminated: Draft): unknown[] => changes('Pod', pod(status(running)), pod(status({ terminated }))).map(c => [c.reason, c.severity, c.exitCode, c.signal])
  assert.equal(end({ exitCode: 0 }), [['Completed', 'info', 0, undefined]])
  assert.equal(end({ exitCode: 1, reason: 'Error' }), [['Error', 'high', 1, undefined]])
  assert.equal(end({ exitCode: 143, reason: 'Error' }), [['Error', 'high', 143, 15]])
  assert.equal(end({ exitCode: 2, signal: 11, reason: 'Error' }), [['Error', 'high', 2, 11]])
})

test('what every container waits for on its way up is not told, what it cannot get is', () => {
  const starting = pod(status({ waiting: { reason: 'ContainerCreating' } }))
  assert.equal(told('Pod', pod({}), starting), [])
  assert.equal(told('Pod', starting, pod(status({ waiting: { reason: 'ImagePullBackOff', message: 'no such image' } }))), ['container_waiting ImagePullBackOff high image_pull_failure [ContainerCreating -> ImagePullBackOff]'])
  assert.equal(told('Pod', starting, pod(status(running))), [])
})

test('readiness flips are told, except on the way up, down and after the work', () => {
  const ready = (value: string, reason = ''): Draft => ({ conditions: [{ type: 'Ready', status: value, reason }] })
  assert.equal(told('Pod', pod(ready('True')), pod(ready('False', 'ContainersNotReady'))), ['pod_not_ready ContainersNotReady warning probe_failure [True -> False]'])
  assert.equal(told('Pod', pod(ready('False')), pod(ready('True'))), ['pod_ready Ready info recovery [False -> True]'])
  assert.equal(told('Pod', pod({}), pod(ready('False', 'ContainersNotReady'))), [])
  assert.equal(told('Pod', pod(ready('True')), pod(ready('False', 'PodCompleted'))), [])
  const leaving = { deletionTimestamp: '2026-01-01T12:00:30Z' }
  assert.equal(told('Pod', pod(ready('True')), pod(ready('False'), {}, leaving)).map(t => t.split(' ')[0]), ['pod_terminating'])
})

test('placing: waits with the reason, then placed', () => {
  const waits = pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes are available' }] }, { nodeName: undefined })
  const [change] = changes('Pod', pod({ phase: 'Pending' }, { nodeName: undefined }), waits)
  assert.equal([change?.change, change?.severity, change?.intent, change?.message], ['pod_unschedulable', 'high', 'resource_shortage', 'Pod shop/x: cannot be placed: 0/3 nodes are available'])
  const placed = pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True' }] })
  assert.equal(told('Pod', waits, placed), ['pod_scheduled Scheduled info lifecycle [ -> node-1]'])
})

test('evicted, disrupted, failed, ended, stopped, gone', () => {
  assert.equal(told('Pod', pod({}), pod({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' })), ['pod_evicted Evicted critical pod_evicted [Running -> Failed]'])
  assert.equal(told('Pod', pod({}), pod({ conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] })), ['pod_disrupted PreemptionByScheduler high resource_shortage [ -> True]'])
  assert.equal(told('Pod', pod({}), pod({ phase: 'Failed' })), ['pod_failed PodFailed high pod_failure [Running -> Failed]'])
  assert.equal(told('Pod', pod({}), pod({ phase: 'Succeeded' })), ['pod_succeeded Completed info lifecycle [Running -> Succeeded]'])
  assert.equal(told('Pod', pod({}), undefined), ['deleted PodDeleted low removal'])
})

test('in place: image and resources from -> to', () => {
  const after = pod({}, { containers: [{ name: 'main', image: 'cart:2', resources: { limits: { memory: '128Mi' } } }] })
  assert.equal(told('Pod', pod({}), after), [
    'image_changed ImageChanged low configuration_change [cart:1 -> cart:2]',
    'resources_changed ResourcesChanged low configuration_change [{"limits":{"memory":"64Mi"}} -> {"limits":{"memory":"128Mi"}}]'
  ])
})

test('first seen: what is bad now, and nothing of a healthy one but that it is there', () => {
  assert.equal(changes('Pod', undefined, pod({ ...status(running), conditions: [{ type: 'Ready', status: 'True' }] })).map(c => c.change), ['created'])
  assert.equal(told('Pod', undefined, pod(status({ waiting: { reason: 'CrashLoopBackOff' } }))), ['container_waiting CrashLoopBackOff high pod_crash_loop [ -> CrashLoopBackOff]'])
})

test('the owners of a pod, up to the Deployment', () => {
  const owned = { labels: { 'pod-template-hash': 'abc' }, ownerReferences: [{ kind: 'ReplicaSet', name: 'cart-abc', uid: 'r', controller: true }] }
  const [change] = changes('Pod', pod({}, {}, owned), pod({ phase: 'Failed' }, {}, owned))
  assert.equal(change?.owners.map(o => `${o.kind} ${o.namespace ?? ''}/${o.name}`), ['ReplicaSet shop/cart-abc', 'Deployment shop/cart'])
})

test.run()
