import { Type, type Static, type TUnsafe } from '@sinclair/typebox'
import { ByteSize, Duration, Enum, Options, Section } from '../../core/config/schema.js'
import { defaultRawDirectory } from '../../core/rawstore/segments.js'
import { defaultQuietReasons } from './quiet-reasons.js'

const programs = ['process', 'memory', 'network', 'syscalls', 'cgroup'] as const

const texts = (description: string) => Type.Array(Type.String({ minLength: 1 }), { default: [], description })
const comms = (description: string) => Type.Array(Type.String({ minLength: 1, maxLength: 15 }), { default: [], maxItems: 500, description })
const pids = (description: string) => Type.Array(Type.Integer({ minimum: 1, maximum: 4194304 }), { default: [], maxItems: 1000, description })
const netns = (description: string) => Type.Array(Type.Integer({ minimum: 1, maximum: 4294967295 }), { default: [], maxItems: 1000, description })
const rate = (value: number, what: string) => Type.Integer({ minimum: 0, maximum: 10_000_000, default: value, description: `Most ${what} a second; 0 = no limit.` })
const program: TUnsafe<(typeof programs)[number]> = Enum(programs)

export const schema = Options({
  programs: Type.Array(program, { default: ['process', 'memory', 'network'], minItems: 1, uniqueItems: true, description: '`process`: exec and exit. `memory`: OOM kills and stalls. `network`: failed and slow connects, resets, retransmits, drops, full accept queues. `syscalls`: latencies and errors per cgroup; costs every system call. `cgroup`: cgroups made and removed, as events (they are watched in any case).' }),
  filters: Section({
    include_cgroups: texts('Paths below the cgroup v2 root, with all they hold, now and later; nothing else is reported.'),
    exclude_cgroups: texts('Paths below the cgroup v2 root that are not reported, with all they hold.'),
    include_comms: comms('Names of tasks (at most 15 bytes); nothing else is reported.'),
    exclude_comms: comms('Names of tasks that are not reported.'),
    include_pids: pids('Process ids; nothing else is reported.'),
    exclude_pids: pids('Process ids that are not reported.'),
    include_netns: netns('Inodes of network namespaces (`stat -Lc %i /proc/PID/ns/net`); nothing else is reported.'),
    exclude_netns: netns('Inodes of network namespaces that are not reported.')
  }),
  rate_limits: Section({
    process: rate(5000, 'exec and exit records'),
    memory: rate(1000, 'OOM records'),
    network: rate(5000, 'network records'),
    burst: Duration({ default: '1s', maximum: '1m', description: 'How much of an unused rate is saved up.' })
  }),
  slow_connect: Duration({ default: '500ms', maximum: '1h', description: 'Connects that succeed after this time or later are reported; failed ones always are.' }),
  quiet_drop_reasons: Type.Array(Type.String({ pattern: '^[A-Z0-9_]+$' }), { default: [...defaultQuietReasons], description: 'Names of the kernel\'s drop reasons (enum skb_drop_reason without prefix) that are not reported.' }),
  sweep_interval: Duration({ default: '5s', minimum: '100ms', maximum: '10m', description: 'How often what is added up in the kernel (memory stalls, system calls) is fetched.' }),
  poll_interval: Duration({ default: '10ms', minimum: '1ms', maximum: '1s', description: 'Time between two looks into the ring buffer; it grows to five times as much while nothing happens.' }),
  identity: Section({
    root: Type.String({ default: '', description: 'Prefix of /proc and of the cgroup mount points: `/host` in a container that has the host\'s root there.' }),
    max_cgroups: Type.Integer({ minimum: 100, maximum: 1_000_000, default: 16_384, description: 'Cgroups known at a time; removed ones are forgotten first.' }),
    keep_removed: Duration({ default: '10m', maximum: '24h', description: 'How long a cgroup is known after its removal: that of an OOM-killed container is gone before anyone can look.' }),
    max_processes: Type.Integer({ minimum: 100, maximum: 4_194_304, default: 32_768, description: 'Processes known at a time, for the ancestors of a process.' }),
    rescan_interval: Duration({ default: '5m', maximum: '24h', description: 'How often the cgroup file system is walked again, because events may have been lost; 0 = only at the start and when a cgroup is not known.' })
  }, { description: 'Who is behind a record: cgroup, container, pod, unit, ancestors.' }),
  raw_store: Section({
    enabled: Type.Boolean({ default: true, description: 'Keep every record as the kernel made it; `tapio raw` prints them. Command lines are among them. Where the directory cannot be written, a warning says so and everything else goes on.' }),
    directory: Type.String({ minLength: 1, default: defaultRawDirectory, description: 'Of this receiver alone. Made with mode 0700.' }),
    retention: Duration({ default: '24h', minimum: '1m', description: 'Records that are older are deleted.' }),
    max_size: ByteSize({ default: '1GiB', minimum: '16MiB', description: 'Of all files together; the oldest records are deleted first.' }),
    max_pending_size: ByteSize({ default: '4MiB', minimum: '512KiB', maximum: '1GiB', description: 'Memory for records on their way to the disk; what has no room is dropped and counted, the events go on.' }),
    flush_interval: Duration({ default: '1s', minimum: '10ms', maximum: '1m', description: 'Longest stay of a record in memory.' }),
    compression: Enum(['deflate', 'none'], { default: 'deflate', description: '`deflate` makes records about a third as large, on a thread beside.' }),
    sampling: Type.Record(Type.String({ pattern: '^[a-z_]+$' }), Type.Number({ minimum: 0, maximum: 1 }), { default: {}, description: 'Share of the records that is kept, by type: `{packet_drop: 0.1}`; 1 unless told otherwise.' })
  }),
  ring_size: ByteSize({ default: '8MiB', minimum: '64KiB', maximum: '1GiB', description: 'Memory between kernel and Tapio: a power of two.' })
})
export type EbpfConfig = Static<typeof schema>
