/**
 * What is wrong now against what was said: a problem is told once when it has lasted, and once when it is over. What comes and
 * goes within its time (a link that flaps, a file half written) is never told.
 */
import type { Severity } from '../../core/data/enums.js'
import type { Attributes } from '../../core/data/attributes.js'
import type { Subject } from './subjects.js'

export interface Problem {
  /** What it is, told apart from all others: the same text is the same problem. */
  readonly key: string
  readonly name: ProblemName
  readonly severity: (typeof Severity)[keyof typeof Severity]
  readonly message: string
  /** Said when it is over. */
  readonly over: string
  /** How long it must last. */
  readonly afterMs: number
  readonly subject?: Subject | undefined
  readonly attributes?: Attributes
  readonly interfaceName?: string
}

export type ProblemName =
  | 'cni_conf_missing' | 'cni_conf_invalid' | 'cni_version_unsupported' | 'cni_plugin_missing' | 'cni_plugin_not_executable'
  | 'ipam_exhaustion_near' | 'ipam_exhausted' | 'ipam_lease_leaked' | 'ip_address_duplicate' | 'link_down'

export interface Turn { readonly problem: Problem, readonly action: 'started' | 'resolved' }

interface Active { problem: Problem, readonly sinceMs: number, told: boolean }

export class Problems {
  readonly #active = new Map<string, Active>()
  /** Problems that had no room. */
  dropped = 0

  constructor (readonly maxActive: number) {}

  get told (): number { return [...this.#active.values()].filter(a => a.told).length }
  /** Whether one may be told later although nothing changes. */
  get waiting (): boolean { return [...this.#active.values()].some(a => !a.told) }

  /** `now`: all that is wrong at this moment. */
  update (now: readonly Problem[], nowMs: number): Turn[] {
    const keys = new Set<string>()
    for (const problem of now) {
      keys.add(problem.key)
      const known = this.#active.get(problem.key)
      if (known !== undefined) { if (!known.told) known.problem = problem } else if (this.#active.size >= this.maxActive) this.dropped++
      else this.#active.set(problem.key, { problem, sinceMs: nowMs, told: false })
    }
    const turns: Turn[] = []
    for (const [key, active] of this.#active) {
      if (!keys.has(key)) {
        this.#active.delete(key)
        if (active.told) turns.push({ problem: active.problem, action: 'resolved' })
      } else if (!active.told && nowMs - active.sinceMs >= active.problem.afterMs) {
        active.told = true
        turns.push({ problem: active.problem, action: 'started' })
      }
    }
    return turns
  }
}
