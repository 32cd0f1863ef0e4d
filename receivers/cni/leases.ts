/**
 * host-local's leases: one file an address, `<data dir>/<network>/<address>`, which holds `<container id>\r\n<interface>`.
 * https://www.cni.dev/plugins/current/ipam/host-local/
 */
import { join } from 'node:path'
import { namesIn, ParsedFiles } from './directory.js'
import { parseIp, type Ip } from './ip.js'

export interface Lease {
  readonly network: string
  readonly address: string
  readonly ip: Ip
  readonly containerId: string
  readonly interfaceName: string
  /** When it was given out. */
  readonly sinceMs: number
}

const maxNetworks = 256
/** An id has 64 characters, an interface 15. */
const maxLeaseBytes = 1024

/** undefined for what is no lease: `lock`, `last_reserved_ip.0`, anything else. */
export function parseLease (network: string, name: string, text: string, sinceMs: number): Lease | undefined {
  // On file systems without colons in names, IPv6 addresses have underscores.
  const address = name.replaceAll('_', ':')
  const ip = parseIp(address)
  if (ip === undefined) return undefined
  const [containerId = '', interfaceName = ''] = text.split(/\r?\n/).map(line => line.trim())
  return { network, address, ip, containerId, interfaceName, sinceMs }
}

/** All leases below some directories. */
export class Leases {
  readonly #directories = new Map<string, ParsedFiles<Lease>>()

  /** `maxLeases` a network. */
  constructor (readonly maxLeases: number) {}

  /** Of every network that has a directory in one of `dataDirs`. */
  read (dataDirs: readonly string[]): Lease[] {
    const paths = dataDirs.flatMap(d => (namesIn(d, maxNetworks) ?? []).map(network => [join(d, network), network] as const))
    for (const known of this.#directories.keys()) if (!paths.some(([path]) => path === known)) this.#directories.delete(known)
    return paths.flatMap(([path, network]) => {
      let files = this.#directories.get(path)
      if (files === undefined) {
        files = new ParsedFiles(this.maxLeases, maxLeaseBytes, (name, text, stat) => parseLease(network, name, text, Number(stat.mtimeMs)))
        this.#directories.set(path, files)
      }
      return files.read(path)
    })
  }
}
