/** The receiver's configuration as the kernel side wants it. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bucketOf, fillSets, filterBits, quietReasons, rateSettings, type Filters, type KernelSession, type SessionOptions } from '../../native/index.js'
import type { EbpfConfig } from './config.js'

export interface KernelOptions extends SessionOptions {
  /** What in the configuration has no effect here, in one line each. */
  readonly warnings: readonly string[]
}

/** `cgroupRoot`: where cgroup v2 is mounted, '' when it is not. */
export function kernelOptions (config: EbpfConfig, cgroupRoot = findCgroupRoot()): KernelOptions {
  const warnings: string[] = []
  const filters = filtersOf(config, cgroupRoot, warnings)
  const { burst, ...rates } = config.rate_limits
  return {
    warnings,
    // First, so that its cgroups are known before anything else is reported; everything else needs it.
    programs: ['cgroup', ...config.programs.filter(p => p !== 'cgroup')],
    ringBytes: config.ring_size,
    settings: program => ({
      filters: filterBits(filters),
      program: bucketOf[program],
      slow_connect_ns: BigInt(Math.round(config.slow_connect * 1e6)),
      // System calls and cgroups are not sent one by one, or must not be lost.
      ...rateSettings(program in rates ? rates[program as keyof typeof rates] : 0, burst)
    }),
    prepare: session => { fillSets(session, filters) },
    prepareProgram: (program, session) => { if (program === 'network') quietReasons(session, quietNumbers(config, session)) }
  }
}

function quietNumbers (config: EbpfConfig, session: KernelSession): number[] {
  const quiet = new Set(config.quiet_drop_reasons)
  return [...session.facts.dropReasons].filter(([, name]) => quiet.has(name)).map(([number]) => number)
}

function filtersOf ({ filters: f }: EbpfConfig, cgroupRoot: string, warnings: string[]): Filters {
  const ids = (key: 'include_cgroups' | 'exclude_cgroups'): bigint[] => f[key].flatMap((path, i) => {
    const found = cgroupRoot === '' ? [] : cgroupIds(join(cgroupRoot, path))
    if (found.length === 0) warnings.push(`filters.${key}[${i}]: there is no cgroup ${path}${cgroupRoot === '' ? ' (cgroup v2 is not mounted)' : ` below ${cgroupRoot}`}`)
    return found
  })
  return {
    cgroups: { include: ids('include_cgroups'), exclude: ids('exclude_cgroups') },
    netns: { include: f.include_netns, exclude: f.exclude_netns },
    pids: { include: f.include_pids, exclude: f.exclude_pids },
    comms: { include: f.include_comms, exclude: f.exclude_comms }
  }
}

/** The kernel's set has room for this many. */
const maxCgroups = 65_536

/** Ids of a cgroup and all below it: the inodes of their directories. Empty when it is not there. */
function cgroupIds (directory: string): bigint[] {
  const ids: bigint[] = []
  const waiting = [directory]
  for (let next = waiting.pop(); next !== undefined && ids.length < maxCgroups; next = waiting.pop()) {
    try {
      ids.push(statSync(next, { bigint: true }).ino)
      for (const entry of readdirSync(next, { withFileTypes: true })) if (entry.isDirectory()) waiting.push(join(next, entry.name))
    } catch {} // gone between listing and looking
  }
  return ids
}

function findCgroupRoot (): string {
  try {
    const line = readFileSync('/proc/self/mounts', 'utf8').split('\n').find(l => l.split(' ')[2] === 'cgroup2')
    return line?.split(' ')[1] ?? ''
  } catch {
    return ''
  }
}
