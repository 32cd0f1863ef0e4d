/** Pods as a cluster has them, for tests. */
import { createHash } from 'node:crypto'
import type { Pod } from '../../kubernetes/objects.js'

export interface PodOptions {
  readonly namespace?: string
  readonly uid?: string
  readonly node?: string
  readonly ip?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly owner?: { readonly kind: string, readonly name: string }
  readonly image?: string
  readonly phase?: string
  readonly hostNetwork?: boolean
  readonly startTime?: string
  /** Another one for every restart. */
  readonly restarts?: number
}

export function makePod (name: string, options: PodOptions = {}): Pod {
  const { namespace = 'shop', node = 'node-1', ip, labels = {}, annotations = {}, owner, image = 'registry.example/shop/cart:1.2.3', phase = 'Running', hostNetwork = false, startTime = '2026-01-01T00:00:00Z', restarts = 0 } = options
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name, namespace, labels, annotations, ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(owner === undefined ? {} : { ownerReferences: [{ ...owner, uid: uuidOf(owner.name), controller: true }] })
    },
    spec: { nodeName: node, hostNetwork, containers: [{ name: 'main', image }] },
    status: {
      phase, startTime, ...(ip === undefined ? {} : { podIP: ip, podIPs: [{ ip }] }),
      containerStatuses: [{
        name: 'main', containerID: `containerd://${containerIdOf(name, restarts)}`, restartCount: restarts, state: { running: { startedAt: startTime } },
        ...(restarts === 0 ? {} : { lastState: { terminated: { containerID: `containerd://${containerIdOf(name, restarts - 1)}`, exitCode: 137, reason: 'OOMKilled' } } })
      }]
    }
  }
}

export const containerIdOf = (pod: string, run = 0): string => createHash('sha256').update(`${pod}/${run}`).digest('hex')

/** The same for the same text. */
export function uuidOf (text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
