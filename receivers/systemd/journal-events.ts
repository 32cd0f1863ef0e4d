/** An entry of the journal as an event: a fault the kernel tells of, a message of the catalogue, or a plain log line. */
import type { EventInput } from '../../core/data/builder.js'
import type { AttributeValue } from '../../core/data/attributes.js'
import { Severity } from '../../core/data/enums.js'
import { identityAttributes } from '../../core/identity/attributes.js'
import { parseCgroupPath } from '../../core/identity/cgroup-path.js'
import { messageOf, type Fact } from './catalogue.js'
import { eventId } from './event-id.js'
import type { Fields, JournalEntry } from './journal-entry.js'
import { readKernelLine, type KernelFinding } from './kernel-lines.js'
import { OomLines, type OomKill } from './oom-lines.js'
import { fromManager, unitOf } from './unit-of.js'

export interface JournalEvent {
  readonly kind: 'log' | 'unit' | 'kernel' | 'oom'
  readonly event: EventInput
  /** Of a unit's change that the bus tells too. */
  readonly fact?: { readonly unit: string, readonly invocation: string, readonly fact: Fact }
}

/** OpenTelemetry's mapping of syslog severities (logs data model, appendix B), in this scale's names. */
const severities = [Severity.critical, Severity.critical, Severity.critical, Severity.error, Severity.warning, Severity.low, Severity.info, Severity.debug] as const

export interface JournalEventOptions { readonly kernel: boolean, readonly maxMessageLength: number }

export class JournalEvents {
  readonly #oom = new OomLines()
  constructor (readonly options: JournalEventOptions) {}

