/** Small clusters and symptoms for the tests of impact, in a few words. */
import { Engine } from '../../correlation/engine.js'
import { entityOfKey } from '../../correlation/entity.js'
import type { Sighting } from '../../correlation/symptoms.js'
import type { Layer, Role, Symptom } from '../../correlation/symptom.js'
import type { KubeObject } from '../../kubernetes/objects.js'

export const t0 = Date.UTC(2026, 0, 1)

export interface WorkloadSpec {
  readonly replicas: number
  /** Node of each replica in turn. */
  readonly nodes?: readonly string[]
  readonly kind?: string
  readonly namespace?: string
  /** A Service of the same name in front. Default true. */
  readonly service?: boolean
  /** Services it names in its environment: `cart`, `cart.shop`. */
  readonly uses?: readonly string[]
  readonly claim?: string
  readonly config?: string
  /** Replicas (by number) whose Ready condition is False. */
  readonly unready?: readonly number[]
  readonly requests?: { readonly cpu?: string, readonly memory?: string }
}

/** An engine that has seen objects at `t0`; put more with `put`. */
export class TestCluster {
  readonly engine = new Engine()

  put (kind: string, namespace: string, name: string, rest: object = {}, metadata: object = {}, atMs = t0): this {
    this.engine.model.put(kind, objectOf(namespace, name, rest, metadata), atMs)
    return this
  }

  remove (kind: string, namespace: string, name: string, atMs: number): this {
    this.engine.model.remove(kind, objectOf(namespace, name, {}, {}), atMs)
    return this
  }

  node (name: string, { controlPlane = false, cpu = '4', memory = '8Gi', ready = true } = {}): this {
    return this.put('Node', '', name, { status: { allocatable: { cpu, memory }, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] } }, { labels: controlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {} })
  }

  /** A Deployment (or `kind`) `name` with its ReplicaSet and pods `name-7d9-0`, …; a Service of the same name. */
  workload (name: string, { replicas, nodes = ['n1'], kind = 'Deployment', namespace = 'shop', service = true, uses = [], claim, config, unready = [], requests = {} }: WorkloadSpec): this {
    const spec = podSpec(uses, claim, config, requests)
    const isDeployment = kind === 'Deployment'
    this.put(kind, namespace, name, { spec: { replicas, template: { spec } }, ...(kind === 'DaemonSet' ? { status: { desiredNumberScheduled: replicas } } : {}) })
    if (isDeployment) this.put('ReplicaSet', namespace, `${name}-7d9`, { spec: { replicas } }, owned(kind, name))
    if (service) this.put('Service', namespace, name, { spec: { selector: { app: name } } })
    for (let i = 0; i < replicas; i++) {
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: unready.includes(i) ? 'False' : 'True' }] }
      const owner = isDeployment ? owned('ReplicaSet', `${name}-7d9`) : owned(kind, name)
      this.put('Pod', namespace, podName(name, i, kind), { spec: { ...spec, nodeName: nodes[i % nodes.length] }, status }, { labels: { app: name, 'pod-template-hash': '7d9' }, ...owner })
    }
    return this
  }

  /** `caller` and `callee`: entity keys. */
  calls (caller: string, callee: string, calls = 100, errors = 0): this {
    this.engine.dependencies.note(entityOfKey(caller), entityOfKey(callee), t0, calls, errors)
    return this
  }

  see (sign: string, entity: string, { atMs = t0 + 10_000, severity = 17, role = 'trouble', count = 1, message = '' }: { atMs?: number, severity?: number, role?: Role, count?: number, message?: string } = {}): Symptom {
    const sighting: Sighting = {
      sign, layer: sign.split('.')[0] as Layer, role, entity: entityOfKey(entity), detail: {}, severity, timeMs: atMs, confidence: 1, count,
      evidence: { eventId: '', source: 'test', name: sign, message }
    }
    return this.engine.symptoms.see(sighting) as Symptom
  }
}

export function podName (workload: string, i: number, kind = 'Deployment'): string { return kind === 'Deployment' ? `${workload}-7d9-${i}` : `${workload}-${i}` }

function objectOf (namespace: string, name: string, rest: object, metadata: object): KubeObject {
  return { metadata: { name, uid: `${namespace}/${name}`, creationTimestamp: new Date(t0 - 3_600_000).toISOString(), ...(namespace === '' ? {} : { namespace }), ...metadata }, ...rest }
}

function owned (kind: string, name: string): object { return { ownerReferences: [{ kind, name, controller: true, ...(kind === 'Deployment' ? { apiVersion: 'apps/v1' } : {}) }] } }

function podSpec (uses: readonly string[], claim: string | undefined, config: string | undefined, requests: object): object {
  return {
    containers: [{ name: 'main', env: uses.map((host, i) => ({ name: `HOST_${i}_URL`, value: `http://${host}:80` })), envFrom: config === undefined ? [] : [{ configMapRef: { name: config } }], resources: { requests } }],
    volumes: claim === undefined ? [] : [{ name: 'data', persistentVolumeClaim: { claimName: claim } }]
  }
}
