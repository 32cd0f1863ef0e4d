/** What is wrong with addresses: ranges that run out, leases that nobody uses, addresses that two have. Pure but for `Leaks`' memory. */
import { Severity } from '../../core/data/enums.js'
import { linkFlags } from '../../native/index.js'
import { isShared, parseIp, type Ip } from './ip.js'
import type { Lease } from './leases.js'
import type { Network, Range } from './net-conf.js'
import type { NetworkState } from './network-state.js'
import type { Problem } from './problems.js'
import { subjectText, type Subject, type Subjects } from './subjects.js'

export interface Usage { readonly network: string, readonly ranges: string, readonly set: number, readonly used: number, readonly size: bigint }
export interface Placed { readonly address: string, readonly inode: number, readonly interfaceName: string }

const contains = (set: readonly Range[], { family, value }: Ip): boolean => set.some(r => r.family === family && value >= r.first && value <= r.last)

export function usageOf (networks: readonly Network[], leases: readonly Lease[]): Usage[] {
  return networks.flatMap(({ name, rangeSets }) => {
    const own = leases.filter(l => l.network === name)
    return rangeSets.map((set, i) => ({ network: name, ranges: set.map(r => r.text).join(', '), set: i, used: own.filter(l => contains(set, l.ip)).length, size: set.reduce((sum, r) => sum + r.size, 0n) }))
  })
}

/** `near`: the share of a range from which on its end is said to be coming. */
export function usageProblems (usages: readonly Usage[], near: number): Problem[] {
  return usages.flatMap(({ network, ranges, set, used, size }): Problem[] => {
    const [share, full] = [Number(size) === 0 ? 1 : used / Number(size), BigInt(used) >= size]
    if (!full && share < near) return []
    const name = full ? 'ipam_exhausted' : 'ipam_exhaustion_near'
    const told = `${used} of ${size} addresses of ${ranges}`
    return [{
      name, key: `${name}/${network}/${set}`, severity: full ? Severity.critical : Severity.warning, afterMs: 0,
      message: full ? `network ${network} has no address left (${told} are given out): the next pod cannot start; remove leaked leases or widen the range` : `network ${network} is running out of addresses: ${told} are given out`,
      over: full ? `network ${network} has addresses again` : `network ${network} is no longer about to run out of addresses, or has none left`,
      attributes: { 'tapio.cni.network': network, 'tapio.ipam.ranges': ranges, 'tapio.ipam.used': BigInt(used), 'tapio.ipam.size': size > 2n ** 62n ? 2n ** 62n : size }
    }]
  })
}

/** Every address that means one host, with where it is. */
export function * placedAddresses (states: Iterable<{ readonly inode: number, readonly state: NetworkState }>): Generator<Placed> {
  for (const { inode, state } of states) {
    for (const { address, index } of state.addresses()) {
      const link = state.link(index)?.message
      // On the loopback interface addresses are put that several machines answer for.
      if (isShared(address) || link === undefined || (link.flags & linkFlags.loopback) !== 0) continue
      yield { address, inode, interfaceName: link.name }
    }
  }
}

/** Long enough for an interface to move to its namespace. */
const duplicateAfterMs = 200

export function duplicateProblems (placed: Iterable<Placed>, networks: readonly Network[], subjects: Subjects): Problem[] {
  const byAddress = new Map<string, Placed[]>()
  for (const place of placed) {
    const others = byAddress.get(place.address)
    if (others === undefined) byAddress.set(place.address, [place])
    else if (!others.some(o => o.inode === place.inode)) others.push(place)
  }
  return [...byAddress].filter(([, places]) => places.length > 1).map(([address, places]) => {
    const whose = places.map(p => subjects.ofNamespace(p.inode))
    const ip = parseIp(address)
    const configured = ip !== undefined && networks.some(n => n.rangeSets.some(set => contains(set, ip)) || n.addresses.some(a => a.family === ip.family && a.value === ip.value))
    const pod = whose.find(s => s.podUid !== undefined || s.podName !== undefined)
    const named = places.map((p, i) => `${subjectText(whose[i] as Subject)} (${p.interfaceName})`)
    // Networks that do not meet may use the same addresses, as the bridges of two container hosts in one machine do.
    const serious = configured || pod !== undefined
    return {
      name: 'ip_address_duplicate', key: `ip_address_duplicate/${address}/${places.map(p => p.inode).sort((a, b) => a - b).join('/')}`, severity: serious ? Severity.error : Severity.low, afterMs: duplicateAfterMs,
      message: `address ${address} is there ${places.length} times: in ${named.join(', ')}${serious ? '; traffic reaches one of them at random: remove one, or let IPAM give out addresses' : ''}`,
      over: `address ${address} is no longer there twice`,
      ...(pod !== undefined && { subject: pod }),
      attributes: { 'tapio.network.address': address, 'tapio.netns.inodes': places.map(p => BigInt(p.inode)), 'tapio.netns.paths': whose.map(s => s.netns ?? '') }
    }
  })
}

export interface LeakView {
  readonly placed: ReadonlySet<string>
  /** The addresses of all namespaces are known. */
  readonly complete: boolean
  readonly containers: ReadonlySet<string>
  readonly subjects: Subjects
  /** Whether the network namespace at a path is still there. */
  readonly netnsExists: (path: string) => boolean
}

/** A DEL that is under way removes the lease within this time. */
const leakAfterMs = 1000

export class Leaks {
  /** Leases whose address was seen in a namespace. */
  #placed = new Set<string>()
  /** Those that are leaked: while a new namespace is still being read, nothing is known better. */
  #leaked = new Set<string>()

  /** `graceMs`: how long an ADD may take from lease to address. */
  constructor (readonly graceMs: number) {}

  find (leases: readonly Lease[], view: LeakView, nowMs: number): Problem[] {
    const keyOf = (l: Lease): string => `${l.network}/${l.address}/${l.containerId}`
    // Only those of leases that are there: no more than there are leases.
    this.#placed = new Set(leases.filter(l => view.placed.has(l.address) || this.#placed.has(keyOf(l))).map(keyOf))
    const leaked = leases.filter(l => this.#isLeaked(l, keyOf(l), view, nowMs))
    this.#leaked = new Set(leaked.map(keyOf))
    return leaked.map(lease => {
      const { network, address, containerId, interfaceName } = lease
      const subject = view.subjects.ofContainer(containerId)
      return {
        name: 'ipam_lease_leaked', key: `ipam_lease_leaked/${keyOf(lease)}`, severity: Severity.warning, afterMs: leakAfterMs, subject, interfaceName,
        message: `address ${address} of network ${network} is leaked: leased to ${subjectText(subject)}, which is gone without a CNI DEL; remove its lease file`,
        over: `the lease of address ${address} of network ${network} is free or in use again`,
        attributes: { 'tapio.cni.network': network, 'tapio.network.address': address, 'tapio.ipam.holder': containerId }
      }
    })
  }

  #isLeaked ({ address, containerId, sinceMs }: Lease, key: string, { placed, complete, containers, subjects, netnsExists }: LeakView, nowMs: number): boolean {
    // Half written.
    if (containerId === '' || placed.has(address) || containers.has(containerId)) return false
    const netns = subjects.attachmentOf(containerId)?.netns ?? ''
    if (netns === '' && !complete) return this.#leaked.has(key)
    if (netns !== '' && netnsExists(netns)) return false
    return this.#placed.has(key) || nowMs - sinceMs >= this.graceMs
  }
}
