/**
 * The control group whose memory limit the process meets first, of both versions of cgroups.
 *
 * The kernel kills when a group is at its limit and nothing is left to take back. What it takes back first are pages of files, active
 * ones too, and slab that says it can be (Documentation/admin-guide/cgroup-v2.rst, "memory.stat"): a store that is mapped into memory
 * fills a group up to its limit with them, and harms nobody. So usage is what the group holds without those. The kubelet's working set
 * (usage - inactive_file) counts active pages in, which is right for moving pods and would refuse data for a warm cache.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface CgroupMemory {
  readonly directory: string
  readonly limitBytes: number
  /** Of all processes in the group, in bytes that cannot be taken back; undefined when it is gone. */
  usedBytes(): number | undefined
  /** Share of the last 10 s in which all of its processes waited for memory, 0 to 1; undefined when the kernel does not say. */
  stalled(): number | undefined
}

interface Hierarchy {
  readonly limit: string
  readonly usage: string
  /** Fields of memory.stat that can be taken back. */
  readonly reclaimable: readonly string[]
}

const hierarchies = {
  v2: { limit: 'memory.max', usage: 'memory.current', reclaimable: ['inactive_file', 'active_file', 'slab_reclaimable'] },
  v1: { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', reclaimable: ['total_inactive_file', 'total_active_file'] }
} as const satisfies Record<string, Hierarchy>

/** v1 says "no limit" with a number near 2^63. */
const noLimitBytes = 2 ** 60

/** The group with the smallest limit on the way from that of this process to the root; undefined when none has one. `root` is for tests. */
export function cgroupMemory (root = '/'): CgroupMemory | undefined {
  const mounts = text(join(root, 'proc/self/mountinfo')) ?? ''
  const groups = text(join(root, 'proc/self/cgroup')) ?? ''
  const path = { v2: /^0::(\/.*)$/m.exec(groups)?.[1], v1: /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(\/.*)$/m.exec(groups)?.[1] }
  let found: CgroupMemory | undefined
  for (const version of ['v2', 'v1'] as const) {
    const mount = mountOf(mounts, version)
    if (mount === undefined || path[version] === undefined) continue
    for (const directory of wayUp(join(root, mount.point), below(path[version], mount.root))) {
      const limitBytes = number(join(directory, hierarchies[version].limit))
      if (limitBytes === undefined || limitBytes >= noLimitBytes || limitBytes >= (found?.limitBytes ?? Infinity)) continue
      found = group(directory, limitBytes, hierarchies[version])
    }
  }
  return found
}

function group (directory: string, limitBytes: number, { usage, reclaimable }: Hierarchy): CgroupMemory {
  return {
    directory, limitBytes,
    usedBytes: () => {
      const held = number(join(directory, usage))
      const stat = text(join(directory, 'memory.stat'))
      if (held === undefined || stat === undefined) return undefined
      return Math.max(0, held - reclaimable.reduce((sum, field) => sum + fieldOf(stat, field), 0))
    },
    stalled: () => stalledShare(text(join(directory, 'memory.pressure')))
  }
}

/** Of a file of pressure stall information; undefined when there is none. */
export function stalledShare (pressure: string | undefined): number | undefined {
  const percent = /^full avg10=([\d.]+)/m.exec(pressure ?? '')?.[1]
  return percent === undefined ? undefined : Number(percent) / 100
}

/** A mount of mountinfo(5): where it is, and which directory of its file system is seen there. */
function mountOf (mounts: string, version: 'v1' | 'v2'): { readonly root: string, readonly point: string } | undefined {
  for (const line of mounts.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const [type, , options = ''] = after.split(' ')
    if (version === 'v2' ? type !== 'cgroup2' : type !== 'cgroup' || !options.split(',').includes('memory')) continue
    const fields = before.split(' ')
    return { root: fields[3] ?? '/', point: fields[4] ?? '/' }
  }
  return undefined
}

/** In a container the mount shows the container's own group as its root, while the path may still be the host's. */
function below (path: string, mountRoot: string): string {
  if (mountRoot === '/') return path
  return path === mountRoot || path.startsWith(`${mountRoot}/`) ? path.slice(mountRoot.length) : '/'
}

function wayUp (mount: string, path: string): string[] {
  // A process outside of what it can see has `..` in its path.
  const names = path.split('/').filter(name => name !== '' && name !== '..')
  return Array.from({ length: names.length + 1 }, (_, i) => join(mount, ...names.slice(0, names.length - i)))
}

function fieldOf (stat: string, field: string): number {
  return Number(new RegExp(`^${field} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0)
}

/** undefined when the file is not there or holds no number ("max"). */
function number (file: string): number | undefined {
  const content = text(file)?.trim()
  return content === undefined || !/^\d+$/.test(content) ? undefined : Number(content)
}

export function text (file: string): string | undefined {
  try { return readFileSync(file, 'latin1') } catch { return undefined }
}
