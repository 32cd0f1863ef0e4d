/** Whether an entity is in production: what its namespace says of itself, else its name. */
import type { EntityRef } from '../correlation/entity.js'
import type { ClusterModel } from '../topology/cluster-model.js'
import { textsAt } from '../topology/graph/plain.js'

const labelNames = ['environment', 'env', 'app.kubernetes.io/environment', 'stage', 'tier']
/** Whole words: `latest` and `contest` are no tests. */
const otherWords = /(?:^|[-_./])(?:dev|devel|develop|development|test|tests|testing|stage|staging|qa|uat|sandbox|preview|demo|ci|e2e|scratch|playground)\d*(?:$|[-_./])/
const productionWords = /(?:^|[-_./])(?:prod|prd|production|live)\d*(?:$|[-_./])/

/** What has no namespace serves all. */
export function isProduction ({ namespace = '' }: EntityRef, model: ClusterModel): boolean {
  if (namespace === '') return true
  const labels = textsAt(model.object({ kind: 'Namespace', name: namespace }), 'metadata', 'labels')
  for (const name of labelNames) {
    const said = Object.hasOwn(labels, name) ? (labels[name] as string).toLowerCase() : ''
    if (productionWords.test(said)) return true
    if (otherWords.test(said)) return false
  }
  return productionWords.test(namespace.toLowerCase()) || !otherWords.test(namespace.toLowerCase())
}

const systemNamespaces: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease'])
const systemNames = /^(?:kube-apiserver|kube-controller-manager|kube-scheduler|etcd|coredns|kube-dns|kube-proxy|cloud-controller-manager)(?:$|-)/

/** Of the cluster itself: a system namespace, a component of the control plane, or what says so by label. */
export function isSystem ({ kind, namespace = '', name }: EntityRef, model: ClusterModel): boolean {
  if (systemNamespaces.has(namespace) || (kind === 'Namespace' && systemNamespaces.has(name)) || (kind !== 'Node' && systemNames.test(name))) return true
  const { tier = '' } = textsAt(model.object({ kind, namespace, name }), 'metadata', 'labels')
  return tier === 'infrastructure' || tier === 'system' || tier === 'control-plane'
}
