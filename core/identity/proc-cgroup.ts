/**
 * /proc/PID/cgroup: one line `hierarchy:controllers:path` for each hierarchy; number 0 without controllers is cgroup v2.
 * On a hybrid machine a container may be in v1 hierarchies alone, and its v2 path is then `/`: so all lines count.
 */
import { bestIdentity, parseCgroupPath, type CgroupIdentity } from './cgroup-path.js'

export interface CgroupLine {
  /** 0 = v2. The kernel's number of a v1 hierarchy; another boot may number them differently. */
  readonly hierarchy: number
  /** `memory`, `cpu` and `cpuacct`, `name=systemd`; none for v2. */
  readonly controllers: readonly string[]
  readonly path: string
}

/** The lines that are whole; others are left out. */
export function parseProcCgroup (text: string): CgroupLine[] {
  return text.split('\n').flatMap(line => {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line)
    if (match === null) return []
    return [{ hierarchy: Number(match[1]), controllers: (match[2] as string).split(',').filter(c => c !== ''), path: match[3] as string }]
  })
}

/** Whose the process is: the most telling line, v2 first, then the memory controller's (the one that kills). */
export function identityOfLines (lines: readonly CgroupLine[]): CgroupIdentity {
  const order = (line: CgroupLine): number => line.hierarchy === 0 ? 0 : line.controllers.includes('memory') ? 1 : line.controllers.includes('name=systemd') ? 2 : 3
  return bestIdentity([...lines].sort((a, b) => order(a) - order(b)).map(line => parseCgroupPath(line.path)))
}
