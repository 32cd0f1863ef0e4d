/** Processes and memory on the real kernel, as root. Elsewhere skipped, and it is said why. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, retry } from '../../core/component/outcome.js'
import type { EventRow } from '../../core/data/row.js'
import { readRecord, recordTable, sweepReclaims } from '../../native/index.js'
import { kernelTestFault, openSession } from '../../native/testing/kernel.js'
import { MemoryCgroup, memoryCgroupFault } from './testing/memory-cgroup.js'
import { watch, type Watch } from './testing/watch.js'

const fault = kernelTestFault()
if (fault !== '') console.log(`SKIP processes and OOM kills: ${fault}`)
const noLimits = fault || memoryCgroupFault()
if (fault === '' && noLimits !== '') console.log(`SKIP OOM kills: ${noLimits}`)

const processes = suite<{ watching: Watch }>('processes and memory')
const incident = fault === '' ? processes : processes.skip
const oomIncident = noLimits === '' ? processes : processes.skip

processes.before(async context => {
  if (fault === '') context.watching = await watch({ programs: ['process', 'memory', 'cgroup'], rate_limits: { process: 0, memory: 0 }, poll_interval: 2, sweep_interval: 100 })
})
processes.after(async ({ watching }) => { await watching?.stop() })

/** Runs a shell script; its pid, and its end. */
async function shell (script: string): Promise<{ readonly pid: number, readonly code: number | null, readonly signal: string | null }> {
  const child = spawn('/bin/bash', ['-c', script], { stdio: 'ignore' })
  const [code, signal] = await once(child, 'close') as [number | null, string | null]
  return { pid: child.pid as number, code, signal }
}

const of = (name: string, pid: number) => (e: EventRow): boolean => e.get('name') === name && e.get('pid') === pid

incident('an exec has its file, its arguments, its parent and its user', async ({ watching }) => {
  const child = spawn('/bin/sleep', ['0', '0.0', '0.00'], { stdio: 'ignore' })
  await once(child, 'close')
  const e = await watching.seen('exec', of('exec', child.pid as number))
  assert.is(e.attribute('process.executable.path'), '/bin/sleep')
  assert.equal(e.attribute('process.command_args'), ['/bin/sleep', '0', '0.0', '0.00'])
  assert.is(e.attribute('process.args_count'), 4n)
  assert.is(e.attribute('process.parent_pid'), BigInt(process.pid))
  assert.is(e.get('comm'), 'sleep')
  assert.is(e.get('uid'), 0)
  assert.is(e.get('source'), 'ebpf')
  assert.is(e.type, 'process')
})

incident('long arguments are cut at the bound, and their number is still known', async ({ watching }) => {
  const args = Array.from({ length: 300 }, (_, i) => `argument-${i}`)
  const child = spawn('/bin/true', args, { stdio: 'ignore' })
  await once(child, 'close')
  const e = await watching.seen('exec', of('exec', child.pid as number))
  assert.is(e.attribute('process.args_count'), 301n)
  const kept = e.attribute('process.command_args') as string[]
  assert.equal(kept.slice(0, 10), ['/bin/true', ...args.slice(0, 9)])
  assert.is(kept.join('\0').length, 511)
})

incident('exits have their code or their signal, and how long it took', async ({ watching }) => {
  const table: [string, Partial<Record<'returnCode' | 'exitSignal', number>>, string, RegExp][] = [
    ['exit 0', { returnCode: 0 }, 'info', /ended with code 0 after/],
    ['exit 3', { returnCode: 3 }, 'low', /ended with code 3 after/],
    ['kill -TERM $$', { returnCode: 0, exitSignal: 15 }, 'low', /was ended by SIGTERM after/],
    ['kill -KILL $$', { returnCode: 0, exitSignal: 9 }, 'error', /was ended by SIGKILL after/],
    ['ulimit -c 0; kill -SEGV $$', { returnCode: 0, exitSignal: 11 }, 'error', /was ended by SIGSEGV/]
  ]
  for (const [script, columns, severity, message] of table) {
    const { pid } = await shell(script)
    const e = await watching.seen(`exit of ${script}`, of('exit', pid))
    assert.equal({ returnCode: e.get('returnCode'), exitSignal: e.get('exitSignal') }, { exitSignal: undefined, ...columns }, script)
    assert.is(e.severityName, severity, script)
    assert.match(e.get('message') ?? '', message)
    assert.ok((e.get('durationNano') ?? 0n) > 0n)
  }
})

incident('a process of many threads ends once', async ({ watching }) => {
  const child = spawn(process.execPath, ['-e', 'new (require("worker_threads").Worker)("", {eval: true}).on("exit", () => process.exit(7))'], { stdio: 'ignore' })
  await once(child, 'close')
  const { pid } = child
  const e = await watching.seen('exit', of('exit', pid as number))
  assert.is(e.get('returnCode'), 7)
  // A later exit of another process: what came before it in the ring has been read.
  await watching.seen('marker', of('exit', (await shell('exit 0')).pid))
  assert.is(watching.events().filter(of('exit', pid as number)).length, 1)
})

