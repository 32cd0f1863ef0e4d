/**
 * The network namespaces of the machine: those that have a name (`ip netns`, containerd and CRI-O mount theirs in /run/netns) and
 * those that only processes hold (Docker, nspawn). A namespace is its inode on nsfs; two paths of one inode are one namespace.
 */
import { join } from 'node:path'
import type { CgroupIdentity } from '../../core/identity/cgroup-path.js'
import { identityOfLines } from '../../core/identity/proc-cgroup.js'
import { ProcFiles } from '../../core/identity/proc-files.js'
import { namesIn, statOf } from './directory.js'

export interface Namespace {
  readonly inode: number
  /** Leads into it; '' = Tapio's own. */
  readonly path: string
  readonly own: boolean
  /** Of a process in it. */
  readonly identity?: CgroupIdentity
}

export interface NamespaceList {
  readonly namespaces: ReadonlyMap<number, Namespace>
  /** Containers that have a process outside of Tapio's own network. */
  readonly containers: ReadonlySet<string>
  /** Nothing was left out. */
  readonly complete: boolean
  /** A name was there whose namespace was not mounted yet: look again soon. */
  readonly unfinished: boolean
}

export interface NamespaceOptions { readonly root: string, readonly directories: readonly string[], readonly processes: boolean, readonly max: number, readonly nowMs: number }

/** Processes looked at before the loop has its turn: some 4 ms. */
const processesATurn = 100
const maxProcesses = 100_000
/** From a name to its mount; names without one that are older have been left behind. */
const mountMs = 2000

type Draft = { inode: number, path: string, own: boolean, identity?: CgroupIdentity, inside: number, outside: number }

class Listing {
  readonly namespaces = new Map<number, Draft>()
  readonly containers = new Set<string>()
  complete = true
  unfinished = false

  constructor (readonly max: number) {}

  add (inode: number, path: string): Draft | undefined {
    const known = this.namespaces.get(inode)
    if (known !== undefined) return known
    if (this.namespaces.size >= this.max) { this.complete = false; return undefined }
    const draft = { inode, path, own: path === '', inside: 0, outside: 0 }
    this.namespaces.set(inode, draft)
    return draft
  }
}

export async function listNamespaces ({ root, directories, processes, max, nowMs }: NamespaceOptions): Promise<NamespaceList> {
  const listing = new Listing(max)
  const own = statOf('/proc/self/ns/net')
  if (own !== undefined) listing.add(Number(own.ino), '')
  for (const directory of directories) {
    for (const name of namesIn(directory, max + 1) ?? []) {
      const path = join(directory, name)
      const stat = statOf(path)
      if (stat === undefined) continue
      // A plain file until something is mounted over it.
      if (own === undefined || stat.dev !== own.dev) listing.unfinished ||= nowMs - Number(stat.ctimeMs) < mountMs
      else listing.add(Number(stat.ino), path)
    }
  }
  if (processes) await addProcesses(listing, root, own === undefined ? 0 : Number(own.ino))
  return listing
}

async function addProcesses (listing: Listing, root: string, ownInode: number): Promise<void> {
  const proc = new ProcFiles(root)
  const pids = (namesIn(join('/', root, 'proc'), Infinity) ?? []).filter(n => /^\d+$/.test(n)).slice(0, maxProcesses)
  for (const [i, name] of pids.entries()) {
    if (i % processesATurn === processesATurn - 1) await new Promise(resolve => setImmediate(resolve))
    const pid = Number(name)
    const inode = proc.netns(pid)
    if (inode === 0 || inode === ownInode) continue
    const draft = listing.add(inode, join('/', root, 'proc', name, 'ns/net'))
    const identity = identityOfLines(proc.cgroups(pid))
    if (identity.kind !== 'container') {
      if (draft !== undefined) draft.outside++
      continue
    }
    if (identity.containerId !== undefined) listing.containers.add(identity.containerId)
    if (draft === undefined) continue
    draft.inside++
    // The pod's sandbox is older than its containers, so its pid is usually met first; all of them name the pod.
    draft.identity ??= identity
  }
  for (const draft of listing.namespaces.values()) if (isOfNode(draft)) delete draft.identity
}

/**
 * runc puts a container's first process into the container's cgroup before it leaves the node's namespace, and a pod may live in
 * the node's for good (hostNetwork): such a process says nothing of whose the namespace is. Programs of the node that enter a
 * pod's (`nsenter`) are fewer than its own.
 */
const isOfNode = (draft: Draft): boolean => draft.outside > draft.inside
