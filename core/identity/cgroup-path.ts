/**
 * Whose a cgroup is, read from its path alone: container runtime, container, pod, QoS class, systemd unit.
 *
 * A path is read from the root down and the innermost container wins, so nesting (kind, k3d, Docker in Docker, systemd in a
 * container) needs no case of its own: an outer container moves to `outer`, and what follows says what runs inside.
 *
 *   systemd driver    kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid, - as _>.slice/<runtime>-<id>.scope
 *   cgroupfs driver   kubepods/burstable/pod<uid>/<id>                     (the runtime is not in the path)
 *   mixed up          system.slice/containerd.service/kubepods-…-pod<uid>.slice:cri-containerd:<id>
 *                     (kubelet with the systemd driver, containerd without `SystemdCgroup = true`)
 *
 * Only shapes that a runtime makes count: a directory that merely looks odd is `other`, never a wrong container.
 */
export type Qos = 'guaranteed' | 'burstable' | 'besteffort'

export type CgroupKind =
  | 'container'
  /** The runtime's own helper of a container (conmon, lxc monitor): not the container, though it has its id. */
  | 'monitor'
  /** A pod's cgroup, which holds its containers' and no process. */
  | 'pod'
  /** A systemd unit outside of any container. */
  | 'unit'
  | 'other'

export interface CgroupIdentity {
  readonly kind: CgroupKind
  /** containerd, cri-o, docker, podman, lxc, systemd-nspawn, ecs; absent when the path does not say. */
  readonly runtime?: string
  readonly containerId?: string
  readonly podUid?: string
  readonly qos?: Qos
  /** The innermost service, scope, socket or mount unit; in a container: the one inside it. */
  readonly unit?: string
  /** Owner of the user slice. */
  readonly userId?: number
  /** Containers around this one, outermost first: a kind node, the outer Docker. */
  readonly outer?: readonly string[]
}

type Draft = { -readonly [K in keyof CgroupIdentity]: CgroupIdentity[K] }

const prefixes: Readonly<Record<string, string>> = {
  'cri-containerd': 'containerd', containerd: 'containerd', nerdctl: 'containerd', crio: 'cri-o', docker: 'docker', libpod: 'podman'
}
/** Directories that hold bare ids when runtimes use the cgroupfs driver. `default` is nerdctl's namespace. */
const parents: Readonly<Record<string, string>> = { docker: 'docker', default: 'containerd', libpod_parent: 'podman', ecs: 'ecs' }

// Runtimes make 64 hex digits; ctr and tests may name containers freely, so below a pod any name is one.
const bareId = /^[0-9a-f]{64}$/
const ecsId = /^(?:[0-9a-f]{64}|[0-9a-f]{32}-\d+)$/
const prefixedId = /^(cri-containerd|containerd|nerdctl|crio-conmon|crio|docker|libpod-conmon|libpod)-([0-9a-f]{12,64})(?:\.scope)?$/
const podSlice = /(?:^|-)kubepods(?:-(burstable|besteffort))?-pod([0-9A-Za-z_.]+)\.slice$/
const qosSlice = /(?:^|-)kubepods(?:-(burstable|besteffort))?\.slice$/
const podDirectory = /^pod([0-9A-Za-z][0-9A-Za-z_.-]*)$/
const mixedUp = /^(.+\.slice|[^:]*):([a-z-]+):([0-9A-Za-z][0-9A-Za-z_.-]*)$/
const unitName = /\.(?:service|scope|socket|mount|swap)$/
const nspawn = /^systemd-nspawn@(.+)\.service$/
const lxc = /^lxc(?:\.(payload|monitor))?(?:\.(.+))?$/

/** `path` as in /proc/PID/cgroup or below a hierarchy's mount point. Never throws; what it cannot tell is absent. */
export function parseCgroupPath (path: string): CgroupIdentity {
  const reader = new PathReader()
  for (const name of path.replace(/ \(deleted\)$/, '').split('/')) {
    if (name !== '' && name !== '.' && name !== '..') reader.take(name)
  }
  return reader.draft
}

class PathReader {
  draft: Draft = { kind: 'other' }
  /** Below kubepods, where directories are QoS classes, pods and then containers. */
  #kube: 'no' | 'root' | 'pod' = 'no'
  #qos: Qos | undefined
  #previous = ''

