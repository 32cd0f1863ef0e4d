/**
 * Scenario: the shipped manifests for Kubernetes, as the official client's models and our own loader read them.
 * Guarantees: no field that Kubernetes does not know; the configuration inside is valid, listens where probes and services ask, and writes only
 * where a volume is; least rights: Pod Security "restricted" for the gateway, three capabilities for the node's agent, nobody more; a pod has
 * longer to end than its Tapio; selectors find their pods.
 * Does not show: a cluster (admission, scheduling).
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '../../core/config/load.js'
import type { ResolvedConfig } from '../../core/config/shape.js'
import { openCatalog } from '../../core/instance.js'
import { registryUrl } from '../../core/cli/registry.js'
import { manifestNames, manifests, ofKind, workload, type PodSpec } from './manifests.js'

const test = suite('manifests')
const catalog = await openCatalog([registryUrl])
interface Serializer { serialize(data: unknown, type: string, format: string): unknown, deserialize(data: unknown, type: string, format: string): unknown }
// Not among the client's exports, but what it reads and writes every object with.
const models = new URL('./gen/models/ObjectSerializer.js', import.meta.resolve('@kubernetes/client-node')).href
const { ObjectSerializer } = await import(models) as { ObjectSerializer: Serializer }

function load (text: string): ResolvedConfig {
  const result = loadConfig({ configs: [`yaml:${text}`] }, catalog, {})
  if (!result.ok) throw new Error(result.faults.map(f => f.message).join('\n'))
  assert.equal(result.warnings, [])
  return result.config
}

const modelOf = (apiVersion: string, kind: string): string => `${apiVersion.replace(/^.*\//, '').replace(/^v/, 'V')}${kind}`

for (const name of manifestNames) {
  const all = manifests(name)
  const { pod, container, config } = workload(name)

  test(`${name}.yaml: every field is one that Kubernetes knows`, () => {
    for (const manifest of all) {
      const model = modelOf(manifest.apiVersion, manifest.kind)
      const read = ObjectSerializer.deserialize(manifest, model, '')
      assert.equal(JSON.parse(JSON.stringify(ObjectSerializer.serialize(read, model, ''))), manifest, `${manifest.kind} ${manifest.metadata.name}`)
    }
  })

  test(`${name}.yaml: its configuration is valid, and fits the pod around it`, () => {
    const { service, components } = load(config)
    const port = (text: string): number => Number(text.slice(text.lastIndexOf(':') + 1))
    const ports = new Map(container.ports.map(p => [p.name, p.containerPort]))
    for (const { httpGet } of [container.startupProbe, container.livenessProbe, container.readinessProbe]) assert.is(ports.get(httpGet.port), port(service.metricsServer.endpoint))
    assert.equal([container.livenessProbe, container.readinessProbe].map(p => p.httpGet.path), ['/livez', '/readyz'])
    assert.ok(pod.terminationGracePeriodSeconds * 1000 >= service.shutdownTimeoutMs + 10_000, 'time to end')
    assert.is(service.secretFiles, 'strict')
    const written = JSON.stringify(components).match(/"directory":"[^"]+"/g) ?? []
    assert.ok(written.length > 0)
    for (const path of written) assert.ok(container.volumeMounts.some(m => m.readOnly !== true && path.includes(`"${m.mountPath}/`)), path)
    const listening = JSON.stringify(components.filter(c => c.id.kind === 'receiver')).match(/"endpoint":"[^"]+"/g) ?? []
    for (const endpoint of listening) assert.ok([...ports.values()].includes(port(endpoint.slice(0, -1))), endpoint)
  })

  test(`${name}.yaml: volumes, claims and mounts agree`, () => {
    const claims = ofKind(all, 'StatefulSet').flatMap(m => m.spec?.volumeClaimTemplates ?? []).map(c => c.metadata.name)
    const volumes = [...pod.volumes.map(v => v.name), ...claims]
    assert.equal(container.volumeMounts.map(m => m.name).sort(), [...volumes].sort())
    for (const mount of container.volumeMounts) if (!['state', 'tmp'].includes(mount.name)) assert.is(mount.readOnly, true, mount.name)
  })

  test(`${name}.yaml: selectors find the pods, and everything is in one namespace`, () => {
    const labels = ofKind(all, 'StatefulSet', 'DaemonSet')[0]?.spec?.template?.metadata.labels
    for (const { spec } of ofKind(all, 'StatefulSet', 'DaemonSet', 'PodDisruptionBudget')) assert.equal(spec?.selector, { matchLabels: labels })
    for (const { spec } of ofKind(all, 'NetworkPolicy')) assert.equal(spec?.podSelector?.matchLabels, labels)
    for (const { spec } of ofKind(all, 'Service')) {
      assert.equal(spec?.selector, labels)
      for (const { targetPort } of spec?.ports ?? []) assert.ok(container.ports.some(p => p.name === targetPort), targetPort)
    }
    const [namespace] = ofKind(all, 'Namespace')
    for (const m of all) if (!['Namespace', 'ClusterRole', 'ClusterRoleBinding'].includes(m.kind)) assert.is(m.metadata.namespace, namespace?.metadata.name, m.kind)
    assert.is(pod.serviceAccountName, ofKind(all, 'ServiceAccount')[0]?.metadata.name)
  })

  test(`${name}.yaml: resources are bounded, rights are to read`, () => {
    assert.ok(container.resources.limits['memory'])
    for (const { verbs, resources } of all.flatMap(m => m.rules ?? [])) assert.equal([verbs, resources], [['get', 'list', 'watch'], ['pods']])
  })
}

/** https://kubernetes.io/docs/concepts/security/pod-security-standards/ , the controls that concern what is set here. */
function restrictedFaults ({ containers, volumes, securityContext: pod, hostPID, hostNetwork, hostIPC }: PodSpec): string[] {
  const faults: string[] = []
  const allowed = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret']
  if (hostPID === true || hostNetwork === true || hostIPC === true) faults.push('host namespaces')
  for (const volume of volumes) if (!Object.keys(volume).some(key => allowed.includes(key))) faults.push(`volume ${volume.name}`)
  for (const { securityContext: own } of containers) {
    if (own.privileged === true || own.allowPrivilegeEscalation !== false) faults.push('privilege escalation')
    if ((own.runAsNonRoot ?? pod.runAsNonRoot) !== true || (own.runAsUser ?? pod.runAsUser) === 0) faults.push('root')
    if (!(own.capabilities?.drop ?? []).includes('ALL') || (own.capabilities?.add ?? []).some(c => c !== 'NET_BIND_SERVICE')) faults.push('capabilities')
    if ((own.seccompProfile ?? pod.seccompProfile)?.type !== 'RuntimeDefault') faults.push('seccomp')
  }
  return faults
}

test('the gateway fits Pod Security "restricted", over a root file system that is not written', () => {
  const { pod, container } = workload('gateway')
  assert.equal(restrictedFaults(pod), [])
  assert.is(container.securityContext.readOnlyRootFilesystem, true)
})

test('the node\'s agent has what eBPF needs and nothing else', () => {
  const { pod, container } = workload('node-agent')
  assert.equal(restrictedFaults(pod), ['host namespaces', 'volume state', 'volume proc', 'volume cgroup', 'root', 'capabilities'])
  assert.equal(container.securityContext, { runAsUser: 0, runAsGroup: 0, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'], add: ['BPF', 'PERFMON', 'SYS_PTRACE'] } })
})

test('the namespace of the agent may reach the gateway, by the label that its policy asks for', () => {
  assert.match(JSON.stringify(ofKind(manifests('gateway'), 'NetworkPolicy')), '"namespaceSelector":{"matchLabels":{"tapio.dev/otlp":"allowed"}}')
  assert.is(ofKind(manifests('node-agent'), 'Namespace')[0]?.metadata.labels?.['tapio.dev/otlp'], 'allowed')
})

test.run()
