import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { catalogue } from '../../receivers/systemd/catalogue.js'
import { kernelRules } from '../../receivers/systemd/kernel-lines.js'
import { Look, eventSigns, lookAt } from './signs-events.js'
import { changeSigns, eventReasons, kubernetesSign, type KubernetesRow } from './signs-kubernetes.js'
import { isSign, layerOf, roleOf, signs } from './signs.js'
import { layers } from './symptom.js'

/** What is written in the receivers' own sources: a new event there must be decided upon here. */
const sources = (folder: string, pattern: RegExp): string[] => readdirSync(folder).filter(f => f.endsWith('.ts') && !f.includes('test') && pattern.test(f)).map(f => readFileSync(`${folder}/${f}`, 'utf8'))
const found = (texts: readonly string[], pattern: RegExp): string[] => [...new Set(texts.flatMap(t => [...t.matchAll(pattern)].map(m => m[1] as string)))].sort()
const undecided = (names: readonly string[]): string[] => names.filter(name => lookAt(name) === Look.whenBad)

test('signs are of a layer, and their names are all of one form', () => {
  for (const name of Object.keys(signs)) {
    assert.match(name, /^[a-z0-9]+\.[a-z0-9_]+$/)
    assert.ok(isSign(name) && (layers as readonly string[]).includes(layerOf(name)) && ['trouble', 'change', 'recovery'].includes(roleOf(name)), name)
  }
})

test('every event of the ebpf receiver is decided upon', () => {
  const names = found(sources('receivers/ebpf', /^describe/), /'((?:oom|memory|exec|exit|tcp|packet|listen|syscall|cgroup)[a-z_]*)'/g).filter(n => !['memory'].includes(n))
  const events = names.filter(n => !['tcp_abort', 'tcp_connect', 'tcp_reset', 'syscall'].includes(n))
  assert.ok(events.length >= 20, events.join(' '))
  assert.equal(undecided(events), [])
})

test('every event of the systemd receiver is decided upon', () => {
  const names = [...new Set([...[...catalogue.values()].map(m => m.name), ...kernelRules.map(r => r.name), ...found(sources('receivers/systemd', /^(?:catalogue|unit-events|journal-events)/), /'((?:unit|journal|kernel)_[a-z_]+)'/g)])].filter(n => n !== 'kernel_lines')
  assert.ok(names.length >= 50, String(names.length))
  assert.equal(undecided(names.filter(n => n !== 'kernel')), [])
})

test('every event of the cni receiver is decided upon', () => {
  const names = found(sources('receivers/cni', /^(?:events|problems|network-state|address-problems|link-problems|conf-files)/), /'((?:cni|ipam|ip|link|address|route|neighbour)_[a-z_]+)'/g)
  assert.ok(names.length >= 18, String(names.length))
  assert.equal(undecided(names.filter(n => !['link_type', 'ip_address'].includes(n))), [])
})

