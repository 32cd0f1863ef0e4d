import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Duration, Enum, Options, Section } from '../../core/config/schema.js'

export const priorities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const

const patterns = (value: string[], description: string) => Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { default: value, maxItems: 500, description })

export const schema = Options({
  units: patterns(['*.service'], 'Names of units whose state is reported; `*` stands for any text.'),
  exclude_units: patterns(['user@*', 'user-runtime-dir@*', 'getty@*', 'session-*'], 'Names of units whose state is not reported.'),
  bus: Section({
    enabled: Type.Boolean({ default: true, description: 'Listen to systemd\'s signals.' }),
    address: Type.String({ pattern: '^unix:', default: 'unix:path=/run/dbus/system_bus_socket', description: 'D-Bus address of the system bus: `unix:path=/host/run/dbus/system_bus_socket` in a container that has the host\'s /run there.' }),
    timeout: Duration({ default: '5s', minimum: '100ms', maximum: '5m', description: 'Longest wait for an answer of the bus; then the connection is made anew.' }),
    resync_interval: Duration({ default: '30s', minimum: '1s', maximum: '1h', description: 'How often the states of all units are compared with what the signals told, and a quiet bus is noticed to be gone.' })
  }),
  journal: Section({
    enabled: Type.Boolean({ default: true, description: 'Read the journal, with `journalctl`.' }),
    directory: Type.String({ default: '', description: 'Directory of journal files, `/host/var/log/journal` in a container; empty: the machine\'s own.' }),
    command: Type.String({ minLength: 1, default: 'journalctl', description: 'The program that reads it: a name or a path.' }),
    start_at: Enum(['end', 'beginning'], { default: 'end', description: 'Where to begin when no position is saved.' }),
    priority: Enum(priorities, { default: 'warning', description: 'Entries of this priority and graver ones pass. What `units` and `kernel` tell does not depend on it.' }),
    units: patterns([], 'Only entries of these units pass; `*` stands for any text. Empty: of all.'),
    matches: Type.Array(Type.Record(Type.String({ pattern: '^[A-Z0-9_]+$' }), Type.String()), { default: [], maxItems: 100, description: 'Only entries that have all the fields of one of these maps pass: `{SYSLOG_IDENTIFIER: kubelet}`. Empty: all.' }),
    rate_limit: Type.Integer({ minimum: 0, maximum: 10_000_000, default: 1000, description: 'Most entries a second, beside unit and kernel events; as many may come at once. 0 = no limit.' }),
    max_entry_size: ByteSize({ default: '256KiB', minimum: '4KiB', maximum: '16MiB', description: 'Larger entries are skipped and counted.' }),
    max_message_size: ByteSize({ default: '16KiB', minimum: '128B', maximum: '1MiB', description: 'Longer messages are cut, at this many characters.' })
  }),
  kernel: Type.Boolean({ default: true, description: 'Make events of the kernel\'s lines in the journal that tell of faults: OOM kills, hung tasks, file systems, disks, memory, network interfaces.' }),
  state_directory: Type.String({ minLength: 1, default: '/var/lib/tapio/systemd', description: 'Where the position in the journal is kept, in a file of this receiver alone.' })
})
export type SystemdConfig = Static<typeof schema>
