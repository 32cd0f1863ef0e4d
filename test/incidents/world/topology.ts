/** A cluster by chance: nodes, namespaces, applications that call each other, and what Kubernetes needs to run them. */
import { CniSource } from '../sources/cni.js'
import { JournalSource } from '../sources/journal.js'
import { KernelSource } from '../sources/kernel.js'
import { syncNow } from './controllers.js'
import { nodeDraft, ownerOf, templateOf, thing, type Draft } from './objects.js'
import { bornRunning } from './pod-life.js'
import type { App, Language, NodePart, Role, Thing } from './parts.js'
import type { World } from './world.js'

const teams = ['retail', 'billing', 'media', 'freight', 'ledger', 'travel', 'clinic', 'garden', 'studio', 'harbor', 'market', 'school']
const nouns = ['orders', 'prices', 'stock', 'users', 'quotes', 'tickets', 'rooms', 'parcels', 'invoices', 'mailer', 'search', 'reviews', 'coupons', 'seats', 'routes', 'images', 'ratings', 'profile', 'wallet', 'ledger', 'claims', 'catalog', 'basket', 'delivery']
const tails = ['api', 'svc', 'core', 'web', 'worker', 'v2']
const stores = ['pg', 'postgres', 'maria', 'mongo', 'docs-db', 'main-db', 'records', 'events-db']
const caches = ['cache', 'redis', 'sessions', 'valkey']
const gates = ['gateway', 'edge', 'frontend', 'portal', 'entry', 'public-web']
const hosts = ['worker', 'node', 'ip-10-0', 'pool-a', 'k8s-n', 'blade']

export interface TopologyOptions {
  /** Application namespaces, each with a chain of applications of its own. */
  readonly namespaces: number
  /** Namespaces share no node. */
  readonly isPooled: boolean
  readonly maxSkewMs: number
}

export function buildTopology (world: World, options: TopologyOptions): void {
  const { dice } = world
  const workers = Math.max(dice.between(3, 6), options.isPooled ? options.namespaces * 3 : 0)
  const prefix = dice.pick(hosts)
  addNode(world, `${dice.pick(['control', 'master', 'cp'])}-${dice.suffix(3)}`, 0, true, options.maxSkewMs)
  for (let i = 1; i <= workers; i++) addNode(world, `${prefix}-${dice.suffix(2)}${i}`, i, false, options.maxSkewMs)
  systemParts(world)
  const names = dice.some(teams, options.namespaces)
  names.forEach((namespace, i) => { team(world, namespace, options.isPooled ? world.workers().filter((_, n) => n % options.namespaces === i) : []) })
}

function addNode (world: World, name: string, index: number, isControlPlane: boolean, maxSkewMs: number): void {
  const { dice } = world
  const ip = `10.0.${dice.below(4)}.${10 + index}`
  const bootId = dice.hex(32)
  const object = thing(dice, nodeDraft(name, ip, isControlPlane, bootId, world.nowMs - 30 * 86_400_000), world.nowMs - 30 * 86_400_000)
  const skewMs = isControlPlane || maxSkewMs === 0 ? 0 : dice.between(-maxSkewMs, maxSkewMs)
  world.nodes.push({
    name, ip, subnet: `10.244.${index}`, isControlPlane, interfaceName: dice.pick(['eth0', 'ens5', 'eno1', 'bond0']), disk: dice.pick(['sda', 'nvme0n1', 'vda']), skewMs, isReady: true, isCordoned: false, isDown: false, object,
    kernel: new KernelSource(dice.hex(16), name, world.nowMs - dice.between(1, 30) * 86_400_000), journal: new JournalSource(bootId, name), cni: new CniSource(dice.hex(16), name), nextPid: dice.between(2000, 9000), nextAddress: dice.between(5, 40)
  })
  world.put(object)
}

interface AppDraft {
  readonly namespace: string
  readonly name: string
  readonly role: Role
  readonly kind?: App['kind']
  readonly calls?: readonly App[]
  readonly replicas?: number
  readonly pool?: readonly NodePart[]
  readonly port?: number
  readonly clusterIp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly image?: string
  readonly isConfigured?: boolean
}

function systemParts (world: World): void {
  const { dice, nodes } = world
  for (const namespace of ['default', 'kube-system']) world.put(thing(dice, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, status: { phase: 'Active' } }, world.nowMs - 30 * 86_400_000))
  const [control] = nodes as [NodePart]
  for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) staticPod(world, control, name)
  addApp(world, { namespace: 'kube-system', name: 'kube-proxy', role: 'system', kind: 'DaemonSet', pool: nodes, replicas: nodes.length, isConfigured: false }, false)
  addApp(world, { namespace: 'kube-system', name: 'coredns', role: 'system', replicas: 2, port: 53, clusterIp: '10.96.0.10', labels: { 'k8s-app': 'kube-dns' }, image: 'registry.k8s.io/coredns/coredns:v1.11.3', isConfigured: true }, true, 'kube-dns')
  addApp(world, { namespace: 'kube-system', name: 'metrics-server', role: 'system', replicas: 1, port: 10250, isConfigured: false }, true)
}

