/** Whom an event is about: a pod's container and its network namespace, as far as anybody told. */
import type { Attributes } from '../../core/data/attributes.js'
import { identityKeys } from '../../core/identity/attributes.js'
import type { Attachment } from './attachments.js'
import type { Namespace } from './namespaces.js'

export interface Subject {
  /** The runtime's id of the pod's sandbox. */
  readonly containerId?: string
  readonly podNamespace?: string
  readonly podName?: string
  readonly podUid?: string
  readonly qos?: string
  /** Path of the namespace, '' = Tapio's own. */
  readonly netns?: string
  readonly netnsInode?: number
}

export class Subjects {
  readonly #byContainer = new Map<string, Attachment>()
  readonly #byPath = new Map<string, Attachment>()

  constructor (readonly attachments: readonly Attachment[], readonly namespaces: ReadonlyMap<number, Namespace>) {
    for (const attachment of attachments) {
      this.#byContainer.set(attachment.containerId, attachment)
      if (attachment.netns !== '') this.#byPath.set(baseOf(attachment.netns), attachment)
    }
  }

  attachmentOf (containerId: string): Attachment | undefined { return this.#byContainer.get(containerId) }

  ofContainer (containerId: string): Subject {
    const attachment = this.#byContainer.get(containerId)
    return { ...(containerId !== '' && { containerId }), ...(attachment === undefined ? {} : fromAttachment(attachment)) }
  }

  /** `containerId`: the holder of the lease of an address in it, when nothing better is known. */
  ofNamespace (inode: number, containerId = ''): Subject {
    const namespace = this.namespaces.get(inode)
    if (namespace === undefined || namespace.own) return { netns: '', netnsInode: inode }
    const attachment = this.#byPath.get(baseOf(namespace.path)) ?? this.#byContainer.get(containerId)
    const { identity } = namespace
    const isContainer = identity?.kind === 'container'
    return {
      netns: namespace.path, netnsInode: inode,
      ...(containerId !== '' && { containerId }),
      ...(isContainer && identity.containerId !== undefined && { containerId: identity.containerId }),
      ...(identity?.podUid !== undefined && { podUid: identity.podUid }),
      ...(identity?.qos !== undefined && { qos: identity.qos }),
      ...(attachment === undefined ? {} : fromAttachment(attachment))
    }
  }
}

/** /run/netns and /var/run/netns are one, and a container may see either below another root: names are unique. */
const baseOf = (path: string): string => /^\/?(?:.*\/)?proc\/(\d+)\//.exec(path)?.[0] ?? path.slice(path.lastIndexOf('/') + 1)

function fromAttachment ({ containerId, podNamespace, podName, podUid }: Attachment): Subject {
  return { ...(containerId !== '' && { containerId }), ...(podNamespace !== '' && { podNamespace }), ...(podName !== '' && { podName }), ...(podUid !== '' && { podUid }) }
}

/** Attributes of the resource; none for the node itself. */
export function subjectAttributes ({ containerId, podNamespace, podName, podUid, qos }: Subject): Attributes {
  const all = {
    [identityKeys.containerId]: containerId, [identityKeys.podUid]: podUid, [identityKeys.qos]: qos,
    'k8s.pod.name': podName, 'k8s.namespace.name': podNamespace
  }
  return Object.fromEntries(Object.entries(all).filter((e): e is [string, string] => e[1] !== undefined))
}

/** `pod shop/cart-0`, `container 3f2a…`, `namespace p1`, `the node`. */
export function subjectText ({ podName, podNamespace, containerId, netns }: Subject): string {
  if (podName !== undefined) return `pod ${podNamespace === undefined ? '' : `${podNamespace}/`}${podName}`
  if (containerId !== undefined) return `container ${containerId.length > 20 ? `${containerId.slice(0, 12)}…` : containerId}`
  return netns === undefined || netns === '' ? 'the node' : `network namespace ${netns}`
}
