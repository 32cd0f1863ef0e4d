/** Signs in what systemd tells of units and the machine, live (systemd) or in a dump (snapshot). */
import { Severity } from '../data/enums.js'
import { always, detailOf, nothing, textOf, type Recognise } from './signs.js'

const failed: Recognise = row => {
  const result = textOf(row.attribute('systemd.result'))
  return { sign: result === 'oom-kill' ? 'node.unit_oom_killed' : 'node.unit_failed', detail: detailOf({ result }) }
}

const processExit: Recognise = row => {
  const code = row.get('returnCode') ?? 0
  const signal = row.get('exitSignal') ?? 0
  // SIGTERM is how a unit is stopped.
  if (signal === 15 || (code === 0 && signal === 0)) return undefined
  return { sign: 'node.unit_failed', detail: { result: signal === 0 ? 'exit-code' : 'signal' }, severity: Severity.warning }
}

const activating: Recognise = row => (row.get('message') ?? '').includes('auto-restart') ? { sign: 'node.unit_restarting', detail: {} } : inDump(row)

const inDump: Recognise = row => ({ sign: 'node.unit_down', detail: detailOf({ state: (row.get('name') ?? '').replace(/^Unit/, '').toLowerCase() }) })

export const nodeSigns: Readonly<Record<string, Recognise>> = {
  unit_started: always('node.unit_started'),
  unit_starting: nothing,
  unit_stopping: nothing,
  unit_stop_done: nothing,
  unit_stopped: always('node.unit_stopped'),
  unit_reloading: nothing,
  unit_reloaded: nothing,
  unit_start_failed: row => ({ sign: 'node.unit_failed', detail: detailOf({ result: textOf(row.attribute('systemd.job.result')) || 'start' }) }),
  unit_failed: failed,
  unit_skipped: nothing,
  unit_process_exit: processExit,
  unit_exec_failed: always('node.unit_exec_failed'),
  unit_restart_scheduled: always('node.unit_restarting'),
  unit_oom_kill: always('node.unit_oom_killed'),
  oomd_kill: always('node.unit_oom_killed'),
  unit_resources: nothing,
  unit_start_limit_hit: always('node.unit_start_limit'),
  unit_watchdog_timeout: always('node.unit_timeout', { kind: 'watchdog' }),
  unit_timeout: always('node.unit_timeout', { kind: 'job' }),
  journal_started: nothing,
  journal_stopped: nothing,
  journal_suppressed: nothing,
  journal_missed: nothing,
  system_started: nothing,
  system_shutdown: row => ({ sign: 'node.shutdown', detail: {}, ofNode: true, severity: row.get('severity') ?? Severity.warning }),
  system_sleep: nothing,
  system_woke: nothing,
  clock_changed: () => ({ sign: 'node.clock_changed', detail: {}, ofNode: true }),
  system_unsafe_configuration: nothing,
  UnitActive: nothing,
  UnitReloading: nothing,
  UnitFailed: row => ({ sign: 'node.unit_failed', detail: detailOf({ result: /Result: ([\w-]+)/.exec(row.get('message') ?? '')?.[1] }) }),
  UnitInactive: inDump,
  UnitActivating: activating,
  UnitDeactivating: inDump,
  UnitMaintenance: inDump
}
