/**
 * What programs add up in maps instead of sending: memory stalls and system call histograms. A sweep takes the rows out and
 * makes records of them. A row that is being written on another CPU while it is taken may lose that one addition.
 */
import type { Drained, KernelSession } from './kernel-session.js'
import { recordTable } from './record-table.js'

/** struct tapio_syscall_key and tapio_syscall_value (bpf/lib/records.h). */
export const syscallKey = { size: 24, cgroup_id: 0, memcg_id: 8, nr: 16 } as const
export const syscallValue = { size: 168, count: 0, errors: 8, total_ns: 16, max_ns: 24, slots: 32, last_error: 160 } as const
const slotCount = 32

/** Stalls since the last sweep: one record a cgroup. */
export function sweepReclaims (session: KernelSession): Buffer[] {
  return takeRows(session, 'reclaims', recordTable.reclaim.size).map(row => row.value)
}

/** System calls since the last sweep: one record a cgroup and call. `bootNs` is the time to write into them. */
export function sweepSyscalls (session: KernelSession, bootNs: bigint, intervalNs: bigint): Buffer[] {
  const stride = syscallValue.size
  return takeRows(session, 'syscall_rows', stride * session.cpus).map(({ key, value }) => syscallRecord(key, value, session.cpus, bootNs, intervalNs))
}

function syscallRecord (key: Buffer, perCpu: Buffer, cpus: number, bootNs: bigint, intervalNs: bigint): Buffer {
  const { fields, size, id } = recordTable.syscalls
  const out = Buffer.alloc(size)
  out.writeUInt16LE(id, fields.type.offset)
  out.writeUInt16LE(size, fields.size.offset)
  out.writeBigUInt64LE(bootNs, fields.time_ns.offset)
  key.copy(out, fields.cgroup_id.offset, syscallKey.cgroup_id, syscallKey.cgroup_id + 8)
  key.copy(out, fields.memcg_id.offset, syscallKey.memcg_id, syscallKey.memcg_id + 8)
  out.writeUInt32LE(0xffffffff, fields.uid.offset)
  key.copy(out, fields.nr.offset, syscallKey.nr, syscallKey.nr + 4)
  out.writeBigUInt64LE(intervalNs, fields.interval_ns.offset)
  for (let cpu = 0; cpu < cpus; cpu++) addRow(out, perCpu.subarray(cpu * syscallValue.size, (cpu + 1) * syscallValue.size))
  return out
}

function addRow (out: Buffer, row: Buffer): void {
  const { fields } = recordTable.syscalls
  for (const name of ['count', 'errors', 'total_ns'] as const) {
    const at = fields[name].offset
    out.writeBigUInt64LE(out.readBigUInt64LE(at) + row.readBigUInt64LE(syscallValue[name]), at)
  }
  const max = row.readBigUInt64LE(syscallValue.max_ns)
  if (max > out.readBigUInt64LE(fields.max_ns.offset)) out.writeBigUInt64LE(max, fields.max_ns.offset)
  for (let slot = 0; slot < slotCount; slot++) {
    const at = fields.slots.offset + slot * 4
    out.writeUInt32LE((out.readUInt32LE(at) + row.readUInt32LE(syscallValue.slots + slot * 4)) >>> 0, at)
  }
  const lastError = row.readUInt32LE(syscallValue.last_error)
  if (lastError !== 0) out.writeUInt32LE(lastError, fields.last_error.offset)
}

/** All rows of a map, which is empty afterwards but for what was added meanwhile. */
function takeRows (session: KernelSession, name: string, valueBytes: number): { readonly key: Buffer, readonly value: Buffer }[] {
  const map = session.loader.map(name)
  if (map === undefined) return []
  const { fd, definition } = map
  const keys: Buffer[] = []
  let next = Buffer.alloc(definition.keySize)
  // Bounded by the map's size: keys that come while it is walked could otherwise keep it going.
  for (let last: Buffer | undefined; keys.length < definition.maxEntries && session.calls.nextKey(fd, last, next); next = Buffer.alloc(definition.keySize)) {
    keys.push(next)
    last = next
  }
  return keys.flatMap(key => {
    const value = Buffer.alloc(valueBytes)
    return session.calls.lookupAndDelete(fd, key, value) ? [{ key, value }] : []
  })
}

/** Records one after the other, as a drain would have given them. */
export function asDrained (records: readonly Buffer[]): Drained {
  const index = new Uint32Array(records.length * 2)
  let at = 0
  records.forEach((r, i) => { index[2 * i] = at; index[2 * i + 1] = r.length; at += r.length })
  return { count: records.length, bytes: Buffer.concat(records), index, more: false }
}

