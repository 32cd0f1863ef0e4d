/** What each kind of record adds to its row: type, severity, name, a sentence for people, and the columns of its own. */
import { EventType, Severity } from '../../core/data/enums.js'
import { exitFlags, recordTable, syscallName, type RecordName } from '../../native/index.js'
import { describeNetwork } from './describe-network.js'
import type { EventWriter } from './event-writer.js'
import { durationText, errorText, fatalSignals, signalText, sizeText } from './words.js'
import type { Owner } from './whose.js'

export type Describe = (event: EventWriter, owner: Owner) => void

export const describe: Readonly<Record<RecordName, Describe>> = {
  oom_kill: oomKill,
  reclaim,
  exec,
  exit,
  ...describeNetwork,
  cgroup_mkdir: event => { cgroup(event, 'cgroup_mkdir', 'made') },
  cgroup_rmdir: event => { cgroup(event, 'cgroup_rmdir', 'removed') },
  syscalls,
  bench: event => { event.begin(EventType.system, Severity.debug, 'bench') }
}

const { pid, comm } = recordTable.bench.fields

/** `node (pid 12)` */
function who (event: EventWriter): string {
  return `${event.reader.text(comm) || '?'} (pid ${event.reader.number(pid)})`
}

function oomKill (event: EventWriter, owner: Owner): void {
  const { reader } = event
  const f = recordTable.oom_kill.fields
  const [limit, usage, anon] = [f.limit_bytes, f.usage_bytes, f.anon_bytes].map(field => reader.wide(field)) as [bigint, bigint, bigint]
  const inMemcg = reader.wide(f.limit_memcg_id) !== 0n
  const trigger = { pid: reader.number(f.trigger_pid), comm: reader.text(f.trigger_comm) }
  event.begin(EventType.memory, Severity.critical, 'oom_kill')
  const where = inMemcg ? `at its limit of ${sizeText(limit)} (used ${sizeText(usage)})` : 'because the machine ran out of memory'
  const asked = trigger.pid === reader.number(pid) ? '' : `, asked for by ${trigger.comm} (pid ${trigger.pid})`
  event.message(`OOM kill: ${who(event)} with ${sizeText(anon)} in cgroup ${event.cgroup(owner)} ${where}${asked}`)
  event.wide('bytes', anon)
  event.attribute('linux.oom.constraint', inMemcg ? 'memcg' : 'none')
  if (inMemcg) {
    event.attribute('linux.oom.limit_bytes', limit)
    event.attribute('linux.oom.usage_bytes', usage)
    event.attribute('linux.oom.limit_memcg_id', reader.wide(f.limit_memcg_id))
  }
  event.attribute('linux.oom.score_adj', BigInt(reader.number(f.oom_score_adj)))
  event.attribute('linux.oom.trigger_pid', BigInt(trigger.pid))
  event.attribute('linux.oom.trigger_comm', trigger.comm)
  event.attribute('linux.memcg.id', reader.wide(f.memcg_id))
}

function reclaim (event: EventWriter, owner: Owner): void {
  const { reader } = event
  const f = recordTable.reclaim.fields
  const [memcgStalls, memcgNs, globalStalls, globalNs] = [f.memcg_stalls, f.memcg_ns, f.global_stalls, f.global_ns].map(x => reader.wide(x)) as [bigint, bigint, bigint, bigint]
  event.begin(EventType.memory, globalStalls > 0n ? Severity.high : Severity.warning, 'memory_stall')
  const parts = [
    memcgStalls > 0n ? `${memcgStalls} times for ${durationText(memcgNs)} at the cgroup's limit` : '',
    globalStalls > 0n ? `${globalStalls} times for ${durationText(globalNs)} because the machine is short of memory` : ''
  ].filter(p => p !== '')
  event.message(`tasks of cgroup ${event.cgroup(owner)} waited for memory ${parts.join(' and ')}, at most ${durationText(reader.wide(f.max_ns))}, last ${who(event)}`)
  event.wide('durationNano', memcgNs + globalNs)
  event.attribute('linux.reclaim.memcg_stalls', memcgStalls)
  event.attribute('linux.reclaim.global_stalls', globalStalls)
  event.attribute('linux.reclaim.max_ns', reader.wide(f.max_ns))
  event.attribute('linux.reclaim.pages', reader.wide(f.reclaimed_pages))
}

