/**
 * Kernel records to a batch of events: the header's columns in one pass over all rows, then what each kind of record adds.
 * Rows point at the drained bytes, which become the batch's raw buffer as they are.
 */
import { BatchBuilder } from '../../core/data/builder.js'
import type { AttributeValue } from '../../core/data/attributes.js'
import type { EventBatch } from '../../core/data/batch.js'
import { words } from '../../core/data/columns.js'
import { RawEncoding, Signal } from '../../core/data/enums.js'
import type { EventIds } from '../../core/data/ids.js'
import { Resource } from '../../core/data/resource.js'
import type { Subject } from '../../core/identity/identities.js'
import { oomKills } from '../../core/identity/oom-kills.js'
import { headerSize, recordName, recordTable, RecordReader, type Drained, type KernelFacts, type RecordName } from '../../native/index.js'
import { describe } from './describe.js'
import type { RawPath } from './raw-path.js'
import type { Owner, Whose } from './whose.js'

export interface WriterContext {
  readonly facts: Pick<KernelFacts, 'dropReasons' | 'resetReasons'>
  readonly whose: Whose
  readonly ids: EventIds
  /** Where raw records are kept, if they are. */
  readonly raw?: Pick<RawPath, 'keep'>
}

const { fields } = recordTable.bench
const noUid = 0xffffffff
/** Where fields are, in words from the start of a record. */
const [timeWord, cgroupWord, pidWord, netnsWord, commWord] = [fields.time_ns, fields.cgroup_id, fields.pid, fields.netns, fields.comm].map(f => f.offset / 4) as [number, number, number, number, number]

interface Known { readonly owner: Owner, readonly resource: number }

/** The columns of every row. */
function headerColumns (builder: BatchBuilder) {
  return {
    time: words(builder.column('timeUnixNano')),
    cgroup: words(builder.column('cgroupId')),
    pid: builder.column('pid'),
    tid: builder.column('tid'),
    cpu: builder.column('cpu'),
    comm: builder.column('comm'),
    resource: builder.column('resource'),
    type: builder.column('type'),
    severity: builder.column('severity'),
    name: builder.column('name'),
    rawOffset: builder.column('rawOffset'),
    rawLength: builder.column('rawLength')
  }
}

export class EventWriter {
  readonly #builder: BatchBuilder
  readonly #owners = new Map<string, Known>()
  /** The drained bytes; records begin at multiples of 8. */
  readonly #words: Uint32Array
  readonly #offsetLow: number
  readonly #offsetHigh: number
  readonly #into: ReturnType<typeof headerColumns>
  #lastComm = -1
  #commIndex = 0
  #lastOwner = -1
  #owner: Known = { owner: { attributes: {}, path: '' }, resource: 0 }
  readonly reader: RecordReader
  row = 0
  /** Records of no known type or too short; they have no row. */
  unknown = 0
  /** Records seen, by kind, kept or not. */
  readonly counts = new Map<RecordName, number>()

  constructor (readonly drained: Drained, readonly context: WriterContext, readonly bootOffsetNs: bigint, readonly nowNs: bigint) {
    this.#builder = new BatchBuilder(Math.max(1, drained.count))
    this.#words = new Uint32Array(drained.bytes.buffer, drained.bytes.byteOffset, drained.bytes.byteLength >> 2)
    this.#offsetLow = Number(BigInt.asUintN(32, bootOffsetNs))
    this.#offsetHigh = Number(BigInt.asUintN(32, bootOffsetNs >> 32n))
    this.#into = headerColumns(this.#builder)
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

  /** What every row has; the columns are at hand, because finding one costs as much as filling it. */
  begin (type: number, severity: number, name: string): void {
    const { row } = this
    const into = this.#into
    into.type[row] = type
    into.severity[row] = severity
    into.name[row] = this.#builder.intern(name)
  }

  set (column: 'returnCode' | 'exitSignal' | 'sourcePort' | 'destinationPort' | 'gid', value: number): void {
    this.#builder.column(column)[this.row] = value
  }

  wide (column: 'durationNano' | 'bytes', value: bigint): void { this.#builder.column(column)[this.row] = value }

  text (column: 'syscall' | 'protocol' | 'direction' | 'sourceAddress' | 'destinationAddress', value: string): void {
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
    this.reader.end = start + length
    const name = length < headerSize ? undefined : recordName(this.reader.number(fields.type))
    if (name === undefined || length < recordTable[name].fixedSize) { this.unknown++; return }
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    this.context.whose.observe(name, this.reader)
    const rawId = this.context.raw?.keep(name, this.reader, this.drained.bytes.subarray(start, start + length), this.bootOffsetNs) ?? ''
    if (!keep(name)) return
    this.#header(start, length)
    const { owner, resource } = this.#ownerOf(start)
    this.#into.resource[this.row] = resource
    describe[name](this, owner)
    if (rawId !== '') this.attribute('tapio.raw.id', rawId)
    if (name === 'oom_kill') oomKills.add(this.reader.number(fields.pid), Number((this.reader.wide(fields.time_ns) + this.bootOffsetNs) / 1_000_000n))
    if (name === 'exec' || name === 'exit' || name === 'oom_kill') this.#ancestors()
    this.row++
  }

  /** In words of 32 bits: at a million records a second the bigints of the 64-bit fields would cost more than all the rest. */
  #header (start: number, length: number): void {
    const { row, reader } = this
    const from = start >> 2
    const into = this.#into
    const low = (this.#words[from + timeWord] as number) + this.#offsetLow
    into.time[row * 2] = low
    into.time[row * 2 + 1] = (this.#words[from + timeWord + 1] as number) + this.#offsetHigh + (low > 0xffffffff ? 1 : 0)
    into.cgroup[row * 2] = this.#words[from + cgroupWord] as number
    into.cgroup[row * 2 + 1] = this.#words[from + cgroupWord + 1] as number
    into.pid[row] = this.#words[from + pidWord] as number
    into.tid[row] = this.#words[from + pidWord + 1] as number
    const uid = this.#words[from + pidWord + 2] as number
    if (uid !== noUid) this.#builder.column('uid')[row] = uid
    into.cpu[row] = reader.number(fields.cpu)
    into.comm[row] = this.#commOf(from)
    into.rawOffset[row] = start
    into.rawLength[row] = length
  }

  /** Index of the text; the next record is often of the same task. */
  #commOf (from: number): number {
    if (this.#same(this.#lastComm, from, commWord, 4)) return this.#commIndex
    this.#lastComm = from
    return (this.#commIndex = this.#builder.intern(this.reader.text(fields.comm)))
  }

  /** Whether the record at word `a` (-1: none) and that at `b` have the same `count` words at `offset`. */
  #same (a: number, b: number, offset: number, count: number): boolean {
    if (a < 0) return false
    for (let i = offset; i < offset + count; i++) if (this.#words[a + i] !== this.#words[b + i]) return false
    return true
  }

  /** Asked once a batch and owner: most records of a batch have few. */
  #ownerOf (start: number): Known {
    const from = start >> 2
    // cgroup_id, memcg_id, pid; and netns.
    if (this.#same(this.#lastOwner, from, cgroupWord, 5) && this.#same(this.#lastOwner, from, netnsWord, 1)) return this.#owner
    this.#lastOwner = from
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
    return (this.#owner = known)
  }

  #ancestors (): void {
    const found = this.context.whose.ancestorsOf?.(this.reader.number(fields.pid), Number(this.reader.wide(fields.time_ns)) / 1e6) ?? []
    if (found.length > 0) this.attribute('tapio.process.ancestors', [...found])
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
