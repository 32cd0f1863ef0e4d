/** For tests on the real kernel: whether this one can be used, and what is loaded in it. */
import { readdirSync, readFileSync } from 'node:fs'
import { loadAddon } from '../addon.js'
import { BpfCalls } from '../bpf-calls.js'
import { unavailability } from '../kernel-facts.js'
import { KernelSession, type SessionOptions } from '../kernel-session.js'
import { readRecord, type KernelRecord } from '../records.js'
import type { ProgramName } from '../record-table.js'

/** Why tests of the kernel cannot run here, or ''. They need root: they make cgroups and namespaces, and list what is loaded. */
export function kernelTestFault (): string {
  if (process.getuid?.() !== 0) return 'not root'
  const addon = loadAddon()
  return unavailability() || ('unavailable' in addon ? addon.unavailable : '')
}

export function bpfCalls (): BpfCalls {
  const addon = loadAddon()
  if ('unavailable' in addon) throw new Error(addon.unavailable)
  return new BpfCalls(addon)
}

export function openSession (options: Partial<SessionOptions> & { readonly programs: readonly ProgramName[] }): KernelSession {
  const session = KernelSession.open({ ringBytes: 1 << 20, settings: () => ({}), ...options })
  if ('unavailable' in session) throw new Error(session.unavailable)
  return session
}

/** Everything that waits in the ring. */
export function drainAll (session: KernelSession): KernelRecord[] {
  const all: KernelRecord[] = []
  for (let drained = session.drain(); drained.count > 0; drained = session.drain()) {
    for (let i = 0; i < drained.count; i++) {
      const start = drained.index[2 * i] as number
      const record = readRecord(drained.bytes.subarray(start, start + (drained.index[2 * i + 1] as number)))
      if (!('name' in record)) throw new Error(record.fault)
      all.push(record)
    }
  }
  return all
}

export type KernelObject = 'prog' | 'map' | 'link'

/** Kernel ids of the programs, maps and links that this process holds descriptors of; others on the machine have their own. */
export function heldIds (): Record<KernelObject, number[]> {
  const held = { prog: new Set<number>(), map: new Set<number>(), link: new Set<number>() }
  for (const fd of readdirSync('/proc/self/fdinfo')) {
    for (const [, kind, id] of fdInfo(fd).matchAll(/^(prog|map|link)_id:\s+(\d+)/gm)) held[kind as KernelObject].add(Number(id))
  }
  return { prog: [...held.prog], map: [...held.map], link: [...held.link] }
}

/** The descriptor of the listing itself is gone when it is read. */
function fdInfo (fd: string): string {
  try { return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8') } catch { return '' }
}

/** How many of `ids` still exist in the kernel. */
export function stillThere (calls: BpfCalls, ids: Record<KernelObject, readonly number[]>): number {
  return (['prog', 'map', 'link'] as const).reduce((n, kind) => {
    const all = new Set(calls.ids(kind))
    return n + ids[kind].filter(id => all.has(id)).length
  }, 0)
}
