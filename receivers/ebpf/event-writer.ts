/**
 * Kernel records to a batch of events: the header's columns in one pass over all rows, then what each kind of record adds.
 * Rows point at the drained bytes, which become the batch's raw buffer as they are.
 */
import { BatchBuilder } from '../../core/data/builder.js'
import type { AttributeValue } from '../../core/data/attributes.js'
import type { EventBatch } from '../../core/data/batch.js'
import { RawEncoding, Signal } from '../../core/data/enums.js'
import type { EventIds } from '../../core/data/ids.js'
import { Resource } from '../../core/data/resource.js'
import { headerSize, recordName, recordTable, RecordReader, type Drained, type KernelFacts, type RecordName } from '../../native/index.js'
import { describe } from './describe.js'
import type { Owner, Subject, Whose } from './whose.js'

export interface WriterContext {
  readonly facts: Pick<KernelFacts, 'dropReasons' | 'resetReasons'>
  readonly whose: Whose
  readonly ids: EventIds
}

const { fields } = recordTable.bench
const noUid = 0xffffffff

export class EventWriter {
  readonly #builder: BatchBuilder
  readonly #owners = new Map<string, { readonly owner: Owner, readonly resource: number }>()
  readonly reader: RecordReader
  row = 0
  /** Records of no known type or too short; they have no row. */
  unknown = 0
  /** Records seen, by kind, kept or not. */
  readonly counts = new Map<RecordName, number>()

  constructor (readonly drained: Drained, readonly context: WriterContext, readonly bootOffsetNs: bigint, readonly nowNs: bigint) {
    this.#builder = new BatchBuilder(Math.max(1, drained.count))
    this.reader = new RecordReader(drained.bytes)
  }

  /** The batch of those records that `keep` wants. */
  write (keep: (name: RecordName) => boolean): EventBatch {
    const { index, count } = this.drained
    this.#builder.rows(count)
    for (let i = 0; i < count; i++) this.#record(index[2 * i] as number, index[2 * i + 1] as number, keep)
    this.#builder.rows(this.row)
    this.#fillConstants()
    return this.#builder.finish({ raw: { buffers: [this.drained.bytes], complete: false }, ids: this.context.ids })
  }

  set (column: 'type' | 'severity' | 'returnCode' | 'exitSignal' | 'sourcePort' | 'destinationPort' | 'gid', value: number): void {
    this.#builder.column(column)[this.row] = value
  }

  wide (column: 'durationNano' | 'bytes', value: bigint): void { this.#builder.column(column)[this.row] = value }

  text (column: 'name' | 'syscall' | 'protocol' | 'direction' | 'sourceAddress' | 'destinationAddress', value: string): void {
    this.#builder.column(column)[this.row] = this.#builder.intern(value)
  }

  message (text: string): void { this.#builder.column('message')[this.row] = this.#builder.text(text) }

  attribute (key: string, value: AttributeValue): void { this.#builder.attribute(this.row, key, value) }

  /** `/path` of the record's cgroup, or its number. */
  cgroup (owner: Owner): string {
    if (owner.path !== '') return owner.path
    const memcg = this.reader.wide(fields.memcg_id)
    return String(memcg === 0n ? this.reader.wide(fields.cgroup_id) : memcg)
  }

  #record (start: number, length: number, keep: (name: RecordName) => boolean): void {
    this.reader.start = start
    const name = length < headerSize ? undefined : recordName(this.reader.number(fields.type))
    if (name === undefined || length < recordTable[name].fixedSize) { this.unknown++; return }
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    this.context.whose.observe(name, this.reader)
    if (!keep(name)) return
    this.#header(start, length)
    const { owner, resource } = this.#ownerOf()
    this.#builder.column('resource')[this.row] = resource
    describe[name](this, owner)
    this.row++
  }

  #header (start: number, length: number): void {
    const { row, reader } = this
    const builder = this.#builder
    builder.column('timeUnixNano')[row] = reader.wide(fields.time_ns) + this.bootOffsetNs
    builder.column('cgroupId')[row] = reader.wide(fields.cgroup_id)
    builder.column('pid')[row] = reader.number(fields.pid)
    builder.column('tid')[row] = reader.number(fields.tid)
    const uid = reader.number(fields.uid)
    if (uid !== noUid) builder.column('uid')[row] = uid
    builder.column('cpu')[row] = reader.number(fields.cpu)
    builder.column('comm')[row] = builder.intern(reader.text(fields.comm))
    builder.column('rawOffset')[row] = start
    builder.column('rawLength')[row] = length
  }

  /** Asked once a batch and owner: most records of a batch have few. */
  #ownerOf (): { readonly owner: Owner, readonly resource: number } {
    const { reader } = this
    const subject: Subject = {
      cgroupId: reader.wide(fields.cgroup_id), memcgId: reader.wide(fields.memcg_id), pid: reader.number(fields.pid), netns: reader.number(fields.netns),
      bootMs: Number(reader.wide(fields.time_ns) / 1_000_000n)
    }
    const key = `${subject.cgroupId}/${subject.memcgId}/${subject.pid}/${subject.netns}`
    let known = this.#owners.get(key)
    if (known === undefined) {
      const owner = this.context.whose.ownerOf(subject)
      known = { owner, resource: this.#builder.resource(new Resource(undefined, owner.attributes)) }
      this.#owners.set(key, known)
    }
    return known
  }

  #fillConstants (): void {
    const rows = this.row
    const builder = this.#builder
    builder.column('signal').fill(Signal.events, 0, rows)
    builder.column('source').fill(builder.intern('ebpf'), 0, rows)
    builder.column('observedTimeUnixNano').fill(this.nowNs, 0, rows)
    builder.column('rawEncoding').fill(RawEncoding.kernel, 0, rows)
    builder.column('rawBuffer')
  }
}
