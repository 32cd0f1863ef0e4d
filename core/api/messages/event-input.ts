/** Event messages that clients bring, as a batch. */
import type { JsonObject } from '@bufbuild/protobuf'
import type { Attributes } from '../../data/attributes.js'
import type { EventBatch } from '../../data/batch.js'
import { BatchBuilder, type EventInput } from '../../data/builder.js'
import { eventTypes, metricKinds, signals, spanKinds } from '../../data/enums.js'
import type { EventIds } from '../../data/ids.js'
import type { Event, KernelData, MetricData, NetworkData, SpanData } from '../gen/tapio/v1/event_pb.js'
import { badField } from './faults.js'
import { requestedDurationMs, requestedNano } from './time.js'

/** Of events that do not say what made them. */
export const defaultSource = 'api'

/**
 * One row an event, in their order. Ids are given where they are missing, and `nowNano` as the time of observation. Throws ApiError
 * that names the field: `events[3].type`.
 */
export function batchOf (events: readonly Event[], ids: EventIds, nowNano: bigint): EventBatch {
  const builder = new BatchBuilder(events.length)
  events.forEach((event, i) => { builder.append(eventInputOf(event, `events[${i}]`, nowNano)) })
  return builder.finish({ ids })
}

/** Empty fields are columns without a value. */
export function eventInputOf (event: Event, path: string, nowNano: bigint): EventInput {
  const { entity, span, kernel, network, metric } = event
  const input = {
    id: event.id, timeUnixNano: requestedNano(event.time, `${path}.time`), observedTimeUnixNano: requestedNano(event.observedTime, `${path}.observed_time`) ?? nowNano,
    durationNano: nanoOfMs(event, path), severity: event.severityNumber, source: event.source === '' ? defaultSource : event.source, name: event.name, message: event.message,
    entityKind: entity?.kind, entityNamespace: entity?.namespace, entityName: entity?.name, entityUid: entity?.uid, action: event.action, confidence: event.confidence,
    symptom: event.symptom, symptomId: event.symptomId, impact: event.impact, traceId: event.traceId, spanId: event.spanId, parentSpanId: event.parentSpanId, traceFlags: event.traceFlags,
    ...(span !== undefined && spanColumns(span, `${path}.span`)), ...(kernel !== undefined && kernelColumns(kernel)),
    ...(network !== undefined && networkColumns(network)), ...(metric !== undefined && metricColumns(metric, `${path}.metric`))
  }
  return {
    ...Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined && value !== '')),
    signal: word(event.signal, signals, 'events', `${path}.signal`),
    type: word(event.type, eventTypes, 'unknown', `${path}.type`),
    resource: attributesOf(event.resource), attributes: attributesOf(event.attributes),
    ...((event.scopeName !== '' || event.scopeVersion !== '') && { scope: { name: event.scopeName, version: event.scopeVersion } })
  }
}

function nanoOfMs ({ duration }: Event, path: string): bigint | undefined {
  const ms = requestedDurationMs(duration, `${path}.duration`)
  if (ms === undefined || duration === undefined) return undefined
  // 584 years: what a column can hold.
  if (ms > 1.8e13) throw badField(`${path}.duration`, 'is longer than 570 years')
  return duration.seconds * 1_000_000_000n + BigInt(duration.nanos)
}

/** JSON values are attribute values. */
const attributesOf = (struct: JsonObject | undefined): Attributes => struct ?? {}

function word<T extends string> (text: string, words: readonly T[], absent: T, path: string): T {
  if (text === '') return absent
  const known = words.find(w => w === text)
  if (known === undefined) throw badField(path, `is ${JSON.stringify(text.slice(0, 64))}; expected one of ${words.join(', ')}`)
  return known
}

const statuses = ['unset', 'ok', 'error'] as const

function spanColumns ({ kind, status, statusMessage }: SpanData, path: string): object {
  return { spanKind: spanKinds.indexOf(word(kind, spanKinds, 'unspecified', `${path}.kind`)), statusCode: statuses.indexOf(word(status, statuses, 'unset', `${path}.status`)), statusMessage }
}

function kernelColumns ({ pid, tid, uid, gid, comm, syscall, returnCode, exitSignal, cgroupId, cpu }: KernelData): object {
  return { pid, tid, uid, gid, comm, syscall, returnCode, exitSignal, cgroupId, cpu }
}

function networkColumns ({ protocol, direction, sourceAddress, sourcePort, destinationAddress, destinationPort, bytes, httpStatusCode, interfaceName }: NetworkData): object {
  return { protocol, direction, sourceAddress, sourcePort, destinationAddress, destinationPort, bytes, httpStatusCode, interfaceName }
}

function metricColumns ({ kind, value, unit, dataPointCount }: MetricData, path: string): object {
  return { metricKind: metricKinds.indexOf(word(kind, metricKinds, 'none', `${path}.kind`)), metricValue: value, metricUnit: unit, dataPointCount }
}
