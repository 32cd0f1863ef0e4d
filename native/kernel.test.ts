/**
 * Loading, limits and leaving on the real kernel, as root. Elsewhere every test is skipped, and it is said why.
 * Does not show: what the programs see (receivers/ebpf), nor that they load on other kernels.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bucketOf, fillSets, filterBits, rateSettings, type Filters } from './filters.js'
import { BpfError } from './bpf-calls.js'
import { KernelSession } from './kernel-session.js'
import { sweepSyscalls } from './sweep.js'
import { cgroupPath, commandLine, readRecord } from './records.js'
import { recordTable } from './record-table.js'
import { syscallNumber } from './syscall-names.js'
import { startCaller } from './testing/caller.js'
import { bpfCalls, drainAll, heldIds, kernelTestFault, openSession, stillThere } from './testing/kernel.js'

const fault = kernelTestFault()
if (fault !== '') console.log(`SKIP the kernel's tests: ${fault}`)
const onKernel = fault === '' ? test : test.skip
const everything: Filters = { cgroups: { include: [], exclude: [] }, netns: { include: [], exclude: [] }, pids: { include: [], exclude: [] }, comms: { include: [], exclude: [] } }
/** Of the v2 hierarchy, which on a hybrid machine is not at the top; '' when it is not mounted. */
const cgroupRoot = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/self/mounts', 'utf8'))?.[1] ?? ''
if (fault === '' && cgroupRoot === '') console.log('SKIP paths of cgroups: cgroup v2 is not mounted')
const onCgroups = fault === '' && cgroupRoot !== '' ? test : test.skip
const getppid = syscallNumber('getppid') as number

onKernel('every default program attaches here, each hook once', () => {
  const session = openSession({ programs: ['cgroup', 'process', 'memory', 'network'] })
  assert.equal(session.hooks.filter(h => h.unavailable !== ''), [])
  const names = session.hooks.map(h => `${h.program}/${h.hook}`)
  assert.is(new Set(names).size, names.length)
  assert.ok(session.facts.dropReasons.size > 50, 'the kernel\'s drop reasons have names')
  session.close()
})

onKernel('a hook that the kernel lacks is said in one line, and the others run', () => {
  const whole = openSession({ programs: ['memory'] })
  const { loader } = whole
  const hooks = new Map(loader.facts.hooks)
  whole.close()
  hooks.delete('mark_victim')
  const session = openSession({ programs: ['memory'], facts: { ...whole.facts, hooks } })
  const [missing, ...more] = session.hooks.filter(h => h.unavailable !== '')
  assert.is(missing?.unavailable, 'this kernel has no tracepoint mark_victim')
  assert.is(more.length, 0)
  assert.is(session.attached.length, 4)
  session.close()
})

onKernel('half of the system call program is not left attached', () => {
  const whole = openSession({ programs: ['syscalls'] })
  const { facts } = whole
  whole.close()
  const hooks = new Map(facts.hooks)
  hooks.delete('sys_exit')
  const session = openSession({ programs: ['syscalls'], facts: { ...facts, hooks } })
  assert.equal(session.attached, [])
  assert.equal(session.hooks.map(h => `${h.hook}: ${h.unavailable}`), ['sys_enter: of no use without sys_exit', 'sys_exit: this kernel has no tracepoint sys_exit'])
  assert.is(heldIds().link.length, 0)
  session.close()
})

onKernel('a program that this kernel refuses is reported with the verifier\'s last words', () => {
  // As on a kernel where the hook has another shape: mark_victim's program on a hook whose first argument is a number.
  const whole = openSession({ programs: ['memory'] })
  const hooks = new Map(whole.facts.hooks)
  hooks.set('mark_victim', hooks.get('mm_vmscan_direct_reclaim_end') as number)
  hooks.set('mm_vmscan_memcg_reclaim_end', hooks.get('mm_vmscan_memcg_reclaim_begin') as number)
  whole.close()
  const session = openSession({ programs: ['memory'], facts: { ...whole.facts, hooks } })
  const refused = session.hooks.filter(h => h.unavailable !== '')
  for (const { unavailable } of refused) assert.match(unavailable, /^load \w+: E[A-Z]+: .+/)
  assert.ok(refused.some(h => h.hook === 'mark_victim'), 'a number is not taken for a victim')
  assert.ok(session.attached.length >= 3)
  session.close()
})