function exec (event: EventWriter): void {
  const { reader } = event
  const f = recordTable.exec.fields
  const split = reader.number(f.filename_size)
  const data = reader.bytes(f.data, split + reader.number(f.args_size))
  const filename = data.toString('utf8', 0, split)
  const args = data.toString('utf8', split).split('\0')
  if (args.at(-1) === '') args.pop()
  event.begin(EventType.process, Severity.info, 'exec')
  event.message(`${reader.text(f.parent_comm)} (pid ${reader.number(f.parent_pid)}) started ${who(event)}: ${[filename, ...args.slice(1)].join(' ').slice(0, 200)}`)
  event.set('gid', reader.number(f.gid))
  event.attribute('process.executable.path', filename)
  event.attribute('process.command_args', args)
  event.attribute('process.args_count', BigInt(reader.number(f.argc)))
  parent(event, f.parent_pid, f.parent_comm)
}

function exit (event: EventWriter, owner: Owner): void {
  const { reader } = event
  const f = recordTable.exit.fields
  const [code, signal, flags] = [reader.number(f.exit_code), reader.number(f.exit_signal), reader.number(f.flags)]
  const oom = (flags & exitFlags.oom) !== 0
  const severity = oom ? Severity.critical : fatalSignals.has(signal) ? Severity.error : code !== 0 || signal !== 0 ? Severity.low : Severity.info
  event.begin(EventType.process, severity, 'exit')
  const how = signal !== 0 ? `was ended by ${signalText(signal)}${oom ? ' of the OOM killer' : ''}${(flags & exitFlags.core) !== 0 ? ' (core dumped)' : ''}` : `ended with code ${code}`
  const place = oom ? ` in cgroup ${event.cgroup(owner)}` : ''
  event.message(`${who(event)} ${how} after ${durationText(reader.wide(f.duration_ns))}${place}`)
  event.set('returnCode', code)
  event.set('exitSignal', signal)
  event.set('gid', reader.number(f.gid))
  event.wide('durationNano', reader.wide(f.duration_ns))
  parent(event, f.parent_pid, f.parent_comm)
  if (oom) event.attribute('linux.oom.victim', true)
  if ((flags & exitFlags.core) !== 0) event.attribute('linux.core_dumped', true)
}

function parent (event: EventWriter, pidField: typeof recordTable.exit.fields.parent_pid, commField: typeof recordTable.exit.fields.parent_comm | typeof recordTable.exec.fields.parent_comm): void {
  event.attribute('process.parent_pid', BigInt(event.reader.number(pidField)))
  event.attribute('linux.parent_comm', event.reader.text(commField))
}

function cgroup (event: EventWriter, name: 'cgroup_mkdir' | 'cgroup_rmdir', done: string): void {
  const { reader } = event
  const f = recordTable[name].fields
  const path = reader.bytes(f.path, reader.number(f.path_size)).toString()
  event.begin(EventType.system, Severity.debug, name)
  event.message(`${who(event)} ${done} cgroup ${path}`)
  event.attribute('linux.cgroup.path', path)
  event.attribute('linux.cgroup.hierarchy', BigInt(reader.number(f.hierarchy)))
}

function syscalls (event: EventWriter, owner: Owner): void {
  const { reader } = event
  const f = recordTable.syscalls.fields
  const [count, errors, total, max] = [f.count, f.errors, f.total_ns, f.max_ns].map(x => reader.wide(x)) as [bigint, bigint, bigint, bigint]
  const slots = slotCounts(reader.bytes(f.slots))
  const [median, tail] = [quantileNs(slots, 0.5), quantileNs(slots, 0.99)]
  const name = syscallName(reader.number(f.nr))
  const failed = errors === 0n ? '' : `, ${errors} failed, last with ${errorText(reader.number(f.last_error))}`
  event.begin(EventType.system, Severity.info, 'syscall_latency')
  event.text('syscall', name)
  event.message(`${name} in cgroup ${event.cgroup(owner)}: ${count} calls in ${durationText(reader.wide(f.interval_ns))}, median below ${durationText(median)}, 99 % below ${durationText(tail)}, longest ${durationText(max)}${failed}`)
  event.wide('durationNano', count === 0n ? 0n : total / count)
  event.attribute('linux.syscall.count', count)
  event.attribute('linux.syscall.errors', errors)
  event.attribute('linux.syscall.p50_ns', median)
  event.attribute('linux.syscall.p99_ns', tail)
  event.attribute('linux.syscall.max_ns', max)
}

function slotCounts (bytes: Buffer): readonly number[] {
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(i * 4))
}

/** The upper end of the slot in which the quantile falls: slot n is [2^n, 2^(n+1)) ns. */
export function quantileNs (slots: readonly number[], quantile: number): bigint {
  const total = slots.reduce((sum, n) => sum + n, 0)
  let seen = 0
  for (const [slot, n] of slots.entries()) {
    seen += n
    if (n > 0 && seen >= total * quantile) return 2n << BigInt(slot)
  }
  return 0n
}