/** Of the control plane: an App without a workload is a pod that the node owns. */
function staticPod (world: World, node: NodePart, name: string): void {
  addApp(world, { namespace: 'kube-system', name, role: 'system', replicas: 1, pool: [node], isConfigured: false, kind: 'DaemonSet' }, false, undefined, true)
}

function team (world: World, namespace: string, pool: readonly NodePart[]): void {
  const { dice } = world
  const bornMs = world.nowMs - 20 * 86_400_000
  world.put(thing(dice, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { team: namespace } }, status: { phase: 'Active' } }, bornMs))
  world.put(thing(dice, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'compute', namespace }, spec: { hard: { pods: '60', 'requests.memory': '20Gi' } }, status: { hard: { pods: '60', 'requests.memory': '20Gi' }, used: { pods: '14', 'requests.memory': '3Gi' } } }, bornMs))
  const database = addApp(world, { namespace, name: dice.name(stores), role: 'database', kind: 'StatefulSet', replicas: 1, pool, port: dice.pick([5432, 3306, 27017]) })
  const cache = dice.chance(0.7) ? [addApp(world, { namespace, name: dice.name(caches), role: 'cache', replicas: 1, pool, port: 6379 })] : []
  const middles = Array.from({ length: dice.between(2, 4) }, () => addApp(world, { namespace, name: dice.name(nouns, tails), role: 'http', pool, replicas: dice.between(2, 4), calls: [database, ...dice.some(cache, dice.below(2))] }))
  const outer = middles.slice(1).filter(() => dice.chance(0.5))
  for (const app of outer) app.calls.push(middles[0] as App)
  const gate = addApp(world, { namespace, name: dice.name(gates), role: 'http', pool, replicas: dice.between(2, 3), calls: middles })
  for (const app of outer) retemplate(app)
  world.put(thing(dice, {
    apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: gate.name, namespace },
    spec: { ingressClassName: 'nginx', rules: [{ host: `${namespace}.example.net`, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: gate.name, port: { number: gate.port } } } }] } }] }, status: { loadBalancer: { ingress: [{ ip: '203.0.113.10' }] } }
  }, bornMs))
  for (const app of [gate, ...middles].filter(() => dice.chance(0.5))) autoscaler(world, app)
}

function retemplate (app: App): void {
  const template = templateOf(app)
  ;(app.workload['spec'] as { template: object }).template = template
  if (app.replicaSet !== undefined) (app.replicaSet['spec'] as { template: object }).template = structuredClone(template)
}

function autoscaler (world: World, app: App): void {
  world.put(thing(world.dice, {
    apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: app.name, namespace: app.namespace },
    spec: { minReplicas: app.replicas, maxReplicas: app.replicas + 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: app.kind, name: app.name }, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }] },
    status: { currentReplicas: app.replicas, desiredReplicas: app.replicas, conditions: [{ type: 'AbleToScale', status: 'True', reason: 'ReadyForNewScale' }, { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound' }, { type: 'ScalingLimited', status: 'False', reason: 'DesiredWithinRange' }] }
  }, world.nowMs - 10 * 86_400_000))
}

const commOf: Readonly<Record<Language, string>> = { go: '', node: 'node', java: 'java', python: 'python3' }

