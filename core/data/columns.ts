/**
 * The fixed columns of a batch: the one table from which the batch's types, the codec, the row view, the JSON form and the
 * documentation are derived. Ids are part of the codec: append, never reuse, never change a storage.
 *
 * Storages: u8 u16 u32 i32 u64 f32 f64 = typed array of that width, one cell a row. `string` = u32 index into the batch's
 * string table, 0 = absent. `b8`, `b16` = 8 or 16 bytes a row, all zero = absent.
 */
export type Storage = 'u8' | 'u16' | 'u32' | 'i32' | 'u64' | 'f32' | 'f64' | 'string' | 'b8' | 'b16'

interface Spec<S extends Storage = Storage> {
  readonly id: number
  readonly storage: S
  /** OpenTelemetry semantic-convention attribute of the same meaning, where one exists. */
  readonly semconv?: string
  readonly meaning: string
  /** The cell of a row that has no value. */
  readonly absent: number
}

/** 0 means "none" for ids, ports, sizes and string indexes; where 0 is a real value another cell says "none". */
const column = <S extends Storage>(id: number, storage: S, meaning: string, semconv?: string, absent = storage === 'f32' || storage === 'f64' ? NaN : 0): Spec<S> =>
  semconv === undefined ? { id, storage, meaning, absent } : { id, storage, meaning, absent, semconv }

export const columnSpecs = {
  // Always present.
  signal: column(0, 'u8', 'traces, metrics, logs, profiles or events (enums.ts)'),
  type: column(1, 'u8', 'what the event is about (enums.ts)'),
  severity: column(2, 'u8', 'OpenTelemetry SeverityNumber, 0 = unspecified'),
  timeUnixNano: column(3, 'u64', 'when it happened, nanoseconds since the epoch; a span: its start; 0 = unknown'),
  resource: column(4, 'u32', 'index into the batch\'s resources'),
  scope: column(5, 'u32', 'index into the batch\'s scopes'),
  // Identity and meaning.
  id: column(10, 'b16', 'unique id of the event, kept over retries and hops so that duplicates can be recognised'),
  observedTimeUnixNano: column(11, 'u64', 'when a collector first saw it'),
  durationNano: column(12, 'u64', 'how long it took: span end - start, latency of a kernel operation'),
  source: column(13, 'string', 'what made the event: otlp, ebpf, kubernetes, systemd, cni, ...'),
  name: column(14, 'string', 'span, metric or event name; Kubernetes reason; kernel event'),
  message: column(15, 'string', 'text for people; a log record\'s string body'),
  confidence: column(16, 'f32', 'how sure Tapio is that the event is complete and true, 0 to 1'),
  symptom: column(17, 'string', 'the sign of trouble, change or recovery that Tapio sees in it (core/correlation/signs.ts)'),
  symptomId: column(18, 'b16', 'the symptom it was counted to: core/correlation/symptom.ts'),
  impact: column(19, 'f32', 'how much it matters, 0 to 1: processors/impact'),
  // Trace context and spans.
  traceId: column(20, 'b16', 'W3C trace id'),
  spanId: column(21, 'b8', 'W3C span id'),
  parentSpanId: column(22, 'b8', 'span id of the parent'),
  traceFlags: column(23, 'u8', 'W3C trace flags, bit 0 = sampled'),
  spanKind: column(24, 'u8', 'OTLP SpanKind'),
  statusCode: column(25, 'u8', 'OTLP Status.code: 0 unset, 1 ok, 2 error'),
  statusMessage: column(26, 'string', 'OTLP Status.message'),
  // The entity the event is about, when its resource does not say it.
  entityKind: column(30, 'string', 'Pod, Node, Service, unit, ...'),
  entityNamespace: column(31, 'string', 'namespace of the entity', 'k8s.namespace.name'),
  entityName: column(32, 'string', 'name of the entity'),
  entityUid: column(33, 'string', 'uid of the entity'),
  action: column(34, 'string', 'Kubernetes: ADDED, MODIFIED, DELETED; systemd: job type'),
  // Kernel.
  pid: column(40, 'u32', 'process (thread group) id', 'process.pid'),
  tid: column(41, 'u32', 'thread id', 'thread.id'),
  uid: column(42, 'u32', 'user id; (uid_t)-1 = none', 'process.user.id', 0xffffffff),
  gid: column(43, 'u32', 'group id; (gid_t)-1 = none', 'process.group.id', 0xffffffff),
  comm: column(44, 'string', 'task name, at most 15 bytes', 'process.executable.name'),
  syscall: column(45, 'string', 'system call or kernel function'),
  returnCode: column(46, 'i32', 'its result, negative errno on failure; a process: exit code', 'process.exit.code', -0x80000000),
  exitSignal: column(47, 'u8', 'signal that ended the process'),
  cgroupId: column(48, 'u64', 'cgroup v2 id (inode) of the task or socket'),
  cpu: column(49, 'u16', 'logical CPU it ran on', 'cpu.logical_number', 0xffff),
  // Network.
  protocol: column(60, 'string', 'transport or application protocol', 'network.transport'),
  direction: column(61, 'string', 'transmit or receive', 'network.io.direction'),
  sourceAddress: column(62, 'string', 'source IP', 'source.address'),
  sourcePort: column(63, 'u16', 'source port', 'source.port'),
  destinationAddress: column(64, 'string', 'destination IP', 'destination.address'),
  destinationPort: column(65, 'u16', 'destination port', 'destination.port'),
  bytes: column(66, 'u64', 'bytes sent or received by the event'),
  httpStatusCode: column(67, 'u16', 'HTTP status', 'http.response.status_code'),
  interfaceName: column(68, 'string', 'network interface', 'network.interface.name'),
  // Metrics.
  metricKind: column(80, 'u8', 'gauge, sum, histogram, ... (enums.ts)'),
  metricValue: column(81, 'f64', 'value of the last number data point; histograms: the mean'),
  metricUnit: column(82, 'string', 'UCUM unit'),
  dataPointCount: column(83, 'u32', 'data points in the metric'),
  // Where the raw bytes of the row are.
  rawEncoding: column(100, 'u8', 'what the raw bytes are (enums.ts), 0 = none'),
  rawBuffer: column(101, 'u16', 'index into the batch\'s raw buffers'),
  rawOffset: column(102, 'u32', 'first byte'),
  rawLength: column(103, 'u32', 'number of bytes')
} as const

