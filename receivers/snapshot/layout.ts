/**
 * What each file of a dump is, by its place and name. The rules of several tools hold at once: dumps are often put together
 * by hand from the output of more than one.
 */
export type Role =
  | { readonly is: 'objects' }
  | { readonly is: 'alerts' }
  | { readonly is: 'collected' }
  | { readonly is: 'log', readonly pod?: string, readonly namespace?: string, readonly container?: string, /** The run before the last restart. */ readonly previous?: boolean, /** A workload, Service or pod: who has it is looked up. */ readonly subject?: string }
  | { readonly is: 'unit', readonly node: string, readonly unit: string }
  | { readonly is: 'journal', readonly node: string, readonly unit: string }
  | { readonly is: 'unknown' }

type Rule = readonly [pattern: RegExp, role: (match: Readonly<Record<string, string>>) => Role]

const unitOf = (name: string): string => /\.(service|socket|timer|mount|scope|slice)$/.test(name) ? name : `${name}.service`

const rules: readonly Rule[] = [
  [/(^|\/)(collected[-_]at|timestamp)(\.txt)?$/, () => ({ is: 'collected' })],
  [/(^|\/)alerts?[^/]*\.json$/, () => ({ is: 'alerts' })],
  // must-gather: namespaces/NS/pods/POD/CONTAINER/CONTAINER/logs/current.log
  [/(^|\/)namespaces\/(?<namespace>[^/]+)\/pods\/(?<pod>[^/]+)\/(?<container>[^/]+)\/(.+\/)?logs\/(?<run>current|previous)[^/]*\.log$/, m => ({ is: 'log', namespace: m.namespace as string, pod: m.pod as string, container: m.container as string, ...(m.run === 'previous' ? { previous: true } : {}) })],
  // The kubelet's own: /var/log/pods/NS_POD_UID/CONTAINER/0.log and /var/log/containers/POD_NS_CONTAINER-ID.log
  [/(^|\/)(?<namespace>[a-z0-9-]+)_(?<pod>[a-z0-9.-]+)_[0-9a-f-]{32,36}\/(?<container>[^/]+)\/\d+\.log$/, m => ({ is: 'log', namespace: m.namespace as string, pod: m.pod as string, container: m.container as string })],
  [/(^|\/)(?<pod>[a-z0-9.-]+)_(?<namespace>[a-z0-9-]+)_(?<container>[a-z0-9-]+)-[0-9a-f]{64}\.log$/, m => ({ is: 'log', namespace: m.namespace as string, pod: m.pod as string, container: m.container as string })],
  // cluster-info dump: NS/POD/logs.txt, its containers by headings inside
  [/(^|\/)(?<namespace>[^/]+)\/(?<pod>[^/]+)\/logs\.txt$/, m => ({ is: 'log', namespace: m.namespace as string, pod: m.pod as string })],
  [/(^|\/)nodes\/(?<node>[^/]+)\/(.*\/)?(?<unit>[^/]+?)\.(systemctl-status|status)(\.txt)?$/, m => ({ is: 'unit', node: m.node as string, unit: unitOf(m.unit as string) })],
  [/(^|\/)nodes\/(?<node>[^/]+)\/(.*\/)?systemctl[-_]status[-_](?<unit>[^/]+?)(\.txt)?$/, m => ({ is: 'unit', node: m.node as string, unit: unitOf(m.unit as string) })],
  [/(^|\/)host_service_logs\/(.*\/)?(?<unit>[^/]+?)_service\.log$/, m => ({ is: 'journal', node: '', unit: unitOf(m.unit as string) })],
  [/(^|\/)nodes\/(?<node>[^/]+)\/(.*\/)?(journal|journalctl|dmesg|syslog|messages)[^/]*$/, m => ({ is: 'journal', node: m.node as string, unit: '' })],
  [/(^|\/)nodes\/(?<node>[^/]+)\/(.*\/)?(?<unit>[^/]+?)(\.journal)?\.(log|txt)$/, m => ({ is: 'journal', node: m.node as string, unit: unitOf(m.unit as string) })],
  [/(^|\/)(?<subject>[^/]+?)(?<run>[-_.]previous)?\.log$/, m => ({ is: 'log', subject: m.subject as string, ...(m.run === undefined ? {} : { previous: true }) })],
  [/\.(json|ya?ml)$/, () => ({ is: 'objects' })]
]

export function roleOf (name: string): Role {
  for (const [pattern, role] of rules) {
    const match = pattern.exec(name)
    if (match !== null) return role((match.groups ?? {}) as Readonly<Record<string, string>>)
  }
  return { is: 'unknown' }
}

/** What made the dump, for people. */
export function layoutOf (names: readonly string[]): string {
  if (names.some(n => /(^|\/)(namespaces\/[^/]+\/core\/|cluster-scoped-resources\/)/.test(n))) return 'must-gather'
  if (names.some(n => /(^|\/)[^/]+\/replication-controllers\.(json|ya?ml)$/.test(n))) return 'cluster-info dump'
  return names.length === 1 ? 'single file' : 'files of kubectl output'
}
