/**
 * What libcni remembers of every successful ADD: `/var/lib/cni/results/<network>-<container id>-<interface>`, a JSON object of
 * kind `cniCacheV1` (libcni/api.go, cachedInfo). Runtimes give pods' names in its arguments: K8S_POD_NAMESPACE, K8S_POD_NAME, K8S_POD_UID.
 */
import { parseIp } from './ip.js'

export interface Attachment {
  readonly containerId: string
  readonly network: string
  readonly interfaceName: string
  /** Path of the network namespace, '' when it is not told. */
  readonly netns: string
  readonly addresses: readonly string[]
  readonly podNamespace: string
  readonly podName: string
  readonly podUid: string
}

type Json = Readonly<Record<string, unknown>>

/** undefined for anything else: older libcni kept the bare result, which names nobody. */
export function parseAttachment (text: string): Attachment | undefined {
  let json: unknown
  try { json = JSON.parse(text) } catch { return undefined }
  if (!isObject(json) || json.kind !== 'cniCacheV1') return undefined
  const result = isObject(json.result) ? json.result : {}
  const args = new Map(list(json.cniArgs).flatMap(pair => Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'string' ? [[pair[0], pair[1]] as const] : []))
  const sandboxes = list(result.interfaces).map(i => isObject(i) ? string(i.sandbox) : '')
  return {
    containerId: string(json.containerId), network: string(json.networkName), interfaceName: string(json.ifName),
    netns: string(json.netns) || (sandboxes.find(s => s !== '') ?? ''),
    addresses: list(result.ips).map(ip => isObject(ip) ? string(ip.address).split('/')[0] as string : '').filter(a => parseIp(a) !== undefined),
    ...podOf(args)
  }
}

/** Of `CNI_ARGS` too, which a plugin has in its environment: `IgnoreUnknown=1;K8S_POD_NAME=cart-0;…`. */
export function podOf (args: ReadonlyMap<string, string>): Pick<Attachment, 'podNamespace' | 'podName' | 'podUid'> {
  return { podNamespace: args.get('K8S_POD_NAMESPACE') ?? '', podName: args.get('K8S_POD_NAME') ?? '', podUid: args.get('K8S_POD_UID') ?? '' }
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const list = (value: unknown): unknown[] => Array.isArray(value) ? value.slice(0, 100) : []
const string = (value: unknown): string => typeof value === 'string' ? value.slice(0, 4096) : ''
