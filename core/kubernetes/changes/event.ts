/** Event objects of either API: what controllers and kubelets say about others. */
import type { Finding, ObjectRef } from './change.js'
import { shortened, timeOf } from './compare.js'
import { eventTypeKey } from './reasons.js'
import type { EventObject } from './types.js'

/** One that has come again is updated with another count and time; told is what has not been told. */
export function eventFindings (before: EventObject | undefined, after: EventObject): Finding[] {
  if (before !== undefined && occurrence(before) === occurrence(after)) return []
  const { reason = 'Unknown', type = 'Normal', action = '' } = after
  const [count, reporter] = [eventCount(after), reporterOf(after)]
  const host = after.deprecatedSource?.host ?? after.source?.host ?? ''
  const container = /\{([^}]+)\}/.exec(after.regarding?.fieldPath ?? after.involvedObject?.fieldPath ?? '')?.[1]
  const timeMs = eventTime(after)
  return [{
    change: 'event', reason, message: shortened((after.note ?? after.message ?? '').trim(), 1024), about: subjectOf(after),
    ...(timeMs === undefined ? {} : { timeMs }),
    ...(container === undefined ? {} : { container: { name: container } }),
    attributes: {
      [eventTypeKey]: type, 'k8s.event.count': BigInt(count), 'k8s.event.name': after.metadata?.name ?? '', 'k8s.event.uid': after.metadata?.uid ?? '',
      ...(action === '' ? {} : { 'k8s.event.action': action }),
      ...(reporter === '' ? {} : { 'tapio.k8s.event.reporter': reporter }),
      ...(host === '' ? {} : { 'tapio.k8s.event.host': host })
    }
  }]
}

/** When it was last seen. */
export function eventTime (e: EventObject): number | undefined {
  return timeOf(e.series?.lastObservedTime) ?? timeOf(e.deprecatedLastTimestamp) ?? timeOf(e.lastTimestamp) ?? timeOf(e.eventTime) ?? timeOf(e.metadata?.creationTimestamp)
}

function eventCount (e: EventObject): number { return e.series?.count ?? e.deprecatedCount ?? e.count ?? 1 }

function occurrence (e: EventObject): string { return `${eventCount(e)}/${eventTime(e) ?? ''}` }

function reporterOf (e: EventObject): string {
  return e.reportingController || e.reportingComponent || e.deprecatedSource?.component || e.source?.component || ''
}

function subjectOf (e: EventObject): ObjectRef {
  const { kind = '', namespace = '', name = '', uid = '' } = e.regarding ?? e.involvedObject ?? {}
  return { kind, name, ...(namespace === '' ? {} : { namespace }), ...(uid === '' ? {} : { uid }) }
}