oomIncident('an OOM kill names the victim, its cgroup, the limit and the use, though the cgroup is gone', async ({ watching }) => {
  const limit = 50 * 1024 * 1024
  const group = new MemoryCgroup(`tapio-oom-${process.pid}/container`, limit)
  try {
    const { signal, pid } = await shell(`${group.join} && exec ${process.execPath} -e 'const a=[];for(;;)a.push(Buffer.alloc(1<<20,1))'`)
    assert.is(signal, 'SIGKILL')
    group.remove()
    const e = await watching.seen('OOM kill', of('oom_kill', pid))
    assert.is(e.get('cgroupId'), group.id)
    assert.is(e.attribute('linux.memcg.id'), group.memcgId)
    assert.is(e.attribute('linux.oom.constraint'), 'memcg')
    assert.is(e.attribute('linux.oom.limit_memcg_id'), group.memcgId)
    assert.is(e.attribute('linux.oom.limit_bytes'), BigInt(limit))
    const usage = e.attribute('linux.oom.usage_bytes') as bigint
    assert.ok(usage > BigInt(limit) * 9n / 10n && usage <= BigInt(limit), String(usage))
    assert.ok((e.get('bytes') ?? 0n) > BigInt(limit) / 2n && (e.get('bytes') ?? 0n) <= BigInt(limit))
    assert.is(e.severityName, 'critical')
    assert.match(e.get('message') ?? '', new RegExp(`^OOM kill: node \\(pid ${pid}\\) with [\\d.]+ MiB in cgroup .+ at its limit of 50 MiB \\(used `))
    const exit = await watching.seen('exit', of('exit', pid))
    assert.is(exit.get('exitSignal'), 9)
    assert.is(exit.attribute('linux.oom.victim'), true)
    const stall = await watching.seen('stall', x => x.get('name') === 'memory_stall' && x.get('cgroupId') === group.id)
    assert.ok((stall.attribute('linux.reclaim.memcg_stalls') as bigint) > 0n)
    const made = await watching.seen('cgroup made', x => x.get('name') === 'cgroup_mkdir' && x.attribute('linux.cgroup.path') === `/${group.path}` && x.get('cgroupId') === group.id)
    assert.ok((made.get('timeUnixNano') as bigint) < (e.get('timeUnixNano') as bigint))
    await watching.seen('cgroup removed', x => x.get('name') === 'cgroup_rmdir' && x.get('cgroupId') === group.id)
    const raw = readRecord(e.raw as Uint8Array)
    assert.ok('name' in raw && raw.name === 'oom_kill' && raw.pid === pid && raw.cgroup_id === group.id)
  } finally {
    group.remove()
  }
})

oomIncident('stalls of more cgroups than there is room for are counted, and no row is lost for them', async () => {
  const groups = [1, 2].map(n => new MemoryCgroup(`tapio-stall-${process.pid}-${n}`, 50 * 1024 * 1024))
  const session = openSession({ programs: ['memory'], mapEntries: { reclaims: 1 } })
  try {
    for (const group of groups) await shell(`${group.join} && exec ${process.execPath} -e 'const a=[];for(;;)a.push(Buffer.alloc(1<<20,1))'`)
    session.detach()
    const rows = sweepReclaims(session)
    assert.is(rows.length, 1)
    assert.ok((session.counters()[recordTable.reclaim.id]?.ring_full ?? 0) > 0)
  } finally {
    session.close()
    for (const group of groups) group.remove()
  }
})

oomIncident('filters by cgroup hold for what is made inside it later', async () => {
  const group = new MemoryCgroup(`tapio-filter-${process.pid}`, 50 * 1024 * 1024)
  const watching = await watch({ programs: ['process'], filters: { include_cgroups: [`/${group.path}`] }, poll_interval: 2 })
  const inner = new MemoryCgroup(`${group.path}/inner`, 50 * 1024 * 1024)
  try {
    const outside = await shell('exit 4')
    const inside = await shell(`${inner.join} && exec /bin/false`)
    await watching.seen('exit inside', of('exit', inside.pid))
    assert.is(watching.events().filter(e => e.get('pid') === outside.pid).length, 0)
    assert.is(watching.events().filter(e => e.get('cgroupId') !== inner.id).length, 0)
  } finally {
    await watching.stop()
    inner.remove()
  }
})

incident('while the pipeline asks to wait the ring holds the records, and they come in order', async () => {
  const watching = await watch({ programs: ['process'], filters: { include_comms: ['tapio-waits'] }, poll_interval: 2 })
  let asked = 0
  watching.next.answer = () => asked++ < 5 ? retry('full', 20) : accepted
  const codes = Array.from({ length: 40 }, (_, i) => i + 1)
  for (const code of codes) await shell(`printf tapio-waits > /proc/$$/comm; exit ${code}`)
  await watching.stop()
  assert.equal(watching.events().filter(e => e.get('name') === 'exit').map(e => e.get('returnCode')), codes)
  assert.ok(asked > 5)
  assert.is(watching.drops.size, 0)
})

incident('what the pipeline does not take before the time is over is counted', async () => {
  const watching = await watch({ programs: ['process'], filters: { include_comms: ['tapio-full'] }, poll_interval: 2 })
  watching.next.answer = () => retry('full', 20)
  await shell('printf tapio-full > /proc/$$/comm; exit 1')
  await watching.stop(100)
  assert.equal([...watching.drops], [['shutdown', 1]])
})

incident('times are those of the wall clock', async ({ watching }) => {
  const from = BigInt(Date.now()) * 1_000_000n
  const { pid } = await shell('exit 0')
  const e = await watching.seen('exit', of('exit', pid))
  const time = e.get('timeUnixNano') as bigint
  const [slack, to] = [2_000_000n, BigInt(Date.now()) * 1_000_000n]
  assert.ok(time >= from - slack && time <= to + slack, `${time - from} ns after the start`)
})

processes.run()
