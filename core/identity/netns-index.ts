/**
 * Network namespace -> whose it is: a socket's event in softirq names no process that can be trusted, but its namespace can.
 * The containers of a pod share one, so the answer is the pod always and the container only while it is the only one.
 *
 * Fed with (namespace, cgroup) pairs seen together: of exec events, and of /proc/PID/ns/net of a cgroup's processes. The
 * machine's own namespace is nobody's. Bounded: the namespace heard of longest ago goes first.
 */
import type { CgroupIdentity, Qos } from './cgroup-path.js'

export interface NetnsOwner {
  readonly podUid?: string
  readonly qos?: Qos
  /** Of the containers seen in it, in the order they were seen; a pod's pause container is one of them. */
  readonly containerIds: readonly string[]
  /** The runtime they share. */
  readonly runtime?: string
}

/** A pod's containers, init containers and restarts; beyond this the oldest are forgotten. */
const maxContainers = 32

export class NetnsIndex {
  readonly #owners = new Map<number, NetnsOwner>()

  /** `hostNetns` 0 = unknown. */
  constructor (readonly options: { readonly maxNamespaces: number, readonly hostNetns: number }) {}

  get size (): number { return this.#owners.size }

  /** A process of a cgroup with this identity was seen in `netns`. Only pods and containers own one. */
  observe (netns: number, identity: CgroupIdentity): void {
    if (netns === 0 || netns === this.options.hostNetns || identity.kind !== 'container' || identity.containerId === undefined) return
    const before = this.#owners.get(netns)
    // Of another pod: the number was used again, or a namespace is shared on purpose; then the last one seen is the likelier.
    const same = before !== undefined && before.podUid === identity.podUid ? before : undefined
    if (same?.containerIds.includes(identity.containerId) === true) return
    const containerIds = [...same?.containerIds ?? [], identity.containerId].slice(-maxContainers)
    const { podUid, qos, runtime } = identity
    this.#owners.delete(netns)
    this.#owners.set(netns, { containerIds, ...(podUid !== undefined && { podUid }), ...(qos !== undefined && { qos }), ...(runtime !== undefined && { runtime }) })
    for (const oldest of this.#owners.keys()) {
      if (this.#owners.size <= this.options.maxNamespaces) break
      this.#owners.delete(oldest)
    }
  }

  lookup (netns: number): NetnsOwner | undefined {
    return this.#owners.get(netns)
  }
}
