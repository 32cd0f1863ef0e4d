/**
 * The OTLP v1 messages as data (opentelemetry-proto 1.10, profiles as of v1development): what the structural check, the JSON
 * mapping and the tests' message generator are all driven by. Names and numbers are those of the public specification:
 * https://github.com/open-telemetry/opentelemetry-proto
 *
 * One word a field: `name=number:type`, then `*` for repeated and `?` for a field that is sent even when it is the default
 * (oneof members and `optional`). A type in capitals is another message of this table.
 */
import { WireType } from './wire.js'

const messages = {
  AnyValue: 'stringValue=1:string? boolValue=2:bool? intValue=3:int64? doubleValue=4:double? arrayValue=5:ArrayValue? kvlistValue=6:KeyValueList? bytesValue=7:bytes? stringValueStrindex=8:int32?',
  ArrayValue: 'values=1:AnyValue*',
  KeyValueList: 'values=1:KeyValue*',
  KeyValue: 'key=1:string value=2:AnyValue keyStrindex=3:int32',
  InstrumentationScope: 'name=1:string version=2:string attributes=3:KeyValue* droppedAttributesCount=4:uint32',
  EntityRef: 'schemaUrl=1:string type=2:string idKeys=3:string* descriptionKeys=4:string*',
  Resource: 'attributes=1:KeyValue* droppedAttributesCount=2:uint32 entityRefs=3:EntityRef*',

  ExportTraceServiceRequest: 'resourceSpans=1:ResourceSpans*',
  ResourceSpans: 'resource=1:Resource scopeSpans=2:ScopeSpans* schemaUrl=3:string',
  ScopeSpans: 'scope=1:InstrumentationScope spans=2:Span* schemaUrl=3:string',
  Span: 'traceId=1:traceId spanId=2:spanId traceState=3:string parentSpanId=4:spanId name=5:string kind=6:enum startTimeUnixNano=7:fixed64 endTimeUnixNano=8:fixed64 attributes=9:KeyValue* droppedAttributesCount=10:uint32 events=11:SpanEvent* droppedEventsCount=12:uint32 links=13:SpanLink* droppedLinksCount=14:uint32 status=15:Status flags=16:fixed32',
  SpanEvent: 'timeUnixNano=1:fixed64 name=2:string attributes=3:KeyValue* droppedAttributesCount=4:uint32',
  SpanLink: 'traceId=1:traceId spanId=2:spanId traceState=3:string attributes=4:KeyValue* droppedAttributesCount=5:uint32 flags=6:fixed32',
  Status: 'message=2:string code=3:enum',

  ExportLogsServiceRequest: 'resourceLogs=1:ResourceLogs*',
  ResourceLogs: 'resource=1:Resource scopeLogs=2:ScopeLogs* schemaUrl=3:string',
  ScopeLogs: 'scope=1:InstrumentationScope logRecords=2:LogRecord* schemaUrl=3:string',
  LogRecord: 'timeUnixNano=1:fixed64 severityNumber=2:enum severityText=3:string body=5:AnyValue attributes=6:KeyValue* droppedAttributesCount=7:uint32 flags=8:fixed32 traceId=9:traceId spanId=10:spanId observedTimeUnixNano=11:fixed64 eventName=12:string',

  ExportMetricsServiceRequest: 'resourceMetrics=1:ResourceMetrics*',
  ResourceMetrics: 'resource=1:Resource scopeMetrics=2:ScopeMetrics* schemaUrl=3:string',
  ScopeMetrics: 'scope=1:InstrumentationScope metrics=2:Metric* schemaUrl=3:string',
  Metric: 'name=1:string description=2:string unit=3:string gauge=5:Gauge? sum=7:Sum? histogram=9:Histogram? exponentialHistogram=10:ExponentialHistogram? summary=11:Summary? metadata=12:KeyValue*',
  Gauge: 'dataPoints=1:NumberDataPoint*',
  Sum: 'dataPoints=1:NumberDataPoint* aggregationTemporality=2:enum isMonotonic=3:bool',
  Histogram: 'dataPoints=1:HistogramDataPoint* aggregationTemporality=2:enum',
  ExponentialHistogram: 'dataPoints=1:ExponentialHistogramDataPoint* aggregationTemporality=2:enum',
  Summary: 'dataPoints=1:SummaryDataPoint*',
  NumberDataPoint: 'startTimeUnixNano=2:fixed64 timeUnixNano=3:fixed64 asDouble=4:double? exemplars=5:Exemplar* asInt=6:sfixed64? attributes=7:KeyValue* flags=8:uint32',
  HistogramDataPoint: 'startTimeUnixNano=2:fixed64 timeUnixNano=3:fixed64 count=4:fixed64 sum=5:double? bucketCounts=6:fixed64* explicitBounds=7:double* exemplars=8:Exemplar* attributes=9:KeyValue* flags=10:uint32 min=11:double? max=12:double?',
  ExponentialHistogramDataPoint: 'attributes=1:KeyValue* startTimeUnixNano=2:fixed64 timeUnixNano=3:fixed64 count=4:fixed64 sum=5:double? scale=6:sint32 zeroCount=7:fixed64 positive=8:Buckets negative=9:Buckets flags=10:uint32 exemplars=11:Exemplar* min=12:double? max=13:double? zeroThreshold=14:double',
  Buckets: 'offset=1:sint32 bucketCounts=2:uint64*',
  SummaryDataPoint: 'startTimeUnixNano=2:fixed64 timeUnixNano=3:fixed64 count=4:fixed64 sum=5:double quantileValues=6:ValueAtQuantile* attributes=7:KeyValue* flags=8:uint32',
  ValueAtQuantile: 'quantile=1:double value=2:double',
  Exemplar: 'timeUnixNano=2:fixed64 asDouble=3:double? spanId=4:spanId traceId=5:traceId asInt=6:sfixed64? filteredAttributes=7:KeyValue*',

  ExportProfilesServiceRequest: 'resourceProfiles=1:ResourceProfiles* dictionary=2:ProfilesDictionary',
  ResourceProfiles: 'resource=1:Resource scopeProfiles=2:ScopeProfiles* schemaUrl=3:string',
  ScopeProfiles: 'scope=1:InstrumentationScope profiles=2:Profile* schemaUrl=3:string',
  Profile: 'sampleType=1:ValueType samples=2:Sample* timeUnixNano=3:fixed64 durationNano=4:uint64 periodType=5:ValueType period=6:int64 profileId=7:profileId droppedAttributesCount=8:uint32 originalPayloadFormat=9:string originalPayload=10:bytes attributeIndices=11:int32*',
  ProfilesDictionary: 'mappingTable=1:Mapping* locationTable=2:Location* functionTable=3:Function* linkTable=4:ProfileLink* stringTable=5:string* attributeTable=6:KeyValueAndUnit* stackTable=7:Stack*',
  ValueType: 'typeStrindex=1:int32 unitStrindex=2:int32',
  Sample: 'stackIndex=1:int32 attributeIndices=2:int32* linkIndex=3:int32 values=4:int64* timestampsUnixNano=5:fixed64*',
  Mapping: 'memoryStart=1:uint64 memoryLimit=2:uint64 fileOffset=3:uint64 filenameStrindex=4:int32 attributeIndices=5:int32*',
  Stack: 'locationIndices=1:int32*',
  Location: 'mappingIndex=1:int32 address=2:uint64 lines=3:Line* attributeIndices=4:int32*',
  Line: 'functionIndex=1:int32 line=2:int64 column=3:int64',
  Function: 'nameStrindex=1:int32 systemNameStrindex=2:int32 filenameStrindex=3:int32 startLine=4:int64',
  ProfileLink: 'traceId=1:traceId spanId=2:spanId',
  KeyValueAndUnit: 'keyStrindex=1:int32 value=2:AnyValue unitStrindex=3:int32'
} as const

