/** `tapio ebpf status`: loads and attaches every hook for a moment, so that what it says was tried and not guessed. */
import { release } from 'node:os'
import type { ComponentStatus } from '../../core/component/factory.js'
import { findHierarchies } from '../../core/identity/cgroup-tree.js'
import { KernelSession, programNames, unavailability } from '../../native/index.js'

export async function ebpfStatus (): Promise<ComponentStatus> {
  const facts = { kernel: `Linux ${release()}`, cgroups: await cgroupFacts() }
  const reason = unavailability()
  const session = reason === '' ? KernelSession.open({ programs: programNames, ringBytes: 65_536, settings: () => ({}) }) : { unavailable: reason }
  if ('unavailable' in session) return { usable: false, summary: `the kernel cannot be watched: ${session.unavailable}`, facts, parts: [] }
  try {
    const parts = session.hooks.map(({ program, hook, unavailable }) => ({ group: program, name: hook, usable: unavailable === '', why: unavailable }))
    const usable = parts.filter(p => p.usable).length
    const reasons = { 'drop reasons': `${session.facts.dropReasons.size} known by name`, 'reset reasons': session.facts.resetReasons.size === 0 ? 'this kernel has none (Linux 6.10)' : `${session.facts.resetReasons.size} known by name` }
    return { usable: usable > 0, summary: `the kernel can be watched: ${usable} of ${parts.length} hooks can be attached`, facts: { ...facts, ...reasons }, parts }
  } finally {
    session.close()
  }
}

async function cgroupFacts (): Promise<string> {
  const hierarchies = await findHierarchies()
  const v2 = hierarchies.find(h => h.number === 0)
  const memory = hierarchies.find(h => h.controllers.includes('memory'))
  if (v2 === undefined) return memory === undefined ? 'not mounted: events carry no owner' : `v1 only; memory controller at ${memory.directory}`
  return memory === undefined ? `v2 at ${v2.directory}` : `hybrid: v2 at ${v2.directory}, memory controller of v1 at ${memory.directory}`
}
