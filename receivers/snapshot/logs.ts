/** The lines of one log as events. */
import type { EventInput } from '../../core/data/builder.js'
import { isContinuation, maxLine, readLogLine, type LogLine } from './log-lines.js'
import type { Role } from './layout.js'
import type { Subject, Subjects } from './subjects.js'
import type { LocalClock } from './times.js'

export interface Log {
  /** From the dump's directory. */
  readonly file: string
  readonly role: Extract<Role, { readonly is: 'log' | 'journal' }>
  readonly lines: readonly string[]
  readonly clock: LocalClock
  readonly subjects: Subjects
}

export interface LogEvent { readonly event: EventInput, readonly timeMs: number, readonly key: string }

/** Lines joined to the one they go on with: more is another event. */
const maxJoined = 200

/** `==== START logs for container NAME of pod NS/POD ====` of cluster-info dump. */
const heading = /^==== (START|END) logs for container (\S+) of pod ([^\s/]+)\/([^\s/]+) ====$/

/** A line without a time is of the time of the one before; before any, of the first that has one. */
export function logEvents (log: Log): LogEvent[] {
  const entries: { readonly lines: string[], readonly read: LogLine, readonly container: string, readonly index: number }[] = []
  let container = log.role.is === 'log' ? log.role.container ?? '' : ''
  log.lines.forEach((text, index) => {
    const line = text.slice(0, maxLine).trimEnd()
    const head = heading.exec(line)
    if (head !== null) container = head[1] === 'START' ? head[2] as string : ''
    if (head !== null || line === '') return
    const last = entries.at(-1)
    if (last !== undefined && isContinuation(line) && last.lines.length < maxJoined) last.lines.push(line)
    else entries.push({ lines: [line], read: readLogLine(line, log.clock), container, index })
  })
  let timeMs = entries.find(e => !Number.isNaN(e.read.timeMs))?.read.timeMs ?? log.clock.collectedMs
  return entries.map(({ lines, read, container: name, index }) => {
    if (!Number.isNaN(read.timeMs)) timeMs = read.timeMs
    const message = [read.message, ...lines.slice(1)].join('\n')
    return { event: eventOf(log, read, message, name), timeMs, key: `log/${log.file}/${index}/${message}` }
  })
}

function eventOf ({ file, role, subjects }: Log, { severity, program }: LogLine, message: string, container: string): EventInput {
  const base = { signal: 'logs', type: 'log', message, severity } as const
  if (role.is === 'journal') {
    const unit = role.unit === '' && program !== undefined ? `${program}.service` : role.unit
    return { ...base, entityKind: 'Unit', entityName: unit, attributes: { 'log.file.path': file }, ...(role.node === '' ? {} : { resource: { 'host.name': role.node, 'k8s.node.name': role.node } }) }
  }
  const subject: Subject | undefined = role.pod === undefined ? subjects.find(role.subject ?? '') : { kind: 'Pod', namespace: role.namespace ?? '', name: role.pod }
  return {
    ...base,
    ...(subject === undefined ? {} : { entityKind: subject.kind, entityNamespace: subject.namespace, entityName: subject.name }),
    attributes: { 'log.file.path': file, ...(role.previous === true ? { 'k8s.container.previous': true } : {}) },
    resource: {
      ...(subject === undefined ? {} : { 'k8s.namespace.name': subject.namespace, [`k8s.${subject.kind.toLowerCase()}.name`]: subject.name }),
      ...(container === '' ? {} : { 'k8s.container.name': container })
    }
  }
}
