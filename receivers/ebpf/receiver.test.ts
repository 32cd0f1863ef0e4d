/** What needs no kernel, and what happens without the right to it. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EventIds } from '../../core/data/ids.js'
import { encodeBatch } from '../../core/data/codec.js'
import { decodeBatch } from '../../core/data/decode.js'
import { seeded } from '../../core/data/testing/random.js'
import { asDrained, recordTable, type Field, type RecordName, type RecordSpec } from '../../native/index.js'
import { kernelTestFault } from '../../native/testing/kernel.js'
import { quantileNs } from './describe.js'
import { EventWriter } from './event-writer.js'
import { factory } from './factory.js'
import { kernelOptions } from './kernel-options.js'
import { configOf } from './testing/watch.js'
import { unknownOwners, type Whose } from './whose.js'
import { durationText, endpointText, sizeText } from './words.js'

const facts = { dropReasons: new Map([[12, 'NETFILTER_DROP']]), resetReasons: new Map([[1, 'NO_SOCKET']]) }
const bootOffset = 1_700_000_000_000_000_000n

/** A record with the given fields. */
function made (name: RecordName, values: Readonly<Record<string, number | bigint | string | readonly number[]>>): Buffer {
  const spec: RecordSpec = recordTable[name]
  const out = Buffer.alloc(spec.size)
  for (const [key, value] of Object.entries({ type: spec.id, size: spec.size, uid: 0xffffffff, ...values })) {
    const field = spec.fields[key] as Field
    if (typeof value === 'string') out.write(value, field.offset)
    else if (typeof value === 'object') out.set(value, field.offset)
    else if (field.kind === 'u64') out.writeBigUInt64LE(BigInt(value), field.offset)
    else if (field.kind === 'i32') out.writeInt32LE(Number(value), field.offset)
    else out.writeUIntLE(Number(value), field.offset, field.size)
  }
  return out
}

function written (records: readonly Buffer[], whose: Whose = unknownOwners) {
  const writer = new EventWriter(asDrained(records), { facts, whose, ids: new EventIds() }, bootOffset, bootOffset + 5n)
  return { batch: writer.write(() => true), writer }
}