export function addApp (world: World, draft: AppDraft, hasService = true, serviceName = draft.name, isStatic = false): App {
  const { dice } = world
  const { namespace, name, role } = draft
  const bornMs = world.nowMs - 15 * 86_400_000
  const kind = draft.kind ?? 'Deployment'
  const language: Language = role === 'http' ? dice.pick(['go', 'node', 'java', 'python']) : 'go'
  const isConfigured = draft.isConfigured ?? true
  const labels = draft.labels ?? { app: name }
  const port = draft.port ?? dice.pick([8080, 3000, 9000, 8000, 5000])
  const clusterIp = draft.clusterIp ?? `10.96.${dice.between(1, 250)}.${dice.between(2, 250)}`
  const base = {
    namespace, name: serviceName, kind, role, language, container: dice.chance(0.5) ? name : dice.pick(['app', 'main', 'server']), comm: (commOf[language] || name).slice(0, 15), port, clusterIp, memoryMi: dice.pick([128, 256, 512]), labels,
    calls: [...draft.calls ?? []], config: isConfigured ? `${name}-config` : '', secret: isConfigured ? `${name}-secret` : '', hasVolume: role === 'database', replicaSet: undefined, replicas: draft.replicas ?? 2,
    image: draft.image ?? (role === 'http' ? `registry.example.net/${namespace}/${name}:1.${dice.below(20)}.${dice.below(9)}` : `docker.io/library/${name}:${dice.between(7, 17)}`), fate: { kind: 'ok' as const }, pods: [], endpoints: [], pool: draft.pool ?? [], isSyncing: false, revision: 1
  }
  if (isConfigured) for (const [objectKind, objectName] of [['ConfigMap', base.config], ['Secret', base.secret], ['ServiceAccount', name]] as const) world.put(thing(dice, { apiVersion: 'v1', kind: objectKind, metadata: { name: objectName, namespace } }, bornMs))
  const workload = thing(dice, workloadDraft(base, name), bornMs)
  const service = hasService ? thing(dice, { apiVersion: 'v1', kind: 'Service', metadata: { name: serviceName, namespace, labels: { ...labels } }, spec: { type: 'ClusterIP', clusterIP: clusterIp, clusterIPs: [clusterIp], selector: { ...labels }, ports: [{ name: 'main', protocol: 'TCP', port, targetPort: port }] }, status: { loadBalancer: {} } }, bornMs) : undefined
  const app: App = { ...base, name, workload, service }
  world.apps.push(app)
  if (!isStatic) world.put(workload)
  if (kind === 'Deployment') app.replicaSet = world.put(replicaSetOf(world, app, bornMs))
  if (service !== undefined) world.put(service)
  if (app.hasVolume) for (let i = 0; i < app.replicas; i++) claim(world, app, `data-${name}-${i}`)
  for (let i = 0; i < app.replicas; i++) {
    const node = nodeFor(world, app, i)
    bornRunning(world, app, node, kind === 'DaemonSet' && isStatic ? `${name}-${node.name}` : undefined)
  }
  syncNow(world, app, !isStatic)
  return app
}

function nodeFor (world: World, app: App, i: number): NodePart {
  const pool = app.pool.length > 0 ? app.pool : world.workers()
  return app.kind === 'DaemonSet' ? pool[i % pool.length] as NodePart : world.dice.pick(pool)
}

function workloadDraft (app: Omit<App, 'workload' | 'service'>, name: string): Draft {
  const selector = { matchLabels: { ...app.labels } }
  const template = templateOf({ ...app, name })
  const metadata = { name, namespace: app.namespace, labels: { ...app.labels }, generation: 1 }
  if (app.kind === 'StatefulSet') return { apiVersion: 'apps/v1', kind: app.kind, metadata, spec: { replicas: app.replicas, serviceName: name, selector, template, volumeClaimTemplates: app.hasVolume ? [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'standard', resources: { requests: { storage: '10Gi' } } } }] : [] }, status: {} }
  return { apiVersion: 'apps/v1', kind: app.kind, metadata, spec: { ...(app.kind === 'DaemonSet' ? {} : { replicas: app.replicas }), selector, template }, status: {} }
}

export function replicaSetOf (world: World, app: App, bornMs: number): Thing {
  const hash = world.dice.suffix(9)
  const template = structuredClone((app.workload['spec'] as { template: { metadata: { labels: Record<string, string> } } }).template)
  template.metadata.labels['pod-template-hash'] = hash
  return thing(world.dice, {
    apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: `${app.name}-${hash}`, namespace: app.namespace, labels: { ...app.labels, 'pod-template-hash': hash }, ownerReferences: ownerOf(app.workload), generation: 1, annotations: { 'deployment.kubernetes.io/revision': String(app.revision) } },
    spec: { replicas: app.replicas, selector: { matchLabels: { ...app.labels, 'pod-template-hash': hash } }, template }, status: { replicas: app.replicas, observedGeneration: 1 }
  }, bornMs)
}

function claim (world: World, app: App, name: string): void {
  const { dice } = world
  const bornMs = world.nowMs - 15 * 86_400_000
  if (world.thing('StorageClass', undefined, 'standard') === undefined) world.put(thing(dice, { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }, provisioner: 'csi.example.net', reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }, bornMs))
  const volume = `pvc-${dice.uuid()}`
  world.put(thing(dice, { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: volume }, spec: { storageClassName: 'standard', capacity: { storage: '10Gi' }, accessModes: ['ReadWriteOnce'], claimRef: { kind: 'PersistentVolumeClaim', namespace: app.namespace, name } }, status: { phase: 'Bound' } }, bornMs))
  world.put(thing(dice, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: app.namespace }, spec: { storageClassName: 'standard', volumeName: volume, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } }, status: { phase: 'Bound', capacity: { storage: '10Gi' } } }, bornMs))
}


