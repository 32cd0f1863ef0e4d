/**
 * What one network namespace has: links and addresses, kept by the kernel's messages; and what a message changed. Pure.
 *
 * A dump tells all there is; what it does not tell again has gone while messages were lost.
 */
import { linkFlags, neighbourStates, type AddressMessage, type LinkMessage, type NeighbourMessage, type NetlinkMessage, type RouteMessage } from '../../native/index.js'

export type ChangeName = 'link_added' | 'link_removed' | 'link_changed' | 'address_added' | 'address_removed' | 'route_added' | 'route_removed' | 'neighbour_failed'
export interface Change { readonly name: ChangeName, readonly text: string, readonly index: number, readonly interfaceName: string, readonly address?: string }

export interface Link { readonly message: LinkMessage, readonly wasUp: boolean }

/** Interfaces, and addresses, of one namespace: far above what nodes have (IPVS puts every service's address on one). */
const maxEntries = 65_536
const maxFailed = 1024
const mainTable = 254

interface Entry<T> { readonly value: T, generation: number }

export class NetworkState {
  readonly #links = new Map<number, Entry<Link>>()
  readonly #addresses = new Map<string, Entry<AddressMessage>>()
  readonly #failed = new Set<string>()
  #generation = 0
  /** Entries that had no room. */
  dropped = 0

  link (index: number): Link | undefined { return this.#links.get(index)?.value }
  nameOf (index: number): string { return this.#links.get(index)?.value.message.name ?? '' }
  * links (): Generator<Link> { for (const { value } of this.#links.values()) yield value }
  * addresses (): Generator<AddressMessage> { for (const { value } of this.#addresses.values()) yield value }

  /** What it changed, in words; undefined when nothing that counts. */
  apply (message: NetlinkMessage): Change | undefined {
    switch (message.kind) {
      case 'link': return message.removed ? this.#linkGone(message.index) : this.#linkSeen(message)
      case 'address': return this.#address(message)
      case 'route': return this.#route(message)
      case 'neighbour': return this.#neighbour(message)
      case 'end': return undefined
    }
  }

  /** A dump of everything begins. */
  beginDump (): void { this.#generation++ }

  /** It has ended: what it did not tell is gone. */
  endDump (kind: 'link' | 'address'): Change[] {
    if (kind === 'link') return [...this.#links].filter(([, e]) => e.generation !== this.#generation).flatMap(([index]) => this.#linkGone(index) ?? [])
    return [...this.#addresses.values()].filter(e => e.generation !== this.#generation).flatMap(({ value }) => this.#address({ ...value, removed: true }) ?? [])
  }

  #linkSeen (message: LinkMessage): Change | undefined {
    const before = this.#links.get(message.index)?.value
    if (before === undefined && this.#links.size >= maxEntries) { this.dropped++; return undefined }
    this.#links.set(message.index, { value: { message, wasUp: before?.wasUp === true || isUp(message.flags) }, generation: this.#generation })
    const differences = before === undefined ? undefined : differencesOf(before.message, message)
    if (differences === '') return undefined
    const text = differences === undefined ? `interface ${message.name}${message.type === '' ? '' : ` (${message.type})`} was added` : `interface ${message.name}: ${differences}`
    return { name: before === undefined ? 'link_added' : 'link_changed', text, index: message.index, interfaceName: message.name }
  }

  #linkGone (index: number): Change | undefined {
    const name = this.nameOf(index)
    if (!this.#links.delete(index)) return undefined
    for (const [key, { value }] of this.#addresses) if (value.index === index) this.#addresses.delete(key)
    return { name: 'link_removed', text: `interface ${name} was removed`, index, interfaceName: name }
  }

  #address (message: AddressMessage): Change | undefined {
    const { index, address, prefix, removed } = message
    const key = `${index}/${address}/${prefix}`
    const known = this.#addresses.has(key)
    if (removed) this.#addresses.delete(key)
    else if (!known && this.#addresses.size >= maxEntries) { this.dropped++; return undefined } else this.#addresses.set(key, { value: message, generation: this.#generation })
    if (known !== removed) return undefined
    const interfaceName = this.nameOf(index)
    return { name: removed ? 'address_removed' : 'address_added', text: `address ${address}/${prefix} ${removed ? 'left' : 'came to'} interface ${interfaceName}`, index, interfaceName, address }
  }

  /** Of the main table only: the kernel keeps one of its own for local addresses. */
  #route ({ table, destination, gateway, index, removed, seq }: RouteMessage): Change | undefined {
    if (table !== mainTable || seq !== 0) return undefined
    const interfaceName = this.nameOf(index)
    const via = gateway === '' ? '' : ` via ${gateway}`
    return { name: removed ? 'route_removed' : 'route_added', text: `route to ${destination}${via} on ${interfaceName} was ${removed ? 'removed' : 'added'}`, index, interfaceName, address: destination }
  }

  /** Told once until it answers again: the kernel says so at each try. */
  #neighbour ({ index, address, state, removed }: NeighbourMessage): Change | undefined {
    const key = `${index}/${address}`
    if (removed || (state & neighbourStates.reachable) !== 0) this.#failed.delete(key)
    if (removed || (state & neighbourStates.failed) === 0 || this.#failed.has(key) || this.#failed.size >= maxFailed) return undefined
    this.#failed.add(key)
    const interfaceName = this.nameOf(index)
    return { name: 'neighbour_failed', text: `nobody answers for ${address} on interface ${interfaceName} (ARP or neighbour discovery failed)`, index, interfaceName, address }
  }
}

/** Set up, and with a carrier. */
export function isUp (flags: number): boolean { return (flags & linkFlags.up) !== 0 && (flags & linkFlags.lowerUp) !== 0 }

function differencesOf (a: LinkMessage, b: LinkMessage): string {
  const state = (flags: number): string => (flags & linkFlags.up) === 0 ? 'set down' : isUp(flags) ? 'up' : 'up without carrier'
  return [
    state(a.flags) === state(b.flags) ? '' : `${state(a.flags)} -> ${state(b.flags)}`,
    ...(['name', 'mtu', 'mac', 'master'] as const).map(key => a[key] === b[key] ? '' : `${key} ${a[key]} -> ${b[key]}`)
  ].filter(t => t !== '').join(', ')
}
