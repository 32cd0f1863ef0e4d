/**
 * Lines of the kernel's log that tell of a fault. Wordings are those of Linux 4.19 to 6.x (the function that prints each is
 * named beside it) and of node-problem-detector's config/kernel-monitor.json, whose condition names are kept as `condition`.
 */
import { Severity, type EventTypeName } from '../../core/data/enums.js'
import type { Attributes } from '../../core/data/attributes.js'

export interface KernelFinding {
  readonly name: string
  readonly type: EventTypeName
  readonly severity: number
  /** node-problem-detector's name of it. */
  readonly condition?: string
  readonly pid?: number
  readonly comm?: string
  readonly interfaceName?: string
  readonly attributes: Attributes
}

interface Rule {
  readonly name: string
  readonly type: EventTypeName
  readonly severity: number
  readonly condition?: string
  readonly pattern: RegExp
}

const rule = (name: string, type: EventTypeName, severity: number, pattern: RegExp, condition?: string): Rule =>
  condition === undefined ? { name, type, severity, pattern } : { name, type, severity, pattern, condition }

const { warning, high, error, critical, info } = Severity

/** Named groups `pid`, `comm` and `interface` fill columns, others become `linux.<group>`. The first that fits counts. */
export const kernelRules: readonly Rule[] = [
  // kernel/hung_task.c check_hung_task
  rule('hung_task', 'system', critical, /^INFO: task (?<comm>docker):(?<pid>\d+) blocked for more than (?<seconds>\d+) seconds/, 'DockerHung'),
  rule('hung_task', 'system', error, /^INFO: task (?<comm>.{1,64}?):(?<pid>\d+) blocked (?:in I\/O wait )?for more than (?<seconds>\d+) seconds/, 'TaskHung'),
  // kernel/watchdog.c, kernel/rcu/tree_stall.h
  rule('soft_lockup', 'cpu', critical, /BUG: soft lockup - CPU#(?<cpu>\d+) stuck for (?<seconds>\d+)s! \[(?<comm>.{1,64}?):(?<pid>\d+)\]/, 'KernelOops'),
  rule('hard_lockup', 'cpu', critical, /Watchdog detected hard LOCKUP on cpu (?<cpu>\d+)/, 'KernelOops'),
  rule('rcu_stall', 'cpu', error, /^(?:rcu: )?(?:INFO: )?rcu_\w+ (?:self-)?detected (?:expedited )?stalls?/),
  // net/core/dev.c netdev_wait_allrefs
  rule('unregister_netdevice', 'network', error, /^unregister_netdevice: waiting for (?<interface>\S+) to become free\. Usage count = (?<references>-?\d+)/, 'UnregisterNetDevice'),
  // arch/x86/mm/fault.c show_fault_oops, kernel/panic.c, lib/bug.c
  rule('kernel_oops', 'system', critical, /^(?:BUG: (?:unable to handle|kernel NULL pointer dereference)|divide error: 0000 \[#\d+\] |Oops(?::| - )|Internal error: Oops|general protection fault[^]*\[#\d+\]|kernel BUG at )/, 'KernelOops'),
  rule('kernel_panic', 'system', critical, /^Kernel panic - not syncing: (?<reason>[^]*)/),
  // fs/ext4/super.c, fs/xfs/xfs_fsops.c, fs/btrfs/super.c
  rule('filesystem_read_only', 'disk', critical, /(?<filesystem>EXT4-fs|EXT3-fs) \((?<device>[^)\s]+)\): Remounting filesystem read-only/, 'FilesystemIsReadOnly'),
  rule('filesystem_read_only', 'disk', critical, /^(?<filesystem>BTRFS)[^]*\(device (?<device>[^)\s]+)[^]*forced readonly/, 'FilesystemIsReadOnly'),
  rule('filesystem_read_only', 'disk', critical, /Remounting filesystem read-only/, 'FilesystemIsReadOnly'),
  rule('filesystem_shutdown', 'disk', critical, /^(?<filesystem>XFS) \((?<device>[^)\s]+)\): (?:[^]*Shutting down filesystem|[^]*[Ff]ilesystem has been shut down)/, 'XfsHasShutdown'),
  rule('filesystem_error', 'disk', error, /^(?<filesystem>EXT4-fs) error(?: \(device (?<device>[^)\s]+)\))?/, 'Ext4Error'),
  rule('filesystem_warning', 'disk', warning, /^(?<filesystem>EXT4-fs) warning(?: \(device (?<device>[^)\s]+)\))?/, 'Ext4Warning'),
  rule('filesystem_error', 'disk', error, /^(?<filesystem>XFS) \((?<device>[^)\s]+)\): (?:Metadata (?:CRC error|corruption|I\/O error)|Corruption |metadata I\/O error)/),
  rule('filesystem_error', 'disk', error, /^(?<filesystem>BTRFS)(?: error| critical):? \(device (?<device>[^)\s]+)/),
  // block/blk-core.c blk_print_req_error; fs/buffer.c; older: print_req_error
  rule('io_error', 'disk', error, /(?:^|: )(?:blk_update_request: |print_req_error: )?(?:I\/O|critical (?:medium|target|nexus|space allocation)|timeout|protection|recoverable transport) error, dev (?<device>[^\s,]+), sector (?<sector>\d+)/, 'IOError'),
  rule('io_error', 'disk', error, /^Buffer I\/O error on (?:dev(?:ice)?) (?<device>[^\s,]+), logical block (?<block>\d+)/, 'IOError'),
  rule('io_error', 'disk', error, /^(?:JBD2|Aborting journal)[^]*(?:I\/O error|on device (?<device>\S+?)\.?$)/, 'IOError'),
  rule('disk_offline', 'disk', critical, /^(?:sd \S+ )?(?:\[(?<device>\w+)\] )?[^]*rejecting I\/O to (?:offline|dead) device/, 'IOError'),
  rule('nvme_timeout', 'disk', error, /^nvme (?<device>\S+): (?:I\/O (?:tag )?\d+[^]*timeout|controller is down)/),
  // arch/x86/kernel/cpu/mce/core.c, drivers/edac/edac_mc.c, mm/memory-failure.c
  rule('machine_check', 'cpu', critical, /^(?:mce: )?\[Hardware Error\]: (?:CPU (?<cpu>\d+): Machine Check|[^]*Machine check events logged)|^mce: CPU ?\d+: Machine Check/),
  rule('memory_error', 'memory', error, /^EDAC (?<controller>\S+): (?<count>\d+) (?<kind>CE|UE) /, 'MemoryReadError'),
  rule('memory_error', 'memory', error, /^(?:CE )?memory read error/i, 'MemoryReadError'),
  rule('memory_failure', 'memory', critical, /^Memory failure: (?<page>0x[0-9a-f]+): /),
  rule('allocation_failure', 'memory', high, /^(?<comm>.{1,64}?): page allocation (?:failure|stalls)[^]*order:(?<order>\d+)/),
  // arch/x86/mm/fault.c show_signal_msg, arch/x86/kernel/traps.c
  rule('segfault', 'process', error, /^(?:show_signal_msg: \d+ callbacks suppressed\s*)?(?<comm>.{1,64}?)\[(?<pid>\d+)\]: segfault at (?<address>[0-9a-f]+) ip (?<ip>[0-9a-f]+) sp [0-9a-f]+ error (?<code>[0-9a-f]+)/),
  rule('trap', 'process', error, /^traps: (?<comm>.{1,64}?)\[(?<pid>\d+)\] (?<trap>general protection(?: fault)?|trap [a-z ]+) ip:/),
  // drivers/net, net/sched/sch_generic.c dev_watchdog
  rule('nic_tx_timeout', 'network', error, /NETDEV WATCHDOG: (?:CPU: \d+: )?(?<interface>\S+) \((?<driver>[^)]*)\): transmit queue (?<queue>\d+) timed out/),
  rule('nic_link_down', 'network', warning, /(?:^|[\s:])(?<interface>(?!Link|NIC|is)[a-zA-Z][\w.@-]{0,15}):? (?:NIC )?Link (?:is )?Down\b/i),
  rule('nic_link_up', 'network', info, /(?:^|[\s:])(?<interface>(?!Link|NIC|is)[a-zA-Z][\w.@-]{0,15}):? (?:NIC )?Link (?:is )?Up\b/i),
  rule('conntrack_full', 'network', error, /nf_conntrack: (?:nf_conntrack: )?table full, dropping packet/),
  rule('neighbour_table_full', 'network', error, /neighbour: (?<family>\w+): neighbor table overflow!|^(?:arp_cache|ndisc_cache): neighbor table overflow!/),
  rule('syn_flooding', 'network', warning, /[Pp]ossible SYN flooding on port (?<endpoint>\S+?)\. /),
  // drivers/thermal, arch/x86 therm_throt
  rule('cpu_throttled', 'cpu', warning, /CPU(?<cpu>\d+): (?:Core|Package) temperature(?:\/speed)? (?:is )?above threshold/),
  rule('file_table_full', 'system', error, /^VFS: file-max limit (?<limit>\d+) reached/)
]

const longestLine = 4096

/** What `line` tells, or undefined: most lines tell of no fault. OOM kills are read by OomLines. */
export function readKernelLine (line: string): KernelFinding | undefined {
  const text = line.slice(0, longestLine)
  for (const { pattern, name, type, severity, condition } of kernelRules) {
    const groups = pattern.exec(text)
    if (groups === null) continue
    return { name, type, severity, ...(condition !== undefined && { condition }), ...columnsOf(groups.groups ?? {}) }
  }
  return undefined
}

type Found = Pick<KernelFinding, 'pid' | 'comm' | 'interfaceName' | 'attributes'>

function columnsOf (groups: Record<string, string | undefined>): Found {
  const { pid, comm, interface: interfaceName, ...rest } = groups
  const attributes: Record<string, string> = {}
  for (const [key, value] of Object.entries(rest)) if (value !== undefined) attributes[`linux.${key}`] = value
  return {
    ...(pid !== undefined && { pid: Number(pid) }),
    ...(comm !== undefined && { comm }),
    ...(interfaceName !== undefined && { interfaceName }),
    attributes
  }
}