test('every kind of record becomes a sentence', () => {
  const flow = { 'flow.family': 2, 'flow.protocol': 6, 'flow.local_address': [10, 0, 0, 1], 'flow.remote_address': [10, 0, 0, 2], 'flow.local_port': 40000, 'flow.remote_port': 80 }
  const task = { pid: 4711, comm: 'stress' }
  const table: [Buffer, string, string, string][] = [
    [made('oom_kill', { ...task, memcg_id: 9, limit_memcg_id: 9, limit_bytes: 52428800, usage_bytes: 52428800, anon_bytes: 51642368, trigger_pid: 4711, trigger_comm: 'stress' }), 'oom_kill', 'critical', 'OOM kill: stress (pid 4711) with 49.3 MiB in cgroup 9 at its limit of 50 MiB (used 50 MiB)'],
    [made('oom_kill', { ...task, cgroup_id: 7, anon_bytes: 1048576, trigger_pid: 1, trigger_comm: 'init' }), 'oom_kill', 'critical', 'OOM kill: stress (pid 4711) with 1 MiB in cgroup 7 because the machine ran out of memory, asked for by init (pid 1)'],
    [made('reclaim', { ...task, cgroup_id: 7, memcg_stalls: 35, memcg_ns: 2_000_000, max_ns: 300_000 }), 'memory_stall', 'warning', 'tasks of cgroup 7 waited for memory 35 times for 2 ms at the cgroup\'s limit, at most 300 µs, last stress (pid 4711)'],
    [made('reclaim', { ...task, cgroup_id: 7, global_stalls: 2, global_ns: 5_000_000_000, max_ns: 4_000_000_000 }), 'memory_stall', 'high', 'tasks of cgroup 7 waited for memory 2 times for 5 s because the machine is short of memory, at most 4 s, last stress (pid 4711)'],
    [made('exec', { ...task, parent_pid: 1, parent_comm: 'init', argc: 3, filename_size: 7, args_size: 13, data: '/bin/ststress\0-v\0m1\0' }), 'exec', 'info', 'init (pid 1) started stress (pid 4711): /bin/st -v m1'],
    [made('exit', { ...task, exit_code: 3, duration_ns: 1500 }), 'exit', 'low', 'stress (pid 4711) ended with code 3 after 1.5 µs'],
    [made('exit', { ...task, exit_signal: 9, flags: 2, duration_ns: 1500, cgroup_id: 7 }), 'exit', 'critical', 'stress (pid 4711) was ended by SIGKILL of the OOM killer after 1.5 µs in cgroup 7'],
    [made('exit', { ...task, exit_signal: 11, flags: 1, duration_ns: 999 }), 'exit', 'error', 'stress (pid 4711) was ended by SIGSEGV (core dumped) after 999 ns'],
    [made('tcp_connect', { ...flow, ...task, error: 111, state: 7, duration_ns: 250_000 }), 'tcp_connect_refused', 'error', 'connect to 10.0.0.2:80 from 10.0.0.1:40000 by stress (pid 4711) was refused after 250 µs'],
    [made('tcp_connect', { ...flow, error: 110, state: 7, duration_ns: 130_000_000_000 }), 'tcp_connect_timeout', 'error', 'connect to 10.0.0.2:80 from 10.0.0.1:40000 timed out after 130 s'],
    [made('tcp_connect', { ...flow, error: 1, state: 7 }), 'tcp_connect_failed', 'error', 'connect to 10.0.0.2:80 from 10.0.0.1:40000 failed (EPERM) after 0 ns'],
    [made('tcp_connect', { ...flow, state: 1, duration_ns: 1_000_000_000 }), 'tcp_connect_slow', 'warning', 'connect to 10.0.0.2:80 from 10.0.0.1:40000 succeeded after 1 s'],
    [made('tcp_abort', { ...flow, error: 104, state: 1 }), 'tcp_connection_reset', 'error', 'connection 10.0.0.1:40000 - 10.0.0.2:80 ended in ECONNRESET (was ESTABLISHED)'],
    [made('tcp_abort', { ...flow, error: 110, state: 1 }), 'tcp_connection_timeout', 'error', 'connection 10.0.0.1:40000 - 10.0.0.2:80 ended in ETIMEDOUT (was ESTABLISHED)'],
    [made('tcp_retransmit', { ...flow, state: 2, retransmits: 3 }), 'tcp_retransmit', 'low', 'SYN from 10.0.0.1:40000 to 10.0.0.2:80 was sent again (3 times)'],
    [made('tcp_reset_sent', { ...flow, reason: 1 }), 'tcp_reset_sent', 'medium', 'RST sent to 10.0.0.2:80 at 10.0.0.1:40000: NO_SOCKET'],
    [made('tcp_reset_received', { ...flow, reason: 0xffffffff, state: 2 }), 'tcp_reset_received', 'medium', 'RST received from 10.0.0.2:80 at 10.0.0.1:40000'],
    [made('packet_drop', { ...flow, reason: 12, received: 1, length: 60, ethertype: 0x800 }), 'packet_drop', 'warning', 'incoming tcp packet of 60 bytes from 10.0.0.1:40000 to 10.0.0.2:80 was dropped: NETFILTER_DROP'],
    [made('packet_drop', { reason: 999, length: 28, ethertype: 0x806 }), 'packet_drop', 'warning', 'outgoing ethertype 0x0806 packet of 28 bytes was dropped: reason_999'],
    [made('listen_overflow', { ...flow, queue: 129, queue_limit: 128 }), 'listen_overflow', 'error', 'accept queue of 10.0.0.1:40000 is full: 129 connections wait, room for 128; last from 10.0.0.2:80'],
    [made('cgroup_mkdir', { ...task, path: '/kubepods/x', path_size: 11 }), 'cgroup_mkdir', 'debug', 'stress (pid 4711) made cgroup /kubepods/x'],
    [made('cgroup_rmdir', { ...task, path: '/kubepods/x', path_size: 11 }), 'cgroup_rmdir', 'debug', 'stress (pid 4711) removed cgroup /kubepods/x']
  ]
  const { batch, writer } = written(table.map(([record]) => record))
  assert.equal([...batch].map(e => [e.get('name'), e.severityName, e.get('message')]), table.map(([, ...rest]) => rest))
  assert.is(writer.unknown, 0)
  for (const [row, [record]] of table.entries()) assert.ok(Buffer.from(batch.at(row).raw as Uint8Array).equals(record), `raw record of row ${row}`)
})