  read (entry: JournalEntry): JournalEvent {
    const { fields } = entry
    if (fields._TRANSPORT === 'kernel') return this.#kernel(entry) ?? { kind: 'log', event: this.#base(entry, 'system') }
    const message = messageOf(fields.MESSAGE_ID, entry.message, fromManager(fields))
    if (message === undefined) return { kind: 'log', event: this.#base(entry, 'log') }
    const { name, severity, type, fact } = message
    const base = this.#base(entry, type)
    const unit = unitOf(fields)
    // Of a unit's state only the manager is believed; a unit may speak of itself (a program that could not be executed).
    if (!fromManager(fields)) return { kind: 'log', event: { ...base, name, ...(unit !== '' && { entityKind: 'unit', entityName: unit }) } }
    const event = { ...base, name, severity, entityKind: 'unit', entityName: unit, ...ending(fields), ...(fields.JOB_TYPE !== undefined && { action: fields.JOB_TYPE }), attributes: { ...base.attributes, ...unitAttributes(fields) } }
    const invocation = fields.INVOCATION_ID ?? ''
    return { kind: 'unit', event, ...(fact !== undefined && { fact: { unit, invocation, fact } }) }
  }

  #kernel (entry: JournalEntry): JournalEvent | undefined {
    if (!this.options.kernel) return undefined
    const kill = this.#oom.read(entry.message)
    if (kill === 'context') return undefined
    if (kill !== undefined) return { kind: 'oom', event: oomEvent(this.#base(entry, 'memory'), kill, entry) }
    const finding = readKernelLine(entry.message)
    return finding === undefined ? undefined : { kind: 'kernel', event: kernelEvent(this.#base(entry, finding.type), finding) }
  }

  #base (entry: JournalEntry, type: NonNullable<EventInput['type']>): EventInput {
    const { fields } = entry
    const message = entry.message.length > this.options.maxMessageLength ? `${entry.message.slice(0, this.options.maxMessageLength)}…` : entry.message
    const isKernel = fields._TRANSPORT === 'kernel'
    return {
      signal: 'events', type, source: 'systemd', id: eventId('journal', entry.cursor), timeUnixNano: entry.timeNano, message,
      name: isKernel ? 'kernel_log' : 'journal_log', severity: severities[entry.priority] as number,
      ...numbers(fields),
      ...(fields._COMM !== undefined && { comm: fields._COMM }),
      resource: resourceOf(fields, isKernel),
      attributes: attributesOf(fields, entry)
    }
  }
}

function numbers ({ _PID: pid, _UID: uid, _GID: gid }: Fields): EventInput {
  const number = (text: string | undefined): number | undefined => text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
  const [p, u, g] = [number(pid), number(uid), number(gid)]
  return { ...(p !== undefined && { pid: p }), ...(u !== undefined && { uid: u }), ...(g !== undefined && { gid: g }) }
}

/** As the ebpf receiver's resources, so that both name one thing alike. */
function resourceOf (fields: Fields, isKernel: boolean): Record<string, string> {
  const path = fields._SYSTEMD_CGROUP ?? ''
  const unit = isKernel ? '' : unitOf(fields)
  const whose = path === '' ? {} : identityAttributes({ identity: parseCgroupPath(path), path, via: 'cgroup' })
  // What the manager says of a unit is not about the manager's own cgroup.
  return { ...(fromManager(fields) ? {} : whose), ...(unit !== '' && { 'systemd.unit': unit }), ...(fields._HOSTNAME !== undefined && { 'host.name': fields._HOSTNAME }) }
}

function attributesOf (fields: Fields, { cursor, priority }: JournalEntry): Record<string, AttributeValue> {
  const named: readonly (readonly [string, string | undefined])[] = [
    ['linux.boot_id', fields._BOOT_ID], ['journal.identifier', fields.SYSLOG_IDENTIFIER], ['journal.transport', fields._TRANSPORT],
    ['journal.message_id', fields.MESSAGE_ID], ['linux.device', fields._KERNEL_DEVICE]
  ]
  return { 'journal.cursor': cursor, 'journal.priority': priority, ...defined(named) }
}

function unitAttributes (fields: Fields): Record<string, AttributeValue> {
  return defined([
    ['systemd.invocation_id', fields.INVOCATION_ID], ['systemd.result', fields.UNIT_RESULT], ['systemd.job.result', fields.JOB_RESULT],
    ['systemd.restarts', fields.N_RESTARTS], ['systemd.command', fields.COMMAND], ['systemd.exit', fields.EXIT_CODE]
  ])
}

function defined (named: readonly (readonly [string, string | undefined])[]): Record<string, string> {
  return Object.fromEntries(named.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** EXIT_CODE says how the process ended, EXIT_STATUS is then an exit code or a signal's number. */
function ending ({ EXIT_CODE: how, EXIT_STATUS: status = '' }: Fields): EventInput {
  if (!/^\d{1,3}$/.test(status)) return {}
  return how === 'exited' ? { returnCode: Number(status) } : { exitSignal: Number(status) }
}

function kernelEvent (base: EventInput, { name, severity, condition, attributes, pid, comm, interfaceName }: KernelFinding): EventInput {
  return {
    ...base, name, severity,
    ...(pid !== undefined && { pid }), ...(comm !== undefined && { comm }), ...(interfaceName !== undefined && { interfaceName }),
    attributes: { ...base.attributes, ...attributes, ...(condition !== undefined && { 'node.condition': condition }) }
  }
}

/** Names, columns and attributes of the ebpf receiver's event of the same kill. */
function oomEvent (base: EventInput, kill: OomKill, { message, fields }: JournalEntry): EventInput {
  const path = kill.victimCgroup ?? ''
  const where = path === '' ? '' : ` in cgroup ${path}`
  const why = kill.constraint === 'memcg' ? ' at its limit' : ' because the machine ran out of memory'
  const asked = kill.triggerComm === undefined || kill.triggerComm === kill.comm ? '' : `, asked for by ${kill.triggerComm}`
  return {
    ...base, name: 'oom_kill', severity: Severity.critical, pid: kill.pid, comm: kill.comm,
    message: `OOM kill: ${kill.comm} (pid ${kill.pid})${where}${why}${asked}`,
    ...(kill.uid !== undefined && { uid: kill.uid }), ...(kill.anonBytes !== undefined && { bytes: kill.anonBytes }),
    resource: { ...(path !== '' && identityAttributes({ identity: parseCgroupPath(path), path, via: 'memory_cgroup' })), ...(fields._HOSTNAME !== undefined && { 'host.name': fields._HOSTNAME }) },
    attributes: {
      ...base.attributes, 'linux.oom.constraint': kill.constraint, 'journal.text': message.slice(0, 1024),
      ...(kill.scoreAdj !== undefined && { 'linux.oom.score_adj': BigInt(kill.scoreAdj) }),
      ...(kill.limitCgroup !== undefined && { 'linux.oom.limit_cgroup': kill.limitCgroup }),
      ...(kill.triggerComm !== undefined && { 'linux.oom.trigger_comm': kill.triggerComm })
    }
  }
}
