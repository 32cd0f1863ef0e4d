/**
 * From a program in the kernel to a consumer: records a second without loss, exactness under overload, and what hooks cost
 * the traced process. One record (72 bytes) for each getppid() of a C loop.
 */
import { bucketOf, filterBits, fillSets, syscallNumber, type Filters, type KernelSession, type ProgramName } from '../../../native/index.js'
import { startCaller } from '../../../native/testing/caller.js'
import { openSession } from '../../../native/testing/kernel.js'
import { EventIds } from '../../../core/data/ids.js'
import { EventWriter } from '../../../receivers/ebpf/event-writer.js'
import { unknownOwners } from '../../../receivers/ebpf/whose.js'
import { printTable, rate, type Report } from '../report.js'

const calls = 2_000_000
const getppid = syscallNumber('getppid') as number
const benchType = 15

type Consume = (session: KernelSession) => number

/** Copies out of the ring and counts. */
const buffer = Buffer.allocUnsafeSlow(1 << 20)
const count: Consume = session => session.drainInto(buffer)

/** As the receiver does: records become a batch of columns with their raw bytes. */
const ids = new EventIds()
const asBatches: Consume = session => {
  const drained = session.drain()
  if (drained.count === 0) return 0
  const offset = session.addon.bootOffsetNs()
  return new EventWriter(drained, { facts: session.facts, whose: unknownOwners, ids }, offset, offset).write(() => true).count
}

export async function throughput (report: Report): Promise<void> {
  const rows = [['reader', 'ring', 'made/s', 'received', 'received/s', 'lost', 'sum']]
  for (const [name, ringMiB, consume] of [['counting', 16, count], ['counting', 0.25, count], ['batches of events', 16, asBatches], ['batches of events', 0.25, asBatches]] as const) {
    rows.push(await load(name, ringMiB, consume))
  }
  report('kernel -> reader in this process')
  printTable(report, rows)
  report('sum = received + lost + missed by the kernel\'s recursion guard; it must be the number of calls')
}

/** Drained every 5 ms while the caller runs. */
async function load (name: string, ringMiB: number, consume: Consume): Promise<string[]> {
  const caller = startCaller(calls)
  const session = openSession({ programs: ['bench'], ringBytes: ringMiB * 2 ** 20, settings: () => ({ only_pid: caller.pid, only_syscall: getppid, program: bucketOf.bench }) })
  let received = 0
  let lastMs = 0
  const timer = setInterval(() => {
    for (let n = consume(session); n > 0; n = consume(session)) { received += n; lastMs = performance.now() }
  }, 5)
  const startedMs = performance.now()
  const { wallNs: ns } = await caller.run()
  clearInterval(timer)
  for (let n = consume(session); n > 0; n = consume(session)) { received += n; lastMs = performance.now() }
  const { ring_full: lost } = session.counters()[benchType] as { ring_full: number }
  const missed = session.attached.reduce((n, h) => n + session.missed(h), 0)
  session.close()
  const sum = received + lost + missed
  return [name, `${ringMiB} MiB`, rate(calls / ns * 1e9), String(received), rate(received / (lastMs - startedMs) * 1e3), String(lost), sum === calls ? `${sum} =` : `${sum} WRONG`]
}

const nobody: Filters = { cgroups: { include: [], exclude: [] }, netns: { include: [], exclude: [] }, pids: { include: [1], exclude: [] }, comms: { include: [], exclude: [] } }

/** Nanoseconds of CPU a getppid() takes: the best of three, because whatever else runs only adds. */
export async function overhead (report: Report): Promise<void> {
  const table: [string, readonly ProgramName[], Filters | undefined][] = [
    ['nothing attached', [], undefined], ['process', ['process'], undefined], ['memory', ['memory'], undefined], ['network', ['network'], undefined], ['cgroup', ['cgroup'], undefined],
    ['process, memory, network, cgroup', ['cgroup', 'process', 'memory', 'network'], undefined],
    ['syscalls, filtered to another process', ['syscalls'], nobody], ['syscalls', ['syscalls'], undefined], ['nothing attached, again', [], undefined]
  ]
  const rows = [['attached', 'CPU ns a call', 'more than none']]
  let none = 0
  for (const [name, programs, filters] of table) {
    const ns = await best(programs, filters)
    if (none === 0) none = ns
    rows.push([name, ns.toFixed(0), (ns - none).toFixed(0)])
  }
  report('what a system call pays')
  printTable(report, rows)
}

async function best (programs: readonly ProgramName[], filters: Filters | undefined): Promise<number> {
  const session = programs.length === 0 ? undefined : openSession({
    programs,
    settings: () => ({ filters: filters === undefined ? 0 : filterBits(filters) }),
    prepare: s => { if (filters !== undefined) fillSets(s, filters) }
  })
  try {
    const times: number[] = []
    for (let i = 0; i < 3; i++) times.push((await startCaller(calls).run()).cpuNs / calls)
    return Math.min(...times)
  } finally {
    session?.close()
  }
}
