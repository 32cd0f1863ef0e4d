/** Signs in what the kernel tells, by its own programs (ebpf) or in its log (systemd): memory, processes, disks, CPUs. */
import { Severity } from '../data/enums.js'
import { always, detailOf, nothing, textOf, type Recognise } from './signs.js'
import { signalName } from './signal-names.js'

const withDevice = (sign: 'kernel.io_error' | 'kernel.filesystem_read_only' | 'kernel.filesystem_error'): Recognise => row => ({ sign, detail: detailOf({ device: textOf(row.attribute('linux.device')) }) })

const withComm = (sign: 'kernel.hung_task' | 'node.core_dump'): Recognise => row => ({ sign, detail: detailOf({ comm: row.get('comm') }) })

const oomKill: Recognise = row => {
  const isMachine = row.attribute('linux.oom.constraint') === 'none'
  return { sign: 'kernel.oom_kill', detail: isMachine ? { scope: 'machine' } : {} }
}

const memoryStall: Recognise = row => {
  const isMachine = Number(row.attribute('linux.reclaim.global_stalls') ?? 0) > 0
  return { sign: 'kernel.memory_stall', detail: { scope: isMachine ? 'machine' : 'cgroup' } }
}

/** The receiver's severities: error = a fatal signal, critical = the victim of an OOM kill, which has its own event. */
const exit: Recognise = row => {
  const signal = row.get('exitSignal') ?? 0
  if (signal === 0 || (row.get('severity') ?? 0) < Severity.error || row.attribute('linux.oom.victim') === true) return undefined
  const name = signalName(signal)
  // Who may send SIGKILL may have reasons: every pod that does not end in time is ended so.
  return { sign: 'kernel.fatal_signal', detail: detailOf({ signal: name, comm: row.get('comm') }), ...(name === 'SIGKILL' ? { severity: Severity.warning } : {}) }
}

const segfault: Recognise = row => ({ sign: 'kernel.fatal_signal', detail: detailOf({ signal: 'SIGSEGV', comm: row.get('comm') }) })

export const kernelSigns: Readonly<Record<string, Recognise>> = {
  oom_kill: oomKill,
  memory_stall: memoryStall,
  exec: nothing,
  exit,
  syscall_latency: nothing,
  cgroup_mkdir: nothing,
  cgroup_rmdir: nothing,
  bench: nothing,
  hung_task: withComm('kernel.hung_task'),
  soft_lockup: always('kernel.lockup', { kind: 'soft' }),
  hard_lockup: always('kernel.lockup', { kind: 'hard' }),
  rcu_stall: always('kernel.lockup', { kind: 'rcu' }),
  kernel_oops: always('kernel.oops'),
  kernel_panic: always('kernel.panic'),
  filesystem_read_only: withDevice('kernel.filesystem_read_only'),
  filesystem_shutdown: withDevice('kernel.filesystem_read_only'),
  filesystem_error: withDevice('kernel.filesystem_error'),
  filesystem_warning: nothing,
  io_error: withDevice('kernel.io_error'),
  disk_offline: withDevice('kernel.io_error'),
  nvme_timeout: withDevice('kernel.io_error'),
  machine_check: always('kernel.hardware_error', { kind: 'cpu' }),
  memory_error: always('kernel.hardware_error', { kind: 'memory' }),
  memory_failure: always('kernel.hardware_error', { kind: 'memory' }),
  allocation_failure: always('kernel.allocation_failure'),
  segfault,
  trap: segfault,
  cpu_throttled: always('kernel.cpu_throttled'),
  file_table_full: always('kernel.table_full', { table: 'files' }),
  core_dump: withComm('node.core_dump')
}
