/** A cluster in which all is well, for tests: two applications with all that such have, DNS, network and control plane. */
type Part = Readonly<Record<string, unknown>>

const meta = (namespace: string, name: string, more: Part = {}): Part => ({ ...(namespace === '' ? {} : { namespace }), name, creationTimestamp: '2025-12-01T00:00:00Z', ...more })
const ownedBy = (kind: string, name: string): Part => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: `${kind}-${name}`, controller: true }] })
const ready = { type: 'Ready', status: 'True' }

interface App {
  readonly namespace: string
  readonly name: string
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet'
  readonly port: number
  readonly nodes: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly spec?: Part
  readonly container?: Part
  readonly serviceName?: string
}

function containerOf ({ name, port, container = {} }: App): Part {
  const probe = { httpGet: { path: '/healthz', port: 'main' }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3, initialDelaySeconds: 15 }
  const resources = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } }
  return { name: 'main', image: `registry.example.com/${name}:1.2.3`, ports: [{ name: 'main', containerPort: port, protocol: 'TCP' }], resources, readinessProbe: probe, livenessProbe: probe, ...container }
}

/** Workload, its ReplicaSet where it has one, ready pods, Service and addresses. */
function appParts (app: App, startMs: number): Part[] {
  const { namespace, name, kind, port, nodes, labels = { app: name }, spec = {}, serviceName = name } = app
  const podSpec = { serviceAccountName: 'default', containers: [containerOf(app)], ...spec }
  const n = nodes.length
  const status = { replicas: n, readyReplicas: n, availableReplicas: n, updatedReplicas: n, conditions: [{ type: 'Available', status: 'True' }] }
  const workload = { kind, metadata: meta(namespace, name), spec: { ...(kind === 'DaemonSet' ? {} : { replicas: n }), selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } }, status }
  const maker = kind === 'Deployment' ? [{ kind: 'ReplicaSet', metadata: meta(namespace, `${name}-1`, ownedBy('Deployment', name)), spec: { replicas: n, selector: { matchLabels: labels } }, status: { replicas: n, readyReplicas: n } }] : []
  const owner = kind === 'Deployment' ? ownedBy('ReplicaSet', `${name}-1`) : ownedBy(kind, name)
  const podName = (i: number): string => kind === 'Deployment' ? `${name}-1-${'abcdef'.charAt(i)}` : `${name}-${i}`
  const pods = nodes.map((nodeName, i) => ({
    kind: 'Pod', metadata: meta(namespace, podName(i), { labels, ...owner }), spec: { ...podSpec, nodeName },
    status: { phase: 'Running', startTime: new Date(startMs).toISOString(), conditions: [{ type: 'PodScheduled', status: 'True' }, { type: 'ContainersReady', status: 'True' }, ready], containerStatuses: [{ name: 'main', ready: true, restartCount: 0, state: { running: {} } }] }
  }))
  const service = { kind: 'Service', metadata: meta(namespace, serviceName), spec: { clusterIP: `10.96.0.${port % 200}`, selector: labels, ports: [{ name: 'main', port, targetPort: port, protocol: 'TCP' }] } }
  const slice = {
    kind: 'EndpointSlice', metadata: meta(namespace, `${serviceName}-x1`, { labels: { 'kubernetes.io/service-name': serviceName } }), ports: [{ name: 'main', port, protocol: 'TCP' }],
    endpoints: pods.map((p, i) => ({ addresses: [`10.244.${i}.${port % 200}`], conditions: { ready: true }, nodeName: p.spec.nodeName, targetRef: { kind: 'Pod', namespace, name: podName(i) } }))
  }
  return [workload, ...maker, ...pods, service, slice]
}

function nodeNamed (name: string, labels: Part = {}, spec: Part = {}): Part {
  const conditions = [ready, ...['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable'].map(type => ({ type, status: 'False' }))]
  return { kind: 'Node', metadata: meta('', name, { labels: { 'kubernetes.io/hostname': name, ...labels } }), spec, status: { capacity: { cpu: '4', memory: '16Gi', pods: '110' }, allocatable: { cpu: '4', memory: '15Gi', pods: '110' }, conditions } }
}

