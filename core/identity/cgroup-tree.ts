/**
 * The cgroup hierarchies of a machine and their directories. `root` is a prefix for /proc and all mount points: '' on the
 * machine itself, '/host' in a container that has the host's root there, a made tree in tests.
 *
 * A cgroup's id is the inode number of its directory (kernfs: kn->id), in v1 and v2 alike.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseProcCgroup } from './proc-cgroup.js'

export interface Hierarchy {
  /** 0 = v2. */
  readonly number: number
  readonly controllers: readonly string[]
  /** Directory of its root cgroup, with `root` before it. */
  readonly directory: string
}

export interface Cgroup { readonly hierarchy: number, readonly id: bigint, readonly path: string }

/** systemd nests some ten deep, kind and Docker in Docker twice that. */
const maxDepth = 40

/** The mounted hierarchies, v2 first; none when the machine has none or /proc cannot be read. */
export async function findHierarchies (root = ''): Promise<Hierarchy[]> {
  const [mounts, lines] = await Promise.all([readFirst(root, 'mountinfo'), readFirst(root, 'cgroup')])
  const numbers = parseProcCgroup(lines)
  const found = new Map<number, Hierarchy>()
  for (const mount of parseCgroupMounts(mounts)) {
    const line = mount.v2 ? { hierarchy: 0, controllers: [] } : numbers.find(l => l.hierarchy !== 0 && mount.options.some(o => l.controllers.includes(o)))
    if (line === undefined || found.has(line.hierarchy)) continue
    found.set(line.hierarchy, { number: line.hierarchy, controllers: line.controllers, directory: join('/', root, mount.point) })
  }
  return [...found.values()].sort((a, b) => a.number - b.number)
}

/** PID 1 has the host's view when `root` is the host's; without its permission the process's own must do. */
async function readFirst (root: string, name: string): Promise<string> {
  for (const pid of root === '' ? ['self'] : ['1', 'self']) {
    const text = await readFile(join('/', root, 'proc', pid, name), 'utf8').catch(() => '')
    if (text !== '') return text
  }
  return ''
}

interface CgroupMount { readonly v2: boolean, readonly point: string, readonly options: readonly string[] }

/** Of /proc/PID/mountinfo (proc_pid_mountinfo(5)): mounts of whole hierarchies, not those of a part of one. */
function parseCgroupMounts (text: string): CgroupMount[] {
  return text.split('\n').flatMap(line => {
    const [head, tail] = line.split(' - ') as [string, string | undefined]
    const [, , , shown, point] = head.split(' ')
    const [type, , options] = (tail ?? '').split(' ')
    if ((type !== 'cgroup' && type !== 'cgroup2') || point === undefined || shown !== '/') return []
    const unescaped = point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
    return [{ v2: type === 'cgroup2', point: unescaped, options: (options ?? '').split(',') }]
  })
}

/** Every cgroup of `hierarchy`, parents before children, at most `max`. One that goes away meanwhile is left out. */
export async function * walkCgroups (hierarchy: Hierarchy, max: number): AsyncGenerator<Cgroup> {
  const waiting: { path: string, depth: number }[] = [{ path: '/', depth: 0 }]
  let count = 0
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, depth } = next
    const directory = join(hierarchy.directory, path)
    const info = await stat(directory, { bigint: true }).catch(() => undefined)
    if (info === undefined) continue
    yield { hierarchy: hierarchy.number, id: info.ino, path }
    if (++count >= max) return
    if (depth === maxDepth) continue
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) if (entry.isDirectory()) waiting.push({ path: join(path, entry.name), depth: depth + 1 })
  }
}

/** The child of `parentPath` with this id: for an event whose path was cut. */
export async function findChild (hierarchy: Hierarchy, parentPath: string, id: bigint): Promise<string | undefined> {
  const parent = join(hierarchy.directory, parentPath)
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    if (!entry.isDirectory()) continue
    const info = await stat(join(parent, entry.name), { bigint: true }).catch(() => undefined)
    if (info?.ino === id) return join(parentPath, entry.name)
  }
  return undefined
}
