/**
 * A CNI network configuration as libcni reads it: https://www.cni.dev/docs/spec/#section-1-network-configuration-format;
 * ranges as host-local counts them: https://www.cni.dev/plugins/current/ipam/host-local/. Pure: no file is read here.
 */
import { boundsOf, parseIp, parseSubnet, type Family, type Ip } from './ip.js'

/** Addresses that host-local may hand out, both ends included; the gateway is not among them though it lies within. */
export interface Range { readonly family: Family, readonly first: bigint, readonly last: bigint, readonly size: bigint, readonly text: string }

export interface Network {
  readonly name: string
  /** Name of the file. */
  readonly file: string
  readonly cniVersion: string
  /** Programs it runs, in order; IPAM plugins among them. */
  readonly programs: readonly string[]
  readonly flavor: Flavor
  /** Each pod gets an address of every set. */
  readonly rangeSets: readonly (readonly Range[])[]
  /** host-local's own directory, '' = the usual one. */
  readonly dataDir: string
  /** Addresses written out: the `static` plugin's. */
  readonly addresses: readonly Ip[]
}

/** Whose configuration it is. Theirs hand out addresses by themselves, so nothing is said about how many are left. */
export type Flavor = 'calico' | 'cilium' | 'flannel' | 'multus' | 'generic'

export type ConfFault = { readonly kind: 'invalid' | 'version', readonly message: string }
export interface ParsedConf { readonly network?: Network, readonly faults: readonly ConfFault[] }

/** Every version of the specification. */
export const cniVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const

const flavors: Readonly<Record<string, Flavor>> = { calico: 'calico', 'calico-ipam': 'calico', 'cilium-cni': 'cilium', flannel: 'flannel', multus: 'multus', 'multus-shim': 'multus' }
/** What ValidateNetworkName of libcni takes. */
const networkName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/
/** A plugin's name is a file's name: a path would lead out of the plugin directories. */
const programName = /^[^/\0]+$/
const maxPlugins = 32

type Json = Readonly<Record<string, unknown>>

export function parseNetConf (file: string, text: string, versions: readonly string[] = cniVersions): ParsedConf {
  let json: unknown
  try { json = JSON.parse(text) } catch (error) { return invalid(`is not JSON (${(error as Error).message})`) }
  if (!isObject(json)) return invalid(`holds ${Array.isArray(json) ? 'a list' : String(json)}, expected an object`)
  const isList = file.endsWith('.conflist')
  if (isList && !Array.isArray(json.plugins)) return invalid('has no list `plugins`, which a .conflist must have; a single plugin goes into a .conf')
  if (!isList && Array.isArray(json.plugins)) return invalid('has a list `plugins` but is no .conflist, and is read as one plugin; rename it to .conflist')
  const plugins: readonly unknown[] = isList ? json.plugins as unknown[] : [json]
  const fault = faultOf(json, plugins)
  if (fault !== '') return invalid(fault)
  const network = networkOf(file, json, plugins as Json[])
  const faults: ConfFault[] = rangeFaults(plugins as Json[])
  if (!versions.includes(network.cniVersion)) faults.push({ kind: 'version', message: `asks for cniVersion "${network.cniVersion.slice(0, 40)}", supported are ${versions.join(', ')}` })
  return { network, faults }
}

function invalid (message: string): ParsedConf { return { faults: [{ kind: 'invalid', message }] } }

function faultOf (json: Json, plugins: readonly unknown[]): string {
  if (typeof json.name !== 'string' || !networkName.test(json.name)) return `has ${json.name === undefined ? 'no `name`' : `the name ${JSON.stringify(json.name).slice(0, 60)}`}, expected letters, digits, "_", "." and "-"`
  if (json.cniVersion !== undefined && typeof json.cniVersion !== 'string') return 'has a `cniVersion` that is no text'
  if (plugins.length === 0) return 'has an empty list `plugins`'
  if (plugins.length > maxPlugins) return `has ${plugins.length} plugins, expected at most ${maxPlugins}`
  for (const [i, plugin] of plugins.entries()) {
    const place = plugins.length === 1 ? '' : ` in plugins[${i}]`
    if (!isObject(plugin) || typeof plugin.type !== 'string' || !programName.test(plugin.type)) return `has no usable \`type\`${place}, expected the file name of a plugin`
    if (isObject(plugin.ipam) && plugin.ipam.type !== undefined && (typeof plugin.ipam.type !== 'string' || !programName.test(plugin.ipam.type))) return `has no usable \`ipam.type\`${place}, expected the file name of a plugin`
  }
  return ''
}

