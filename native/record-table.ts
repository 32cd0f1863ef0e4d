/**
 * The records of bpf/lib/records.h as a table: where each field is. The offsets are written out, not computed, because
 * they are a promise to recorded files too; a test compares them with the BTF of the compiled programs.
 */
export type FieldKind = 'u8' | 'u16' | 'u32' | 'i32' | 'u64' | 'text' | 'bytes'

export interface Field<K extends FieldKind = FieldKind> {
  readonly kind: K
  readonly offset: number
  /** Bytes. */
  readonly size: number
}

const u8 = (offset: number): Field<'u8'> => ({ kind: 'u8', offset, size: 1 })
const u16 = (offset: number): Field<'u16'> => ({ kind: 'u16', offset, size: 2 })
const u32 = (offset: number): Field<'u32'> => ({ kind: 'u32', offset, size: 4 })
const i32 = (offset: number): Field<'i32'> => ({ kind: 'i32', offset, size: 4 })
const u64 = (offset: number): Field<'u64'> => ({ kind: 'u64', offset, size: 8 })
/** UTF-8, ended by NUL or by the size. */
const text = (offset: number, size: number): Field<'text'> => ({ kind: 'text', offset, size })
const bytes = (offset: number, size: number): Field<'bytes'> => ({ kind: 'bytes', offset, size })

/** struct tapio_header: whom the record is about. */
export const headerFields = {
  type: u16(0), size: u16(2), cpu: u32(4), time_ns: u64(8), cgroup_id: u64(16), memcg_id: u64(24), pid: u32(32), tid: u32(36), uid: u32(40), netns: u32(44), comm: text(48, 16)
} as const
export const headerSize = 64

/** struct tapio_flow, behind the header in every record of `network`. */
export const flowFields = {
  'flow.local_address': bytes(64, 16), 'flow.remote_address': bytes(80, 16), 'flow.local_port': u16(96), 'flow.remote_port': u16(98), 'flow.family': u16(100), 'flow.protocol': u16(102)
} as const

export interface RecordSpec {
  /** Number in the header; append-only. */
  readonly id: number
  /** Which kernel program makes it. */
  readonly program: ProgramName
  /** The C struct. */
  readonly struct: string
  /** Size of the struct; records with a variable end may be shorter, never shorter than `fixedSize`. */
  readonly size: number
  readonly fixedSize: number
  readonly fields: Readonly<Record<string, Field>>
}

/** The kernel programs, one object file each. */
export const programNames = ['process', 'memory', 'network', 'syscalls', 'cgroup'] as const
export type ProgramName = (typeof programNames)[number] | 'bench'

const record = <const F extends Readonly<Record<string, Field>>>(id: number, program: ProgramName, struct: string, size: number, fields: F, fixedSize = size) =>
  ({ id, program, struct, size, fixedSize, fields: { ...headerFields, ...fields } }) as const

export const recordTable = {
  oom_kill: record(1, 'memory', 'tapio_oom_kill', 144, {
    limit_memcg_id: u64(64), limit_bytes: u64(72), usage_bytes: u64(80), anon_bytes: u64(88), total_vm_bytes: u64(96), trigger_cgroup_id: u64(104), trigger_memcg_id: u64(112), trigger_pid: u32(120), oom_score_adj: i32(124), trigger_comm: text(128, 16)
  }),
  reclaim: record(2, 'memory', 'tapio_reclaim', 112, {
    memcg_stalls: u64(64), memcg_ns: u64(72), global_stalls: u64(80), global_ns: u64(88), max_ns: u64(96), reclaimed_pages: u64(104)
  }),
  exec: record(3, 'process', 'tapio_exec', 1120, {
    parent_pid: u32(64), gid: u32(68), argc: u32(72), filename_size: u16(76), args_size: u16(78), parent_comm: text(80, 16), data: bytes(96, 1024)
  }, 96),
  exit: record(4, 'process', 'tapio_exit', 104, {
    duration_ns: u64(64), parent_pid: u32(72), gid: u32(76), exit_code: u32(80), exit_signal: u16(84), flags: u16(86), parent_comm: text(88, 16)
  }),
  tcp_connect: record(5, 'network', 'tapio_tcp_connect', 120, { ...flowFields, duration_ns: u64(104), error: u32(112), state: u32(116) }),
  tcp_abort: record(6, 'network', 'tapio_tcp_abort', 112, { ...flowFields, error: u32(104), state: u32(108) }),
  tcp_retransmit: record(7, 'network', 'tapio_tcp_retransmit', 112, { ...flowFields, state: u32(104), retransmits: u32(108) }),
  tcp_reset_sent: record(8, 'network', 'tapio_tcp_reset', 112, { ...flowFields, state: u32(104), reason: u32(108) }),
  tcp_reset_received: record(9, 'network', 'tapio_tcp_reset', 112, { ...flowFields, state: u32(104), reason: u32(108) }),
  packet_drop: record(10, 'network', 'tapio_packet_drop', 128, {
    ...flowFields, location: u64(104), reason: u32(112), length: u32(116), ifindex: u32(120), received: u8(124), tcp_flags: u8(125), ethertype: u16(126)
  }),
  listen_overflow: record(11, 'network', 'tapio_listen_overflow', 112, { ...flowFields, queue: u32(104), queue_limit: u32(108) }),
  cgroup_mkdir: record(12, 'cgroup', 'tapio_cgroup', 600, cgroupFields(), 88),
  cgroup_rmdir: record(13, 'cgroup', 'tapio_cgroup', 600, cgroupFields(), 88),
  syscalls: record(14, 'syscalls', 'tapio_syscalls', 240, {
    nr: u32(64), last_error: u32(68), count: u64(72), errors: u64(80), total_ns: u64(88), max_ns: u64(96), interval_ns: u64(104), slots: bytes(112, 128)
  }),
  bench: record(15, 'bench', 'tapio_bench', 72, { sequence: u64(64) })
} as const satisfies Readonly<Record<string, RecordSpec>>

export type RecordName = keyof typeof recordTable

function cgroupFields () {
  return { parent_id: u64(64), hierarchy: u32(72), level: u32(76), controllers: u32(80), path_size: u32(84), path: bytes(88, 512) } as const
}

/** Bits of `exit.flags`. */
export const exitFlags = { core: 1, oom: 2 } as const
