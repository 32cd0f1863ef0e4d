import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../core/data/testing/random.js'
import { addressText, checkRecord, readRecord } from './records.js'
import { recordTable, type RecordSpec } from './record-table.js'
import { lastWords } from './bpf-calls.js'
import { missingCapabilities, possibleCpus, unavailability } from './kernel-facts.js'
import { filterBits, rateSettings } from './filters.js'
import { syscallName, syscallNumber } from './syscall-names.js'

test('a record comes back field by field', () => {
  const bytes = Buffer.alloc(recordTable.exit.size)
  const f = recordTable.exit.fields
  bytes.writeUInt16LE(recordTable.exit.id, f.type.offset)
  bytes.writeBigUInt64LE(77n, f.time_ns.offset)
  bytes.writeUInt32LE(4711, f.pid.offset)
  bytes.write('stress', f.comm.offset)
  bytes.writeUInt32LE(137, f.exit_code.offset)
  bytes.write('sixteen-bytes-xx', f.parent_comm.offset)
  const record = readRecord(bytes)
  if (!('name' in record) || record.name !== 'exit') throw new Error('not an exit')
  assert.equal([record.time_ns, record.pid, record.comm, record.exit_code, record.parent_comm], [77n, 4711, 'stress', 137, 'sixteen-bytes-xx'])
})

test('bytes that are no record are answered with what is wrong', () => {
  const short = Buffer.alloc(64)
  short.writeUInt16LE(recordTable.oom_kill.id)
  const unknown = Buffer.alloc(64)
  unknown.writeUInt16LE(999)
  for (const [bytes, fault] of [[Buffer.alloc(3), /3 bytes, a record has at least 64/], [short, /64 bytes, a oom_kill has at least 144/], [unknown, /type 999 is not known/]] as const) {
    const answer = checkRecord(bytes)
    assert.match('fault' in answer ? answer.fault : '', fault)
  }
})

test('any bytes are read without an exception, also those cut behind the fixed part', () => {
  const random = seeded(11)
  for (const spec of Object.values(recordTable) as RecordSpec[]) {
    for (let i = 0; i < 200; i++) {
      const bytes = Buffer.from(Array.from({ length: spec.fixedSize + random.below(spec.size - spec.fixedSize + 1) }, () => random.below(256)))
      bytes.writeUInt16LE(spec.id)
      assert.ok('name' in readRecord(bytes))
    }
  }
})

test('addresses are written as people write them', () => {
  const v6 = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
  const table: [Buffer, number, string][] = [
    [Buffer.from([10, 99, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 2, '10.99.0.2'],
    [v6('fd99 0000 0000 0000 0000 0000 0000 0001'), 10, 'fd99::1'],
    [v6('0000 0000 0000 0000 0000 0000 0000 0000'), 10, '::'],
    [v6('0000 0000 0000 0000 0000 0000 0000 0001'), 10, '::1'],
    [v6('2001 0db8 0000 0001 0000 0000 0000 0000'), 10, '2001:db8:0:1::'],
    [v6('2001 0db8 0000 0001 0001 0001 0001 0001'), 10, '2001:db8:0:1:1:1:1:1'],
    [v6('0000 0000 0000 0000 0000 ffff 0a63 0002'), 10, '10.99.0.2'],
    [Buffer.alloc(16), 0, '']
  ]
  for (const [bytes, family, text] of table) assert.is(addressText(bytes, family), text)
})

test('the verifier\'s reason is its last line that says something', () => {
  assert.is(lastWords('0: (b7) r0 = 0\nfunc \'tcp_send_reset\' doesn\'t have 3-th argument\ninvalid bpf_context access off=16 size=8\nprocessed 1 insns (limit 1000000) max_states_per_insn 0\n'), 'invalid bpf_context access off=16 size=8')
  assert.is(lastWords(''), '')
})

test('capabilities are found in the status file; CAP_SYS_ADMIN contains the others', () => {
  const status = (bits: number[]): string => `Name:\tnode\nCapEff:\t${bits.reduce((n, b) => n | 1n << BigInt(b), 0n).toString(16).padStart(16, '0')}\n`
  assert.equal(missingCapabilities(status([])), ['CAP_BPF', 'CAP_PERFMON'])
  assert.equal(missingCapabilities(status([39])), ['CAP_PERFMON'])
  assert.equal(missingCapabilities(status([38, 39])), [])
  assert.equal(missingCapabilities(status([21])), [])
  assert.is(possibleCpus('0-1\n'), 2)
  assert.is(possibleCpus('0\n'), 1)
  assert.is(possibleCpus('0-3,8-11\n'), 12)
})

test('a kernel that is too old or has no type information is said with what it would take', () => {
  assert.match(unavailability('5.10.0-28-amd64'), /^Linux 5\.10\.0-28-amd64 is too old: 5\.17 is the first/)
  assert.match(unavailability('4.19.0'), /too old/)
  assert.match(unavailability('5.17.0', '/no/such/btf'), /^this kernel has no type information \(\/no\/such\/btf is missing\): it must be built with CONFIG_DEBUG_INFO_BTF$/)
})

test('filters switch on only the sets that are used', () => {
  const none = { include: [], exclude: [] }
  const all = { cgroups: none, netns: none, pids: none, comms: none }
  assert.is(filterBits(all), 0)
  assert.is(filterBits({ ...all, pids: { include: [1], exclude: [] } }), 0x30)
  assert.is(filterBits({ ...all, comms: { include: [], exclude: ['sshd'] }, cgroups: { include: [1n], exclude: [2n] } }), 0x43)
  assert.equal(rateSettings(0, 1000), { interval_ns: 0n, burst_ns: 0n })
  assert.equal(rateSettings(1000, 500), { interval_ns: 1_000_000n, burst_ns: 500_000_000n })
})

test('system calls have their names', () => {
  assert.is(syscallName(process.arch === 'arm64' ? 173 : 110), 'getppid')
  assert.is(syscallName(99999), 'syscall_99999')
  assert.is(syscallNumber('getppid'), process.arch === 'arm64' ? 173 : 110)
})

test.run()