/** Waits until the kernel has freed these, which it does after a grace period of its own. */
async function untilGone (ids: ReturnType<typeof heldIds>): Promise<number> {
  const calls = bpfCalls()
  for (const end = Date.now() + 10_000; stillThere(calls, ids) > 0 && Date.now() < end;) await new Promise(resolve => setImmediate(resolve))
  return stillThere(calls, ids)
}

onKernel('attaching and detaching 1000 times leaves no descriptor, program, map or link', async () => {
  const first = openSession({ programs: ['cgroup'], ringBytes: 65536 })
  const { facts } = first
  first.close()
  const fds = (): number => readdirSync('/proc/self/fd').length
  const fdsBefore = fds()
  const seen = { prog: [] as number[], map: [] as number[], link: [] as number[] }
  for (let i = 0; i < 1000; i++) {
    const session = openSession({ programs: ['cgroup'], ringBytes: 65536, facts })
    assert.is(session.attached.length, 2)
    const held = heldIds()
    for (const kind of ['prog', 'map', 'link'] as const) seen[kind].push(...held[kind])
    session.close()
  }
  assert.is(fds(), fdsBefore)
  assert.is(seen.link.length, 2000)
  assert.ok(seen.prog.length >= 2000 && seen.map.length >= 5000)
  assert.is(await untilGone(seen), 0)
})

onKernel('sets that cannot be filled end the session, ring and all: half of a filter is none', () => {
  const mapped = (): number => readFileSync('/proc/self/maps', 'utf8').split('\n').filter(line => line.includes('bpf-map')).length
  const before = mapped()
  const during: number[] = []
  for (const error of [new BpfError('update', 7, 'the set is full'), new TypeError('a bug')]) {
    const opened = KernelSession.open({ programs: ['cgroup', 'memory'], ringBytes: 65536, settings: () => ({}), prepare: () => { during.push(mapped()); throw error } })
    assert.equal(opened, { unavailable: `the kernel refuses eBPF programs: filling its maps failed: ${error.message}` })
  }
  const broken = KernelSession.open({ programs: ['cgroup'], ringBytes: 65536, settings: () => ({}), prepareProgram: () => { throw new TypeError('a bug') } })
  assert.ok('unavailable' in broken)
  assert.ok(during.length === 2 && during.every(n => n > before), 'the ring was mapped when it went wrong')
  assert.is(mapped(), before)
  assert.equal(heldIds(), { prog: [], map: [], link: [] })
})

