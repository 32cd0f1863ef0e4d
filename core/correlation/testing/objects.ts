/** Kubernetes objects for tests of correlation, as short as they can be said. Names are `name` in namespace `shop`, or `ns/name`. */
import type { KubeObject } from '../../kubernetes/objects.js'

export const t0 = Date.UTC(2026, 0, 1, 12)
/** All objects are an hour older than the story unless they say otherwise. */
const bornMs = t0 - 3_600_000

export interface Made { readonly kind: string, readonly object: KubeObject }
type Extra = Readonly<Record<string, unknown>>

export function nameOf (text: string): { namespace: string, name: string } {
  const [namespace, name] = text.split('/')
  return name === undefined ? { namespace: 'shop', name: text } : { namespace: namespace as string, name }
}

const clusterKinds: ReadonlySet<string> = new Set(['Node', 'PersistentVolume', 'StorageClass', 'Namespace'])

export function object (kind: string, text: string, body: Extra = {}, meta: Extra = {}, atMs = bornMs): Made {
  const { namespace, name } = nameOf(text)
  const own = clusterKinds.has(kind) ? { name } : { name, namespace }
  return { kind, object: { kind, metadata: { ...own, uid: `${kind}-${text}-${atMs}`, creationTimestamp: new Date(atMs).toISOString(), ...meta }, ...body } as KubeObject }
}

export interface PodOptions {
  readonly node?: string
  readonly owner?: readonly [kind: string, name: string]
  readonly app?: string
  readonly ip?: string
  readonly env?: Readonly<Record<string, string>>
  readonly config?: string
  readonly secret?: string
  readonly claim?: string
  readonly account?: string
  readonly bornMs?: number
}

export function pod (text: string, { node, owner, app, ip, bornMs: atMs, ...needs }: PodOptions = {}): Made {
  const meta = { labels: app === undefined ? {} : { app }, ...(owner === undefined ? {} : { ownerReferences: [{ kind: owner[0], name: owner[1], controller: true }] }) }
  return object('Pod', text, { spec: { ...(node === undefined ? {} : { nodeName: node }), ...podSpec(needs) }, status: ip === undefined ? {} : { podIP: ip } }, meta, atMs)
}

export function podSpec ({ env = {}, config, secret, claim, account }: Pick<PodOptions, 'env' | 'config' | 'secret' | 'claim' | 'account'>): Extra {
  return {
    containers: [{
      name: 'main', env: Object.entries(env).map(([name, value]) => ({ name, value })),
      envFrom: [...(config === undefined ? [] : [{ configMapRef: { name: config } }]), ...(secret === undefined ? [] : [{ secretRef: { name: secret } }])]
    }],
    volumes: claim === undefined ? [] : [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
    ...(account === undefined ? {} : { serviceAccountName: account })
  }
}

export const node = (name: string): Made => object('Node', name)
export const service = (text: string, app: string, clusterIP = '10.96.0.1'): Made => object('Service', text, { spec: { selector: { app }, clusterIP } })
export const deployment = (text: string, needs: PodOptions = {}): Made => object('Deployment', text, { spec: { template: { spec: podSpec(needs) } } })
export const replicaSet = (text: string, owner: string): Made => object('ReplicaSet', text, {}, { ownerReferences: [{ kind: 'Deployment', name: owner, controller: true }] })

/** A Deployment with its ReplicaSet, pods `<name>-0 …` and a Service of its name. */
export function app (name: string, pods: number, options: PodOptions & { readonly nodes?: readonly string[] } = {}): Made[] {
  const { nodes = ['n1'], ...rest } = options
  return [
    deployment(name, rest), replicaSet(`${name}-rs`, nameOf(name).name), service(name, nameOf(name).name),
    ...Array.from({ length: pods }, (_, i) => pod(`${name}-${i}`, { ...rest, app: nameOf(name).name, owner: ['ReplicaSet', `${nameOf(name).name}-rs`], node: nodes[i % nodes.length] as string }))
  ]
}