export type MessageName = keyof typeof messages

/** What a field that is not a message holds. The ids are bytes that OTLP/JSON writes in hex. */
export type Scalar = 'string' | 'bytes' | 'traceId' | 'spanId' | 'profileId' | 'bool' | 'int32' | 'uint32' | 'sint32' | 'enum' |
  'int64' | 'uint64' | 'fixed32' | 'fixed64' | 'sfixed64' | 'double'

const wireTypes: Readonly<Record<Scalar, number>> = {
  string: WireType.bytes, bytes: WireType.bytes, traceId: WireType.bytes, spanId: WireType.bytes, profileId: WireType.bytes,
  bool: WireType.varint, int32: WireType.varint, uint32: WireType.varint, sint32: WireType.varint, enum: WireType.varint,
  int64: WireType.varint, uint64: WireType.varint, fixed32: WireType.i32, fixed64: WireType.i64, sfixed64: WireType.i64, double: WireType.i64
}

/** Bytes of an id that is there at all. A profile id of another length is carried; nothing of ours reads it. */
const idLengths: Partial<Record<Scalar, number>> = { traceId: 16, spanId: 8 }

export interface Field {
  readonly name: string
  readonly number: number
  /** Undefined for a message. */
  readonly scalar: Scalar | undefined
  readonly message: MessageType | undefined
  readonly repeated: boolean
  readonly explicit: boolean
  readonly wire: number
  readonly tag: number
  /** Repeated numbers may come packed or one by one, whatever the sender's schema says. */
  readonly packable: boolean
  readonly idLength: number
}

export interface MessageType {
  readonly name: MessageName
  readonly fields: readonly Field[]
  /** Sparse, by field number. */
  readonly byNumber: readonly (Field | undefined)[]
  readonly byName: ReadonlyMap<string, Field>
}

const types = new Map<MessageName, MessageType>()

/** The description of message `name`, made once. */
export function messageType (name: MessageName): MessageType {
  const known = types.get(name)
  if (known !== undefined) return known
  const fields: Field[] = []
  const byNumber: (Field | undefined)[] = []
  const byName = new Map<string, Field>()
  const type: MessageType = { name, fields, byNumber, byName }
  // Before its fields: AnyValue holds itself.
  types.set(name, type)
  for (const word of messages[name].split(' ')) {
    const field = parseField(word)
    fields.push(field)
    byNumber[field.number] = field
    byName.set(field.name, field)
  }
  return type
}

function parseField (word: string): Field {
  const [, name, digits, type, suffix] = /^(\w+)=(\d+):(\w+)([*?]?)$/.exec(word) as unknown as [string, string, string, string, string]
  const number = Number(digits)
  const message = type in messages ? messageType(type as MessageName) : undefined
  const scalar = message === undefined ? type as Scalar : undefined
  const wire = scalar === undefined ? WireType.bytes : wireTypes[scalar]
  const repeated = suffix === '*'
  return {
    name, number, scalar, message, repeated, explicit: suffix === '?', wire, tag: number << 3 | wire,
    packable: repeated && wire !== WireType.bytes, idLength: scalar === undefined ? 0 : idLengths[scalar] ?? 0
  }
}
