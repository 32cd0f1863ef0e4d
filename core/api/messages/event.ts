/** Rows of batches as Event messages. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { EventBatch } from '../../data/batch.js'
import { metricKinds, spanKinds } from '../../data/enums.js'
import type { EventRow } from '../../data/row.js'
import type { EventSchema, KernelDataSchema, MetricDataSchema, NetworkDataSchema, SpanDataSchema } from '../gen/tapio/v1/event_pb.js'
import { allFields, type Fields } from './fields.js'
import { durationOfNano, timestampOfNano } from './time.js'
import { structOf } from './values.js'

export type EventInit = MessageInitShape<typeof EventSchema>

export function eventMessages (batch: EventBatch, fields: Fields = allFields): EventInit[] { return Array.from(batch, row => eventMessage(row, fields)) }

/** Attributes and resource are read only when they are wanted: they cost more than all the rest. */
export function eventMessage (row: EventRow, fields: Fields = allFields): EventInit {
  const severityNumber = row.batch.columns.severity[row.row] ?? 0
  const text = (name: TextColumn): string => row.get(name) ?? ''
  return fields.pick({
    id: text('id'), time: timestampOfNano(row.get('timeUnixNano')), observedTime: timestampOfNano(row.get('observedTimeUnixNano')), duration: durationOfNano(row.get('durationNano')),
    signal: row.signal, type: row.type, severityNumber, severity: row.severityName,
    source: text('source'), name: text('name'), message: text('message'), ...entityPart(row), action: text('action'),
    ...given('confidence', row.get('confidence')), symptom: text('symptom'), symptomId: text('symptomId'), ...given('impact', row.get('impact')),
    traceId: text('traceId'), spanId: text('spanId'), parentSpanId: text('parentSpanId'), traceFlags: row.get('traceFlags') ?? 0,
    ...(fields.has('attributes') && { attributes: structOf(row.allAttributes()) }),
    ...(fields.has('resource') && { resource: structOf(row.resource.attributes) }),
    ...((fields.has('scopeName') || fields.has('scopeVersion')) && { scopeName: row.scope.name, scopeVersion: row.scope.version }),
    ...part('span', spanOf(row)), ...part('kernel', kernelOf(row)), ...part('network', networkOf(row)), ...part('metric', metricOf(row))
  })
}

type TextColumn = 'id' | 'source' | 'name' | 'message' | 'action' | 'symptom' | 'symptomId' | 'traceId' | 'spanId' | 'parentSpanId'

function given<K extends string, T> (key: K, value: T | undefined): { [P in K]?: T } { return (value === undefined ? {} : { [key]: value }) as { [P in K]?: T } }

/** Left out when nothing is in it. */
function part<K extends string, T extends object> (key: K, value: T): { [P in K]?: T } { return given(key, Object.keys(value).length === 0 ? undefined : value) }

function entityPart (row: EventRow): Pick<EventInit, 'entity'> {
  const [kind = '', namespace = '', name = '', uid = ''] = [row.get('entityKind'), row.get('entityNamespace'), row.get('entityName'), row.get('entityUid')]
  return kind + namespace + name + uid === '' ? {} : { entity: { kind, namespace, name, uid } }
}

/** undefined also for a number that no word is known for. */
const wordOf = (words: readonly string[], at: number | undefined): string | undefined => at === undefined ? undefined : words[at]

const statuses = ['unset', 'ok', 'error'] as const

function spanOf (row: EventRow): MessageInitShape<typeof SpanDataSchema> {
  return { ...given('kind', wordOf(spanKinds, row.get('spanKind'))), ...given('status', wordOf(statuses, row.get('statusCode'))), ...given('statusMessage', row.get('statusMessage')) }
}

function kernelOf (row: EventRow): MessageInitShape<typeof KernelDataSchema> {
  return {
    ...given('pid', row.get('pid')), ...given('tid', row.get('tid')), ...given('uid', row.get('uid')), ...given('gid', row.get('gid')), ...given('comm', row.get('comm')),
    ...given('syscall', row.get('syscall')), ...given('returnCode', row.get('returnCode')), ...given('exitSignal', row.get('exitSignal')), ...given('cgroupId', row.get('cgroupId')), ...given('cpu', row.get('cpu'))
  }
}

function networkOf (row: EventRow): MessageInitShape<typeof NetworkDataSchema> {
  return {
    ...given('protocol', row.get('protocol')), ...given('direction', row.get('direction')), ...given('sourceAddress', row.get('sourceAddress')), ...given('sourcePort', row.get('sourcePort')),
    ...given('destinationAddress', row.get('destinationAddress')), ...given('destinationPort', row.get('destinationPort')), ...given('bytes', row.get('bytes')),
    ...given('httpStatusCode', row.get('httpStatusCode')), ...given('interfaceName', row.get('interfaceName'))
  }
}

function metricOf (row: EventRow): MessageInitShape<typeof MetricDataSchema> {
  return { ...given('kind', wordOf(metricKinds, row.get('metricKind'))), ...given('value', row.get('metricValue')), ...given('unit', row.get('metricUnit')), ...given('dataPointCount', row.get('dataPointCount')) }
}
