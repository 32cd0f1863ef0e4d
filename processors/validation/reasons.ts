import type { DropRemedy } from '../../core/component/remedy.js'

/** Why a row is invalid. The position in the list is the code in the verdict array; 0 means valid. */
export const reasons = {
  missing_id: 'the event has no id',
  missing_time: 'the event has no time',
  bad_type: 'the type is none that this build knows',
  missing_source: 'the event does not say what made it',
  future: 'the time is further ahead than `max_future`',
  too_old: 'the time is further back than `max_age`',
  kernel_incomplete: 'cpu, disk: neither `syscall` nor `comm`',
  process_incomplete: 'process: no `pid`, or neither `comm` nor `syscall`',
  memory_incomplete: 'memory: none of `comm`, `syscall`, `message`',
  network_no_protocol: 'network: no `protocol`',
  network_bad_address: 'network: an address is set and is no IP address',
  network_no_ports: 'network: TCP with neither port',
  log_empty: 'log: neither a message nor a record as received',
  kubernetes_incomplete: 'kubernetes: neither a reason (`name`) nor an entity with kind and name'
} as const

export type Reason = keyof typeof reasons

const incomplete: DropRemedy = { options: ['on_invalid', 'signals'], action: 'Whoever makes these events must fill it in: `on_invalid: mark` passes them on with `tapio.validation`, so that `tapio tap` shows them and who they are from.' }
const clock = 'Compare the clock of who made the event with this machine\'s (`tapio doctor` says whether it is in step).'

export const remedies: Readonly<Record<Reason, DropRemedy>> = {
  ...Object.fromEntries(Object.keys(reasons).map(reason => [reason, incomplete])) as Record<Reason, DropRemedy>,
  future: { options: ['max_future', 'on_invalid'], action: clock },
  too_old: { options: ['max_age', 'on_invalid'], action: `Expected when recordings are played (then \`max_age: 0\`). ${clock}` }
}
export const reasonNames = Object.keys(reasons) as Reason[]

/** The code of each reason: 1, 2, … */
export const Code = Object.fromEntries(reasonNames.map((name, i) => [name, i + 1])) as Record<Reason, number>
