/**
 * `tapio ebpf status`: loads and attaches every hook for a moment, so that what it says was tried and not guessed; then measures
 * those that a running Tapio has attached, with the kernel's own statistics.
 */
import { release } from 'node:os'
import type { ComponentStatus } from '../../core/component/factory.js'
import { findHierarchies } from '../../core/identity/cgroup-tree.js'
import { kernelStatus, recordName, type HookSupport, type RecordCounters } from '../../native/index.js'

/** Long enough to see calls, short enough to wait for. */
const watchMs = 1000

export async function ebpfStatus (): Promise<ComponentStatus> {
  const facts = { kernel: `Linux ${release()}`, cgroups: await cgroupFacts() }
  const status = await kernelStatus(watchMs)
  if ('unavailable' in status) return { usable: false, summary: `the kernel cannot be watched: ${status.unavailable}`, facts, parts: [] }
  const { dropReasons, resetReasons } = status.facts
  const parts = status.hooks.map(hook => ({ group: hook.program, name: hook.hook, usable: hook.unavailable === '', why: hook.unavailable || runningText(hook, status.watchedMs) }))
  const usable = parts.filter(p => p.usable).length
  return {
    usable: usable > 0,
    summary: `the kernel can be watched: ${usable} of ${parts.length} hooks can be attached`,
    facts: {
      ...facts,
      'drop reasons': `${dropReasons.size} known by name`,
      'reset reasons': resetReasons.size === 0 ? 'this kernel has none (Linux 6.10)' : `${resetReasons.size} known by name`,
      ...Object.fromEntries([...status.counters].map(([pid, rows]) => [`records of pid ${pid}`, countersText(rows)]))
    },
    parts
  }
}

/** `pid 12: 30 calls/s of 1424 ns, 0.004 % of a CPU`, one a process; '' when nobody has it attached. */
export function runningText ({ running }: Pick<HookSupport, 'running'>, watchedMs: number): string {
  return running.map(({ pid, runs, ns, missed }) => {
    const skipped = missed === 0 ? '' : `, ${missed} missed`
    if (runs === 0 || watchedMs === 0) return `pid ${pid}: no calls${skipped}`
    return `pid ${pid}: ${Math.round(runs / watchedMs * 1000)} calls/s of ${Math.round(ns / runs)} ns, ${(ns / (watchedMs * 1e4)).toFixed(3)} % of a CPU${skipped}`
  }).join('; ')
}

/** `exec 18 sent; packet_drop 5 sent, 2 ring_full`, from the kernel's own counters. */
export function countersText (rows: readonly RecordCounters[]): string {
  const texts = rows.flatMap((row, type) => {
    const counts = (['sent', 'ring_full', 'rate_limited', 'filtered'] as const).filter(k => row[k] > 0).map(k => `${row[k]} ${k}`)
    return counts.length === 0 ? [] : [`${recordName(type) ?? type} ${counts.join(', ')}`]
  })
  return texts.length === 0 ? 'none yet' : texts.join('; ')
}

async function cgroupFacts (): Promise<string> {
  const hierarchies = await findHierarchies()
  const v2 = hierarchies.find(h => h.number === 0)
  const memory = hierarchies.find(h => h.controllers.includes('memory'))
  if (v2 === undefined) return memory === undefined ? 'not mounted: events carry no owner' : `v1 only; memory controller at ${memory.directory}`
  return memory === undefined ? `v2 at ${v2.directory}` : `hybrid: v2 at ${v2.directory}, memory controller of v1 at ${memory.directory}`
}
