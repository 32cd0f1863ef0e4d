/** Which objects a request is about, as the path and query of the API server's URL. */

/** A resource as discovery names it: `{ group: 'apps', version: 'v1', plural: 'deployments' }`; the core group is ''. */
export interface ResourceType { readonly group: string, readonly version: string, readonly plural: string }

export const pods: ResourceType = { group: '', version: 'v1', plural: 'pods' }

export interface Selection {
  /** Left out = all namespaces, or a resource that has none. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

export function resourcePath ({ group, version, plural }: ResourceType, { namespace }: Selection): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`
}

export function resourceUrl (type: ResourceType, selection: Selection, query: Readonly<Record<string, string>>): string {
  const { labelSelector, fieldSelector } = selection
  const all = { ...(labelSelector === undefined ? {} : { labelSelector }), ...(fieldSelector === undefined ? {} : { fieldSelector }), ...query }
  return `${resourcePath(type, selection)}?${new URLSearchParams(all).toString()}`
}