  take (name: string): void {
    const previous = this.#previous
    this.#previous = name
    if (this.#kubernetes(name) || this.#container(name, previous)) return
    const user = /^user-(\d+)\.slice$/.exec(name)
    if (user !== null) this.draft.userId = Number(user[1])
    if (unitName.test(name)) this.#unit(name)
  }

  /** Slices and directories that kubelet makes, and ids directly below a pod. */
  #kubernetes (name: string): boolean {
    const pod = podSlice.exec(name)
    if (pod !== null) return this.#pod(pod[2] as string, pod[1])
    if (name === 'kubepods' || name === 'kubelet-kubepods' || qosSlice.test(name)) {
      if (this.#kube === 'pod') return false
      this.#kube = 'root'
      return this.#class(qosSlice.exec(name)?.[1])
    }
    if (this.#kube !== 'root') return false
    if (name === 'burstable' || name === 'besteffort') return this.#class(name)
    const directory = podDirectory.exec(name)
    return directory !== null && this.#pod(directory[1] as string, this.#qos)
  }

  #class (qos: string | undefined): true {
    this.#qos = qos as Qos | undefined
    if (this.#qos !== undefined && this.draft.kind === 'other') this.draft.qos = this.#qos
    return true
  }

  #pod (uid: string, qos: string | undefined): true {
    this.#leave()
    this.#kube = 'pod'
    // systemd has no `-` in a slice's own part of the name, so kubelet writes `_`.
    Object.assign(this.draft, { kind: 'pod', podUid: uid.replaceAll('_', '-'), qos: (qos as Qos | undefined) ?? 'guaranteed' })
    return true
  }

  #container (name: string, previous: string): boolean {
    const prefixed = prefixedId.exec(name)
    if (prefixed !== null) {
      const [, prefix, id] = prefixed as unknown as [string, string, string]
      return prefix.endsWith('-conmon') ? this.#enter(id, prefixes[prefix.slice(0, -7)], 'monitor') : this.#enter(id, prefixes[prefix])
    }
    const mixed = mixedUp.exec(name)
    if (mixed !== null && prefixes[mixed[2] as string] !== undefined) {
      this.#kubernetes(mixed[1] as string)
      return this.#enter(mixed[3] as string, prefixes[mixed[2] as string])
    }
    if (bareId.test(name) || (ecsId.test(name) && this.#inEcs)) return this.#enter(name, this.#kube === 'pod' ? undefined : this.#inEcs ? 'ecs' : parents[previous])
    if (previous === 'ecs') { this.#inEcs = true; return false }
    if (this.#kube === 'pod' && this.draft.kind === 'pod' && !unitName.test(name)) return this.#enter(name, undefined)
    return this.#machine(name, previous)
  }

  /** The task comes between `ecs` and its containers, a cluster's name sometimes before it. */
  #inEcs = false

  /** Containers that have names instead of ids. */
  #machine (name: string, previous: string): boolean {
    const spawned = nspawn.exec(name)
    if (spawned !== null) return this.#enter(unescapeUnit(spawned[1] as string), 'systemd-nspawn')
    const [whole, role, dotted] = lxc.exec(name) ?? []
    if (whole !== undefined && dotted !== undefined) return this.#enter(dotted, 'lxc', role === 'monitor' ? 'monitor' : 'container')
    const above = lxc.exec(previous)
    if (above === null || above[2] !== undefined) return false
    return this.#enter(name, 'lxc', above[1] === 'monitor' ? 'monitor' : 'container')
  }

  #enter (containerId: string, runtime: string | undefined, kind: 'container' | 'monitor' = 'container'): true {
    const { podUid, qos, userId } = this.draft
    const inPod = this.draft.kind === 'pod' ? { podUid, qos } : {}
    this.#leave()
    Object.assign(this.draft, defined({ kind, containerId, runtime, userId, ...inPod }))
    this.#kube = 'no'
    return true
  }

  /** What was said of the container or unit around no longer holds for what is inside; only its id is kept. */
  #leave (): void {
    const { kind, containerId, outer } = this.draft
    this.draft = { kind: 'other' }
    if (kind === 'container' && containerId !== undefined) this.draft.outer = [...outer ?? [], containerId]
    else if (outer !== undefined) this.draft.outer = outer
  }

  #unit (name: string): void {
    this.draft.unit = name
    if (this.draft.kind === 'other') this.draft.kind = 'unit'
  }
}

function defined<T extends object> (draft: T): T {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined)) as T
}

/** systemd writes what may not be in a unit's name as `\x2d`. */
const unescapeUnit = (text: string): string => text.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))

/** The most telling of several: a container says more than a pod, a pod more than a unit. The first of equals. */
export function bestIdentity (identities: readonly CgroupIdentity[]): CgroupIdentity {
  const rank: readonly CgroupKind[] = ['other', 'unit', 'pod', 'monitor', 'container']
  return identities.reduce((best, next) => rank.indexOf(next.kind) > rank.indexOf(best.kind) ? next : best, { kind: 'other' } as CgroupIdentity)
}
