/**
 * The kernel's report of an OOM kill, of which two lines count (mm/oom_kill.c):
 *   dump_oom_summary    oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),...,oom_memcg=/a,task_memcg=/a/b,task=node,pid=7,uid=0
 *   __oom_kill_process  Memory cgroup out of memory: Killed process 7 (node) total-vm:..kB, anon-rss:..kB, ...
 * The second is the event; the first, which comes just before, says whose limit was hit. Linux before 4.20 has no first line.
 */
const kills = /(?:^|[.:] )Kill(?:ed|ing) process (\d+)(?:,? \((.{0,64}?)\)|, UID \d+, \((.{0,64}?)\))(?:,? UID \d+,?| ,UID \d+,)?[, ]*(?:score \d+ or sacrifice child|total-vm:(\d+)kB, anon-rss:(\d+)kB, file-rss:(\d+)kB)/
const whole = /^(?<why>.{0,200}?)(?::|\.) Kill(?:ed|ing) process /
const adjustment = /oom_score_adj:(-?\d+)/
const userId = /UID:(\d+)/
const invoked = /^(.{1,64}?) invoked oom-killer:/
const constraints: Readonly<Record<string, string>> = { MEMCG: 'memcg', NONE: 'none', CPUSET: 'cpuset', MEMORY_POLICY: 'mempolicy' }

export interface OomKill {
  readonly pid: number
  readonly comm: string
  readonly uid?: number
  readonly anonBytes?: bigint
  readonly constraint: string
  /** Paths below the root of the memory cgroups: the victim's, and that whose limit was hit. */
  readonly victimCgroup?: string
  readonly limitCgroup?: string
  readonly scoreAdj?: number
  readonly triggerComm?: string
}

interface Summary { readonly pid: number, readonly constraint: string, readonly limitCgroup: string, readonly victimCgroup: string }

export class OomLines {
  #summary: Summary | undefined
  #trigger: string | undefined

  /** `context` for lines of the report, the kill when the line is one, undefined for all others. */
  read (line: string): OomKill | 'context' | undefined {
    const text = line.slice(0, 8192)
    const trigger = invoked.exec(text)
    if (trigger !== null) { this.#trigger = trigger[1]; this.#summary = undefined; return 'context' }
    if (text.startsWith('oom-kill:constraint=')) { this.#summary = summaryOf(text); return 'context' }
    const kill = kills.exec(text)
    // "Killing process ... or sacrifice child" of old kernels is followed by "Killed process", which counts.
    if (kill === null || kill[4] === undefined) return undefined
    return this.#kill(text, kill)
  }

  #kill (text: string, [, pidText, early, late, , anon]: RegExpExecArray): OomKill {
    const pid = Number(pidText)
    const summary = this.#summary?.pid === pid ? this.#summary : undefined
    const triggerComm = this.#trigger
    const why = whole.exec(text)?.groups?.why ?? ''
    const [adj, uid] = [adjustment.exec(text)?.[1], userId.exec(text)?.[1]]
    this.#summary = undefined
    this.#trigger = undefined
    return {
      pid,
      comm: early ?? late ?? '',
      constraint: summary?.constraint ?? (/memory cgroup|memcg/i.test(why) ? 'memcg' : 'none'),
      ...(uid !== undefined && { uid: Number(uid) }),
      ...(anon !== undefined && { anonBytes: BigInt(anon) * 1024n }),
      ...(adj !== undefined && { scoreAdj: Number(adj) }),
      ...(summary !== undefined && summary.victimCgroup !== '' && { victimCgroup: summary.victimCgroup }),
      ...(summary !== undefined && summary.limitCgroup !== '' && { limitCgroup: summary.limitCgroup }),
      ...(triggerComm !== undefined && { triggerComm })
    }
  }
}

/** A task's name and a cgroup's path may hold commas, so each key is looked for by name and the last `pid=` counts. */
function summaryOf (text: string): Summary | undefined {
  const end = /,task=.*,pid=(\d+),uid=\d+\s*$/.exec(text)
  if (end === null) return undefined
  const constraint = /^oom-kill:constraint=CONSTRAINT_([A-Z_]+)/.exec(text)?.[1] ?? ''
  const head = text.slice(0, end.index)
  const victim = /,task_memcg=(\/.*)$/.exec(head)?.[1] ?? ''
  const limit = /,oom_memcg=(\/.*?),task_memcg=/.exec(head)?.[1] ?? ''
  return { pid: Number(end[1]), constraint: constraints[constraint] ?? constraint.toLowerCase(), victimCgroup: victim, limitCgroup: limit }
}