test('every change of a Kubernetes object, and every reason that is told apart, is decided upon', () => {
  const texts = sources('core/kubernetes/changes', /./)
  const changes = [...found(texts, /change: '([a-z_]+)'/g), ...found(texts, /valueChange\('([a-z_]+)'/g), ...found(texts, /specChange\('([a-z_]+)'/g), ...found(texts, /change: [^,'\n]*\? '([a-z_]+)'/g)]
  assert.ok(new Set(changes).size >= 55, String(new Set(changes).size))
  assert.equal(changes.filter(c => !Object.hasOwn(changeSigns, c)), [])
  const reasons = found([readFileSync('core/kubernetes/changes/reasons.ts', 'utf8')], /^ {2}\[meaning\([^)]*\), '([^']+)'\]/gm).flatMap(words => words.split(' '))
  assert.ok(reasons.length > 120)
  // Reasons of changes only, never of Events.
  const ofChanges = new Set(['HeartbeatLost', 'ContainerRestarted', 'QuotaExhausted', 'NotReady', 'ContainersNotReady', 'ReadinessGatesNotReady', 'Error', 'ContainerStatusUnknown', 'ConfigMapNotFound', 'InvalidEnvironmentVariableNames', 'NetworkUnavailable', 'NodeUnderPressure', 'ExceededGracePeriod', 'Draining'])
  assert.equal(reasons.filter(r => !eventReasons.has(r) && !ofChanges.has(r)), [])
})

test('every state of a unit in a dump is decided upon', () => {
  for (const name of ['UnitActive', 'UnitFailed', 'UnitInactive', 'UnitActivating', 'UnitDeactivating', 'UnitReloading', 'UnitMaintenance', 'ObjectSnapshot']) assert.is.not(lookAt(name), Look.whenBad)
})

type Values = Readonly<Record<string, unknown>>
const row = (values: Values, attributes: Values = {}, container = ''): KubernetesRow => ({ get: (name: string) => values[name] as never, attribute: key => attributes[key], container })

test('kernel, network and node events', () => {
  const refused = { destinationAddress: '10.0.0.7', destinationPort: 3306, sourcePort: 40000 }
  const table: readonly (readonly [string, Values, Values, unknown])[] = [
    ['oom_kill', {}, { 'linux.oom.constraint': 'memcg' }, ['kernel.oom_kill', {}]],
    ['oom_kill', {}, { 'linux.oom.constraint': 'none' }, ['kernel.oom_kill', { scope: 'machine' }]],
    ['memory_stall', {}, { 'linux.reclaim.global_stalls': 3n }, ['kernel.memory_stall', { scope: 'machine' }]],
    ['exit', { severity: 17, exitSignal: 11, comm: 'java' }, {}, ['kernel.fatal_signal', { signal: 'SIGSEGV', comm: 'java' }]],
    ['exit', { severity: 10, returnCode: 1 }, {}, undefined],
    ['exit', { severity: 21, exitSignal: 9 }, { 'linux.oom.victim': true }, undefined],
    ['tcp_connect_refused', refused, {}, ['net.connection_refused', { peer: '10.0.0.7:3306' }]],
    ['tcp_connect_timeout', { destinationAddress: 'fd00::1', destinationPort: 80 }, {}, ['net.connection_timeout', { peer: '[fd00::1]:80' }]],
    ['tcp_connection_reset', { destinationAddress: '10.0.0.9', destinationPort: 51000, sourcePort: 8080 }, {}, ['net.connection_reset', { peer: '10.0.0.9' }]],
    ['tcp_retransmit', refused, { 'linux.tcp.retransmits': 1n }, undefined],
    ['tcp_retransmit', refused, { 'linux.tcp.state': 'SYN_SENT', 'linux.tcp.retransmits': 1n }, ['net.retransmits', { peer: '10.0.0.7:3306' }]],
    ['tcp_reset_sent', { sourcePort: 80 }, { 'linux.tcp.reset_reason': 'NO_SOCKET' }, ['net.port_closed', { port: 80 }]],
    ['packet_drop', {}, { 'linux.skb.drop_reason': 'NETFILTER_DROP' }, ['net.packet_drop', { reason: 'NETFILTER_DROP' }]],
    ['packet_drop', { protocol: 'tcp' }, { 'linux.skb.drop_reason': 'NO_SOCKET' }, undefined],
    ['packet_drop', { protocol: 'udp' }, { 'linux.skb.drop_reason': 'NO_SOCKET' }, ['net.packet_drop', { reason: 'NO_SOCKET' }]],
    ['unit_failed', {}, { 'systemd.result': 'exit-code' }, ['node.unit_failed', { result: 'exit-code' }]],
    ['unit_failed', {}, { 'systemd.result': 'oom-kill' }, ['node.unit_oom_killed', { result: 'oom-kill' }]],
    ['unit_process_exit', { exitSignal: 15 }, {}, undefined],
    ['UnitActivating', { name: 'UnitActivating', message: 'kubelet.service is activating (auto-restart)' }, {}, ['node.unit_restarting', {}]],
    ['ipam_exhausted', { action: 'started' }, { 'tapio.cni.network': 'podnet' }, ['net.ip_exhausted', { network: 'podnet' }]],
    ['ipam_exhausted', { action: 'resolved', name: 'ipam_exhausted' }, {}, ['net.cni_recovered', { problem: 'ipam_exhausted' }]],
    ['link_down', { action: 'resolved', interfaceName: 'eth0' }, {}, ['net.link_up', { interface: 'eth0' }]],
    ['io_error', {}, { 'linux.device': 'sda' }, ['kernel.io_error', { device: 'sda' }]]
  ]
  for (const [name, values, attributes, expected] of table) {
    const seen = eventSigns.get(name)?.(row(values, attributes))
    assert.equal(seen === undefined ? undefined : [seen.sign, seen.detail], expected, `${name} ${JSON.stringify(values)}`)
  }
})

test('changes and Events of Kubernetes', () => {
  const event = (name: string, message: string, more: Values = {}, type = 'Warning'): unknown => {
    const seen = kubernetesSign(row({ name, message, severity: 13, ...more }, { 'tapio.k8s.change': 'event', 'tapio.k8s.event.type': type, 'k8s.event.count': 3n }, 'main'))
    return seen === undefined ? undefined : [seen.sign, seen.detail, seen.count]
  }
  assert.equal(event('FailedScheduling', '0/3 nodes are available'), ['k8s.failed_scheduling', {}, 3])
  assert.equal(event('Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 500'), ['k8s.probe_failed', { probe: 'readiness', container: 'main' }, 3])
  assert.equal(event('Killing', 'Container main failed liveness probe, will be restarted', {}, 'Normal'), ['k8s.probe_killed', { probe: 'liveness', container: 'main' }, 3])
  assert.is(event('Killing', 'Stopping container main', {}, 'Normal'), undefined)
  assert.equal(event('BackOff', 'Back-off restarting failed container'), ['k8s.crash_loop', { container: 'main' }, 3])
  assert.equal(event('BackOff', 'Back-off pulling image "x"', {}, 'Normal'), ['k8s.image_pull_failed', { container: 'main' }, 3])
  assert.equal(event('Failed', 'Failed to pull image "x": not found'), ['k8s.image_pull_failed', { container: 'main' }, 3])
  assert.equal(event('Failed', 'Error: configmap "c" not found'), ['k8s.container_config_error', { container: 'main' }, 3])
  for (const [message, cause] of [
    ['Error creating: pods "a" is forbidden: exceeded quota: q', 'quota'], ['pods "a" is forbidden: error looking up service account shop/x: serviceaccount "x" not found', 'service_account'],
    ['admission webhook "v" denied the request', 'webhook'], ['pods "a" is forbidden: violates PodSecurity "restricted"', 'policy'], ['maximum memory usage per Container is 1Gi', 'limit_range'], ['boom', 'other']
  ]) assert.equal(event('FailedCreate', message as string), ['k8s.failed_create', { cause }, 3])
  assert.equal(event('FailedCreatePodSandBox', 'plugin type="bridge" failed (add): no IP addresses available in range set'), ['net.ip_exhausted', {}, 3])
  assert.equal(event('FailedCreatePodSandBox', 'plugin type="calico" failed (add): boom'), ['net.cni_failed', { plugin: 'calico' }, 3])
  assert.equal(event('SomethingNew', 'x'), ['k8s.warning', { reason: 'SomethingNew' }, 3])
  assert.is(event('SomethingNew', 'x', {}, 'Normal'), undefined)
  assert.is(event('Pulled', 'x', {}, 'Normal'), undefined)
  assert.equal(event('FailedScheduling', 'again', { action: 'MODIFIED' }), ['k8s.failed_scheduling', {}, undefined])
  const change = (what: string, values: Values, attributes: Values = {}): unknown => {
    const seen = kubernetesSign(row(values, { 'tapio.k8s.change': what, ...attributes }, 'main'))
    return seen === undefined ? undefined : [seen.sign, seen.detail]
  }
  assert.equal(change('container_terminated', { name: 'OOMKilled', returnCode: 137 }, { 'tapio.k8s.container.memory_limit': '64Mi' }), ['k8s.container_oom_killed', { container: 'main', limit: '64Mi' }])
  assert.equal(change('container_terminated', { name: 'Error', returnCode: 1 }), ['k8s.container_exited', { container: 'main', exitCode: 1 }])
  assert.is(change('container_terminated', { name: 'Error', returnCode: 143, exitSignal: 15 }), undefined)
  assert.is(change('container_terminated', { name: 'Completed', returnCode: 0 }), undefined)
  assert.equal(change('container_waiting', { name: 'CrashLoopBackOff' }), ['k8s.crash_loop', { container: 'main' }])
  assert.equal(change('container_waiting', { name: 'ErrImagePull' }), change('container_waiting', { name: 'ImagePullBackOff' }))
  assert.equal(change('node_condition', {}, { 'k8s.node.condition': 'MemoryPressure' }), ['node.pressure_memory', {}])
  assert.equal(change('node_condition', {}, { 'k8s.node.condition': 'KernelDeadlock' }), ['node.condition', { condition: 'KernelDeadlock' }])
  assert.equal(change('deleted', { entityKind: 'ConfigMap' }), ['k8s.deleted', { kind: 'ConfigMap' }])
  assert.is(change('deleted', { entityKind: 'Pod' }), undefined)
  assert.equal(change('image_changed', {}, { 'tapio.change.from': 'a:1', 'tapio.change.to': 'a:2' }), ['k8s.image_changed', { container: 'main', from: 'a:1', to: 'a:2' }])
})

test.run()
