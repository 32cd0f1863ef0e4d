/** What is wrong with an object that is seen once, and never again: its changes since nothing, and what a watcher would wait for. */
import type { Change, Finding } from '../../core/kubernetes/changes/change.js'
import { changeOf, changesOf } from '../../core/kubernetes/changes/index.js'
import type { ObservedContainer, ObservedPod } from '../../core/kubernetes/changes/types.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'
import type { KubeKind } from '../../core/kubernetes/watchable.js'

/** On its way up, a younger pod is not ready either. */
const startingMs = 60_000

/** That it exists is no news. Throws on objects whose shape nobody foresaw. */
export function statesOf (kind: KubeKind, object: KubeObject, collectedMs: number): readonly Change[] {
  const own = changesOf(kind, undefined, object, collectedMs).filter(c => c.change !== 'created')
  return kind === 'Pod' ? [...own, ...podFindings(object, collectedMs).map(f => changeOf(kind, object, f, collectedMs))] : own
}

function podFindings (pod: ObservedPod, collectedMs: number): Finding[] {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  return [...notReady(pod, [...initContainerStatuses, ...containerStatuses], collectedMs), ...containerStatuses.flatMap(restarted)]
}

/** One that is neither up nor done, and had the time to be. */
function notReady ({ metadata = {}, status = {} }: ObservedPod, containers: readonly ObservedContainer[], collectedMs: number): Finding[] {
  const { phase = 'Unknown', conditions = [], containerStatuses = [] } = status
  const ready = conditions.find(c => c.type === 'Ready')
  const isReady = ready === undefined ? containerStatuses.every(c => c.ready !== false) && phase === 'Running' : ready.status === 'True'
  // Reduced objects of a dump come without a state: that says nothing.
  if (phase === 'Unknown' && conditions.length === 0 && containers.length === 0) return []
  if (isReady || phase === 'Succeeded' || phase === 'Failed' || metadata.deletionTimestamp !== undefined) return []
  if (collectedMs - Date.parse(metadata.creationTimestamp ?? '') < startingMs) return []
  const waiting = containers.flatMap(c => c.state?.waiting === undefined ? [] : [`container ${c.name ?? ''} waits in ${c.state.waiting.reason ?? '?'}`])
  const unready = containerStatuses.flatMap(c => c.ready === false && c.state?.running !== undefined ? [`container ${c.name ?? ''} runs and is not ready`] : [])
  const sinceMs = Date.parse(ready?.lastTransitionTime ?? '')
  return [{
    change: 'pod_not_ready', reason: ready?.reason ?? 'NotReady', message: [`is not ready, phase ${phase}`, ...waiting, ...unready].join('; '), to: 'False',
    ...(Number.isNaN(sinceMs) ? {} : { timeMs: sinceMs })
  }]
}

/** How the run before ended tells more, when it is known. */
function restarted ({ name = '', restartCount = 0, lastState }: ObservedContainer): Finding[] {
  if (restartCount === 0 || lastState?.terminated !== undefined) return []
  return [{ change: 'container_restarted', reason: 'ContainerRestarted', message: `container ${name} has restarted ${restartCount} times`, to: String(restartCount), container: { name }, attributes: { 'k8s.container.restart_count': BigInt(restartCount) } }]
}
