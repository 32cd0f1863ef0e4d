/** For tests and the bench: a described type of records, a store in a directory of its own, and what is in it. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeClock } from '../testing/fake-clock.js'
import { queryRaw, type RawQuery, type RawRecord } from './query.js'
import type { Damage } from './segment-reader.js'
import { RawStore, type RawStoreOptions } from './store.js'
import type { RawType } from './types.js'

export const exit: RawType = {
  id: 4,
  name: 'exit',
  fields: {
    type: { kind: 'u16', offset: 0, size: 2 }, pid: { kind: 'u32', offset: 4, size: 4 }, time_ns: { kind: 'u64', offset: 8, size: 8 }, comm: { kind: 'text', offset: 16, size: 16 }, code: { kind: 'i32', offset: 32, size: 4 }, rest: { kind: 'bytes', offset: 36, size: 200 }
  }
}
export const oom: RawType = { id: 1, name: 'oom_kill', fields: { pid: { kind: 'u32', offset: 4, size: 4 } } }

/** A record as C would write it; `length` bytes, at least 36. */
export function exitRecord (pid: number, code: number, length = 104): Buffer {
  const bytes = Buffer.alloc(length)
  bytes.writeUInt16LE(exit.id, 0)
  bytes.writeUInt32LE(pid, 4)
  bytes.writeBigUInt64LE(2n ** 63n + BigInt(pid), 8)
  bytes.write('worker', 16)
  bytes.writeInt32LE(code, 32)
  return bytes
}

export async function openForTest (options: Partial<RawStoreOptions> = {}): Promise<{ store: RawStore, directory: string, clock: FakeClock, errors: string[] }> {
  const directory = options.directory ?? await mkdtemp(join(tmpdir(), 'tapio-raw-'))
  const clock = new FakeClock()
  const errors: string[] = []
  const store = await RawStore.open({ clock, types: [exit, oom], maxPendingBytes: 1 << 20, ...options, directory, onError: error => errors.push(error.message) })
  return { store, directory, clock, errors }
}

export async function readAll (directory: string, query: RawQuery = {}): Promise<{ records: RawRecord[], damages: Damage[] }> {
  const records: RawRecord[] = []
  const damages: Damage[] = []
  for await (const found of queryRaw(directory, query)) {
    if (found.kind === 'record') records.push(found.record)
    else damages.push(found.damage)
  }
  return { records, damages }
}