function networkOf (file: string, json: Json, plugins: readonly Json[]): Network {
  const ipams = plugins.map(p => p.ipam).filter(isObject)
  const programs = plugins.flatMap(p => [p.type, isObject(p.ipam) ? p.ipam.type : undefined]).filter((t): t is string => typeof t === 'string')
  const hostLocal = ipams.find(i => i.type === 'host-local')
  return {
    name: json.name as string, file, programs: [...new Set(programs)],
    // libcni takes a configuration without a version for one of 0.1.0.
    cniVersion: typeof json.cniVersion === 'string' && json.cniVersion !== '' ? json.cniVersion : '0.1.0',
    flavor: programs.map(p => flavors[p]).find(f => f !== undefined) ?? 'generic',
    rangeSets: ipams.filter(i => i.type === 'host-local').flatMap(i => setsOf(i).map(set => set.map(rangeOf).filter((r): r is Range => typeof r !== 'string'))).filter(set => set.length > 0),
    dataDir: typeof hostLocal?.dataDir === 'string' ? hostLocal.dataDir : '',
    addresses: ipams.filter(i => i.type === 'static').flatMap(i => list(i.addresses).map(a => isObject(a) && typeof a.address === 'string' ? parseIp(a.address.split('/')[0] as string) : undefined)).filter((ip): ip is Ip => ip !== undefined)
  }
}

function rangeFaults (plugins: readonly Json[]): ConfFault[] {
  return plugins.map(p => p.ipam).filter(isObject).filter(i => i.type === 'host-local').flatMap(ipam => {
    const ranges = setsOf(ipam).flat()
    // Kubernetes of old filled the subnet in at run time.
    const messages = ranges.map(rangeOf).filter((r): r is string => typeof r === 'string')
    if (ranges.length === 0 && !isObject(ipam.runtimeConfig)) messages.push('has a host-local `ipam` without `ranges` or `subnet`')
    return messages.map(message => ({ kind: 'invalid' as const, message }))
  })
}

/** The range at the top level, as older versions have it, is a set of its own. */
function setsOf (ipam: Json): unknown[][] {
  const old = typeof ipam.subnet === 'string' ? [[ipam]] : []
  return [...old, ...list(ipam.ranges).map(set => list(set))]
}

/** As host-local fills in what is left out: all hosts of the subnet, its first one as gateway. Or what is wrong. */
function rangeOf (json: unknown): Range | string {
  const text = isObject(json) && typeof json.subnet === 'string' ? json.subnet : ''
  const subnet = parseSubnet(text)
  if (!isObject(json) || subnet === undefined) return `has the subnet ${JSON.stringify(isObject(json) ? json.subnet : json)?.slice(0, 60)}, expected an address with a prefix such as 10.1.0.0/24`
  const { first, last } = boundsOf(subnet)
  const within = (key: string, otherwise: bigint): bigint | undefined => {
    if (json[key] === undefined || json[key] === '') return otherwise
    const ip = typeof json[key] === 'string' ? parseIp(json[key]) : undefined
    return ip?.family === subnet.family && ip.value >= first && ip.value <= last ? ip.value : undefined
  }
  const [from, to, gateway] = [within('rangeStart', first + 1n), within('rangeEnd', subnet.family === 4 ? last - 1n : last), within('gateway', first + 1n)]
  if (from === undefined || to === undefined) return `has a range (${String(json.rangeStart)} to ${String(json.rangeEnd)}) that is not within its subnet ${text}`
  if (to < from) return `has a subnet or range without an address to hand out (${text})`
  const size = to - from + 1n - (gateway !== undefined && gateway >= from && gateway <= to ? 1n : 0n)
  return { family: subnet.family, first: from, last: to, size, text }
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const list = (value: unknown): unknown[] => Array.isArray(value) ? value.slice(0, 1000) : []
