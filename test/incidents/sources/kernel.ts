/**
 * One node's kernel: records as the programs of bpf/ write them, byte for byte, made rows by the ebpf receiver's own writer. Whose
 * a cgroup is, is answered from the world instead of /sys/fs/cgroup.
 */
import type { EventBatch } from '../../../core/data/batch.js'
import { EventIds } from '../../../core/data/ids.js'
import { identityAttributes } from '../../../core/identity/attributes.js'
import { parseCgroupPath } from '../../../core/identity/cgroup-path.js'
import { exitFlags, recordTable, type Field, type RecordName } from '../../../native/index.js'
import { EventWriter } from '../../../receivers/ebpf/event-writer.js'

/** A task: of a pod's container, or of a host service. */
export interface Task {
  readonly pid: number
  readonly comm: string
  readonly cgroupId: bigint
  readonly cgroupPath: string
  readonly netns: number
}

export interface Flow { readonly from: string, readonly fromPort: number, readonly to: string, readonly toPort: number }

export type DropReason = 'NETFILTER_DROP' | 'NO_SOCKET' | 'NEIGH_FAILED' | 'QDISC_DROP' | 'FULL_RING' | 'TCP_LISTEN_OVERFLOW' | 'DEV_READY'
const dropReasons = new Map<number, DropReason>([[3, 'NO_SOCKET'], [8, 'NETFILTER_DROP'], [42, 'NEIGH_FAILED'], [44, 'QDISC_DROP'], [49, 'FULL_RING'], [50, 'DEV_READY'], [60, 'TCP_LISTEN_OVERFLOW']])
const drops = new Map([...dropReasons].map(([n, name]) => [name, n]))
const errnos = { ECONNREFUSED: 111, ETIMEDOUT: 110, EHOSTUNREACH: 113, ECONNRESET: 104 } as const
const [tcp, udp, inet] = [6, 17, 2]
const [established, synSent] = [1, 2]

type Values = Readonly<Record<string, number | bigint | string | Uint8Array>>

export class KernelSource {
  readonly #ids: EventIds
  readonly #paths = new Map<bigint, string>()