export type ColumnName = keyof typeof columnSpecs
export type StorageOf<N extends ColumnName> = (typeof columnSpecs)[N]['storage']

/** The array type that holds a storage. */
export interface Arrays {
  u8: Uint8Array
  u16: Uint16Array
  u32: Uint32Array
  i32: Int32Array
  u64: BigUint64Array
  f32: Float32Array
  f64: Float64Array
  string: Uint32Array
  b8: Uint8Array
  b16: Uint8Array
}
export type ColumnArray = Arrays[Storage]

export type ColumnOf<N extends ColumnName> = Arrays[StorageOf<N>]

export const requiredColumns = ['signal', 'type', 'severity', 'timeUnixNano', 'resource', 'scope'] as const
export type RequiredColumn = (typeof requiredColumns)[number]

/** The columns of one batch: the required ones always, the others when any row has a value. */
export type Columns = { readonly [N in RequiredColumn]: ColumnOf<N> } & { readonly [N in Exclude<ColumnName, RequiredColumn>]?: ColumnOf<N> }

export const columnNames = Object.keys(columnSpecs) as ColumnName[]
export const columnById: ReadonlyMap<number, ColumnName> = new Map(columnNames.map(n => [columnSpecs[n].id, n]))

/** Bytes of one row in a storage. */
export const widths: Readonly<Record<Storage, number>> = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, f32: 4, f64: 8, string: 4, b8: 8, b16: 16 }

/** Array cells a row takes: byte columns have several. */
export function cellsPerRow (name: ColumnName): number {
  const { storage } = columnSpecs[name]
  return storage === 'b16' ? 16 : storage === 'b8' ? 8 : 1
}

/** An array for `rows` rows, every cell absent. */
export function absentColumn<N extends ColumnName> (name: N, rows: number): ColumnOf<N> {
  const { storage, absent } = columnSpecs[name]
  const array = makeColumn(storage as Storage, rows)
  if (absent !== 0 && !(array instanceof BigUint64Array)) array.fill(absent)
  return array as ColumnOf<N>
}

/** A zeroed array for `rows` rows, or a view of existing memory (offset aligned to the cell's size). */
export function makeColumn<S extends Storage> (storage: S, rows: number, memory?: { buffer: ArrayBufferLike, offset: number }): Arrays[S] {
  const { buffer, offset } = memory ?? { buffer: new ArrayBuffer(rows * widths[storage]), offset: 0 }
  switch (storage as Storage) {
    case 'u8': return new Uint8Array(buffer, offset, rows) as Arrays[S]
    case 'u16': return new Uint16Array(buffer, offset, rows) as Arrays[S]
    case 'u32': case 'string': return new Uint32Array(buffer, offset, rows) as Arrays[S]
    case 'i32': return new Int32Array(buffer, offset, rows) as Arrays[S]
    case 'u64': return new BigUint64Array(buffer, offset, rows) as Arrays[S]
    case 'f32': return new Float32Array(buffer, offset, rows) as Arrays[S]
    case 'f64': return new Float64Array(buffer, offset, rows) as Arrays[S]
    case 'b8': return new Uint8Array(buffer, offset, rows * 8) as Arrays[S]
    case 'b16': return new Uint8Array(buffer, offset, rows * 16) as Arrays[S]
  }
}

/** The cells of u64 column `column` as pairs of u32 (low word first on every platform Node runs on): no bigint is made. */
export function words (column: BigUint64Array): Uint32Array {
  return new Uint32Array(column.buffer, column.byteOffset, column.length * 2)
}

/** Cell `row` of a u64 column of nanoseconds, in milliseconds: exact to a quarter of a microsecond for today's dates. */
export function nanoCellToMs (pairs: Uint32Array, row: number): number {
  return ((pairs[row * 2 + 1] ?? 0) * 4294967296 + (pairs[row * 2] ?? 0)) / 1e6
}
