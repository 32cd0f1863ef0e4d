/** A control group with a memory limit of its own, below that of this process: what a container runtime makes. Needs root and Linux. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface MemoryCgroup {
  /** `program` and arguments that run `command` in the group. */
  wrap(command: string): readonly [program: string, args: readonly string[]]
  /** The most it has held at once, in bytes, pages of files included. */
  peakBytes(): number
  /** How often the kernel had to kill in it. */
  kills(): number
  remove(): void
}

/** undefined where none can be made. */
export function makeMemoryCgroup (name: string, limitBytes: number): MemoryCgroup | undefined {
  for (const parent of ['/sys/fs/cgroup', '/sys/fs/cgroup/memory']) {
    const directory = join(parent, name)
    const v1 = parent.endsWith('memory')
    if (!existsSync(join(parent, v1 ? 'memory.limit_in_bytes' : 'cgroup.controllers'))) continue
    try {
      if (!v1) writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory')
      mkdirSync(directory)
      writeFileSync(join(directory, v1 ? 'memory.limit_in_bytes' : 'memory.max'), String(limitBytes))
      return group(directory, v1)
    } catch {
      try { rmdirSync(directory) } catch { /* it was not made */ }
    }
  }
  return undefined
}

function group (directory: string, v1: boolean): MemoryCgroup {
  const number = (file: string, pattern: RegExp): number => Number(pattern.exec(readFileSync(join(directory, file), 'latin1'))?.[1] ?? 0)
  return {
    wrap: command => ['/bin/sh', ['-c', `echo $$ > ${directory}/cgroup.procs && exec "$0" "$@"`, command]],
    peakBytes: () => v1 ? number('memory.max_usage_in_bytes', /(\d+)/) : number('memory.peak', /(\d+)/),
    kills: () => v1 ? number('memory.oom_control', /oom_kill (\d+)/) : number('memory.events', /oom_kill (\d+)/),
    remove: () => { rmdirSync(directory) }
  }
}