  /** `idPrefix`: 16 hex digits. `bootMs`: when the node booted, by its own clock. */
  constructor (idPrefix: string, readonly node: string, readonly bootMs: number) { this.#ids = new EventIds(Buffer.from(idPrefix, 'hex')) }

  oomKill (atMs: number, task: Task, memory: { readonly limitBytes: number, readonly usedBytes: number, readonly anonBytes: number } | { readonly anonBytes: number }, trigger: Task = task): Buffer {
    const limit = 'limitBytes' in memory ? { limit_memcg_id: task.cgroupId, limit_bytes: BigInt(memory.limitBytes), usage_bytes: BigInt(memory.usedBytes) } : {}
    return this.#record('oom_kill', atMs, task, { ...limit, anon_bytes: BigInt(memory.anonBytes), total_vm_bytes: BigInt(memory.anonBytes * 2), trigger_cgroup_id: trigger.cgroupId, trigger_pid: trigger.pid, oom_score_adj: 900, trigger_comm: trigger.comm })
  }

  stall (atMs: number, task: Task, times: number, totalMs: number, isGlobal: boolean): Buffer {
    const [stalls, ns] = isGlobal ? ['global_stalls', 'global_ns'] : ['memcg_stalls', 'memcg_ns']
    return this.#record('reclaim', atMs, task, { [stalls]: BigInt(times), [ns]: BigInt(Math.round(totalMs * 1e6)), max_ns: BigInt(Math.round(totalMs / times * 2e6)), reclaimed_pages: BigInt(times * 32) })
  }

  exec (atMs: number, task: Task, file: string, args: readonly string[], parent: Pick<Task, 'pid' | 'comm'>): Buffer {
    const [name, rest] = [Buffer.from(file), Buffer.from([file, ...args].map(a => `${a}\0`).join(''))]
    return this.#record('exec', atMs, task, { parent_pid: parent.pid, gid: 0, argc: args.length + 1, filename_size: name.length, args_size: rest.length, parent_comm: parent.comm, data: Buffer.concat([name, rest]) })
  }

  exit (atMs: number, task: Task, how: { readonly code?: number, readonly signal?: number, readonly core?: boolean, readonly oom?: boolean }, lastedMs: number, parent: Pick<Task, 'pid' | 'comm'> = { pid: 1, comm: 'containerd-shim' }): Buffer {
    const flags = (how.core === true ? exitFlags.core : 0) | (how.oom === true ? exitFlags.oom : 0)
    return this.#record('exit', atMs, task, { duration_ns: BigInt(Math.round(lastedMs * 1e6)), parent_pid: parent.pid, gid: 0, exit_code: how.code ?? 0, exit_signal: how.signal ?? 0, flags, parent_comm: parent.comm })
  }

  /** A connect that failed, or (without an error) that came late. */
  connect (atMs: number, task: Task, flow: Flow, error: keyof typeof errnos | undefined, tookMs: number): Buffer {
    return this.#record('tcp_connect', atMs, task, { ...flowOf(flow), duration_ns: BigInt(Math.round(tookMs * 1e6)), error: error === undefined ? 0 : errnos[error], state: error === undefined ? established : synSent })
  }

  /** The caller gave up. */
  abandoned (atMs: number, task: Task, flow: Flow, tookMs: number): Buffer {
    return this.#record('tcp_connect', atMs, task, { ...flowOf(flow), duration_ns: BigInt(Math.round(tookMs * 1e6)), error: 0, state: synSent })
  }

  abort (atMs: number, task: Task, flow: Flow, error: 'ECONNRESET' | 'ETIMEDOUT'): Buffer {
    return this.#record('tcp_abort', atMs, task, { ...flowOf(flow), error: errnos[error], state: established })
  }

  retransmit (atMs: number, task: Task, flow: Flow, isSyn: boolean, times: number): Buffer {
    return this.#record('tcp_retransmit', atMs, task, { ...flowOf(flow), state: isSyn ? synSent : established, retransmits: times })
  }

  /** `task`: whose socket; undefined for a packet that is nobody's yet (forwarded, before its socket). */
  drop (atMs: number, task: Task | undefined, flow: Flow, reason: DropReason, options: { readonly received?: boolean, readonly ifindex?: number, readonly isUdp?: boolean } = {}): Buffer {
    return this.#record('packet_drop', atMs, task, { ...flowOf(flow, options.isUdp === true ? udp : tcp), location: 0xffffffff81a2b3c4n, reason: drops.get(reason) as number, length: 74, ifindex: options.ifindex ?? 2, received: options.received === false ? 0 : 1, ethertype: 0x0800 })
  }

  listenOverflow (atMs: number, task: Task, flow: Flow, queue: number, limit: number): Buffer {
    return this.#record('listen_overflow', atMs, task, { ...flowOf(flow), queue, queue_limit: limit })
  }

  /** Records as one batch, in their order. `nowMs`: when they were read. */
  rows (records: readonly Buffer[], nowMs: number): EventBatch {
    const index = new Uint32Array(records.length * 2)
    let at = 0
    records.forEach((record, i) => {
      index[i * 2] = at
      index[i * 2 + 1] = record.length
      at += record.length
    })
    const drained = { count: records.length, bytes: Buffer.concat(records), index, more: false }
    const whose = { observe: () => undefined, ownerOf: ({ cgroupId }: { readonly cgroupId: bigint }) => this.#ownerOf(cgroupId) }
    return new EventWriter(drained, { facts: { dropReasons, resetReasons: new Map() }, whose, ids: this.#ids }, BigInt(Math.round(this.bootMs)) * 1_000_000n, BigInt(Math.round(nowMs)) * 1_000_000n).write(() => true)
  }

  #record (name: RecordName, atMs: number, task: Task | undefined, values: Values): Buffer {
    if (task !== undefined) this.#paths.set(task.cgroupId, task.cgroupPath)
    const header: Values = task === undefined
      ? { pid: 0, comm: 'swapper/0', netns: 4026531840 }
      : { pid: task.pid, tid: task.pid, uid: 0, comm: task.comm, cgroup_id: task.cgroupId, memcg_id: task.cgroupId, netns: task.netns }
    return encode(name, { ...header, cpu: (task?.pid ?? 0) % 4, time_ns: BigInt(Math.round((atMs - this.bootMs) * 1e6)), ...values })
  }

  #ownerOf (cgroupId: bigint): { readonly attributes: Readonly<Record<string, string>>, readonly path: string } {
    const path = this.#paths.get(cgroupId) ?? ''
    const whose = path === '' ? {} : identityAttributes({ identity: parseCgroupPath(path), path, via: 'cgroup' })
    return { attributes: { ...whose, ...nodeAttributes(this.node) }, path }
  }
}

/** What the `attributes` processor of each node's instance adds, so that a central one knows where an event is from. */
export function nodeAttributes (node: string): Record<string, string> { return { 'k8s.node.name': node, 'host.name': node } }

function flowOf ({ from, fromPort, to, toPort }: Flow, protocol = tcp): Values {
  return { 'flow.local_address': addressBytes(from), 'flow.remote_address': addressBytes(to), 'flow.local_port': fromPort, 'flow.remote_port': toPort, 'flow.family': inet, 'flow.protocol': protocol }
}

function addressBytes (address: string): Uint8Array { return Uint8Array.from(address.split('.'), Number) }

/** A record of the table's layout. Fields without a value are zero. */
function encode (name: RecordName, values: Values): Buffer {
  const { id, size, fixedSize, fields } = recordTable[name] as { readonly id: number, readonly size: number, readonly fixedSize: number, readonly fields: Readonly<Record<string, Field>> }
  const data = values['data']
  const length = data instanceof Uint8Array ? Math.min(size, align8(fixedSize + data.length)) : size
  const out = Buffer.alloc(length)
  for (const [key, value] of Object.entries({ ...values, type: id, size: length })) put(out, fields[key] as Field, value)
  return out
}

function put (out: Buffer, { kind, offset, size }: Field, value: number | bigint | string | Uint8Array): void {
  switch (kind) {
    case 'u8': out.writeUInt8(Number(value), offset); break
    case 'u16': out.writeUInt16LE(Number(value), offset); break
    case 'u32': out.writeUInt32LE(Number(value), offset); break
    case 'i32': out.writeInt32LE(Number(value), offset); break
    case 'u64': out.writeBigUInt64LE(BigInt(value as bigint), offset); break
    case 'text': out.write(String(value).slice(0, size - 1), offset, 'utf8'); break
    case 'bytes': out.set((value as Uint8Array).subarray(0, Math.min(size, out.length - offset)), offset)
  }
}

const align8 = (n: number): number => n + 7 & ~7