function storageParts (): Part[] {
  const claim = { kind: 'PersistentVolumeClaim', metadata: meta('shop', 'data-db-0'), spec: { storageClassName: 'standard', accessModes: ['ReadWriteOnce'], volumeName: 'pv-1', resources: { requests: { storage: '10Gi' } } }, status: { phase: 'Bound' } }
  const volume = { kind: 'PersistentVolume', metadata: meta('', 'pv-1'), spec: { storageClassName: 'standard', accessModes: ['ReadWriteOnce'], capacity: { storage: '10Gi' }, claimRef: { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data-db-0' } }, status: { phase: 'Bound' } }
  return [{ kind: 'StorageClass', metadata: meta('', 'standard'), provisioner: 'csi.example.com' }, claim, volume]
}

function policyParts (): Part[] {
  return [
    { kind: 'NetworkPolicy', metadata: meta('shop', 'web'), spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: {} }] }] } },
    { kind: 'NetworkPolicy', metadata: meta('shop', 'deny'), spec: { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }] } },
    { kind: 'HorizontalPodAutoscaler', metadata: meta('shop', 'web'), spec: { minReplicas: 2, maxReplicas: 6, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } }, status: { currentReplicas: 3, desiredReplicas: 3, conditions: [{ type: 'ScalingActive', status: 'True' }, { type: 'ScalingLimited', status: 'False' }] } },
    { kind: 'PodDisruptionBudget', metadata: meta('shop', 'web'), spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } }, status: { disruptionsAllowed: 1, expectedPods: 3, desiredHealthy: 2, currentHealthy: 3 } },
    { kind: 'ResourceQuota', metadata: meta('shop', 'compute'), spec: { hard: { 'requests.cpu': '20', pods: '50', services: '10' } }, status: { hard: { 'requests.cpu': '20', pods: '50', services: '10' }, used: { 'requests.cpu': '1', pods: '5', services: '2' } } },
    { kind: 'LimitRange', metadata: meta('shop', 'defaults'), spec: { limits: [{ type: 'Container', max: { memory: '4Gi' } }] } },
    { kind: 'Ingress', metadata: meta('shop', 'web'), spec: { tls: [{ secretName: 'web-tls' }], rules: [{ host: 'shop.example.com', http: { paths: [{ path: '/', backend: { service: { name: 'web', port: { number: 80 } } } }] } }] } }
  ]
}

function jobParts (): Part[] {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example.com/report:1' }] } }
  return [
    { kind: 'Job', metadata: meta('shop', 'report'), spec: { completions: 1, backoffLimit: 4, template }, status: { succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] } },
    { kind: 'Pod', metadata: meta('shop', 'report-a', ownedBy('Job', 'report')), spec: { ...template.spec, nodeName: 'n1' }, status: { phase: 'Succeeded', conditions: [{ type: 'Ready', status: 'False', reason: 'PodCompleted' }], containerStatuses: [{ name: 'main', ready: false, restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed' } } }] } },
    { kind: 'CronJob', metadata: meta('shop', 'nightly'), spec: { schedule: '0 3 * * *', suspend: false, jobTemplate: { spec: { template } } }, status: {} },
    { kind: 'Deployment', metadata: meta('shop', 'retired'), spec: { replicas: 0, selector: { matchLabels: { app: 'retired' } }, template: { metadata: { labels: { app: 'retired' } }, spec: { containers: [{ name: 'main', image: 'registry.example.com/retired:1' }] } } }, status: {} }
  ]
}

/** All objects; pods have run for an hour. */
export function healthyCluster (nowMs: number): object[] {
  const control = { 'node-role.kubernetes.io/control-plane': '' }
  const apps: readonly App[] = [
    { namespace: 'shop', name: 'web', kind: 'Deployment', port: 80, nodes: ['n1', 'n2', 'n3'], container: { env: [{ name: 'DB_ADDR', value: 'db:5432' }], envFrom: [{ configMapRef: { name: 'web' } }, { secretRef: { name: 'db' } }] } },
    { namespace: 'shop', name: 'db', kind: 'StatefulSet', port: 5432, nodes: ['n2'], spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } }] }, container: { volumeMounts: [{ name: 'data', mountPath: '/data' }] } },
    { namespace: 'kube-system', name: 'coredns', kind: 'Deployment', port: 53, nodes: ['n1', 'n3'], labels: { 'k8s-app': 'kube-dns' }, serviceName: 'kube-dns' },
    { namespace: 'kube-system', name: 'metrics-server', kind: 'Deployment', port: 443, nodes: ['n1'] },
    { namespace: 'kube-system', name: 'kube-proxy', kind: 'DaemonSet', port: 10_256, nodes: ['cp1', 'n1', 'n2', 'n3'] },
    { namespace: 'kube-system', name: 'calico-node', kind: 'DaemonSet', port: 9099, nodes: ['cp1', 'n1', 'n2', 'n3'] }
  ]
  const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(name => ({
    kind: 'Pod', metadata: meta('kube-system', `${name}-cp1`), spec: { nodeName: 'cp1', tolerations: [{ operator: 'Exists' }], containers: [{ name, image: `${name}:v1.31` }] }, status: { phase: 'Running', conditions: [ready], containerStatuses: [{ name, ready: true, restartCount: 0, state: { running: {} } }] }
  }))
  return [
    ...['default', 'kube-system', 'shop'].flatMap(name => [{ kind: 'Namespace', metadata: meta('', name), status: { phase: 'Active' } }, { kind: 'ServiceAccount', metadata: meta(name, 'default') }]),
    nodeNamed('cp1', control, { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] }), ...['n1', 'n2', 'n3'].map(name => nodeNamed(name)),
    { kind: 'ConfigMap', metadata: meta('shop', 'web'), data: { level: 'info' } }, { kind: 'Secret', metadata: meta('shop', 'db') }, { kind: 'Secret', metadata: meta('shop', 'web-tls'), type: 'kubernetes.io/tls' },
    ...storageParts(), ...policyParts(), ...apps.flatMap(app => appParts(app, nowMs - 3_600_000)), ...components, ...jobParts()
  ]
}