onKernel('programs load under a profiler too, whose signals would end the verifier\'s work', async () => {
  const child = spawn(process.execPath, ['--cpu-prof', '--cpu-prof-interval', '200', '--cpu-prof-dir', tmpdir(), fileURLToPath(new URL('./testing/hold-session.js', import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data') as [Buffer]
  // Killed, so that it leaves no profile.
  child.kill('SIGKILL')
  await once(child, 'close')
  assert.is((JSON.parse(line.toString()) as { attached: number }).attached, 7)
})

onKernel('an installation that lacks a program is said with the file, and nothing is thrown', () => {
  const opened = KernelSession.open({ programs: ['none' as 'bench'], ringBytes: 65536, settings: () => ({}) })
  assert.match('unavailable' in opened ? opened.unavailable : '', /^the kernel program \/.+\/bpf\/objects\/none\.bpf\.o cannot be used: ENOENT.*: build or install Tapio again$/)
})

onKernel('killed with SIGKILL, a process leaves nothing attached', async () => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./testing/hold-session.js', import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data') as [Buffer]
  const { attached, ids } = JSON.parse(line.toString()) as { attached: number, ids: ReturnType<typeof heldIds> }
  assert.is(attached, 7)
  assert.ok(ids.link.length === 7 && ids.prog.length === 7 && ids.map.length >= 5, JSON.stringify(ids))
  assert.is(stillThere(bpfCalls(), ids), ids.link.length + ids.prog.length + ids.map.length)
  child.kill('SIGKILL')
  await once(child, 'close')
  assert.is(await untilGone(ids), 0)
})

/** A session whose bench program makes a record for every getppid() of a process that makes `calls` of them. */
async function underLoad (calls: number, settings: object, filters: Filters = everything, ringBytes = 65536) {
  const caller = startCaller(calls)
  const session = openSession({
    programs: ['bench'],
    ringBytes,
    settings: () => ({ only_pid: caller.pid, only_syscall: getppid, filters: filterBits(filters), program: bucketOf.bench, ...settings }),
    prepare: s => { fillSets(s, filters) }
  })
  const { wallNs: ns } = await caller.run()
  const records = drainAll(session)
  const counters = session.counters()[recordTable.bench.id] as ReturnType<KernelSession['counters']>[number]
  const missed = session.attached.reduce((n, h) => n + session.missed(h), 0)
  session.close()
  return { records, counters, missed, ns }
}

onKernel('a full ring loses records, and counts each of them', async () => {
  const calls = 200_000
  const { records, counters, missed } = await underLoad(calls, {})
  assert.is(records.length, counters.sent)
  assert.ok(counters.ring_full > 0, 'the ring of 64 KiB was full')
  assert.is(counters.sent + counters.ring_full + missed, calls)
  assert.is(counters.rate_limited + counters.filtered, 0)
})

onKernel('a rate limit lets through its burst and its rate, and counts the rest', async () => {
  const calls = 100_000
  const { records, counters, missed, ns } = await underLoad(calls, rateSettings(1000, 100), everything, 1 << 20)
  assert.is(records.length, counters.sent)
  assert.is(counters.sent + counters.rate_limited + missed, calls)
  // 100 saved up and the one at hand, then one a millisecond of the run's own time.
  const most = 101 + Math.ceil(ns / 1e6) + 1
  assert.ok(counters.sent >= 100 && counters.sent <= most, `${counters.sent} of at most ${most}`)
})

onKernel('filters by pid, comm, namespace and cgroup decide in the kernel', async () => {
  const table: [string, (own: { pid: number, netns: number, cgroup: bigint }) => Partial<Filters>, boolean][] = [
    ['own pid excluded', o => ({ pids: { include: [], exclude: [o.pid] } }), false],
    ['another pid included', () => ({ pids: { include: [1], exclude: [] } }), false],
    ['own pid included', o => ({ pids: { include: [o.pid], exclude: [] } }), true],
    ['another comm excluded', () => ({ comms: { include: [], exclude: ['nobody'] } }), true],
    ['own namespace included', o => ({ netns: { include: [o.netns], exclude: [] } }), true],
    ['own namespace excluded', o => ({ netns: { include: [], exclude: [o.netns] } }), false],
    ['own cgroup included', o => ({ cgroups: { include: [o.cgroup], exclude: [] } }), true],
    ['own cgroup excluded', o => ({ cgroups: { include: [], exclude: [o.cgroup] } }), false],
    ['included by pid, excluded by namespace', o => ({ pids: { include: [o.pid], exclude: [] }, netns: { include: [], exclude: [o.netns] } }), false]
  ]
  const [sample] = (await underLoad(1, {})).records
  if (sample?.name !== 'bench') throw new Error('no record to learn from')
  for (const [what, filter, passes] of table) {
    const caller = startCaller(100)
    const filters = { ...everything, ...filter({ pid: caller.pid, netns: sample.netns, cgroup: sample.cgroup_id }) }
    const session = openSession({ programs: ['bench'], settings: () => ({ only_pid: caller.pid, only_syscall: getppid, filters: filterBits(filters), program: bucketOf.bench }), prepare: s => { fillSets(s, filters) } })
    await caller.run()
    const { sent, filtered } = session.counters()[recordTable.bench.id] as { sent: number, filtered: number }
    session.close()
    assert.equal([sent, filtered], passes ? [100, 0] : [0, 100], what)
  }
})

onKernel('a short comm is not taken for what a longer one left behind', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tapio-comm-'))
  for (const name of ['tapio-long-name', 'tapio-s']) symlinkSync('/bin/true', join(directory, name))
  const filters: Filters = { ...everything, comms: { include: ['tapio-s'], exclude: [] } }
  const session = openSession({ programs: ['process'], settings: () => ({ filters: filterBits(filters) }), prepare: s => { fillSets(s, filters) } })
  try {
    // On one CPU, whose records share their memory.
    const { status } = spawnSync('taskset', ['-c', '0', '/bin/sh', '-c', 'for i in 1 2 3 4 5; do "$0/tapio-long-name"; "$0/tapio-s"; done', directory])
    assert.is(status, 0)
    session.detach()
    const files = drainAll(session).flatMap(r => r.name === 'exec' ? [[r.comm, commandLine(r).filename]] : [])
    assert.equal(files, Array.from({ length: 5 }, () => ['tapio-s', join(directory, 'tapio-s')]))
  } finally {
    session.close()
    rmSync(directory, { recursive: true })
  }
})

onCgroups('paths of cgroups and files come whole up to 511 bytes', () => {
  const parts = Array.from({ length: 3 }, (_, i) => `tapio-${process.pid}-${i}-${'x'.repeat(120)}`)
  const at = (n: number): string => join(cgroupRoot, ...parts.slice(0, n))
  const long = `/${'./'.repeat(200)}bin/true`
  const session = openSession({ programs: ['cgroup', 'process'] })
  try {
    for (let n = 1; n <= parts.length; n++) mkdirSync(at(n))
    for (let n = parts.length; n > 0; n--) rmdirSync(at(n))
    assert.is(spawnSync(long).status, 0)
    session.detach()
    const records = drainAll(session)
    const paths = records.flatMap(r => (r.name === 'cgroup_mkdir' || r.name === 'cgroup_rmdir') && cgroupPath(r).includes(`/tapio-${process.pid}-`) ? [`${r.name} ${cgroupPath(r).slice(cgroupPath(r).indexOf('/tapio-'))}`] : [])
    const whole = [1, 2, 3].map(n => `/${parts.slice(0, n).join('/')}`)
    assert.equal(paths, [...whole.map(p => `cgroup_mkdir ${p}`), ...whole.reverse().map(p => `cgroup_rmdir ${p}`)])
    assert.ok(records.some(r => r.name === 'exec' && commandLine(r).filename === long))
  } finally {
    session.close()
  }
})

onKernel('system calls are added up per cgroup and call, with nothing sent', async () => {
  const calls = 5000
  const caller = startCaller(calls)
  const filters: Filters = { ...everything, pids: { include: [caller.pid], exclude: [] } }
  const session = openSession({ programs: ['syscalls'], settings: () => ({ filters: filterBits(filters) }), prepare: s => { fillSets(s, filters) } })
  await caller.run()
  session.detach()
  assert.is(session.drain().count, 0)
  const rows = sweepSyscalls(session, 1n, 2n).map(bytes => readRecord(bytes)).flatMap(r => ('name' in r && r.name === 'syscalls' ? [r] : []))
  const row = rows.find(r => r.nr === getppid)
  assert.is(row?.count, BigInt(calls))
  assert.is(row?.errors, 0n)
  const slots = Buffer.from(row?.slots ?? [])
  const counted = Array.from({ length: slots.length / 4 }, (_, i) => slots.readUInt32LE(i * 4)).reduce((a, b) => a + b, 0)
  assert.is(counted, calls)
  assert.ok((row?.total_ns ?? 0n) > 0n && (row?.max_ns ?? 0n) <= (row?.total_ns ?? 0n))
  assert.is(sweepSyscalls(session, 1n, 2n).length, 0, 'a sweep takes rows away')
  session.close()
})

test.run()
