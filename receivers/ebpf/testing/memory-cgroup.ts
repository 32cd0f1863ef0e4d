/** A cgroup with a memory limit, of this test alone: the same path in v2 (for the id) and, on hybrid machines, in v1's memory. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Mount points by kind, '' when not mounted. */
function mounts (): { readonly v2: string, readonly memory: string } {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n').map(l => l.split(' '))
  return {
    v2: lines.find(l => l[2] === 'cgroup2')?.[1] ?? '',
    memory: lines.find(l => l[2] === 'cgroup' && (l[3] ?? '').split(',').includes('memory'))?.[1] ?? ''
  }
}

/** Why no memory limit can be set here, or ''. */
export function memoryCgroupFault (): string {
  const { v2, memory } = mounts()
  if (v2 === '') return 'cgroup v2 is not mounted'
  if (memory !== '') return ''
  return readFileSync(join(v2, 'cgroup.subtree_control'), 'utf8').includes('memory') ? '' : 'neither cgroup v1 nor v2 has the memory controller'
}

export class MemoryCgroup {
  readonly #directories: readonly string[]
  readonly id: bigint
  readonly memcgId: bigint

  /** `path` begins with a part of this test's own: what is made of it is removed again, deepest first. */
  constructor (readonly path: string, limitBytes: number) {
    const { v2, memory } = mounts()
    this.#directories = [v2, memory].filter(d => d !== '').map(d => join(d, path))
    for (const directory of this.#directories) mkdirSync(directory, { recursive: true })
    const [limited, file] = memory === '' ? [join(v2, path), 'memory.max'] : [join(memory, path), 'memory.limit_in_bytes']
    writeFileSync(join(limited, file), String(limitBytes))
    this.id = statSync(join(v2, path), { bigint: true }).ino
    this.memcgId = statSync(limited, { bigint: true }).ino
  }

  /** Shell words that put the shell into the cgroup. */
  get join (): string { return this.#directories.map(d => `echo $$ > ${d}/cgroup.procs`).join(' && ') }

  /** Removes the cgroup and those above it that `path` made. */
  remove (): void {
    for (const directory of this.#directories) {
      let left = this.path.split('/').filter(p => p !== '').length
      for (let d = directory; left > 0 && existsSync(d); d = dirname(d), left--) rmdirSync(d)
    }
  }
}
