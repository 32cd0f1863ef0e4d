/** Scenario: records as the kernel sends them, without a kernel: a pod comes, runs, is killed and goes; its records are kept raw. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Value } from '@sinclair/typebox/value'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventBatch } from '../../core/data/batch.js'
import { EventIds } from '../../core/data/ids.js'
import { Identities } from '../../core/identity/identities.js'
import { fieldsOf, queryRaw, type RawRecord } from '../../core/rawstore/query.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { asDrained, recordTable, type Field, type RecordName, type RecordSpec } from '../../native/index.js'
import { schema, type EbpfConfig } from './config.js'
import { EventWriter } from './event-writer.js'
import { factory } from './factory.js'
import { KernelOwners } from './owners.js'
import { RawPath } from './raw-path.js'
import { configOf } from './testing/watch.js'

const owners = suite('owners and raw records')
const id = '8447f8fa852e0fb592bb4bc23c5f46f5c0ce260c63fab167629176e7695d5209'
const path = `/kubepods/burstable/pod2ca4a155-3599-498d-bb9d-4446693fa3ea/${id}`
const bootOffset = 1_700_000_000_000_000_000n
const directory = mkdtempSync(join(tmpdir(), 'tapio-raw-'))
owners.after(() => { rmSync(directory, { recursive: true, force: true }) })

function made (name: RecordName, values: Readonly<Record<string, number | bigint | string | Uint8Array>>): Buffer {
  const spec: RecordSpec = recordTable[name]
  const out = Buffer.alloc(spec.size)
  for (const [key, value] of Object.entries({ type: spec.id, size: spec.size, ...values })) {
    const { kind, offset, size } = spec.fields[key] as Field
    if (typeof value === 'string') out.write(value, offset)
    else if (typeof value === 'object') out.set(value, offset)
    else if (kind === 'u64') out.writeBigUInt64LE(BigInt(value), offset)
    else out.writeUIntLE(Number(value), offset, size)
  }
  return out
}

const second = 1_000_000_000n
const killed: readonly Buffer[] = [
  made('cgroup_mkdir', { time_ns: second, cgroup_id: 77, parent_id: 1, path, path_size: path.length }),
  made('exec', { time_ns: 2n * second, cgroup_id: 77, pid: 1_000_060, netns: 9, comm: 'sh', parent_pid: 0, filename_size: 7, args_size: 6, data: '/bin/shsh\0-c\0' }),
  made('exec', { time_ns: 3n * second, cgroup_id: 77, pid: 1_000_070, netns: 9, comm: 'stress', parent_pid: 1_000_060 }),
  made('cgroup_rmdir', { time_ns: 4n * second, cgroup_id: 77, path, path_size: path.length }),
  made('oom_kill', { time_ns: 4n * second, cgroup_id: 77, pid: 1_000_070, netns: 9, comm: 'stress', limit_memcg_id: 5, limit_bytes: 1 << 20 }),
  made('exit', { time_ns: 5n * second, cgroup_id: 77, pid: 1_000_070, comm: 'stress', parent_pid: 1_000_060, exit_signal: 9, flags: 2, duration_ns: 2n * second }),
  made('tcp_retransmit', { time_ns: 5n * second, netns: 9, 'flow.family': 2, 'flow.protocol': 6, 'flow.local_address': Buffer.from([10, 0, 0, 1]), 'flow.local_port': 80 })
]

async function write (raw?: RawPath): Promise<EventBatch> {
  const identities = new Identities({ clock: new FakeClock(), root: '/does/not/exist' })
  await identities.start()
  const writer = new EventWriter(asDrained(killed), { facts: { dropReasons: new Map(), resetReasons: new Map() }, whose: new KernelOwners(identities), ids: new EventIds(), ...(raw !== undefined && { raw }) }, bootOffset, bootOffset)
  const batch = writer.write(name => name !== 'cgroup_mkdir' && name !== 'cgroup_rmdir')
  await identities.stop()
  return batch
}

owners('every event of the pod names it: before, after the cgroup is gone, and by its network namespace', async () => {
  const events = [...await write()]
  assert.equal(events.map(e => [e.get('name'), e.resource.attributes['container.id'], e.resource.attributes['k8s.pod.uid'], e.resource.attributes['tapio.identity.via']]), [
    ...['exec', 'exec', 'oom_kill', 'exit'].map(name => [name, id, '2ca4a155-3599-498d-bb9d-4446693fa3ea', 'cgroup']),
    ['tcp_retransmit', id, '2ca4a155-3599-498d-bb9d-4446693fa3ea', 'netns']
  ])
  assert.equal(events.map(e => e.attribute('tapio.process.ancestors')), [undefined, ['sh (1000060)'], ['sh (1000060)'], ['sh (1000060)'], undefined])
  assert.match(events[2]?.get('message') ?? '', `in cgroup ${path}`)
  assert.ok(events.every(e => e.attribute('tapio.raw.id') === undefined), 'nothing is kept unless asked for')
})

owners('every record is kept as it is, those without an event too, and events say where', async () => {
  const raw = await RawPath.open(configOf({ raw_store: { enabled: true, directory, sampling: { exit: 0 } } }), new FakeClock(), error => { throw error })
  const events = [...await write(raw)]
  await raw.close()
  const kept: RawRecord[] = []
  for await (const found of queryRaw(directory, {})) if (found.kind === 'record') kept.push(found.record)
  assert.equal(kept.map(r => r.type?.name), ['cgroup_mkdir', 'exec', 'exec', 'cgroup_rmdir', 'oom_kill', 'tcp_retransmit'])
  for (const record of kept) assert.ok(killed.some(k => k.equals(record.bytes)))
  assert.equal(kept.map(r => [r.timeUnixNano, r.cgroupId, r.pid])[4], [bootOffset + 4n * second, 77n, 1_000_070])
  const ids = [kept[1], kept[2], kept[4], undefined, kept[5]].map(r => r?.id)
  assert.equal(events.map(e => e.attribute('tapio.raw.id')), ids)
  assert.equal([raw.counts.stored, raw.counts.dropped.sampled], [6, 1])
  const fields = kept.map(r => fieldsOf(r))
  assert.equal([fields[0]?.['path'], fields[1]?.['filename'], fields[1]?.['args'], fields[5]?.['flow.local_address']], [path, '/bin/sh', ['sh', '-c'], '10.0.0.1'])
})

owners('sampling of a type that is none is a fault with its key', () => {
  assert.equal(factory.check?.(configOf({ raw_store: { sampling: { oom_kil: 1 } } })).map(f => f.path), [['raw_store', 'sampling', 'oom_kil']])
})

owners('raw records are kept unless told otherwise: a day of them, bounded', () => {
  const { enabled, directory, retention, max_size } = (Value.Default(schema, {}) as EbpfConfig).raw_store
  assert.equal({ enabled, directory, retention, max_size }, { enabled: true, directory: '/var/lib/tapio/raw', retention: 86_400_000, max_size: 2 ** 30 })
})

owners('a raw store that cannot be opened throws the system\'s error', async () => {
  writeFileSync(join(directory, 'file'), '')
  try {
    await RawPath.open(configOf({ raw_store: { enabled: true, directory: join(directory, 'file') } }), new FakeClock(), () => undefined)
    assert.unreachable()
  } catch (error) {
    assert.is((error as NodeJS.ErrnoException).code, 'EEXIST')
  }
})

owners.run()
