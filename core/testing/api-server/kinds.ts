/** The resources the stand-in has, for discovery and paths. */
export interface Kind { readonly group: string, readonly version: string, readonly plural: string, readonly kind: string, readonly namespaced: boolean, readonly short: readonly string[] }

const kind = (group: string, plural: string, name: string, namespaced = true, ...short: string[]): Kind => ({ group, version: 'v1', plural, kind: name, namespaced, short })

export const kinds: readonly Kind[] = [
  kind('', 'pods', 'Pod', true, 'po'),
  kind('', 'nodes', 'Node', false, 'no'),
  kind('', 'namespaces', 'Namespace', false, 'ns'),
  kind('', 'events', 'Event', true, 'ev'),
  kind('', 'services', 'Service', true, 'svc'),
  kind('apps', 'deployments', 'Deployment', true, 'deploy'),
  kind('apps', 'replicasets', 'ReplicaSet', true, 'rs')
]

export interface Target { readonly kind: Kind, readonly id: string, readonly namespace: string | undefined, readonly name: string | undefined }

/** What a path is about: `/api/v1/namespaces/<ns>/pods/<name>`, `/apis/apps/v1/deployments`, … */
export function targetOf (path: string): Target | undefined {
  const match = /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+)(?=\/[^/]))?\/([^/]+)(?:\/([^/]+))?$/.exec(path)
  if (match === null) return undefined
  const [, group = '', version, namespace, plural, name] = match
  const found = kinds.find(k => k.group === group && k.version === version && k.plural === plural)
  return found === undefined ? undefined : { kind: found, id: `${group}/${found.plural}`, namespace, name }
}

/** Answers to the questions kubectl asks before it asks for anything. */
export function discovery (path: string): unknown {
  if (path === '/version') return { major: '1', minor: '32', gitVersion: 'v1.32.0', platform: 'linux/amd64' }
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: [{ name: 'apps', versions: [{ groupVersion: 'apps/v1', version: 'v1' }], preferredVersion: { groupVersion: 'apps/v1', version: 'v1' } }] }
  if (path === '/api/v1') return resourceList('', 'v1')
  if (path === '/apis/apps/v1') return resourceList('apps', 'apps/v1')
  return undefined
}

function resourceList (group: string, groupVersion: string): unknown {
  const resources = kinds.filter(k => k.group === group).map(k => ({ name: k.plural, singularName: k.kind.toLowerCase(), namespaced: k.namespaced, kind: k.kind, verbs: ['get', 'list', 'watch'], shortNames: k.short }))
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources }
}