test('the header becomes columns: ids, both words of times and cgroups, absent where nothing is known', () => {
  const far = 0xfffffffffn
  const { batch } = written([
    made('exit', { time_ns: far, cgroup_id: 0x1_0000_0002n, pid: 5, tid: 6, uid: 7, cpu: 3, comm: 'a' }),
    made('exit', { time_ns: 1n, comm: 'a' }),
    made('exit', { time_ns: 1n, comm: 'b' })
  ])
  const [first, second, third] = [...batch]
  assert.equal([first?.get('timeUnixNano'), second?.get('timeUnixNano')], [bootOffset + far, bootOffset + 1n])
  assert.equal([first?.get('cgroupId'), first?.get('pid'), first?.get('tid'), first?.get('uid'), first?.get('cpu')], [0x1_0000_0002n, 5, 6, 7, 3])
  assert.equal([second?.get('cgroupId'), second?.get('pid'), second?.get('uid')], [undefined, undefined, undefined])
  assert.equal([first, second, third].map(e => e?.get('comm')), ['a', 'a', 'b'])
  assert.is(new Set([...batch].map(e => e.get('id'))).size, 3)
  const again = decodeBatch(encodeBatch(batch))
  assert.ok(again.ok && again.batch.count === 3)
})

test('owners are asked once a batch and owner, and shown', () => {
  let asked = 0
  const seen: string[] = []
  const whose: Whose = {
    observe: name => { seen.push(name) },
    ownerOf: ({ cgroupId }) => { asked++; return { attributes: { 'container.id': `c${cgroupId}` }, path: `/pods/c${cgroupId}` } }
  }
  const oom = made('oom_kill', { cgroup_id: 1, pid: 9, comm: 'x', limit_memcg_id: 1, trigger_pid: 9 })
  const { batch } = written([oom, made('exit', { cgroup_id: 2, pid: 9 }), oom, oom], whose)
  assert.is(asked, 2)
  assert.equal(seen, ['oom_kill', 'exit', 'oom_kill', 'oom_kill'])
  assert.equal([...batch].map(e => e.resource.attributes['container.id']), ['c1', 'c2', 'c1', 'c1'])
  assert.match(batch.at(0).get('message') ?? '', /in cgroup \/pods\/c1 at/)
})

test('records that are none, or that nobody wants, have no row', () => {
  const unknown = made('exit', { type: 999 })
  const cut = made('oom_kill', {}).subarray(0, 64)
  const writer = new EventWriter(asDrained([unknown, made('exit', { pid: 1 }), cut, made('cgroup_mkdir', {})]), { facts, whose: unknownOwners, ids: new EventIds() }, 0n, 0n)
  const batch = writer.write(name => name !== 'cgroup_mkdir')
  assert.equal([...batch].map(e => e.get('name')), ['exit'])
  assert.is(writer.unknown, 2)
  assert.equal([...writer.counts], [['exit', 1], ['cgroup_mkdir', 1]])
})

test('lengths that lie do not reach into the next record', () => {
  const lying = made('exec', { pid: 1, argc: 1, filename_size: 65535, args_size: 65535, data: '/bin/x' }).subarray(0, 104)
  const { batch } = written([lying, made('exec', { pid: 2, filename_size: 9, data: '/bin/next' })])
  assert.equal([...batch].map(e => (e.attribute('process.executable.path') as string).replace(/\0+$/, '')), ['/bin/x', '/bin/next'])
  const cgroup = made('cgroup_mkdir', { path: '/a', path_size: 65535 }).subarray(0, 96)
  assert.is((written([cgroup, cgroup]).batch.at(0).attribute('linux.cgroup.path') as string).length, 8)
})

test('any bytes behind a known type give a row and no exception', () => {
  const random = seeded(5)
  const specs = Object.values(recordTable) as RecordSpec[]
  const records = Array.from({ length: 2000 }, () => {
    const spec = specs[random.below(specs.length)] as RecordSpec
    const out = Buffer.from(Array.from({ length: spec.size }, () => random.below(256)))
    out.writeUInt16LE(spec.id)
    return out
  })
  assert.is(written(records).batch.count, 2000)
})

test('quantiles are the upper end of their slot', () => {
  assert.is(quantileNs([0, 0, 0, 0], 0.5), 0n)
  assert.is(quantileNs([0, 0, 10, 0], 0.5), 8n)
  assert.is(quantileNs([99, 0, 0, 1], 0.5), 2n)
  assert.is(quantileNs([99, 0, 0, 1], 0.99), 2n)
  assert.is(quantileNs([98, 0, 0, 2], 0.99), 16n)
})

test('numbers are written for people', () => {
  assert.equal([0n, 1023n, 1024n, 1536n, 52428800n].map(sizeText), ['0 B', '1023 B', '1 KiB', '1.5 KiB', '50 MiB'])
  assert.equal([5n, 1500n, 2_340_000n, 12_345_000_000n, 123_456_000_000n].map(durationText), ['5 ns', '1.5 µs', '2.34 ms', '12.3 s', '123 s'])
  assert.equal([endpointText('fd00::1', 80), endpointText('10.0.0.1', 0)], ['[fd00::1]:80', '10.0.0.1'])
})

