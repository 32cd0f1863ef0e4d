/** Containers of a pod: waiting, ended, restarted, started. */
import type { Attributes } from '../../data/attributes.js'
import type { ContainerState } from '../objects.js'
import type { ContainerRef, Finding } from './change.js'
import { asText, at, because, byName, paired } from './compare.js'
import type { Container, ObservedContainer, ObservedPod } from './types.js'

type Terminated = NonNullable<ContainerState['terminated']>

/** Every container waits for these on its way up. */
const usual: ReadonlySet<string> = new Set(['', 'ContainerCreating', 'PodInitializing'])
/** A shell and the runtime say "ended by signal n" as 128 + n. */
const signalBase = 128

export function containerFindings (before: ObservedPod | undefined, after: ObservedPod): Finding[] {
  const specs = byName([...after.spec?.containers ?? [], ...after.spec?.initContainers ?? []])
  const known = statusesOf(before)
  return [...statusesOf(after)].flatMap(([name, status]) => oneContainer(known.get(name), status, specs.get(name)))
}

function statusesOf (pod: ObservedPod | undefined): ReadonlyMap<string, ObservedContainer> {
  const { initContainerStatuses = [], containerStatuses = [], ephemeralContainerStatuses = [] } = pod?.status ?? {}
  return byName([...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses])
}

function oneContainer (before: ObservedContainer | undefined, after: ObservedContainer, spec: Container | undefined): Finding[] {
  const container = refOf(after)
  return [
    ...ended(before, after).map(end => terminated(container, end, after, spec)),
    ...restarted(container, before, after),
    ...waiting(container, before, after),
    ...started(container, before, after)
  ]
}

function refOf ({ name = '', containerID = '', image }: ObservedContainer): ContainerRef {
  const id = containerID.replace(/^[a-z-]+:\/\//, '')
  return { name, ...(id === '' ? {} : { id }), ...(image === undefined ? {} : { image }) }
}

/** Ends that were not known before: of the run that is over, and of one whose successor has begun already. */
function ended (before: ObservedContainer | undefined, after: ObservedContainer): Terminated[] {
  const known = new Set([before?.state?.terminated, before?.lastState?.terminated].map(endKey))
  const ends = [after.lastState?.terminated, after.state?.terminated].filter(end => end !== undefined)
  return ends.filter((end, i) => !known.has(endKey(end)) && ends.findIndex(e => endKey(e) === endKey(end)) === i)
}

function endKey (end: Terminated | undefined): string {
  return end === undefined ? '' : `${end.containerID ?? ''}/${end.finishedAt ?? ''}/${end.reason ?? ''}/${end.exitCode ?? ''}`
}

function terminated (container: ContainerRef, end: Terminated, status: ObservedContainer, spec: Container | undefined): Finding {
  const { exitCode = 0, reason = exitCode === 0 ? 'Completed' : 'Error' } = end
  const signal = end.signal || (exitCode > signalBase && exitCode <= signalBase + 64 ? exitCode - signalBase : 0)
  const limit = spec?.resources?.limits?.['memory']
  const oom = reason === 'OOMKilled'
  const how = oom ? `was OOM-killed${limit === undefined ? '' : ` (limit ${limit})`}` : `ended with code ${exitCode}${signal === 0 ? '' : `, signal ${signal}`} (${reason})`
  // Another container than the one that runs now.
  const id = end.containerID?.replace(/^[a-z-]+:\/\//, '') ?? container.id
  return {
    change: 'container_terminated', reason, message: `container ${container.name} ${how}${because(end.message)}`, exitCode, ...at(end.finishedAt),
    ...(exitCode === 0 && !oom ? { severity: 'info' as const, intent: 'lifecycle' } : {}),
    ...(signal === 0 ? {} : { signal }),
    container: { ...container, ...(id === undefined ? {} : { id }) },
    attributes: { ...restarts(status), ...(limit === undefined ? {} : { 'tapio.k8s.container.memory_limit': limit }) }
  }
}

function restarts ({ restartCount = 0 }: ObservedContainer): Attributes {
  return { 'k8s.container.restart_count': BigInt(restartCount) }
}

/** Only of a container that was there before: how often one had restarted before it was first seen is no change. */
function restarted (container: ContainerRef, before: ObservedContainer | undefined, after: ObservedContainer): Finding[] {
  const [was, is] = [before?.restartCount ?? 0, after.restartCount ?? 0]
  if (before === undefined || is <= was) return []
  const end = after.lastState?.terminated
  const last = end === undefined ? '' : `, last ended with code ${end.exitCode ?? '?'} (${end.reason ?? '?'})`
  return [{ change: 'container_restarted', reason: 'ContainerRestarted', message: `container ${container.name} restarted, ${was} -> ${is} times${last}`, ...at(after.state?.running?.startedAt), from: String(was), to: String(is), container, attributes: restarts(after) }]
}

function waiting (container: ContainerRef, before: ObservedContainer | undefined, after: ObservedContainer): Finding[] {
  const { reason = '', message } = after.state?.waiting ?? {}
  if (usual.has(reason) || reason === before?.state?.waiting?.reason) return []
  return [{ change: 'container_waiting', reason, message: `container ${container.name} waits in ${reason}${because(message)}`, ...change(before, reason), container, attributes: restarts(after) }]
}

function change (before: ObservedContainer | undefined, to: string): { readonly from?: string, readonly to: string } {
  const from = stateName(before?.state)
  return from === '' ? { to } : { from, to }
}

function stateName (state: ContainerState | undefined): string {
  if (state?.running !== undefined) return 'running'
  return asText(state?.terminated?.reason ?? state?.waiting?.reason)
}

/** Out of a wait that had been reported; the usual first start is not worth a line beside the pod becoming ready. */
function started (container: ContainerRef, before: ObservedContainer | undefined, after: ObservedContainer): Finding[] {
  const { running } = after.state ?? {}
  const from = before?.state?.waiting?.reason ?? ''
  if (running === undefined || usual.has(from)) return []
  return [{ change: 'container_started', reason: 'Started', message: `container ${container.name} runs after ${from}`, ...at(running.startedAt), from, to: 'running', container, attributes: restarts(after) }]
}

/** Image and resources of a running pod can change in place. */
export function inPlaceFindings (before: ObservedPod, after: ObservedPod): Finding[] {
  return paired(byName(before.spec?.containers), byName(after.spec?.containers)).flatMap(([name, was, is]) => {
    if (was === undefined || is === undefined) return []
    const findings: Finding[] = []
    if (was.image !== is.image) findings.push({ change: 'image_changed', reason: 'ImageChanged', message: `image of container ${name} ${asText(was.image)} -> ${asText(is.image)}`, from: asText(was.image), to: asText(is.image), container: { name } })
    const [from, to] = [asText(was.resources), asText(is.resources)]
    if (from !== to) findings.push({ change: 'resources_changed', reason: 'ResourcesChanged', message: `resources of container ${name} ${from} -> ${to}`, from, to, container: { name } })
    return findings
  })
}
