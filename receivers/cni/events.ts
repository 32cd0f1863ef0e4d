/** Problems, changes and runs of plugins as events. */
import type { EventInput } from '../../core/data/builder.js'
import type { Attributes } from '../../core/data/attributes.js'
import { Severity, type EventTypeName } from '../../core/data/enums.js'
import type { Turn } from './problems.js'
import type { Change, ChangeName } from './network-state.js'
import type { EndedRun } from './plugin-runs.js'
import { subjectAttributes, subjectText, type Subject } from './subjects.js'

export function turnEvent ({ problem, action }: Turn, nowNs: bigint): EventInput {
  const { name, severity, message, over, subject, attributes, interfaceName } = problem
  const started = action === 'started'
  return {
    ...base(name, started ? severity : Severity.info, started ? message : over, nowNs, subject),
    type: 'network', action,
    ...(interfaceName !== undefined && interfaceName !== '' && { interfaceName }),
    attributes: { ...attributes, ...placeOf(subject), 'tapio.problem.key': problem.key }
  }
}

const severities: Readonly<Record<ChangeName, number>> = {
  link_added: Severity.info, link_removed: Severity.info, link_changed: Severity.low, address_added: Severity.info, address_removed: Severity.low,
  route_added: Severity.info, route_removed: Severity.low, neighbour_failed: Severity.warning
}

export function changeEvent ({ name, text, interfaceName, address, index }: Change, subject: Subject, nowNs: bigint): EventInput {
  return {
    ...base(name, severities[name], `${subjectText(subject)}: ${text}`, nowNs, subject), type: 'network', action: 'changed',
    ...(interfaceName !== '' && { interfaceName }),
    attributes: { ...placeOf(subject), 'tapio.link.index': BigInt(index), ...(address !== undefined && { 'tapio.network.address': address }) }
  }
}

export function runEvent (run: EndedRun, nowNs: bigint): EventInput {
  const { plugin, path, pid, parent, command, interfaceName, subject, exitCode, exitSignal, durationNs, timeNs } = run
  const failed = exitCode !== 0 || exitSignal !== 0
  const how = exitSignal !== 0 ? `was ended by signal ${exitSignal}` : failed ? `failed with code ${exitCode}` : 'succeeded'
  const whom = subject.podName === undefined && subject.containerId === undefined ? '' : ` for ${subjectText(subject)}`
  const advice = failed ? '; its error text is in the log of the container runtime' : ''
  const name = failed ? 'cni_plugin_failed' : 'cni_plugin_run'
  return {
    // A DEL is tried again; a failed ADD is a pod that does not start.
    ...base(name, failed ? command === 'DEL' ? Severity.warning : Severity.error : Severity.info, `CNI plugin ${plugin} ${command === '' ? '' : `${command} `}${how}${whom} after ${Math.round(Number(durationNs) / 1e6)} ms${advice}`, nowNs, subject),
    timeUnixNano: timeNs, type: 'network', action: command, pid, comm: plugin.slice(0, 15), durationNano: durationNs, returnCode: exitCode, exitSignal,
    ...(interfaceName !== '' && { interfaceName }),
    attributes: { ...placeOf(subject), 'tapio.cni.plugin': plugin, 'process.executable.path': path, ...(parent !== '' && { 'tapio.cni.parent_plugin': parent }) }
  }
}

function base (name: string, severity: number, message: string, nowNs: bigint, subject: Subject | undefined): EventInput & { type?: EventTypeName } {
  return {
    signal: 'events', source: 'cni', name, severity, message, timeUnixNano: nowNs, observedTimeUnixNano: nowNs,
    ...(subject === undefined ? {} : { resource: subjectAttributes(subject), ...entityOf(subject) })
  }
}

function entityOf ({ podName, podNamespace, podUid }: Subject): EventInput {
  if (podName === undefined && podUid === undefined) return {}
  return { entityKind: 'Pod', ...(podName !== undefined && { entityName: podName }), ...(podNamespace !== undefined && { entityNamespace: podNamespace }), ...(podUid !== undefined && { entityUid: podUid }) }
}

function placeOf (subject: Subject | undefined): Attributes {
  return {
    ...(subject?.netns !== undefined && subject.netns !== '' && { 'tapio.netns.path': subject.netns }),
    ...(subject?.netnsInode !== undefined && { 'tapio.netns.inode': BigInt(subject.netnsInode) })
  }
}