test('a ring that is no power of two is a fault of the configuration', () => {
  assert.equal(factory.check?.(configOf({})), [])
  assert.equal(factory.check?.(configOf({ ring_size: 3 << 20 })).map(f => [f.path, f.message]), [[['ring_size'], 'must be a power of two (1MiB, 2MiB, 4MiB, …), found 3145728 bytes']])
})

test('cgroups come first, limits reach their program, and a cgroup that is not there is said', () => {
  const options = kernelOptions(configOf({ programs: ['memory', 'process'], filters: { include_cgroups: ['/no/such/group'] }, rate_limits: { memory: 100 }, slow_connect: 2 }))
  assert.equal(options.programs, ['cgroup', 'memory', 'process'])
  assert.is(options.settings('memory')['interval_ns'], 10_000_000n)
  assert.is(options.settings('cgroup')['interval_ns'], 0n)
  assert.is(options.settings('network')['slow_connect_ns'], 2_000_000n)
  assert.match(options.warnings[0] ?? '', /^filters\.include_cgroups\[0\]: there is no cgroup \/no\/such\/group/)
})

const cannotDrop = kernelTestFault() || (spawnSync('setpriv', ['--version']).error === undefined ? '' : 'setpriv is not installed')
if (cannotDrop !== '') console.log(`SKIP which capabilities suffice: ${cannotDrop}`)
const asRoot = cannotDrop === '' ? test : test.skip

asRoot('CAP_BPF and CAP_PERFMON suffice to watch; what else is missing is said in one line each, and the rest goes on', () => {
  // Made by root with mode 0700.
  const directory = mkdtempSync(join(tmpdir(), 'tapio-raw-'))
  const run = (caps: string) => {
    const child = fileURLToPath(new URL('./testing/privileges-child.js', import.meta.url))
    const args = ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps', caps, '--ambient-caps', caps, process.execPath, child, directory]
    const { stdout, stderr } = spawnSync('setpriv', args, { encoding: 'utf8' })
    assert.is(stderr, '', caps)
    return JSON.parse(stdout) as { status: string[], hooks: Record<string, number>, warnings: string[] }
  }
  const lacking = (what: string): string[] => [`permanent: needs CAP_BPF and CAP_PERFMON, or root; this process lacks ${what}`]
  try {
    for (const caps of ['-all,+bpf,+perfmon', '-all,+sys_admin']) {
      const { status, hooks, warnings } = run(caps)
      assert.equal(status, ['ok'], caps)
      assert.equal(hooks, { 'kernel_hooks{state="attached"}': 17, 'kernel_hooks{state="unavailable"}': 0 }, caps)
      assert.equal(warnings, ['raw records are not kept: set raw_store.directory to one that this user may write, or raw_store.enabled to false'], caps)
    }
    assert.equal(run('-all,+bpf').status, lacking('CAP_PERFMON'))
    assert.equal(run('-all,+perfmon').status, lacking('CAP_BPF'))
    assert.equal(run('-all'), { status: lacking('CAP_BPF and CAP_PERFMON'), hooks: {}, warnings: ['the kernel cannot be watched'] })
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('a machine without a compiler builds all the same, and the reason is kept for the receiver', () => {
  const out = mkdtempSync(join(tmpdir(), 'tapio-addon-'))
  try {
    const script = `const { buildAddon } = await import(${JSON.stringify(join(process.cwd(), 'native/build.mjs'))}); console.log(buildAddon(${JSON.stringify(out)}))`
    const build = (cc: string) => spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env: { ...process.env, CC: cc } })
    const { status, stdout } = build('/no/such/compiler')
    assert.is(status, 0)
    assert.match(stdout, /the C compiler "\/no\/such\/compiler" could not be run \(ENOENT\): install gcc and build again/)
    assert.is(readFileSync(join(out, 'tapio.node.txt'), 'utf8'), stdout.trim())
    const broken = join(out, 'cc')
    writeFileSync(broken, '#!/bin/sh\necho "tapio.c:1: it broke" >&2\nexit 1\n')
    chmodSync(broken, 0o755)
    assert.match(build(broken).stdout, /compiling native\/\*\.c failed: tapio\.c:1: it broke/)
  } finally {
    rmSync(out, { recursive: true })
  }
})

test.run()
